//! [`MySqlConnection`]: one connection to MySQL or MariaDB.

use std::{any::Any, fmt, future::Future, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, Connection, Control, Cursor, Discard, Done, Error,
    ErrorKind, ParameterSets, Result, ServerInfo, Sink, Statement, TransactionState, Value,
};
use aludel_sql_expression::Dialect;
use mysql_async::Conn;

use crate::{
    control,
    cursor::MySqlCursor,
    error,
    introduction::introduce,
    kill::{KillSwitch, Target},
    lexer,
    prepared::StatementCache,
    server::Server,
    settings::Settings,
    wire::Wire,
};

/// How long a timed-out call waits for its statement to be cancelled, so that it rarely runs on when the error is seen.
const CANCELLING: Duration = Duration::from_secs(1);

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
    connection_id: u64,
}

impl MySqlConnection {
    /// Opens a connection.
    pub(crate) async fn open(settings: Settings) -> Result<Self> {
        let Settings { options, target, timeout, statement_cache_size } = settings;
        let opening = async {
            let mut connection = Conn::new(options.clone()).await?;
            let introduction = introduce(&mut connection).await?;
            Ok((connection, introduction))
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
        let (connection, introduction) = outcome.map_err(|lower| error::of_connecting(lower, &target))?;
        Ok(Self {
            wire: Wire::new(connection),
            statements: StatementCache::new(statement_cache_size),
            kill: KillSwitch::new(options, introduction.connection_id, &introduction.identity),
            max_allowed_packet: introduction.max_allowed_packet,
            server: Server::new(introduction.version, &introduction.comment),
            connection_id: introduction.connection_id,
        })
    }

    /// The number that the server knows this connection by: what `KILL` takes, and `SHOW PROCESSLIST` shows.
    pub fn connection_id(&self) -> u64 {
        self.connection_id
    }

    /// The error of a call that took too long. The connection is closed, on the server's side as well as that can be: a
    /// server that only loses the socket does not notice before it has rows to send, and holds its locks until then.
    pub(crate) async fn timed_out(&mut self, limit: Duration) -> Error {
        let kill = self.kill.clone();
        // In a task, so that it goes on when it takes longer than is waited for.
        let cancelling = tokio::spawn(async move { kill.kill(Target::Connection).await });
        if tokio::time::timeout(CANCELLING, cancelling).await.is_err() {
            tracing::debug!("a timed-out statement on MySQL is still being cancelled");
        }
        self.wire.break_off();
        Error::new(
            ErrorKind::Timeout,
            format!(
                "the statement took longer than its limit of {limit:?}; it was cancelled, and its connection was closed"
            ),
        )
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

    async fn run_script(&mut self, script: &str) -> Result<()> {
        let script = lexer::without_empty_statements(script);
        if script.is_empty() { Ok(()) } else { self.command(&script).await }
    }
}

/// Waits for a call, at most as long as its options allow.
macro_rules! limited {
    ($connection:expr, $options:expr, $call:expr) => {
        match $options.timeout {
            None => $call.await,
            Some(limit) => match within(limit, $call).await {
                Some(outcome) => outcome,
                None => Err($connection.timed_out(limit).await),
            },
        }
    };
}
pub(crate) use limited;

/// What a future gives, or none when it takes longer.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
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
        Box::pin(async move { limited!(self, options, self.exchange(statement, parameters, sink)) })
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move { limited!(self, options, self.execute_sets(statement, sets, each)) })
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        Box::pin(async move {
            let answer = limited!(self, options, self.send(statement, parameters))?;
            let cursor = MySqlCursor::new(self, statement.sql(), answer, options.timeout).await?;
            Ok(Box::new(cursor) as Box<dyn Cursor + 'a>)
        })
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { limited!(self, options, self.run_script(script)) })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // A connection in doubt is no longer in any known state: it says so itself.
            if self.is_broken() {
                return self.wire.enter();
            }
            let sql = control::sql(control, self.transaction_state())?;
            let outcome = self.command(&sql).await;
            match (control, outcome) {
                (Control::Commit, Err(error)) if error.is_disconnect() => Err(error.with_kind(ErrorKind::OutcomeUnknown).context(
                    "the transaction may be committed or not, because the answer to COMMIT was lost; look for its changes \
                     before doing it again",
                )),
                (_, outcome) => outcome,
            }
        })
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
            match self.transaction_state() {
                TransactionState::Idle => Ok(()),
                TransactionState::Active | TransactionState::Unknown => {
                    let outcome = self.command("ROLLBACK").await;
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
            match within(timeout, connection.disconnect()).await {
                Some(outcome) => outcome.map_err(error::of_call),
                // The socket is closed all the same.
                None => Err(Error::new(
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
            .field("connection_id", &self.connection_id)
            .field("transaction", &self.transaction_state())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}
