//! [`Outlet`]: where the rows of a statement go.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Sink};

use crate::{error, row::BorrowedRow, row_batch::RowBatch};

/// Where the rows of a statement go.
pub(crate) trait Outlet {
    /// Whether the statement may be started again after rows went in here.
    const RESTARTABLE: bool;

    /// Whether it wants to be told the columns.
    fn wants_columns(&self) -> bool {
        true
    }

    fn columns(&mut self, columns: &Arc<[ColumnInfo]>, read_only: bool) -> Result<()>;

    fn row(&mut self, row: &rusqlite::Row<'_>, width: usize) -> Result<ControlFlow<()>>;

    /// Told when all rows were given, also when the outlet had enough.
    fn end(&mut self) {}
}

/// Rows that go straight to the caller's sink.
pub(crate) struct Direct<'s> {
    pub(crate) sink: &'s mut dyn Sink,
}

impl Outlet for Direct<'_> {
    const RESTARTABLE: bool = false;

    fn wants_columns(&self) -> bool {
        self.sink.wants_columns()
    }

    fn columns(&mut self, columns: &Arc<[ColumnInfo]>, _: bool) -> Result<()> {
        self.sink.columns(columns)
    }

    #[inline]
    fn row(&mut self, row: &rusqlite::Row<'_>, width: usize) -> Result<ControlFlow<()>> {
        self.sink.row(&BorrowedRow::new(row, width))
    }
}

/// Rows that are kept until the query has ended.
#[derive(Default)]
pub(crate) struct Collected {
    columns: Option<Arc<[ColumnInfo]>>,
    rows: RowBatch,
}

impl Collected {
    pub(crate) fn give(&self, sink: &mut dyn Sink) -> Result<()> {
        if let Some(columns) = &self.columns {
            sink.columns(columns)?;
            let _ = self.rows.give(sink)?;
        }
        Ok(())
    }
}

impl Outlet for Collected {
    const RESTARTABLE: bool = true;

    fn columns(&mut self, columns: &Arc<[ColumnInfo]>, _: bool) -> Result<()> {
        self.columns = Some(columns.clone());
        Ok(())
    }

    fn row(&mut self, row: &rusqlite::Row<'_>, width: usize) -> Result<ControlFlow<()>> {
        self.rows.push(row, width).map_err(error::translate)?;
        Ok(ControlFlow::Continue(()))
    }
}
