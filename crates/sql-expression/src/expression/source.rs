//! [`Source`]: what columns come from.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::Node;
use crate::{
    name::Name,
    schema::Table,
    statement::{SelectNode, StatementNode, TextNode},
    types::SqlType,
};

/// What columns come from: a table, or something under another name. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A table under its own name.
    Table(Table),
    /// A table, a subquery or a common table expression under another name.
    Alias(Alias),
}

/// A table, a subquery or a common table expression under a name of its own. Equal only to itself.
#[derive(Clone)]
pub struct Alias(Arc<AliasInner>);

struct AliasInner {
    id: u64,
    name: Option<Name>,
    target: AliasTarget,
}

/// What an [`Alias`] stands for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AliasTarget {
    /// A table.
    Table(Table),
    /// A subquery in FROM.
    Subquery(Arc<SelectNode>),
    /// A subquery in FROM that sees the columns of what stands before it.
    Lateral(Arc<SelectNode>),
    /// Rows that are written out.
    Values(Arc<ValuesNode>),
    /// A function that gives rows.
    Function(Arc<TableFunction>),
    /// A common table expression: written in WITH, meant by its name.
    CommonTableExpression {
        /// What it is defined as.
        select: Arc<SelectNode>,
        /// Whether it may refer to itself.
        recursive: bool,
        /// MATERIALIZED or NOT MATERIALIZED; none: as the database does.
        materialized: Option<bool>,
    },
    /// An INSERT, UPDATE or DELETE in WITH (PostgreSQL): its columns are those of its RETURNING.
    Changes(StatementNode),
    /// What is in WITH, under a further name.
    Named(Alias),
    /// A query that is written by hand: a subquery in FROM, or one in WITH.
    Text {
        /// The query.
        text: Arc<TextNode>,
        /// Whether it stands in WITH.
        in_with: bool,
    },
}

/// Rows that are written out in FROM.
#[derive(Clone, Debug)]
pub struct ValuesNode {
    /// The names of the columns.
    pub columns: Vec<Name>,
    /// The values of all rows, one after the other.
    pub values: Vec<Node>,
}

/// A function in FROM.
#[derive(Clone, Debug)]
pub struct TableFunction {
    /// The call.
    pub call: Node,
    /// The names of its columns; none: those that it gives them itself.
    pub columns: Vec<Name>,
    /// The types of its columns, where it gives records of any shape; else none.
    pub types: Vec<SqlType>,
    /// Whether the last column numbers the rows: WITH ORDINALITY.
    pub ordinality: bool,
}

impl AliasTarget {
    /// Whether it is written in WITH.
    pub(crate) fn is_in_with(&self) -> bool {
        matches!(
            self,
            Self::CommonTableExpression { .. } | Self::Changes(_) | Self::Text { in_with: true, .. }
        )
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Alias {
    /// Something under a name; without a name the compiler finds one, such as `author_1`.
    pub fn new(name: Option<Name>, target: AliasTarget) -> Self {
        Self(Arc::new(AliasInner { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), name, target }))
    }

    /// The same under another name, as a source of its own: so that a subquery or a common table expression can be joined with
    /// itself.
    ///
    /// The counterpart of SQLAlchemy's `cte.alias()` and `subquery.alias()`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
    /// # let book = Table::unregistered("book").column(Column::new("id", Integer)).column(Column::new("part_of", Integer));
    /// let parts = select((book.c("id"), book.c("part_of"))).cte("parts");
    /// let whole = parts.alias("whole");
    /// let statement = select((parts.c("id"), whole.c("id"))).join_on(&whole, whole.c("id").eq(parts.c("part_of")));
    /// assert_eq!(
    ///     statement.to_sql(&PostgresDialect::default())?,
    ///     "WITH parts AS (SELECT book.id, book.part_of FROM book) SELECT parts.id, whole.id FROM parts JOIN parts AS whole ON \
    ///      whole.id = parts.part_of"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn alias(&self, name: impl Into<Name>) -> Self {
        let target = match self.target() {
            target if target.is_in_with() => AliasTarget::Named(self.clone()),
            target => target.clone(),
        };
        Self::new(Some(name.into()), target)
    }

    /// The name, where one was given.
    pub fn name(&self) -> Option<&Name> {
        self.0.name.as_ref()
    }

    /// What it stands for.
    pub fn target(&self) -> &AliasTarget {
        &self.0.target
    }

    /// A number that no other alias of this process has.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }
}

impl Source {
    /// The table behind it, where it is one, under whatever name.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Alias(alias) => match alias.target() {
                AliasTarget::Table(table) => Some(table),
                _ => None,
            },
        }
    }
}

impl PartialEq for Alias {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Alias {}

impl fmt::Debug for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Alias({:?}, {:?})", self.0.name, self.0.target)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => table.fmt(formatter),
            Self::Alias(alias) => alias.fmt(formatter),
        }
    }
}

impl From<&Table> for Source {
    fn from(table: &Table) -> Self {
        Self::Table(table.clone())
    }
}

impl From<Table> for Source {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl From<&Alias> for Source {
    fn from(alias: &Alias) -> Self {
        Self::Alias(alias.clone())
    }
}

impl From<Alias> for Source {
    fn from(alias: Alias) -> Self {
        Self::Alias(alias)
    }
}
