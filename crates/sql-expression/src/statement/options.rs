//! [`StatementOptions`]: how a statement is executed; [`Configured`]: a statement that says so itself.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    ColumnInfo, Result, Row, RowPlan,
    dialect::SchemaTranslateMap,
    statement::{Executable, Reused, ScalarExecutable, SelectNode, StatementNode},
};

/// How a statement is executed, as far as a single statement can say it. What is not said is as the connection has it, and
/// then as the engine has it.
///
/// Counterpart of SQLAlchemy's `execution_options` of a statement.
///
/// # Examples
/// ```
/// # use std::time::Duration;
/// # use aludel_sql_expression::{Executable as _, StatementOptions, text};
/// let slow = text("SELECT name FROM users")
///     .execution_options(StatementOptions::new().timeout(Duration::from_secs(60)).yield_per(500));
/// assert_eq!(slow.statement_options().and_then(|options| options.yield_per), Some(500));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementOptions {
    /// How long the statement may take. `Some(None)`: as long as it needs, whatever is said around it.
    pub timeout: Option<Option<Duration>>,
    /// How many rows a stream fetches at once: 1000, when nothing is said anywhere.
    pub yield_per: Option<usize>,
    /// Whether the compiled text is kept and found again: yes, when nothing is said anywhere.
    pub compiled_cache: Option<bool>,
    /// How many rows of an INSERT are sent in one statement at most: 1000, when nothing is said anywhere.
    pub insert_page_size: Option<usize>,
    /// Other schemas than those that tables say.
    pub schema_translate_map: Option<SchemaTranslateMap>,
}

impl StatementOptions {
    /// Nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how long the statement may take; none: as long as it needs.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = Some(timeout.into());
        self
    }

    /// Says how many rows a stream fetches at once.
    #[must_use]
    pub fn yield_per(mut self, rows: usize) -> Self {
        self.yield_per = Some(rows);
        self
    }

    /// Says whether the compiled text is kept: not worth it for a statement whose shape never comes again.
    #[must_use]
    pub fn compiled_cache(mut self, is_used: bool) -> Self {
        self.compiled_cache = Some(is_used);
        self
    }

    /// Says how many rows of an INSERT are sent in one statement at most.
    #[must_use]
    pub fn insert_page_size(mut self, rows: usize) -> Self {
        self.insert_page_size = Some(rows);
        self
    }

    /// Takes other schemas than those that tables say.
    #[must_use]
    pub fn schema_translate_map(mut self, schemas: SchemaTranslateMap) -> Self {
        self.schema_translate_map = Some(schemas);
        self
    }

    /// These options, and where they say nothing, those of `below`.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        Self {
            timeout: self.timeout.or(below.timeout),
            yield_per: self.yield_per.or(below.yield_per),
            compiled_cache: self.compiled_cache.or(below.compiled_cache),
            insert_page_size: self.insert_page_size.or(below.insert_page_size),
            schema_translate_map: self
                .schema_translate_map
                .clone()
                .or_else(|| below.schema_translate_map.clone()),
        }
    }
}

/// A statement that says how it is executed: made by [`Executable::execution_options`].
#[derive(Clone, Debug)]
pub struct Configured<S> {
    statement: S,
    options: StatementOptions,
}

impl<S: Executable> Configured<S> {
    pub(super) fn new(statement: S, options: StatementOptions) -> Self {
        // Said twice, the later word counts.
        let options =
            statement.statement_options().map_or_else(|| options.clone(), |inner| options.over(inner));
        Self { statement, options }
    }

    /// The statement itself.
    pub fn statement(&self) -> &S {
        &self.statement
    }
}

impl<S: Executable> Executable for Configured<S> {
    type Row = S::Row;

    fn select_node(&self) -> Option<&SelectNode> {
        self.statement.select_node()
    }

    fn node(&self) -> StatementNode {
        self.statement.node()
    }

    fn statement_options(&self) -> Option<&StatementOptions> {
        Some(&self.options)
    }

    fn reused(&self) -> Option<Reused<'_>> {
        self.statement.reused()
    }

    fn needs_columns(&self) -> bool {
        self.statement.needs_columns()
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        self.statement.plan(columns)
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<S::Row> {
        self.statement.decode(row, plan)
    }
}

impl<T, S: ScalarExecutable<T>> ScalarExecutable<T> for Configured<S> {
    fn decode_scalar(&self, row: &dyn Row) -> Result<T> {
        self.statement.decode_scalar(row)
    }
}

impl<S: fmt::Display> fmt::Display for Configured<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statement.fmt(formatter)
    }
}
