//! [`FirstColumn`]: what our own queries ask for.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::Decode;

/// Keeps the cells of a result's first column.
pub(crate) struct FirstColumn<T>(pub(crate) Vec<T>);

impl<T> Default for FirstColumn<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Decode + Send> Sink for FirstColumn<T> {
    fn columns(&mut self, _columns: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.0.push(T::decode(row.cell(0)?)?);
        Ok(ControlFlow::Continue(()))
    }
}
