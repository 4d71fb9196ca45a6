//! [`Executable`]: a statement, typed by what its rows are read into.

use std::sync::Arc;

use super::{Configured, Reused, SelectNode, StatementNode, StatementOptions};
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

    /// How the statement wants to be executed, where it says so.
    fn statement_options(&self) -> Option<&StatementOptions> {
        None
    }

    /// The same statement with a say in how it is executed: deadline, fetch size and the like.
    fn execution_options(self, options: StatementOptions) -> Configured<Self>
    where
        Self: Sized,
    {
        Configured::new(self, options)
    }

    /// What it is known by, where it is built once and executed with other values each time.
    #[doc(hidden)]
    fn reused(&self) -> Option<Reused<'_>> {
        None
    }

    /// The tree, without being counted once more, where it is a select that holds one.
    #[doc(hidden)]
    fn select_node(&self) -> Option<&SelectNode> {
        None
    }

    /// Whether [`plan`](Self::plan) looks at the columns at all: not where the select list is our own.
    fn needs_columns(&self) -> bool {
        true
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
