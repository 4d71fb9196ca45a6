//! [`Connection`]: sends statements, inside and outside of transactions.

mod at_once;
mod end;
mod execute;
mod execute_batch;
mod flight;
mod insert_many;
mod inserted_key;
mod precompiled;
mod twophase;

use std::{fmt, panic::Location, sync::Arc};

use aludel_driver::{
    BeginOptions, CallOptions, Capabilities, Connection as DriverConnection, Discard, Error, ErrorKind,
    IsolationLevel, Result, Statement, Step, StepKind, TransactionState as ServerState, Value,
};
use aludel_sql_expression::{Dialect, Executable};
use tracing::Span;

pub use self::end::SavepointId;
pub(crate) use self::execute::Part;
pub use self::execute_batch::BatchResult;
use crate::{
    ConnectionInfo, Engine, ExecutionOptions, PooledConnection, ResetOnReturn, Savepoint, Transaction,
    async_function::AsyncFunction,
    events::{ConnectionId, tell},
    execution_options::Resolved,
    stream::StreamParts,
    trace,
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
    /// All that was said of how to execute; the fields before it are what is looked at with each statement.
    execution_options: ExecutionOptions,
    /// What a stream sends; kept here, so that the stream can borrow it.
    streaming: Option<StreamRequest>,
    /// How many cursors were declared.
    cursors: u32,
    place: &'static Location<'static>,
}

/// What a stream sends.
pub(crate) struct StreamRequest {
    pub(crate) statement: Statement,
    pub(crate) parameters: Vec<Value>,
    pub(crate) options: CallOptions,
}

impl Connection {
    pub(crate) fn new(engine: Engine, pooled: PooledConnection, place: &'static Location<'static>) -> Self {
        let execution_options = engine.get_execution_options().clone();
        Self {
            begin_options: execution_options.begin_options(),
            is_begin_mode_chosen: execution_options.begin_mode.is_some(),
            autocommit: execution_options.autocommit.unwrap_or_default(),
            options: execution_options.resolve(),
            execution_options,
            engine,
            pooled: Some(pooled),
            status: TransactionStatus::default(),
            streaming: None,
            cursors: 0,
            place,
        }
    }

    /// Begins a transaction. Nothing is sent yet: BEGIN rides with the first statement.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when there is one already, begun by a statement or by `begin`.
    pub async fn begin(&mut self) -> Result<Transaction<'_>> {
        let options = self.begin_options.clone();
        self.begin_with(options).await
    }

    /// Begins a transaction with its own isolation level and the like.
    ///
    /// # Errors
    /// As [`Connection::begin`].
    pub async fn begin_with(&mut self, options: BeginOptions) -> Result<Transaction<'_>> {
        self.start_transaction(options)?;
        self.status.is_guarded = true;
        Ok(Transaction::new(self))
    }

    /// Begins a transaction without a guard, for layers that end it themselves. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Connection::begin`].
    pub fn start_transaction(&mut self, options: BeginOptions) -> Result<()> {
        self.settle();
        if !matches!(self.status.phase, Phase::None) {
            self.status.check()?;
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a transaction is begun already, by `begin()` or by the first statement; commit() or rollback() it \
                 first, or use begin_nested() for a savepoint",
            ));
        }
        self.status.begin(options, true);
        Ok(())
    }

    /// How this connection begins transactions.
    pub fn begin_options(&self) -> &BeginOptions {
        &self.begin_options
    }

    /// Begins a savepoint, and the transaction around it where there is none. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the database has no savepoints; [`ErrorKind::PendingRollback`] when the
    /// transaction failed.
    pub async fn begin_nested(&mut self) -> Result<Savepoint<'_>> {
        let number = self.add_savepoint()?;
        Ok(Savepoint::new(self, number))
    }

    /// Runs a closure in a transaction: commits at `Ok`, rolls back at `Err` and when the future is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Connection::begin`] and [`Connection::commit`].
    pub async fn transaction<Output, Function>(&mut self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut transaction = self.begin().await?;
        match function(&mut transaction).await {
            Ok(output) => transaction.commit().await.map(|()| output),
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs a closure in a savepoint: keeps what it did at `Ok`, undoes it at `Err` and when the future is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Connection::begin_nested`] and [`Savepoint::commit`].
    pub async fn nested<Output, Function>(&mut self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut savepoint = self.begin_nested().await?;
        match function(&mut savepoint).await {
            Ok(output) => savepoint.commit().await.map(|()| output),
            Err(error) => {
                let _ = savepoint.rollback().await;
                Err(error)
            }
        }
    }

    /// Whether a transaction is begun. BEGIN itself may not have been sent yet.
    pub fn in_transaction(&self) -> bool {
        self.status.is_open()
    }

    /// Whether statements are sent without beginning a transaction.
    pub fn is_autocommit(&self) -> bool {
        self.autocommit
    }

    /// Says whether a statement begins a transaction by itself (`false`, the default) or stands alone (`true`), as DDL
    /// such as `CREATE DATABASE` needs. `begin` begins a transaction in either case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction.
    pub fn set_autocommit(&mut self, autocommit: bool) -> Result<()> {
        self.set_execution_options(ExecutionOptions::new().autocommit(autocommit))
    }

    /// Says how this connection executes from here on; what is left out stays as it is. Whoever has the connection after
    /// this one is not touched by it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction, for what concerns transactions; [`ErrorKind::NotSupported`] for an
    /// isolation level that the database does not have, with those that it has.
    pub fn set_execution_options(&mut self, options: ExecutionOptions) -> Result<()> {
        if options.is_about_transactions() {
            self.outside_of_a_transaction("autocommit, the isolation level and the like")?;
        }
        options.check(self.capabilities(), self.engine.driver().name())?;
        let options = options.over(&self.execution_options);
        self.begin_options = options.begin_options();
        self.is_begin_mode_chosen = options.begin_mode.is_some();
        self.autocommit = options.autocommit.unwrap_or_default();
        self.options = options.resolve();
        self.execution_options = options;
        Ok(())
    }

    /// How this connection executes: what the engine says, and what was said here over it.
    pub fn execution_options(&self) -> &ExecutionOptions {
        &self.execution_options
    }

    /// The isolation level that the server says is in force: inside a transaction its own, else that of the next one.
    /// One round trip, outside of what events and echo see.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::NotSupported`] where the backend does not tell.
    pub async fn isolation_level(&mut self) -> Result<IsolationLevel> {
        if matches!(self.status.phase, Phase::Pending) {
            // A level that was asked for holds from BEGIN on.
            self.send(&mut [], &CallOptions::default(), false).await?;
        }
        self.ready().await?;
        self.status.flight = Flight::Statement;
        let outcome = self.pooled()?.isolation_level().await;
        self.status.flight = Flight::None;
        outcome.map_err(|error| {
            let error = self.explain(error, None, &[]);
            self.absorb(&error);
            error
        })
    }

    fn outside_of_a_transaction(&mut self, what: &str) -> Result<()> {
        self.settle();
        if self.status.is_open() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{what} cannot be changed inside a transaction; commit() or rollback() first"),
            ));
        }
        Ok(())
    }

    /// The engine that the connection belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The dialect of just this server.
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        match &self.pooled {
            Some(pooled) => pooled.named_dialect().clone(),
            None => self.engine.dialect(),
        }
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
    /// What is sent there is not seen by events, echo and the state of the transaction.
    ///
    /// # Errors
    /// As [`Connection::execute`] where the connection has to be taken anew.
    pub async fn driver_connection(&mut self) -> Result<&mut dyn DriverConnection> {
        self.ready().await?;
        Ok(&mut **self.pooled()?)
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

    fn pooled(&mut self) -> Result<&mut PooledConnection> {
        self.pooled.as_mut().ok_or_else(closed)
    }

    fn server_state(&self) -> ServerState {
        self.pooled.as_ref().map_or(ServerState::Idle, |pooled| pooled.transaction_state())
    }

    /// Gets ready for a stream: what has to go before its query is sent here.
    pub(crate) async fn stream_request<S: Executable>(&mut self, statement: &S) -> Result<StreamRequest> {
        let options = self.options_for(statement);
        let rendered = self.render(&statement.node(), &options).await?;
        let [part] = &*rendered.parts else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a statement that is cut into several cannot be streamed",
            ));
        };
        if !self.autocommit {
            self.autobegin(flight::is_query(&part.sql));
        }
        self.send(&mut [], &CallOptions::default(), false).await?;
        let request = StreamRequest {
            statement: part.statement(),
            parameters: part.parameters.to_vec(),
            options: options.call,
        };
        let request = self.rewrite_request(request)?;
        if let Some(echo) = self.engine.echo() {
            echo.statement(self.token(), request.statement.sql(), &request.parameters);
        }
        Ok(request)
    }

    /// The text and the parameters of a query, for those who put it into a statement of their own.
    pub(crate) async fn rendered_query<S: Executable>(
        &mut self,
        statement: &S,
    ) -> Result<(Arc<str>, Vec<Value>)> {
        let options = self.options_for(statement);
        let mut rendered = self.render(&statement.node(), &options).await?;
        match (rendered.parts.pop(), rendered.parts.is_empty()) {
            (Some(part), true) => Ok((part.sql, part.parameters.into_vec())),
            _ => {
                Err(Error::new(ErrorKind::InvalidRequest, "a statement that is cut into several is no query"))
            }
        }
    }

    /// A number that no other cursor of this connection has.
    pub(crate) fn next_cursor(&mut self) -> u32 {
        self.cursors += 1;
        self.cursors
    }

    /// Lends out what a stream needs, each part by itself.
    pub(crate) fn stream_parts(&mut self, request: StreamRequest) -> Result<StreamParts<'_>> {
        let Self { pooled, streaming, status, engine, .. } = self;
        let pooled =
            pooled.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, "the connection is closed"))?;
        let id = pooled.id();
        Ok((&mut **pooled, id, streaming.insert(request), status, engine.clone()))
    }

    /// The span of a stream's beginning.
    pub(crate) fn stream_span(&self, request: &StreamRequest) -> Span {
        let mut sink = Discard;
        let kind = StepKind::Fetch {
            statement: &request.statement,
            parameters: &request.parameters,
            sink: &mut sink,
        };
        let dialect = self.pooled.as_ref().map_or("", |pooled| pooled.dialect().name());
        trace::span(dialect, self.engine.shared().arguments(), self.token(), &[Step::new(kind)])
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

    /// What holds for a statement: its own word comes first.
    fn options_for<S: Executable>(&self, statement: &S) -> Resolved {
        let mut options = self.options.clone();
        if let Some(own) = statement.statement_options() {
            options.refine(own);
        }
        options
    }

    /// The word that marks this connection's lines.
    fn token(&self) -> Option<&str> {
        self.execution_options.logging_token.as_deref()
    }

    fn echo_line(&self, line: &str) {
        if let Some(echo) = self.engine.echo() {
            echo.line(self.token(), line);
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
