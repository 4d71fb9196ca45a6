//! [`OpenCursor`] and [`NamedCursor`]: open results without the types of their rows.

use std::{
    fmt,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use aludel_driver::{ColumnInfo, Cursor, Discard, Done, Error, ErrorKind, Result, Row, Sink, Statement};
use aludel_sql_expression::{StatementNode, StatementOptions, compile::parameter_column};
use tracing::Instrument;

use crate::{
    Connection, Engine,
    events::{AfterCursorExecuteArguments, ConnectionId, tell},
    transaction::{Flight, TransactionStatus},
};

/// How many rows are fetched at once, unless it is said otherwise.
const FETCH_SIZE: usize = 1000;

/// The number of the next cursor with a name: no two of this program have the same.
static NEXT_CURSOR: AtomicU64 = AtomicU64::new(1);

/// An open result that borrows its connection, without the types of its rows: for the layers above.
#[doc(hidden)]
pub struct OpenCursor<'connection> {
    cursor: Option<Box<dyn Cursor + 'connection>>,
    status: &'connection mut TransactionStatus,
    engine: Engine,
    sql: Arc<str>,
    columns: Arc<[ColumnInfo]>,
    fetch_size: usize,
    is_over: bool,
    id: ConnectionId,
    /// How many rows came so far, and since when they come.
    fetched: u64,
    started: Instant,
}

impl Connection {
    /// Sends a query whose rows are fetched in batches.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    #[doc(hidden)]
    pub async fn open_cursor(
        &mut self,
        node: &StatementNode,
        options: &StatementOptions,
    ) -> Result<OpenCursor<'_>> {
        let options = self.options_with(options);
        let request = self.stream_request(node, options).await?;
        let fetch_size = request.options.fetch_size.unwrap_or(FETCH_SIZE).max(1);
        let sql = request.statement.sql().clone();
        let span = self.stream_span(&request);
        let dialect = self.written_dialect();
        let (connection, id, request, status, engine) = self.stream_parts(request)?;
        let started = Instant::now();
        status.flight = Flight::Statement;
        let opening = connection.cursor(&request.statement, &request.parameters, &request.options);
        let opened = opening.instrument(span).await;
        status.flight = Flight::None;
        match opened {
            Ok(cursor) => {
                let (columns, cursor) = (cursor.columns().clone(), Some(cursor));
                Ok(OpenCursor {
                    cursor,
                    status,
                    engine,
                    sql,
                    columns,
                    fetch_size,
                    is_over: false,
                    id,
                    fetched: 0,
                    started,
                })
            }
            Err(error) => {
                let named = dialect.zip(error.parameter());
                let column = named.and_then(|(dialect, number)| parameter_column(node, &*dialect, number));
                let error = match column {
                    Some(column) => error.in_column(&column),
                    None => error,
                };
                Err(note(status, &engine, &sql, error))
            }
        }
    }
}

impl OpenCursor<'_> {
    /// The columns, also when there are no rows.
    pub fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.columns
    }

    /// How many rows are to be fetched at once.
    pub fn fetch_size(&self) -> usize {
        self.fetch_size
    }

    /// Whether all rows came.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn sql(&self) -> &Arc<str> {
        &self.sql
    }

    /// Gives up to `count` rows to the sink, whose `columns` is not called. At the end of the result the cursor is closed.
    ///
    /// # Errors
    /// What the database says; what the sink says.
    pub async fn fetch(&mut self, count: usize, sink: &mut dyn Sink) -> Result<()> {
        if self.is_over {
            return Ok(());
        }
        let Some(cursor) = &mut self.cursor else {
            return Err(Error::new(ErrorKind::Closed, "the stream is closed"));
        };
        let mut counted = Counted { sink, rows: 0 };
        self.status.flight = Flight::Statement;
        let outcome = cursor.fetch(count, &mut counted).await;
        self.status.flight = Flight::None;
        self.fetched += counted.rows;
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

    /// Ends the result, and leaves the connection ready for the next statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end(&mut self) -> Result<()> {
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

/// An open result on the server that does not borrow its connection, without the types of its rows: for the layers above.
#[doc(hidden)]
pub struct NamedCursor {
    name: String,
    connection: ConnectionId,
    fetch_size: usize,
    is_over: bool,
}

impl Connection {
    /// How many rows are fetched at once, as the options say over the connection's own.
    #[doc(hidden)]
    pub fn fetch_size(&self, options: &StatementOptions) -> usize {
        self.options_with(options).call.fetch_size.unwrap_or(FETCH_SIZE).max(1)
    }

    /// Opens a named cursor over a query's rows.
    ///
    /// # Errors
    /// As [`Connection::declare_cursor`].
    #[doc(hidden)]
    pub async fn declare_named(
        &mut self,
        node: &StatementNode,
        options: &StatementOptions,
    ) -> Result<NamedCursor> {
        if !self.capabilities().declared_cursors {
            return Err(Error::not_supported(
                "a cursor that leaves its connection free (stream() borrows it, or use a second connection)",
                self.engine().driver().name(),
            ));
        }
        if self.is_autocommit() && !self.in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a cursor lives in a transaction, and this connection is in autocommit: begin() one first",
            ));
        }
        // A transaction around a test outlives its connections, and with it cursors that were not closed.
        let name = format!("aludel_cursor_{}", NEXT_CURSOR.fetch_add(1, Ordering::Relaxed));
        let options = self.options_with(options);
        let fetch_size = options.call.fetch_size.unwrap_or(FETCH_SIZE).max(1);
        let (query, parameters) = self.rendered_query(node, &options).await?;
        let declaration = Statement::once(format!("DECLARE {name} NO SCROLL CURSOR FOR {query}"));
        self.fetch_into(&declaration, &parameters, &mut Discard).await?;
        let connection =
            self.id().ok_or_else(|| Error::new(ErrorKind::Closed, "the connection is closed"))?;
        Ok(NamedCursor { name, connection, fetch_size, is_over: false })
    }
}

impl NamedCursor {
    /// How many rows are to be fetched at once.
    pub fn fetch_size(&self) -> usize {
        self.fetch_size
    }

    /// Whether all rows came.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Gives up to `count` rows to the sink.
    ///
    /// # Errors
    /// As [`DeclaredCursor::fetch`](crate::DeclaredCursor::fetch); what the sink says.
    pub async fn fetch(
        &mut self,
        connection: &mut Connection,
        count: usize,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if self.is_over || count == 0 {
            return Ok(());
        }
        self.check(connection)?;
        let fetch = Statement::once(format!("FETCH FORWARD {count} FROM {}", self.name));
        let mut counted = Counted { sink, rows: 0 };
        connection.fetch_into(&fetch, &[], &mut counted).await?;
        self.is_over = counted.rows < u64::try_from(count).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Closes the cursor on the server.
    ///
    /// # Errors
    /// As [`NamedCursor::fetch`].
    pub async fn close(self, connection: &mut Connection) -> Result<()> {
        self.check(connection)?;
        let close = Statement::once(format!("CLOSE {}", self.name));
        connection.fetch_into(&close, &[], &mut Discard).await.map(drop)
    }

    fn check(&self, connection: &Connection) -> Result<()> {
        if connection.id() == Some(self.connection) && connection.in_transaction() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "the cursor belongs to a transaction of connection {}, which is over, or not the one given here",
                self.connection
            ),
        ))
    }
}

/// Counts the rows that a sink gets.
struct Counted<'s> {
    sink: &'s mut dyn Sink,
    rows: u64,
}

impl Sink for Counted<'_> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.sink.columns(columns)
    }

    #[inline]
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let flow = self.sink.row(row)?;
        self.rows += 1;
        Ok(flow)
    }
}

impl fmt::Debug for OpenCursor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenCursor")
            .field("sql", &self.sql)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NamedCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NamedCursor").field("name", &self.name).finish_non_exhaustive()
    }
}
