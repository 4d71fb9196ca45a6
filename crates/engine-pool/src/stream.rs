//! [`RowStream`]: rows in batches, with bounded memory.

use std::{collections::VecDeque, fmt, ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{Executable, RowPlan, StatementOptions};

use crate::{Connection, open_cursor::OpenCursor};

/// Rows in batches: the rest waits on the server, in the socket or in the file. The connection is borrowed as long.
///
/// Read it to its end, or [`close`](Self::close) it. Where it is dropped half-way, some backends must close the
/// connection.
pub struct RowStream<'connection, S: Executable> {
    cursor: OpenCursor<'connection>,
    statement: S,
    plan: RowPlan,
    rows: VecDeque<S::Row>,
}

impl Connection {
    /// Executes a query, and gives its rows in batches, so that memory stays bounded however many there are.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn stream<S: Executable>(&mut self, statement: S) -> Result<RowStream<'_, S>> {
        let (node, nothing) = (statement.node(), StatementOptions::new());
        let options = statement.statement_options().unwrap_or(&nothing);
        let cursor = self.open_cursor(&node, options).await?;
        let plan = statement.plan(cursor.columns())?;
        Ok(RowStream { cursor, statement, plan, rows: VecDeque::new() })
    }
}

impl<'connection, S: Executable> RowStream<'connection, S> {
    /// The next row; none at the end.
    ///
    /// # Errors
    /// What the database says; [`ErrorKind::Data`](crate::ErrorKind::Data) when a row does not fit.
    ///
    /// # Cancel safety
    /// No row is lost by a future that is dropped between batches; one that is dropped while the server works leaves the
    /// connection in doubt.
    pub async fn next(&mut self) -> Result<Option<S::Row>> {
        if self.rows.is_empty() {
            self.fetch(self.cursor.fetch_size()).await?;
        }
        Ok(self.rows.pop_front())
    }

    /// The next `count` rows; fewer at the end, and none after it.
    ///
    /// # Errors
    /// As [`RowStream::next`].
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<S::Row>> {
        while self.rows.len() < count && !self.cursor.is_over() {
            self.fetch(count - self.rows.len()).await?;
        }
        let count = count.min(self.rows.len());
        Ok(self.rows.drain(..count).collect())
    }

    /// How many rows were fetched, and wait to be asked for.
    pub fn buffered(&self) -> usize {
        self.rows.len()
    }

    /// The rows in parts of `size` (at least 1), one after the other: `while let Some(part) = parts.next().await?`.
    pub fn partitions(&mut self, size: usize) -> Partitions<'_, 'connection, S> {
        Partitions { stream: self, size: size.max(1) }
    }

    /// The columns, also when there are no rows.
    pub fn columns(&self) -> &[ColumnInfo] {
        self.cursor.columns()
    }

    /// The columns' names, in order.
    pub fn keys(&self) -> Vec<&str> {
        self.columns().iter().map(|column| &*column.name).collect()
    }

    /// Ends the stream early, and leaves the connection ready for the next statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(mut self) -> Result<()> {
        self.cursor.end().await
    }

    async fn fetch(&mut self, count: usize) -> Result<()> {
        let mut sink = BatchSink { statement: &self.statement, plan: &self.plan, rows: &mut self.rows };
        self.cursor.fetch(count, &mut sink).await
    }
}

/// Decodes each row of a batch.
struct BatchSink<'s, S: Executable> {
    statement: &'s S,
    plan: &'s RowPlan,
    rows: &'s mut VecDeque<S::Row>,
}

impl<S: Executable> Sink for BatchSink<'_, S> {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.rows.push_back(self.statement.decode(row, self.plan)?);
        Ok(ControlFlow::Continue(()))
    }
}

/// The rows of a stream in parts of one size.
#[derive(Debug)]
pub struct Partitions<'stream, 'connection, S: Executable> {
    stream: &'stream mut RowStream<'connection, S>,
    size: usize,
}

impl<S: Executable> Partitions<'_, '_, S> {
    /// The next part; the last one may be shorter. None at the end.
    ///
    /// # Errors
    /// As [`RowStream::next`].
    ///
    /// # Cancel safety
    /// As [`RowStream::next`].
    pub async fn next(&mut self) -> Result<Option<Vec<S::Row>>> {
        let part = self.stream.next_batch(self.size).await?;
        Ok((!part.is_empty()).then_some(part))
    }
}

impl<S: Executable> fmt::Debug for RowStream<'_, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RowStream")
            .field("sql", self.cursor.sql())
            .field("is_over", &self.cursor.is_over())
            .finish_non_exhaustive()
    }
}
