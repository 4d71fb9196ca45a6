//! [`Executable`]: a statement, typed by what its rows are read into.

use std::sync::Arc;

use super::StatementNode;
use crate::{ColumnInfo, Dialect, Result, Row, RowPlan};

/// A statement that a connection or a session can execute, typed by what its rows are read into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement that can be executed",
    note = "pass `select(..)`, `insert(..)`, `update(..)`, `delete(..)` or `text(\"..\")`"
)]
pub trait Executable: Send + Sync {
    /// What one row is read into: the selected values, [`DynamicRow`](super::DynamicRow) for `text`, `()` for DML without
    /// RETURNING.
    type Row: Send + 'static;

    /// The untyped tree.
    fn node(&self) -> StatementNode;

    /// The text with its values written in, to be read by people: in logs and tests. What is executed has parameters.
    ///
    /// # Errors
    /// Those of [`CompiledCache::render`](crate::CompiledCache::render).
    fn to_sql(&self, dialect: &dyn Dialect) -> Result<String> {
        crate::compile::to_sql(&self.node(), dialect)
    }

    /// Looks at the columns of the result, once.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when they do not fit.
    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan>;

    /// Reads one row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit.
    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<Self::Row>;
}

/// A statement whose first column can be read into `T`.
#[diagnostic::on_unimplemented(message = "the first value of `{Self}` cannot be read into `{T}`")]
pub trait ScalarExecutable<T>: Executable {
    /// Reads the first cell of a row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when it does not fit.
    fn decode_scalar(&self, row: &dyn Row) -> Result<T>;
}
