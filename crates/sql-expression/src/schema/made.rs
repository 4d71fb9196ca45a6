//! [`ServerDefault`] and [`Computed`]: values that the database makes.

use super::{DdlExpression, Sequence};
use crate::{
    name::Name,
    typed::{ColumnExpression, Expression},
};

/// What the database puts in when an INSERT leaves a column out: SQL text as written in DDL, or an expression such as
/// `sequence.next_value()`.
#[derive(Clone, Debug)]
pub struct ServerDefault(pub DdlExpression);

impl<E: Into<DdlExpression>> From<E> for ServerDefault {
    fn from(expression: E) -> Self {
        Self(expression.into())
    }
}

/// What the database computes a column from: `GENERATED ALWAYS AS (..)`. It is kept in the row, unless told otherwise.
///
/// Counterpart of SQLAlchemy's `Computed`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Computed {
    /// What it is computed from.
    pub expression: DdlExpression,
    /// Whether it is kept in the row (STORED), or computed each time it is read (VIRTUAL).
    pub persisted: bool,
}

impl Computed {
    /// Computed when the row is written, and kept in it.
    pub fn new(expression: impl Into<DdlExpression>) -> Self {
        Self { expression: expression.into(), persisted: true }
    }

    /// Says whether it is kept in the row. PostgreSQL computes when it is read from version 18 on.
    #[must_use]
    pub fn persisted(mut self, persisted: bool) -> Self {
        self.persisted = persisted;
        self
    }
}

impl From<&str> for Computed {
    fn from(sql: &str) -> Self {
        Self::new(sql)
    }
}

impl From<String> for Computed {
    fn from(sql: String) -> Self {
        Self::new(sql)
    }
}

impl From<Name> for Computed {
    fn from(sql: Name) -> Self {
        Self::new(sql)
    }
}

impl<T> From<Expression<T>> for Computed {
    fn from(expression: Expression<T>) -> Self {
        Self::new(expression)
    }
}

impl From<ColumnExpression> for Computed {
    fn from(column: ColumnExpression) -> Self {
        Self::new(column)
    }
}

/// Where the numbers of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbering<'c> {
    /// The database's own way.
    Usual,
    /// A sequence.
    Sequence(&'c Sequence),
}
