//! [`SqliteCursor`]: a result that is read in batches.

use std::sync::Arc;

use aludel_driver::{BoxFuture, ColumnInfo, Cursor, Result, Sink};

use crate::{
    row_batch::RowBatch,
    transfer::{Parcel, Transfer},
};

/// A result that is read in batches, while its statement stands still on a worker thread.
pub(crate) struct SqliteCursor<'c> {
    columns: Arc<[ColumnInfo]>,
    transfer: Option<Transfer<'c>>,
    batch: RowBatch,
    position: usize,
}

impl<'c> SqliteCursor<'c> {
    /// Waits for the columns, or for the error of a statement that cannot run.
    pub(crate) async fn open(mut transfer: Transfer<'c>) -> Result<Self> {
        let first = transfer.next().await;
        let mut cursor =
            Self { columns: Arc::from([]), transfer: None, batch: RowBatch::default(), position: 0 };
        match first {
            Some(parcel) => {
                cursor.take(parcel);
                cursor.transfer = Some(transfer);
            }
            None => drop(transfer.finish().await?),
        }
        Ok(cursor)
    }

    fn take(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Columns(columns) => self.columns = columns,
            Parcel::Rows(batch) => (self.batch, self.position) = (batch, 0),
        }
    }
}

impl Cursor for SqliteCursor<'_> {
    fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.columns
    }

    fn fetch<'a>(&'a mut self, rows: usize, sink: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut left = rows;
            while left > 0 {
                if self.position == self.batch.len() {
                    let Some(transfer) = &mut self.transfer else { return Ok(false) };
                    match transfer.next().await {
                        Some(parcel) => self.take(parcel),
                        None => {
                            if let Some(transfer) = self.transfer.take() {
                                transfer.finish().await?;
                            }
                            return Ok(false);
                        }
                    }
                    continue;
                }
                let row = self.batch.row(self.position);
                self.position += 1;
                left -= 1;
                if sink.row(&row)?.is_break() {
                    break;
                }
            }
            Ok(self.position < self.batch.len() || self.transfer.is_some())
        })
    }

    fn close<'a>(mut self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            match self.transfer.take() {
                Some(transfer) => transfer.stop().await,
                None => Ok(()),
            }
        })
    }
}
