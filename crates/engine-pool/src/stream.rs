//! [`RowStream`]: rows in batches, with bounded memory.

use std::{collections::VecDeque, fmt, ops::ControlFlow, sync::Arc, time::Instant};

use aludel_driver::{ColumnInfo, Cursor, Done, Error, ErrorKind, Result, Row, Sink};
use aludel_sql_expression::{Executable, RowPlan};
use tracing::Instrument;

use crate::{
    Connection, Engine,
    connection::StreamRequest,
    events::{AfterCursorExecuteArguments, ConnectionId, tell},
    transaction::{Flight, TransactionStatus},
};

/// How many rows are fetched at once, unless it is said otherwise.
const FETCH_SIZE: usize = 1000;

/// Rows in batches: the rest waits on the server, in the socket or in the file. The connection is borrowed as long.
///
/// Read it to its end, or [`close`](Self::close) it. Where it is dropped half-way, some backends must close the
/// connection.
pub struct RowStream<'connection, S: Executable> {
    cursor: Option<Box<dyn Cursor + 'connection>>,
    status: &'connection mut TransactionStatus,
    engine: Engine,
    sql: Arc<str>,
    statement: S,
    plan: RowPlan,
    columns: Arc<[ColumnInfo]>,
    rows: VecDeque<S::Row>,
    fetch_size: usize,
    is_over: bool,
    id: ConnectionId,
    /// How many rows came so far, and since when they come.
    fetched: u64,
    started: Instant,
}

impl Connection {
    /// Executes a query, and gives its rows in batches, so that memory stays bounded however many there are.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn stream<S: Executable>(&mut self, statement: S) -> Result<RowStream<'_, S>> {
        let request = self.stream_request(&statement).await?;
        let (fetch_size, sql) =
            (request.options.fetch_size.unwrap_or(FETCH_SIZE).max(1), request.statement.sql().clone());
        let span = self.stream_span(&request);
        let (connection, id, request, status, engine) = self.stream_parts(request)?;
        let started = Instant::now();
        status.flight = Flight::Statement;
        let opening = connection.cursor(&request.statement, &request.parameters, &request.options);
        let opened = opening.instrument(span).await;
        status.flight = Flight::None;
        let opened = opened.and_then(|cursor| {
            let plan = statement.plan(cursor.columns())?;
            Ok((cursor, plan))
        });
        match opened {
            Ok((cursor, plan)) => {
                let columns = cursor.columns().clone();
                Ok(RowStream {
                    cursor: Some(cursor),
                    status,
                    engine,
                    sql,
                    statement,
                    plan,
                    columns,
                    rows: VecDeque::new(),
                    fetch_size,
                    is_over: false,
                    id,
                    fetched: 0,
                    started,
                })
            }
            Err(error) => Err(note(status, &engine, &sql, error)),
        }
    }
}

impl<'connection, S: Executable> RowStream<'connection, S> {
    /// The next row; none at the end.
    ///
    /// # Errors
    /// What the database says; [`ErrorKind::Data`] when a row does not fit.
    ///
    /// # Cancel safety
    /// No row is lost by a future that is dropped between batches; one that is dropped while the server works leaves the
    /// connection in doubt.
    pub async fn next(&mut self) -> Result<Option<S::Row>> {
        if self.rows.is_empty() {
            self.fetch(self.fetch_size).await?;
        }
        Ok(self.rows.pop_front())
    }

    /// The next `count` rows; fewer at the end, and none after it.
    ///
    /// # Errors
    /// As [`RowStream::next`].
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<S::Row>> {
        while self.rows.len() < count && !self.is_over {
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
        &self.columns
    }

    /// The columns' names, in order.
    pub fn keys(&self) -> Vec<&str> {
        self.columns.iter().map(|column| &*column.name).collect()
    }

    /// Ends the stream early, and leaves the connection ready for the next statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(mut self) -> Result<()> {
        self.end().await
    }

    async fn fetch(&mut self, count: usize) -> Result<()> {
        if self.is_over {
            return Ok(());
        }
        let Some(cursor) = &mut self.cursor else {
            return Err(Error::new(ErrorKind::Closed, "the stream is closed"));
        };
        let mut sink = BatchSink { statement: &self.statement, plan: &self.plan, rows: &mut self.rows };
        self.status.flight = Flight::Statement;
        let before = sink.rows.len();
        let outcome = cursor.fetch(count, &mut sink).await;
        self.status.flight = Flight::None;
        self.fetched += u64::try_from(self.rows.len() - before).unwrap_or_default();
        match outcome {
            Ok(true) => Ok(()),
            Ok(false) => self.end().await,
            Err(error) => {
                self.is_over = true;
                // The driver's view of the connection is back only when its cursor is gone.
                self.cursor = None;
                Err(note(self.status, &self.engine, &self.sql, error))
            }
        }
    }

    async fn end(&mut self) -> Result<()> {
        self.is_over = true;
        let Some(cursor) = self.cursor.take() else { return Ok(()) };
        self.status.flight = Flight::Statement;
        let outcome = cursor.close().await;
        self.status.flight = Flight::None;
        outcome.map_err(|error| note(self.status, &self.engine, &self.sql, error))?;
        let listeners = &self.engine.events().after_cursor_execute;
        let done = Done { rows: self.fetched, last_insert_id: None };
        let (id, sql, elapsed) = (self.id, &*self.sql, self.started.elapsed());
        tell(listeners, AfterCursorExecuteArguments { id, sql, done, elapsed });
        Ok(())
    }
}

/// The stream borrows the driver's connection, so that what an error does to it is seen to by the next call.
fn note(status: &mut TransactionStatus, engine: &Engine, sql: &Arc<str>, error: Error) -> Error {
    let error = engine.pool().reclassify(error, Some(sql)).with_statement(sql, None);
    status.stream_error = Some(error.clone());
    error
}

/// What of a connection a stream borrows.
pub(crate) type StreamParts<'c> = (
    &'c mut dyn aludel_driver::Connection,
    ConnectionId,
    &'c StreamRequest,
    &'c mut TransactionStatus,
    Engine,
);

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
            .field("sql", &self.sql)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
