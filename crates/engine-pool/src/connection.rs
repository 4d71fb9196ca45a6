//! [`Connection`]: sends statements, inside and outside of transactions.

mod at_once;
mod begin;
mod bulk_load;
mod end;
mod execute;
mod execute_batch;
mod explain;
mod flight;
mod insert_many;
mod inserted_key;
mod precompiled;
mod query_text;
mod settings;
mod streaming;
mod twophase;

use std::{fmt, panic::Location, sync::Arc};

use aludel_driver::{
    BeginOptions, CallOptions, Capabilities, Connection as DriverConnection, Error, ErrorKind, Result,
    Statement, TransactionState as ServerState,
};
use aludel_sql_expression::Dialect;

pub use self::end::SavepointId;
pub(crate) use self::execute::Part;
pub use self::execute_batch::BatchResult;
pub(crate) use self::streaming::StreamRequest;
use crate::{
    ConnectionInfo, Engine, ExecutionOptions, PooledConnection, ResetOnReturn,
    events::{ConnectionId, tell},
    execution_options::Resolved,
    transaction::{Failure, Flight, Phase, TransactionStatus},
};

/// A connection to a database: it sends statements, and is the same type inside and outside of transactions, so that
/// functions take just `&mut Connection`.
///
/// The first statement begins a transaction (autobegin); [`commit`](Self::commit) or [`rollback`](Self::rollback) ends
/// it, and the next statement begins another. BEGIN is not sent alone: it rides with the statement. What is not committed
/// when the connection is dropped is rolled back.
///
/// # Cancel safety
/// A future that is dropped while the server works leaves its transaction to be rolled back: every call says so until
/// [`rollback`](Self::rollback). Where the driver cannot go on after a dropped call, the connection is closed, and another
/// is taken from the pool afterwards.
pub struct Connection {
    engine: Engine,
    /// None: it was lost, and the next statement takes another from the pool.
    pooled: Option<PooledConnection>,
    status: TransactionStatus,
    begin_options: BeginOptions,
    /// Whether it was said when SQLite takes its write lock.
    is_begin_mode_chosen: bool,
    autocommit: bool,
    options: Resolved,
    /// All that was said of how to execute, where that is not what the engine says; the fields before it are what is looked at
    /// with each statement.
    own_execution_options: Option<Box<ExecutionOptions>>,
    /// What a stream sends; kept here, so that the stream can borrow it.
    streaming: Option<Box<StreamRequest>>,
    /// What was sent last without waiting.
    last_statement: Option<Statement>,
    place: &'static Location<'static>,
}

impl Connection {
    pub(crate) fn new(engine: Engine, pooled: PooledConnection, place: &'static Location<'static>) -> Self {
        let execution_options = engine.get_execution_options();
        Self {
            begin_options: execution_options.begin_options(),
            is_begin_mode_chosen: execution_options.begin_mode.is_some(),
            autocommit: execution_options.autocommit.unwrap_or_default(),
            options: execution_options.resolve(),
            own_execution_options: None,
            engine,
            pooled: Some(pooled),
            status: TransactionStatus::default(),
            streaming: None,
            last_statement: None,
            place,
        }
    }

    /// The engine that the connection belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The dialect of just this server, with the schemas that the connection's options ask for.
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        let dialect = match &self.pooled {
            Some(pooled) => pooled.named_dialect().clone(),
            None => self.engine.dialect(),
        };
        // Where the dialect cannot do that, the first statement says so.
        match &self.options.schemas {
            Some(schemas) => dialect.with_schemas(schemas.clone()).unwrap_or(dialect),
            None => dialect,
        }
    }

    /// Whether its options ask for other schemas than those that tables say.
    pub fn translates_schemas(&self) -> bool {
        self.options.schemas.is_some()
    }

    /// What just this server can do.
    pub fn capabilities(&self) -> &Capabilities {
        match &self.pooled {
            Some(pooled) => pooled.capabilities(),
            None => self.engine.shared().driver.capabilities(),
        }
    }

    /// The number of the open connection in its pool; none when it was lost, and not taken anew.
    pub fn id(&self) -> Option<ConnectionId> {
        self.pooled.as_ref().map(PooledConnection::id)
    }

    /// The driver's own connection, for what only this backend has.
    ///
    /// What is sent there is not seen by events and echo. It is part of the transaction or savepoint that is begun, and begins
    /// none itself: call [`begin`](Self::begin) before, where it is to be in one.
    ///
    /// # Errors
    /// As [`Connection::execute`] where the connection has to be taken anew, and where there is something to be sent.
    pub async fn driver_connection(&mut self) -> Result<&mut dyn DriverConnection> {
        self.ready().await?;
        if !self.status.is_settled() {
            match self.status.phase {
                // What was begun and not sent yet would otherwise begin behind what is done there.
                Phase::Pending | Phase::Active => {
                    Box::pin(self.send(&mut [], &CallOptions::default(), false)).await?;
                }
                // What a dropped future left behind.
                _ => Box::pin(self.rollback()).await?,
            }
        }
        Ok(&mut **self.pooled()?)
    }

    /// The same as the driver's own type: `PostgresConnection`, `MySqlConnection`, `SqliteConnection`.
    ///
    /// # Errors
    /// As [`Connection::driver_connection`]; [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported), with the type and
    /// the backend, when the connection is one of another driver.
    ///
    /// # Examples
    /// ```ignore
    /// // With the driver's crate at hand, as `aludel::sqlite` or `aludel::postgres`:
    /// let sqlite: &mut SqliteConnection = conn.driver_mut().await?;
    /// ```
    pub async fn driver_mut<T: DriverConnection + 'static>(&mut self) -> Result<&mut T> {
        self.driver_connection().await?.driver_mut()
    }

    /// What listeners, or whoever had it before, noted about the open connection. It goes when the connection is closed.
    ///
    /// # Errors
    /// As [`Connection::execute`] where the connection has to be taken anew.
    pub async fn info(&mut self) -> Result<&mut ConnectionInfo> {
        self.ready().await?;
        Ok(self.pooled()?.info_mut())
    }

    /// Has the connection closed when it goes back, rather than kept: this use of it goes on.
    pub fn invalidate_soft(&mut self) {
        if let Some(pooled) = &mut self.pooled {
            pooled.invalidate_soft();
        }
    }

    /// Has the connection closed, and another taken from the pool at the next statement. Inside a transaction,
    /// `rollback()` comes first.
    pub fn invalidate(&mut self) {
        self.settle();
        self.lose(None);
        if self.status.is_open() {
            self.status.fail(Failure::Disconnected);
        }
    }

    /// Whether the connection was lost or invalidated, and not yet taken anew.
    pub fn is_invalidated(&self) -> bool {
        self.pooled.as_ref().is_none_or(|pooled| pooled.is_broken())
    }

    /// Takes the connection out of its pool, whose place is then free; it is closed when it is dropped.
    pub fn detach(&mut self) {
        if let Some(pooled) = &mut self.pooled {
            pooled.detach();
        }
    }

    /// Rolls back what is open, and gives the connection back to the pool. Dropping the connection does the same without
    /// being waited for.
    ///
    /// # Errors
    /// As [`Connection::rollback`]; the connection is then closed.
    ///
    /// # Cancel safety
    /// A dropped future gives the connection back all the same, or closes it.
    pub async fn close(mut self) -> Result<()> {
        let outcome = self.rollback().await;
        if let Some(mut pooled) = self.pooled.take() {
            // What is open now was begun behind our back.
            pooled.set_must_roll_back(outcome.is_err());
            pooled.release().await;
        }
        outcome
    }

    /// Sees to what a dropped future left behind.
    fn settle(&mut self) {
        if let Some(error) = self.status.stream_error.take() {
            self.status.flight = Flight::None;
            self.absorb(&error);
        }
        let flight = std::mem::take(&mut self.status.flight);
        if flight == Flight::None {
            return;
        }
        if self.pooled.as_ref().is_some_and(|pooled| pooled.is_broken()) {
            self.lose(None);
        }
        match flight {
            Flight::None => {}
            Flight::Statement if self.status.is_open() => self.status.fail(Failure::Dropped),
            Flight::Statement => self.status.rollback_due |= self.server_state() != ServerState::Idle,
            // What is prepared already stays so, as far as we know: its end can be tried again.
            Flight::Twophase if matches!(self.status.phase, Phase::Prepared | Phase::None) => {}
            Flight::Commit | Flight::Twophase => self.status.fail(Failure::CommitDropped),
            Flight::Rollback => {
                self.status.end();
                self.status.rollback_due = self.server_state() != ServerState::Idle;
            }
        }
    }

    /// Makes sure that a statement can be sent, and takes a connection from the pool where the last one was lost.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        self.settle();
        self.status.check()?;
        self.connected().await
    }

    /// Takes a connection from the pool where the last one was lost.
    async fn connected(&mut self) -> Result<()> {
        if let Some(pooled) = &self.pooled {
            if !pooled.is_broken() {
                return Ok(());
            }
            // It broke while nobody used it.
            if matches!(self.status.phase, Phase::Active) {
                // Told as the loss that it is, so that whoever does lost transactions again does this one, too.
                let error = lost_while_idle();
                self.lose(Some(&error));
                self.status.fail(Failure::Disconnected);
                return Err(error);
            }
            self.lose(None);
        }
        self.status.rollback_due = false;
        self.pooled = Some(self.engine.pool().checkout_from(self.place).await?);
        Ok(())
    }

    pub(crate) fn pooled(&mut self) -> Result<&mut PooledConnection> {
        self.pooled.as_mut().ok_or_else(closed)
    }

    fn server_state(&self) -> ServerState {
        self.pooled.as_ref().map_or(ServerState::Idle, |pooled| pooled.transaction_state())
    }

    /// Forgets prepared statements, after tables were changed.
    pub(crate) fn clear_statements(&mut self) {
        if let Some(pooled) = &mut self.pooled
            && !pooled.is_broken()
        {
            pooled.clear_statements();
        }
    }

    /// Closes the connection; its place in the pool is free.
    fn lose(&mut self, error: Option<&Error>) {
        self.status.rollback_due = false;
        if let Some(mut pooled) = self.pooled.take() {
            pooled.invalidate(error);
        }
    }

    /// Tells of a rollback that was done without waiting.
    fn tell_rollback(&self) {
        if let Some(id) = self.id() {
            self.echo_line("ROLLBACK");
            tell(&self.engine.events().rollback, id);
        }
    }
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the connection is closed")
}

/// The first call after a loss that nobody has seen.
fn lost_while_idle() -> Error {
    Error::new(
        ErrorKind::Operational,
        "the connection was lost inside a transaction, while nobody used it: the server ended it, or the network did; \
         what the transaction did is undone; call `rollback()`, then it can connect again",
    )
    .with_disconnect()
}

impl Drop for Connection {
    fn drop(&mut self) {
        if matches!(self.status.phase, Phase::Prepared) {
            // It belongs to the server.
            self.status.leave();
        }
        let is_open = self.server_state() != ServerState::Idle && !self.is_invalidated();
        let status = &self.status;
        let is_own = status.is_open()
            || status.rollback_due
            || status.flight != Flight::None
            || status.stream_error.is_some();
        let Some(pooled) = &mut self.pooled else { return };
        pooled.set_must_roll_back(is_own);
        let is_rolled_back = is_own || pooled.pool().options().reset_on_return == ResetOnReturn::Rollback;
        // The pool rolls back; here it is only told.
        if is_open && is_rolled_back && !self.status.rollback_due {
            self.tell_rollback();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("engine", &self.engine)
            .field("id", &self.id())
            .field("transaction", &self.status.phase)
            .finish_non_exhaustive()
    }
}
