//! [`PostgresConnection`]: the guard around every call.

use std::{any::Any, fmt, pin::pin, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, Connection, Control, Cursor, Done, Error, ErrorKind,
    IsolationLevel, ParameterSets, Result, ServerInfo, Sink, Statement, Step, TransactionState, Value,
    bulk::{BulkDone, BulkTarget, RowSource},
    plan::Explain,
    reflection::Reflection,
};
use aludel_sql_expression::{Decode, Dialect};
use futures_util::FutureExt as _;
use tokio::task::{AbortHandle, JoinHandle};

#[cfg(feature = "explain")]
use crate::explain::PostgresExplain;
use crate::{
    answer,
    cancel::Canceller,
    column::FirstColumn,
    copy::bulk,
    cursor::PostgresCursor,
    flight::{self, Ended, Flight},
    ledger::Ledger,
    opening::Opened,
    pipeline::Naming,
    prepared::StatementCache,
    reflection::PostgresReflection,
    settings::{PrepareMode, Settings},
    wire::{self, Wire},
};

/// One connection to PostgreSQL.
///
/// # Cancel safety
/// When the future of a call is dropped before it is done, the server is asked to cancel the statement, and the
/// connection is broken for good: a late answer, or a late cancel, never meets another statement.
pub struct PostgresConnection {
    pub(crate) wire: Wire,
    server: ServerInfo,
    dialect: Arc<dyn Dialect>,
    capabilities: Capabilities,
    /// An answer is being read. Set while nobody reads: a call was dropped.
    in_flight: bool,
    // None once `close` waits for it.
    task: Option<JoinHandle<()>>,
}

impl PostgresConnection {
    pub(crate) fn new(
        opened: Opened,
        settings: &Settings,
        server: ServerInfo,
        dialect: Arc<dyn Dialect>,
        capabilities: Capabilities,
    ) -> Self {
        let Opened { client, background, way, target, .. } = opened;
        let kept = match settings.prepare_mode {
            PrepareMode::Cached => settings.statement_cache_size,
            PrepareMode::Unnamed => 0,
        };
        let opening = settings
            .statement_timeout
            .map_or(String::new(), |limit| format!("SET LOCAL statement_timeout = {}", limit.as_millis()));
        let wire = Wire {
            canceller: Canceller::new(
                client.cancel_token(),
                way,
                settings.prepare_mode == PrepareMode::Unnamed,
            ),
            client: Arc::new(client),
            statements: StatementCache::new(kept),
            ledger: Ledger::new(&target, background.lost, opening.into()),
            prepare_mode: settings.prepare_mode,
            knows_types: false,
            limit_outside: settings.statement_timeout,
        };
        Self { wire, server, dialect, capabilities, in_flight: false, task: Some(background.task) }
    }

    /// Begins a call, unless the connection must not be used any more.
    pub(crate) fn enter(&mut self) -> Result<Flight> {
        if self.is_broken() {
            return self.broken_off();
        }
        self.in_flight = true;
        Ok(Flight::new(self.wire.canceller.clone()))
    }

    /// Ends a call.
    pub(crate) fn leave<T>(&mut self, flight: Flight, ended: Ended<T>) -> Result<T> {
        flight.land();
        self.in_flight = false;
        let result = match ended {
            Ended::Answered(result) | Ended::Late(result) => result,
            Ended::InDoubt(result) => {
                self.wire
                    .ledger
                    .break_off("a statement was cancelled at its deadline, and its end was not seen");
                result
            }
        };
        let in_doubt = self.wire.ledger.broken().is_some();
        result.map_err(|error| match error {
            error if in_doubt && self.wire.ledger.is_committing() => error
                .with_kind(ErrorKind::OutcomeUnknown)
                .context("the answer to a COMMIT was lost, so the transaction may be committed or not"),
            error => error,
        })
    }

    /// Ends a call whose answer nobody has to read.
    pub(crate) fn land(&mut self, flight: Flight) {
        flight.land();
        self.in_flight = false;
    }

    /// The cells of a query's first column.
    pub(crate) async fn column<T: Decode + Send>(
        &mut self,
        sql: impl Into<Arc<str>>,
        parameters: &[Value],
    ) -> Result<Vec<T>> {
        let mut cells = FirstColumn::default();
        let flight = self.enter()?;
        let ended = Ended::Answered(self.wire.fetch(&Statement::new(sql), parameters, &mut cells).await);
        self.leave(flight, ended)?;
        Ok(cells.0)
    }

    /// Ends the connection at once; none while it is closed.
    pub(crate) fn abort_handle(&self) -> Option<AbortHandle> {
        self.task.as_ref().map(JoinHandle::abort_handle)
    }

    /// The error of every call on a connection that must not be used any more.
    pub(crate) fn broken_off<T>(&self) -> Result<T> {
        let ledger = &self.wire.ledger;
        let reason = if let Some(reason) = ledger.broken() {
            reason
        } else if self.in_flight {
            "a call was dropped before its answer was read"
        } else if self.wire.canceller.was_asked() {
            "a cancel request was sent for it, which may still arrive"
        } else {
            ledger.lost().unwrap_or("it was closed")
        };
        let message = format!(
            "the connection to PostgreSQL at {} cannot be used any more: {reason}; open a new one",
            ledger.target()
        );
        Err(Error::new(ErrorKind::Operational, message).with_disconnect())
    }
}

impl Connection for PostgresConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.dialect
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let limit = self.wire.limit(options.timeout, || wire::is_lone_utility(statement, parameters));
            let canceller = limit.map(|_| self.wire.canceller.clone());
            let ended = {
                let call = pin!(self.wire.fetch(statement, parameters, sink));
                flight::within(canceller.as_deref(), limit, call).await
            };
            self.leave(flight, ended)
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
            let flight = self.enter()?;
            let canceller = options.timeout.map(|_| self.wire.canceller.clone());
            let ended = {
                let call = pin!(self.wire.execute_many(statement, sets, each));
                flight::within(canceller.as_deref(), options.timeout, call).await
            };
            self.leave(flight, ended)
        })
    }

    fn run<'a>(
        &'a mut self,
        steps: &'a mut [Step<'_>],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let canceller = options.timeout.map(|_| self.wire.canceller.clone());
            let ended = {
                let call = pin!(self.wire.run(steps, Naming::Statement));
                flight::within(canceller.as_deref(), options.timeout, call).await
            };
            self.leave(flight, ended)
        })
    }

    fn bulk_load<'a>(
        &'a mut self,
        target: &'a BulkTarget,
        rows: &'a mut dyn RowSource,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<BulkDone>> {
        bulk::load(self, target, rows, options)
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let canceller = self.wire.canceller.clone();
            let call = self.wire.open(statement, parameters);
            match flight::limit(&canceller, options.timeout, call).await {
                Ended::Answered(Ok(opened)) => {
                    Ok(Box::new(PostgresCursor::new(self, flight, opened, options.timeout))
                        as Box<dyn Cursor + 'a>)
                }
                Ended::Late(Ok(opened)) => {
                    // The server held back its first words until it had more to say, which was that it has cancelled.
                    let mut stream = Box::pin(opened.stream);
                    let rest = answer::drain(&mut self.wire.ledger, &canceller, stream.as_mut());
                    let (_, limit) = (rest.await, options.timeout.unwrap_or_default());
                    self.leave(flight, Ended::Answered(Err(flight::timed_out(limit))))
                }
                ended => {
                    self.leave(flight, ended)?;
                    self.broken_off()
                }
            }
        })
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let canceller = self.wire.canceller.clone();
            let limit = self.wire.limit(options.timeout, || true);
            let call = self.wire.batch(script);
            let ended = flight::limit(&canceller, limit, call).await;
            self.leave(flight, ended)
        })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let ended = Ended::Answered(self.wire.control(control).await);
            self.leave(flight, ended)
        })
    }

    fn prepared_transactions(&mut self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(async move {
            let sql = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared, gid";
            self.column(sql, &[]).await
        })
    }

    fn isolation_level(&mut self) -> BoxFuture<'_, Result<IsolationLevel>> {
        Box::pin(async move {
            let levels: Vec<String> = self.column("SHOW transaction_isolation", &[]).await?;
            levels.first().map(String::as_str).unwrap_or_default().parse()
        })
    }

    #[cfg(feature = "explain")]
    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Ok(Arc::new(PostgresExplain))
    }

    #[cfg(not(feature = "explain"))]
    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Err(Error::new(
            ErrorKind::NotSupported,
            "EXPLAIN is not read in this build; turn on the feature `explain` of `aludel`, or of `aludel-driver-postgres`",
        ))
    }

    fn reflection(&self) -> Option<Arc<dyn Reflection>> {
        Some(Arc::new(PostgresReflection::new(self.server.version)))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let flight = self.enter()?;
            let answer = self.wire.client.check_connection().await;
            let ended = Ended::Answered(answer.map_err(|lower| self.wire.ledger.fail(lower)));
            self.leave(flight, ended)
        })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        self.control(Control::Rollback)
    }

    fn reset_on_drop(&mut self) -> bool {
        if self.is_broken() {
            return false;
        }
        if self.transaction_state() == TransactionState::Idle {
            return true;
        }
        // Its first poll puts the request into the send queue, before anything that comes later; the answer is thrown
        // away by the task that reads it.
        match self.wire.client.batch_execute("ROLLBACK").now_or_never() {
            None | Some(Ok(())) => {
                self.wire.ledger.done(Control::Rollback);
                true
            }
            Some(Err(lower)) => {
                self.wire.ledger.fail(lower);
                false
            }
        }
    }

    fn transaction_state(&self) -> TransactionState {
        self.wire.ledger.state()
    }

    fn is_broken(&self) -> bool {
        self.in_flight
            || self.wire.ledger.broken().is_some()
            || self.wire.client.is_closed()
            || self.wire.canceller.was_asked()
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        Some(self.wire.canceller.clone())
    }

    fn clear_statements(&mut self) {
        self.wire.statements.clear();
        self.wire.client.clear_type_cache();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(mut self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        let task = self.task.take();
        let broken = self.is_broken();
        let target: Box<str> = self.wire.ledger.target().into();
        let canceller = self.wire.canceller.clone();
        // With the client gone, the task says good-bye once everything before it was answered.
        drop(self);
        Box::pin(async move {
            let Some(mut task) = task else {
                return Ok(());
            };
            if broken {
                canceller.end(task);
                return Ok(());
            }
            // However the task ended, the connection is closed.
            if tokio::time::timeout(timeout, &mut task).await.is_ok() {
                return Ok(());
            }
            task.abort();
            let message =
                format!("closing the connection to PostgreSQL at {target} took longer than {timeout:?}");
            Err(Error::new(ErrorKind::Timeout, message))
        })
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        // A task that waits for an answer that nobody wants would keep the connection open until it comes.
        if self.is_broken()
            && let Some(task) = self.task.take()
        {
            self.wire.canceller.end(task);
        }
    }
}

impl fmt::Debug for PostgresConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger: &Ledger = &self.wire.ledger;
        formatter
            .debug_struct("PostgresConnection")
            .field("target", &ledger.target())
            .field("server", &self.server.version_text)
            .field("transaction", &ledger.state())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}
