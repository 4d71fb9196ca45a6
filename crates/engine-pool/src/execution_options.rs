//! [`ExecutionOptions`]: how an engine or a connection executes.

use std::{sync::Arc, time::Duration};

use aludel_driver::{
    BeginMode, BeginOptions, CallOptions, Capabilities, Error, ErrorKind, IsolationLevel, Result,
};
use aludel_sql_expression::{StatementOptions, dialect::SchemaTranslateMap};

/// How an engine or a connection executes its statements. What is not said is as it is around it: a statement's own
/// [`StatementOptions`] come first, then the connection's options, then the engine's.
///
/// Counterpart of SQLAlchemy's `execution_options` of engines and connections.
///
/// # Examples
/// ```no_run
/// # use aludel_engine_pool::{Engine, ExecutionOptions, IsolationLevel, Result};
/// # async fn run(engine: Engine) -> Result<()> {
/// // A second engine over the same pool, whose transactions are serializable.
/// let careful = engine.execution_options(ExecutionOptions::new().isolation_level(IsolationLevel::Serializable));
/// let mut connection = careful.connect().await?;
/// connection.set_execution_options(ExecutionOptions::new().logging_token("billing"))?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionOptions {
    /// The isolation level of each transaction; `Some(None)`: the database's own.
    pub isolation_level: Option<Option<IsolationLevel>>,
    /// Whether transactions may only read: no, when nothing is said.
    pub read_only: Option<bool>,
    /// PostgreSQL's DEFERRABLE, for serializable transactions that only read: no, when nothing is said.
    pub deferrable: Option<bool>,
    /// When SQLite takes its write lock: at BEGIN, but at the first write in a transaction that a query began by itself.
    pub begin_mode: Option<BeginMode>,
    /// Whether a statement stands alone rather than beginning a transaction: no, when nothing is said.
    pub autocommit: Option<bool>,
    /// A word that marks the lines of the echo and the spans.
    pub logging_token: Option<Arc<str>>,
    /// What a single statement can say, too.
    pub statement: StatementOptions,
}

impl ExecutionOptions {
    /// Nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how far transactions are kept apart; none: as the database has it by itself.
    #[must_use]
    pub fn isolation_level(mut self, level: impl Into<Option<IsolationLevel>>) -> Self {
        self.isolation_level = Some(level.into());
        self
    }

    /// Says whether transactions may only read.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = Some(read_only);
        self
    }

    /// Says whether a serializable transaction that only reads waits for a safe snapshot; PostgreSQL's alone.
    #[must_use]
    pub fn deferrable(mut self, deferrable: bool) -> Self {
        self.deferrable = Some(deferrable);
        self
    }

    /// Says when SQLite takes its write lock.
    #[must_use]
    pub fn begin_mode(mut self, mode: BeginMode) -> Self {
        self.begin_mode = Some(mode);
        self
    }

    /// Says whether a statement stands alone rather than beginning a transaction.
    #[must_use]
    pub fn autocommit(mut self, autocommit: bool) -> Self {
        self.autocommit = Some(autocommit);
        self
    }

    /// Says how long each statement may take; none: as long as it needs.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.statement.timeout = Some(timeout.into());
        self
    }

    /// Says how many rows a stream fetches at once.
    #[must_use]
    pub fn yield_per(mut self, rows: usize) -> Self {
        self.statement.yield_per = Some(rows);
        self
    }

    /// Says whether compiled texts are kept and found again.
    #[must_use]
    pub fn compiled_cache(mut self, is_used: bool) -> Self {
        self.statement.compiled_cache = Some(is_used);
        self
    }

    /// Says how many rows of an INSERT are sent in one statement at most.
    #[must_use]
    pub fn insert_page_size(mut self, rows: usize) -> Self {
        self.statement.insert_page_size = Some(rows);
        self
    }

    /// Takes other schemas than those that tables say: one set of tables so serves many schemas. Compiled statements are kept
    /// apart for each map.
    ///
    /// Counterpart of SQLAlchemy's `schema_translate_map`.
    #[must_use]
    pub fn schema_translate_map(mut self, schemas: SchemaTranslateMap) -> Self {
        self.statement.schema_translate_map = Some(schemas);
        self
    }

    /// Marks the lines of the echo and the spans with a word.
    #[must_use]
    pub fn logging_token(mut self, token: impl Into<Arc<str>>) -> Self {
        self.logging_token = Some(token.into());
        self
    }

    /// These options, and where they say nothing, those of `below`.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        Self {
            isolation_level: self.isolation_level.or(below.isolation_level),
            read_only: self.read_only.or(below.read_only),
            deferrable: self.deferrable.or(below.deferrable),
            begin_mode: self.begin_mode.or(below.begin_mode),
            autocommit: self.autocommit.or(below.autocommit),
            logging_token: self.logging_token.clone().or_else(|| below.logging_token.clone()),
            statement: self.statement.over(&below.statement),
        }
    }

    /// How a transaction begins.
    pub(crate) fn begin_options(&self) -> BeginOptions {
        let options = BeginOptions::new()
            .read_only(self.read_only.unwrap_or_default())
            .deferrable(self.deferrable.unwrap_or_default())
            .mode(self.begin_mode.unwrap_or_default());
        match self.isolation_level.flatten() {
            Some(level) => options.isolation(level),
            None => options,
        }
    }

    /// What holds for a statement that says nothing itself.
    pub(crate) fn resolve(&self) -> Resolved {
        let mut resolved = Resolved::default();
        resolved.refine(&self.statement);
        resolved
    }

    /// Refuses what the backend is known not to have.
    pub(crate) fn check(&self, capabilities: &Capabilities, backend: &str) -> Result<()> {
        let known = capabilities.isolation_levels;
        match self.isolation_level.flatten() {
            Some(level) if !known.is_empty() && !known.contains(&level) => {
                let known: Vec<&str> = known.iter().map(|level| level.as_sql()).collect();
                Err(Error::new(
                    ErrorKind::NotSupported,
                    format!(
                        "the isolation level {level} is not supported by {backend}; it has {}",
                        known.join(", ")
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether these options say how transactions begin.
    pub(crate) fn is_about_transactions(&self) -> bool {
        self.isolation_level.is_some()
            || self.read_only.is_some()
            || self.deferrable.is_some()
            || self.begin_mode.is_some()
            || self.autocommit.is_some()
    }
}

/// What holds for one statement, once all words on it were heard.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// What the driver is asked for.
    pub(crate) call: CallOptions,
    pub(crate) compiled_cache: bool,
    pub(crate) insert_page_size: usize,
    /// Other schemas than those that tables say.
    pub(crate) schemas: Option<SchemaTranslateMap>,
}

/// Most rows of one INSERT, unless it is said otherwise.
const INSERT_PAGE_SIZE: usize = 1000;

impl Default for Resolved {
    fn default() -> Self {
        Self {
            call: CallOptions::default(),
            compiled_cache: true,
            insert_page_size: INSERT_PAGE_SIZE,
            schemas: None,
        }
    }
}

impl Resolved {
    /// Lets a word that comes first have its say.
    pub(crate) fn refine(&mut self, options: &StatementOptions) {
        if let Some(timeout) = options.timeout {
            self.call.timeout = timeout;
        }
        if let Some(rows) = options.yield_per {
            self.call.fetch_size = Some(rows);
        }
        if let Some(is_used) = options.compiled_cache {
            self.compiled_cache = is_used;
        }
        if let Some(rows) = options.insert_page_size {
            self.insert_page_size = rows.max(1);
        }
        if let Some(schemas) = &options.schema_translate_map {
            self.schemas = (!schemas.is_empty()).then(|| schemas.clone());
        }
    }
}
