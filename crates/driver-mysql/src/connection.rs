//! [`MySqlConnection`]: one connection to MySQL or MariaDB.

use std::{any::Any, fmt, ops::ControlFlow, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, Cell, ColumnInfo, Connection, Control, Cursor,
    Discard, Done, Error, ErrorKind, IsolationLevel, ParameterSets, Result, Row, ServerInfo, Sink, Statement,
    TransactionState, Value,
    bulk::{BulkDone, BulkTarget, RowSource},
    plan::Explain,
    reflection::Reflection,
};
use aludel_sql_expression::Dialect;

#[cfg(feature = "explain")]
use crate::explain::MySqlExplain;
use crate::{
    control,
    cursor::MySqlCursor,
    deadline, error,
    introduction::introduce,
    kill::KillSwitch,
    lexer,
    prepared::StatementCache,
    reflection::MySqlReflection,
    server::Server,
    settings::Settings,
    tls,
    two_phase::held,
    wire::{Branch, Wire},
};

/// One connection to MySQL or MariaDB.
///
/// It cannot be made by hand: [`MySqlDriver`](crate::MySqlDriver) opens it. It is public so that
/// [`Connection::as_any_mut`] can be downcast.
pub struct MySqlConnection {
    pub(crate) wire: Wire,
    pub(crate) statements: StatementCache,
    pub(crate) kill: KillSwitch,
    pub(crate) max_allowed_packet: usize,
    server: Server,
}

impl MySqlConnection {
    /// Opens a connection.
    pub(crate) async fn open(settings: Settings) -> Result<Self> {
        let Settings { options, target, timeout, statement_cache_size, encryption } = settings;
        let opening = async {
            let (mut connection, options) = tls::connect(&encryption, options)
                .await?
                .map_err(|lower| error::of_connecting(lower, &target))?;
            let introduction =
                introduce(&mut connection).await.map_err(|lower| error::of_connecting(lower, &target))?;
            Ok::<_, Error>((connection, options, introduction))
        };
        let outcome = match timeout {
            Some(limit) => tokio::time::timeout(limit, opening).await.map_err(|elapsed| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("could not connect to MySQL at {target} within {limit:?}"),
                )
                .with_source(elapsed)
            })?,
            None => opening.await,
        };
        let (connection, options, introduction) = outcome?;
        Ok(Self {
            wire: Wire::new(connection),
            statements: StatementCache::new(statement_cache_size),
            kill: KillSwitch::new(options, introduction.connection_id, &introduction.identity),
            max_allowed_packet: introduction.max_allowed_packet,
            server: Server::new(introduction.version, &introduction.comment),
        })
    }

    /// The number that the server knows this connection by: what `KILL` takes, and `SHOW PROCESSLIST` shows.
    ///
    /// It is another one after a statement that followed on `Control::Prepare`: MariaDB, and MySQL before 8.0.29, keep a
    /// prepared transaction tied to its connection, which then has to be replaced.
    pub fn connection_id(&self) -> u64 {
        self.kill.connection_id()
    }

    /// The connection of mysql_async itself, for what only MySQL has: `LOAD DATA LOCAL`, binary logs, changing the user.
    ///
    /// Nobody knows afterwards what was done with it: the state of the transaction is unknown until a rollback, and a
    /// call on it that was dropped half-way makes it unusable. Leave its session's `sql_mode`, character set and time zone
    /// alone.
    ///
    /// # Errors
    /// A disconnect error when the connection is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(connection: &mut dyn aludel_driver::Connection) -> Result<(), Box<dyn std::error::Error>> {
    /// use aludel_driver_mysql::MySqlConnection;
    ///
    /// if let Some(connection) = connection.as_any_mut().downcast_mut::<MySqlConnection>() {
    ///     println!("encrypted with compression: {:?}", connection.mysql_async()?.opts().compression());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "mysql_async-0_37")]
    pub fn mysql_async(&mut self) -> Result<&mut mysql_async::Conn> {
        self.wire.lend()
    }

    /// Whether an answer was not read to its end, or the connection is gone.
    pub(crate) fn is_in_doubt(&self) -> bool {
        !self.wire.is_usable()
    }

    async fn execute_sets(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<Done> {
        let mut total = Done::default();
        for (position, parameters) in sets.iter().enumerate() {
            let done = self.exchange(statement, parameters, &mut Discard).await?;
            each(position, done)?;
            total = Done { rows: total.rows + done.rows, last_insert_id: done.last_insert_id };
        }
        Ok(total)
    }

    /// COMMIT and ROLLBACK.
    async fn end(&mut self, control: Control<'_>) -> Result<()> {
        let is_commit = control == Control::Commit;
        let outcome = match self.wire.branch().clone() {
            Branch::Open(xid) if is_commit => self.commit_branch(&xid).await,
            Branch::Open(xid) => self.roll_back_branch(&xid).await,
            Branch::None | Branch::Held(_) | Branch::Unknown => {
                let sql = control::sql(control, self.transaction_state())?;
                let outcome = self.command(&sql).await;
                if outcome.is_ok() {
                    // Inside a branch the server would have refused it.
                    self.wire.set_branch(Branch::None);
                }
                outcome
            }
        };
        match outcome {
            Err(error) if is_commit && error.is_disconnect() => Err(error.with_kind(ErrorKind::OutcomeUnknown).context(
                "the transaction may be committed or not, because the answer to COMMIT was lost; look for its changes \
                 before doing it again",
            )),
            outcome => outcome,
        }
    }

    /// The level of the transaction that a control has begun with one; else that of the session, which the server tells.
    /// It does not tell a level that was set for one transaction alone.
    async fn ask_isolation(&mut self) -> Result<IsolationLevel> {
        if let Some(level) = self.wire.isolation() {
            return Ok(level);
        }
        let is_old = self.server.info.product == "MariaDB" && self.server.info.version < (11, 1, 1);
        let sql = if is_old { "SELECT @@tx_isolation" } else { "SELECT @@transaction_isolation" };
        let mut level = Word::default();
        self.exchange(&Statement::new(sql), &[], &mut level).await?;
        level.0.parse()
    }

    async fn run_script(&mut self, script: &str) -> Result<()> {
        let script = lexer::without_empty_statements(script);
        if script.is_empty() {
            return Ok(());
        }
        self.let_go().await?;
        if lexer::may_begin_with_xa(&script) {
            self.wire.forget_transaction();
        }
        self.command(&script).await
    }
}

impl Connection for MySqlConnection {
    fn server(&self) -> &ServerInfo {
        &self.server.info
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.server.dialect
    }

    fn capabilities(&self) -> &Capabilities {
        &self.server.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            let ended = deadline::keep(
                self.kill.clone(),
                options.timeout,
                self.exchange(statement, parameters, sink),
            );
            let ended = ended.await;
            self.settle(ended, options.timeout).await
        })
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            let ended =
                deadline::keep(self.kill.clone(), options.timeout, self.execute_sets(statement, sets, each));
            let ended = ended.await;
            self.settle(ended, options.timeout).await
        })
    }

    fn bulk_load<'a>(
        &'a mut self,
        target: &'a BulkTarget,
        rows: &'a mut dyn RowSource,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<BulkDone>> {
        Box::pin(self.load_rows(target, rows, options))
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        Box::pin(async move {
            let ended =
                deadline::keep(self.kill.clone(), options.timeout, self.send(statement, parameters)).await;
            let answer = self.settle(ended, options.timeout).await?;
            let cursor = MySqlCursor::new(self, statement.sql(), answer, options.timeout).await?;
            Ok(Box::new(cursor) as Box<dyn Cursor + 'a>)
        })
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let ended = deadline::keep_script(options.timeout, self.run_script(script)).await;
            self.settle(ended, options.timeout).await
        })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // A connection in doubt is no longer in any known state: it says so itself.
            if self.is_broken() {
                return self.wire.enter();
            }
            if !self.is_second_phase_of_held(control) {
                self.let_go().await?;
            }
            match control {
                Control::BeginTwoPhase(options, name) => self.begin_two_phase(options, name).await,
                Control::Prepare(name) => self.prepare_branch(name).await,
                Control::CommitPrepared(name) => self.end_prepared(name, true).await,
                Control::RollbackPrepared(name) => self.end_prepared(name, false).await,
                Control::Commit | Control::Rollback => self.end(control).await,
                control => {
                    let sql = control::sql(control, self.transaction_state())?;
                    self.command(&sql).await?;
                    if let Control::Begin(options) = control {
                        self.wire.set_isolation(options.isolation);
                    }
                    Ok(())
                }
            }
        })
    }

    fn prepared_transactions(&mut self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(self.recover())
    }

    #[cfg(feature = "explain")]
    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Ok(Arc::new(MySqlExplain { is_mariadb: self.server.info.product == "MariaDB" }))
    }

    #[cfg(not(feature = "explain"))]
    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Err(Error::new(
            ErrorKind::NotSupported,
            "EXPLAIN is not read in this build; turn on the feature `explain` of `aludel`, or of `aludel-driver-mysql`",
        ))
    }

    fn reflection(&self) -> Option<Arc<dyn Reflection>> {
        Some(Arc::new(MySqlReflection::new(&self.server.info)))
    }

    fn isolation_level(&mut self) -> BoxFuture<'_, Result<IsolationLevel>> {
        Box::pin(self.ask_isolation())
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.wire.enter()?;
            self.look_after().await
        })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.is_broken() {
                return self.wire.enter();
            }
            if let Branch::Held(xid) = self.wire.branch() {
                let error = held(xid);
                self.wire.break_off();
                return Err(error);
            }
            match self.transaction_state() {
                TransactionState::Idle => Ok(()),
                TransactionState::Active | TransactionState::Unknown => {
                    let outcome = self.end(Control::Rollback).await;
                    if outcome.is_err() {
                        self.wire.break_off();
                    }
                    outcome
                }
            }
        })
    }

    fn reset_on_drop(&mut self) -> bool {
        self.transaction_state() == TransactionState::Idle
    }

    fn transaction_state(&self) -> TransactionState {
        self.wire.transaction()
    }

    fn is_broken(&self) -> bool {
        !self.wire.is_usable()
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        Some(Arc::new(self.kill.clone()))
    }

    fn clear_statements(&mut self) {
        self.statements.clear();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(mut self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Some(connection) = self.wire.take() else { return Ok(()) };
            match tokio::time::timeout(timeout, connection.disconnect()).await {
                Ok(outcome) => outcome.map_err(error::of_call),
                // The socket is closed all the same.
                Err(_elapsed) => Err(Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "the connection to MySQL was closed without a good-bye, which took longer than {timeout:?}"
                    ),
                )),
            }
        })
    }
}

impl fmt::Debug for MySqlConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MySqlConnection")
            .field("server", &self.server.info)
            .field("connection_id", &self.connection_id())
            .field("transaction", &self.transaction_state())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

/// The text of a single cell.
#[derive(Default)]
struct Word(String);

impl Sink for Word {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        if let Cell::Text(text) = row.cell(0)? {
            self.0 = text.to_owned();
        }
        Ok(ControlFlow::Continue(()))
    }
}
