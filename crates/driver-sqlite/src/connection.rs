//! [`SqliteConnection`]: where the asynchronous side meets the synchronous one.

use std::{any::Any, fmt, future::ready, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, Connection, Control, Cursor, Done, Error, ErrorKind,
    IsolationLevel, ParameterSets, Result, ServerInfo, Sink, Statement, Step, StepKind, TransactionState,
    Value,
    bulk::{BulkDone, BulkTarget, RowSource},
    plan::Explain,
    reflection::Reflection,
};
use aludel_sql_expression::Dialect;
use rusqlite::InterruptHandle;
use tokio::{runtime::Handle, task::coop::consume_budget};

use crate::{
    control::{Changed, cancelled},
    cursor::SqliteCursor,
    driver::{CAPABILITIES, SERVER},
    errand::Errand,
    error,
    explain::SqliteExplain,
    patience::{Patience, wait},
    reflection::SqliteReflection,
    session::{Session, Trouble},
    transfer::Transfer,
    watch::Watch,
};

/// How many rows come over from a worker at once.
const BATCH_SIZE: usize = 512;

/// How much longer than its timeout one of many sets may run. Stopping a set in its middle undoes the transaction, while
/// stopping between two sets does not, and the sets are short.
pub(crate) const GRACE: Duration = Duration::from_millis(50);

/// How many rows a cursor fetches at once, unless it is told.
const FETCH_SIZE: usize = 1000;

/// How many statements run without being waited for, before other tasks are let run: as many as tokio grants a task.
const CALLS_AT_ONCE: u32 = 128;

/// A connection to an SQLite database, made by [`SqliteDriver`](crate::SqliteDriver).
pub struct SqliteConnection {
    /// Not here while a worker has it: in flight, or lost for good when nobody waits for that worker.
    session: Option<Box<Session>>,
    /// A rollback failed: the connection is to be closed.
    is_given_up: bool,
    /// Statements that ran since other tasks were let run.
    calls_at_once: u32,
    pub(crate) changed: Changed,
    dialect: Arc<dyn Dialect>,
    target: Arc<str>,
    busy_timeout: Duration,
    canceller: Arc<Canceller>,
}

struct Canceller {
    handle: InterruptHandle,
    watch: Arc<Watch>,
}

impl CancelHandle for Canceller {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        self.watch.cancel();
        self.handle.interrupt();
        Box::pin(ready(()))
    }
}

impl SqliteConnection {
    pub(crate) fn new(
        session: Box<Session>,
        dialect: Arc<dyn Dialect>,
        target: Arc<str>,
        busy_timeout: Duration,
    ) -> Self {
        let canceller = Canceller {
            handle: session.database.connection().get_interrupt_handle(),
            watch: session.watch.clone(),
        };
        Self {
            session: Some(session),
            is_given_up: false,
            calls_at_once: 0,
            changed: Changed::default(),
            dialect,
            target,
            busy_timeout,
            canceller: Arc::new(canceller),
        }
    }

    /// The connection of rusqlite itself, for what is not here: virtual tables, sessions, an authorizer.
    ///
    /// Leave its progress handler, its busy handler and its log hook alone: waiting, deadlines and checkpoints use them; and,
    /// with collations and listeners of changes, its hooks of commit, rollback and update.
    ///
    /// # Errors
    /// A disconnect error when a call was dropped half-way and the connection is lost.
    #[cfg(feature = "rusqlite-0_41")]
    pub fn rusqlite(&mut self) -> Result<&mut rusqlite::Connection> {
        self.parts().map(|(session, _)| session.database.connection_mut())
    }

    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// The connection, whatever state its transaction is in.
    pub(crate) fn parts(&mut self) -> Result<(&mut Session, &mut Changed)> {
        match &mut self.session {
            Some(session) if !self.is_given_up => Ok((session, &mut self.changed)),
            _ => Err(error::lost(&self.target)),
        }
    }

    /// The connection, at the start of a call.
    pub(crate) fn ready(&mut self) -> Result<&mut Session> {
        let (session, _) = self.parts()?;
        if session.was_rolled_back() {
            return Err(error::rolled_back());
        }
        session.watch.forget();
        Ok(session)
    }

    pub(crate) fn take_session(&mut self) -> Result<Box<Session>> {
        self.session.take().ok_or_else(|| error::lost(&self.target))
    }

    pub(crate) fn put_session(&mut self, session: Box<Session>) {
        session.watch.forget();
        self.session = Some(session);
    }

    /// The connection is in doubt from here on.
    pub(crate) fn give_up(&mut self) {
        self.is_given_up = true;
    }

    pub(crate) fn patience(&self, options: &CallOptions) -> Patience {
        Patience::new(self.busy_timeout, options.timeout)
    }

    async fn fetch_statement(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        let mut patience = self.patience(options);
        self.ready()?;
        let done = loop {
            let (session, _) = self.parts()?;
            let native = match session.fetch_here(statement, parameters, &patience, sink) {
                Ok(done) => break done,
                Err(Trouble::Long) => {
                    // Boxed, so that the usual way stays small.
                    break Box::pin(self.fetch_on_worker(statement, parameters, patience, sink)).await?;
                }
                Err(Trouble::Failed(error)) => return Err(error),
                Err(Trouble::Busy(native)) if session.watch.is_given_up() => {
                    return Err(cancelled(native, statement.sql()));
                }
                Err(Trouble::Busy(native)) => native,
            };
            let pause =
                patience.pause(native).map_err(|error| error.with_statement(statement.sql(), None))?;
            wait(pause).await;
        };
        self.end_call().await;
        Ok(done)
    }

    async fn fetch_on_worker(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        patience: Patience,
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        Transfer::start(self, statement, parameters, patience, BATCH_SIZE, false)?.give(sink).await
    }

    async fn execute_sets(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        options: &CallOptions,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<Done> {
        let mut patience = self.patience(options);
        let (mut position, mut total) = (0, Done::default());
        self.ready()?;
        while position < sets.len() {
            let sql = statement.sql();
            // Each set is too short for SQLite to look at the clock.
            patience.check().map_err(|error| error.with_statement(sql, None))?;
            let (session, _) = self.parts()?;
            let before = position;
            let attempt = session.attempt(Some(sql), &patience, false, |session| {
                session
                    .watch
                    .set_deadline(patience.deadline().and_then(|deadline| deadline.checked_add(GRACE)));
                session.run_sets(statement, sets, &mut position, &mut total, &mut *each)
            });
            let native = match attempt {
                Ok(()) => {
                    self.end_call().await;
                    if position < sets.len() {
                        tokio::task::yield_now().await;
                        // A transaction that somebody else ended in between is for the next set to find out.
                        self.ready()?;
                    }
                    patience.refresh();
                    continue;
                }
                Err(Trouble::Failed(error)) => return Err(error),
                Err(Trouble::Long) => return Err(error::lost(&self.target)),
                Err(Trouble::Busy(native)) if session.watch.is_given_up() => {
                    return Err(cancelled(native, sql));
                }
                Err(Trouble::Busy(native)) => native,
            };
            if position > before {
                patience.refresh();
            }
            let pause = patience.pause(native).map_err(|error| error.with_statement(sql, None))?;
            wait(pause).await;
        }
        Ok(total)
    }

    /// After a call: writes the log back when it has become long, and lets other tasks run.
    pub(crate) async fn end_call(&mut self) {
        if self.session.as_ref().is_some_and(|session| session.is_checkpoint_due()) {
            Box::pin(self.write_log_back()).await;
        }
        if self.calls_at_once >= CALLS_AT_ONCE {
            self.calls_at_once = 0;
            tokio::task::yield_now().await;
        }
        consume_budget().await;
    }

    async fn write_log_back(&mut self) {
        if let Ok(errand) = Errand::start(self, Session::checkpoint) {
            // A worker that is lost is found out by the next call.
            let _ = errand.finish().await;
        }
    }
}

impl Connection for SqliteConnection {
    fn server(&self) -> &ServerInfo {
        &SERVER
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.dialect
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(self.fetch_statement(statement, parameters, options, sink))
    }

    fn fetches_at_once(&self) -> bool {
        true
    }

    /// Runs a statement that is known to be short. It is left to `fetch` now and then, so that other tasks are let run, and
    /// where the log is to be written back afterwards.
    fn fetch_at_once(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        if self.calls_at_once >= CALLS_AT_ONCE {
            return None;
        }
        let session = match self.ready() {
            Ok(session) => session,
            Err(error) => return Some(Err(error)),
        };
        let outcome = match session.fetch_short(statement, parameters, options.timeout, sink)? {
            Ok(done) => Ok(done),
            Err(Trouble::Failed(error)) => Err(error),
            Err(Trouble::Busy(native)) if session.watch.is_given_up() => {
                Err(cancelled(native, statement.sql()))
            }
            // Nothing was done, and no row was given out: `fetch` does it again, and waits.
            Err(Trouble::Busy(_) | Trouble::Long) => return None,
        };
        self.calls_at_once += 1;
        Some(outcome)
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(self.execute_sets(statement, sets, options, each))
    }

    fn bulk_load<'a>(
        &'a mut self,
        target: &'a BulkTarget,
        rows: &'a mut dyn RowSource,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<BulkDone>> {
        Box::pin(self.load_rows(target, rows, options))
    }

    fn run<'a>(
        &'a mut self,
        steps: &'a mut [Step<'_>],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<()>> {
        // The same as the default, with one allocation for all steps.
        Box::pin(async move {
            for step in steps {
                step.done = Some(match &mut step.kind {
                    StepKind::Control(control) => {
                        self.control_transaction(*control).await?;
                        self.end_call().await;
                        Done::default()
                    }
                    StepKind::Fetch { statement, parameters, sink } => {
                        self.fetch_statement(statement, parameters, options, &mut **sink).await?
                    }
                    StepKind::ExecuteMany { statement, sets, each } => {
                        self.execute_sets(statement, *sets, options, &mut **each).await?
                    }
                });
            }
            Ok(())
        })
    }

    /// Opens a cursor. Its statement stands still on a worker thread while nobody fetches, and at most three batches of
    /// `fetch_size` rows are in memory. The timeout of the call counts for each batch.
    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        Box::pin(async move {
            let patience = self.patience(options);
            let fetch_size = options.fetch_size.unwrap_or(FETCH_SIZE).max(1);
            self.ready()?;
            let transfer = Transfer::start(self, statement, parameters, patience, fetch_size, true)?;
            Ok(Box::new(SqliteCursor::open(transfer).await?) as Box<dyn Cursor + 'a>)
        })
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut patience = self.patience(options);
            self.ready()?;
            let script = script.to_owned();
            Errand::start(self, move |session| session.run_script(&script, &mut patience))?
                .finish()
                .await??;
            self.end_call().await;
            Ok(())
        })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.control_transaction(control).await?;
            self.end_call().await;
            Ok(())
        })
    }

    fn reflection(&self) -> Option<Arc<dyn Reflection>> {
        Some(Arc::new(SqliteReflection))
    }

    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Ok(Arc::new(SqliteExplain))
    }

    fn isolation_level(&mut self) -> BoxFuture<'_, Result<IsolationLevel>> {
        Box::pin(self.ask_isolation())
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let patience = self.patience(&CallOptions::default());
            let (session, _) = self.parts()?;
            match session.attempt(None, &patience, false, |session| session.run_plain("SELECT 1")) {
                // A locked database is alive.
                Ok(()) | Err(Trouble::Busy(_)) => Ok(()),
                Err(Trouble::Failed(error)) => Err(error),
                Err(Trouble::Long) => Err(error::lost(&self.target)),
            }
        })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.rollback() })
    }

    fn reset_on_drop(&mut self) -> bool {
        self.rollback().is_ok()
    }

    fn transaction_state(&self) -> TransactionState {
        match self.session.as_ref().map_or(TransactionState::Unknown, |session| session.transaction_state()) {
            // The transaction was ended behind our back, so that what it changed is still to be changed back.
            TransactionState::Idle if self.changed.is_dirty() => TransactionState::Unknown,
            state => state,
        }
    }

    fn is_broken(&self) -> bool {
        self.session.is_none() || self.is_given_up
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        Some(self.canceller.clone())
    }

    fn clear_statements(&mut self) {
        if let Ok((session, _)) = self.parts() {
            session.clear_statements();
        }
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(mut self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Some(session) = self.session.take() else { return Ok(()) };
            let Ok(runtime) = Handle::try_current() else { return session.close() };
            // The last connection to a file writes its log back.
            let closing = runtime.spawn_blocking(move || session.close());
            match tokio::time::timeout(timeout, closing).await {
                Ok(closed) => closed.map_err(|failure| error::lost(&self.target).with_source(failure))?,
                Err(elapsed) => Err(Error::new(
                    ErrorKind::Timeout,
                    format!("closing the SQLite database `{}` took longer than {timeout:?}", self.target),
                )
                .with_source(elapsed)),
            }
        })
    }
}

impl fmt::Debug for SqliteConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteConnection")
            .field("target", &self.target)
            .field("transaction_state", &self.transaction_state())
            .field("is_broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}
