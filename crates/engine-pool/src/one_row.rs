//! [`OneRow`]: the sink of those who ask for one row.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{Executable, RowPlan};

use crate::result::multiple_results;

/// Decodes the row that is asked for, and stops at the second. It allocates nothing.
pub(crate) struct OneRow<'s, S: Executable> {
    statement: &'s S,
    plan: RowPlan,
    row: Option<S::Row>,
    has_more: bool,
}

impl<'s, S: Executable> OneRow<'s, S> {
    pub(crate) fn new(statement: &'s S) -> Self {
        Self { statement, plan: RowPlan::default(), row: None, has_more: false }
    }

    /// The row, where there was one and no more.
    pub(crate) fn into_row(self) -> Result<Option<S::Row>> {
        if self.has_more {
            return Err(multiple_results(2));
        }
        Ok(self.row)
    }
}

impl<S: Executable> Sink for OneRow<'_, S> {
    fn wants_columns(&self) -> bool {
        self.statement.needs_columns()
    }

    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = self.statement.plan(columns)?;
        Ok(())
    }

    #[inline]
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        if self.row.is_some() {
            self.has_more = true;
            return Ok(ControlFlow::Break(()));
        }
        self.row = Some(self.statement.decode(row, &self.plan)?);
        Ok(ControlFlow::Continue(()))
    }
}
