//! A driver without a database. What a statement does is said by its text.
//!
//! | text begins with | what happens |
//! | --- | --- |
//! | `ROWS n` | n rows of one column `n`, counting from 0 |
//! | `NULL` | one row with NULL |
//! | `ERROR` | the server refuses the statement |
//! | `DISCONNECT` | the connection is lost |
//! | `HANG` | no answer ever comes |
//! | `ENDS` | the server refuses, and rolls the transaction back |
//! | `IMPLICIT` | the server commits the transaction, and does the statement |
//! | anything else | is done, one row is touched |

use std::{
    any::Any,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use aludel_driver::{
    BoxFuture, CallOptions, Capabilities, Cell, ColumnInfo, ConnectArguments, Connection, Control, Cursor,
    DatabaseError, Done, Driver, Error, ErrorKind, Result, Row, ServerInfo, Sink, Statement, Step, StepKind,
    TransactionState, Value,
};
use aludel_engine_pool::{Engine, EngineBuilder};
use aludel_sql_expression::{
    Dialect,
    dialect::{PostgresDialect, SqliteDialect},
};

/// What the test sees of the driver, and can make it do.
#[derive(Debug)]
pub struct Server {
    pub opened: AtomicUsize,
    /// Connections that said good-bye.
    pub closed: AtomicUsize,
    pub live: AtomicI64,
    pub most_live: AtomicI64,
    pub half_open: AtomicI64,
    pub pings: AtomicUsize,
    pub resets: AtomicUsize,
    pub cancels: AtomicUsize,
    /// Calls to a connection that is in doubt: must stay 0.
    pub violations: AtomicUsize,
    /// Raised by a restart: connections from before are lost.
    pub epoch: AtomicUsize,
    pub down: AtomicBool,
    /// Connects that fail.
    pub failing_connects: AtomicUsize,
    /// Connects that hang.
    pub hanging_connects: AtomicUsize,
    /// How often each call is pending before it is done.
    pub yields: AtomicUsize,
    /// Whether `reset_on_drop` does it.
    pub resets_on_drop: AtomicBool,
    /// Whether `reset` hangs.
    pub reset_hangs: AtomicBool,
    /// Whether saying good-bye takes all the time that it may.
    pub slow_closes: AtomicBool,
    /// A control statement that fails, and whether by losing the connection.
    pub failing_control: Mutex<Option<(&'static str, bool)>>,
    pub private: AtomicBool,
    /// Whether a dropped call leaves the connection whole, as on SQLite between two steps.
    pub survives_drops: AtomicBool,
    pub aborts_on_error: AtomicBool,
    pub pipelining: AtomicBool,
    /// What was sent; what went in one call is joined by `; `.
    pub log: Mutex<Vec<String>>,
    pub connected_with: Mutex<Vec<ConnectArguments>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            opened: AtomicUsize::default(),
            closed: AtomicUsize::default(),
            live: AtomicI64::default(),
            most_live: AtomicI64::default(),
            half_open: AtomicI64::default(),
            pings: AtomicUsize::default(),
            resets: AtomicUsize::default(),
            cancels: AtomicUsize::default(),
            violations: AtomicUsize::default(),
            epoch: AtomicUsize::default(),
            down: AtomicBool::default(),
            failing_connects: AtomicUsize::default(),
            hanging_connects: AtomicUsize::default(),
            yields: AtomicUsize::default(),
            resets_on_drop: AtomicBool::new(true),
            reset_hangs: AtomicBool::default(),
            slow_closes: AtomicBool::default(),
            failing_control: Mutex::default(),
            private: AtomicBool::default(),
            survives_drops: AtomicBool::default(),
            aborts_on_error: AtomicBool::default(),
            pipelining: AtomicBool::default(),
            log: Mutex::default(),
            connected_with: Mutex::default(),
        }
    }
}

impl Server {
    pub fn engine(self: &Arc<Self>) -> EngineBuilder {
        Engine::builder("mock://host/database").driver(MockDriver::new(self))
    }

    pub fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }

    pub fn live(&self) -> i64 {
        self.live.load(SeqCst)
    }

    /// What was sent since it was last asked.
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    pub fn restart(&self) {
        self.epoch.fetch_add(1, SeqCst);
    }

    pub fn fail_control(&self, control: &'static str, disconnect: bool) {
        *self.failing_control.lock().unwrap() = Some((control, disconnect));
    }

    pub fn assert_lawful(&self) {
        assert_eq!(self.violations.load(SeqCst), 0, "a connection in doubt was used");
    }

    fn write(&self, line: impl Into<String>) {
        self.log.lock().unwrap().push(line.into());
    }

    async fn answer(&self) {
        for _ in 0..self.yields.load(SeqCst) {
            Yield(false).await;
        }
    }
}

/// Pending once.
pub struct Yield(pub bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[derive(Debug)]
pub struct MockDriver {
    server: Arc<Server>,
    capabilities: Capabilities,
}

impl MockDriver {
    pub fn new(server: &Arc<Server>) -> Self {
        let mut capabilities = Capabilities::none();
        capabilities.savepoints = true;
        capabilities.streaming = true;
        capabilities.aborts_on_error = server.aborts_on_error.load(SeqCst);
        capabilities.pipelining = server.pipelining.load(SeqCst);
        Self { server: server.clone(), capabilities }
    }
}

fn take_one(counter: &AtomicUsize) -> bool {
    counter.fetch_update(SeqCst, SeqCst, |count| count.checked_sub(1)).is_ok()
}

impl Driver for MockDriver {
    fn name(&self) -> &'static str {
        "Mock"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mock", "mockery"]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        if self.server.aborts_on_error.load(SeqCst) {
            Arc::new(PostgresDialect::default())
        } else {
            Arc::new(SqliteDialect::default())
        }
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        match arguments.options.keys().find(|name| *name != "known") {
            Some(name) => {
                Err(Error::new(ErrorKind::Argument, format!("unknown option `{name}`; there is `known`")))
            }
            None => Ok(()),
        }
    }

    fn is_private(&self, _: &ConnectArguments) -> bool {
        self.server.private.load(SeqCst)
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let server = &self.server;
            server.connected_with.lock().unwrap().push(arguments.clone());
            let half_open = HalfOpen::new(server);
            if take_one(&server.hanging_connects) {
                std::future::pending::<()>().await;
            }
            server.answer().await;
            if take_one(&server.failing_connects) || server.down.load(SeqCst) {
                return Err(Error::new(ErrorKind::Operational, "cannot connect").with_disconnect());
            }
            drop(half_open);
            server.opened.fetch_add(1, SeqCst);
            let live = server.live.fetch_add(1, SeqCst) + 1;
            server.most_live.fetch_max(live, SeqCst);
            Ok(Box::new(MockConnection {
                epoch: server.epoch.load(SeqCst),
                server: server.clone(),
                info: ServerInfo { product: "Mock", version: (1, 0, 0), version_text: "1".into() },
                dialect: self.dialect(),
                capabilities: self.capabilities.clone(),
                state: TransactionState::Idle,
                aborted: false,
                in_flight: false,
                broken: false,
            }) as Box<dyn Connection>)
        })
    }
}

struct HalfOpen(Arc<Server>);

impl HalfOpen {
    fn new(server: &Arc<Server>) -> Self {
        server.half_open.fetch_add(1, SeqCst);
        Self(server.clone())
    }
}

impl Drop for HalfOpen {
    fn drop(&mut self) {
        self.0.half_open.fetch_sub(1, SeqCst);
    }
}

pub struct MockConnection {
    server: Arc<Server>,
    epoch: usize,
    info: ServerInfo,
    dialect: Arc<dyn Dialect>,
    capabilities: Capabilities,
    state: TransactionState,
    /// As on PostgreSQL after an error.
    aborted: bool,
    in_flight: bool,
    broken: bool,
}

impl MockConnection {
    /// Before a call.
    fn enter(&mut self) -> Result<()> {
        if self.is_broken() {
            self.server.violations.fetch_add(1, SeqCst);
            return Err(lost());
        }
        self.in_flight = true;
        Ok(())
    }

    /// After a call.
    fn leave<T>(&mut self, outcome: Result<T>) -> Result<T> {
        self.in_flight = false;
        if outcome.as_ref().is_err_and(Error::is_disconnect) {
            self.broken = true;
        }
        outcome
    }

    async fn statement(&mut self, sql: &str, sink: &mut dyn Sink) -> Result<Done> {
        self.server.answer().await;
        if self.epoch != self.server.epoch.load(SeqCst) {
            return Err(lost());
        }
        if self.aborted {
            return Err(refused("current transaction is aborted"));
        }
        let word = sql.split_whitespace().next().unwrap_or_default();
        match word {
            "HANG" => std::future::pending().await,
            "DISCONNECT" => Err(lost()),
            "ENDS" => {
                self.state = TransactionState::Idle;
                Err(refused("deadlock"))
            }
            "ERROR" => {
                self.aborted = self.capabilities.aborts_on_error && self.state == TransactionState::Active;
                Err(refused("syntax error"))
            }
            "IMPLICIT" => {
                self.state = TransactionState::Idle;
                Ok(Done::default())
            }
            "ROWS" | "NULL" => {
                sink.columns(&columns())?;
                let count = sql.split_whitespace().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
                for number in 0..count {
                    let row = MockRow((word == "ROWS").then_some(number));
                    if let ControlFlow::Break(()) = sink.row(&row)? {
                        break;
                    }
                }
                Ok(Done { rows: u64::try_from(count).unwrap(), last_insert_id: None })
            }
            // A query finds nothing, such as no table that is there already.
            "SELECT" => {
                let selected = sql.split(" FROM ").next().unwrap_or_default();
                let names = selected.split(',');
                sink.columns(&names.flat_map(|_| columns().to_vec()).collect())?;
                Ok(Done::default())
            }
            _ => Ok(Done { rows: 1, last_insert_id: Some(7) }),
        }
    }

    async fn do_control(&mut self, control: Control<'_>) -> Result<()> {
        self.server.answer().await;
        if self.epoch != self.server.epoch.load(SeqCst) {
            return Err(lost());
        }
        let text = control_text(control);
        let failing = *self.server.failing_control.lock().unwrap();
        if let Some((failing, disconnect)) = failing
            && text.starts_with(failing)
        {
            *self.server.failing_control.lock().unwrap() = None;
            return Err(if disconnect { lost() } else { refused("control failed") });
        }
        match control {
            Control::Begin(_) => self.state = TransactionState::Active,
            Control::Commit | Control::Rollback => {
                self.state = TransactionState::Idle;
                self.aborted = false;
            }
            Control::RollbackTo(_) => self.aborted = false,
            _ => {}
        }
        Ok(())
    }
}

pub fn columns() -> Arc<[ColumnInfo]> {
    Arc::from([ColumnInfo { name: "n".into(), type_name: "integer".into() }])
}

pub fn lost() -> Error {
    Error::new(ErrorKind::Operational, "the connection was lost").with_disconnect()
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::Programming, message)
        .with_database_error(DatabaseError { code: Some("42601".into()), ..DatabaseError::default() })
}

fn control_text(control: Control<'_>) -> String {
    match control {
        Control::Begin(options) => match options.isolation {
            Some(level) => format!("BEGIN {level}"),
            None if options.mode == aludel_driver::BeginMode::Deferred => "BEGIN DEFERRED".into(),
            None => "BEGIN".into(),
        },
        Control::Commit => "COMMIT".into(),
        Control::Rollback => "ROLLBACK".into(),
        Control::Savepoint(name) => format!("SAVEPOINT {}", short(name)),
        Control::Release(name) => format!("RELEASE {}", short(name)),
        Control::RollbackTo(name) => format!("ROLLBACK TO {}", short(name)),
        other => format!("{other:?}"),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("aludel_savepoint_").unwrap()
}

fn step_text(step: &Step<'_>) -> String {
    match &step.kind {
        StepKind::Control(control) => control_text(*control),
        StepKind::Fetch { statement, .. } => statement.sql().to_string(),
        StepKind::ExecuteMany { statement, sets, .. } => format!("{} x{}", statement.sql(), sets.len()),
    }
}

struct MockRow(Option<i64>);

impl Row for MockRow {
    fn len(&self) -> usize {
        1
    }

    fn cell(&self, _: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        Ok(self.0.map_or(Cell::Null, Cell::I64))
    }
}

impl Connection for MockConnection {
    fn server(&self) -> &ServerInfo {
        &self.info
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
        _: &'a [Value],
        _: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            self.enter()?;
            self.server.write(&**statement.sql());
            let outcome = self.statement(statement.sql(), sink).await;
            self.leave(outcome)
        })
    }

    fn run<'a>(&'a mut self, steps: &'a mut [Step<'_>], _: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.enter()?;
            self.server.write(steps.iter().map(step_text).collect::<Vec<_>>().join("; "));
            let mut outcome = Ok(());
            for step in steps {
                let done = match &mut step.kind {
                    StepKind::Control(control) => self.do_control(*control).await.map(|()| Done::default()),
                    StepKind::Fetch { statement, sink, .. } => {
                        self.statement(statement.sql(), &mut **sink).await
                    }
                    StepKind::ExecuteMany { statement, sets, each } => {
                        let outcome = self.statement(statement.sql(), &mut aludel_driver::Discard).await;
                        outcome.and_then(|done| {
                            (0..sets.len()).try_for_each(|position| each(position, done))?;
                            Ok(Done { rows: sets.len().try_into().unwrap(), last_insert_id: None })
                        })
                    }
                };
                match done {
                    Ok(done) => step.done = Some(done),
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
            self.leave(outcome)
        })
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        _: &'a [Value],
        _: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        Box::pin(async move {
            self.enter()?;
            self.server.write(format!("CURSOR {}", statement.sql()));
            let rows =
                statement.sql().split_whitespace().nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
            let outcome = self.statement("done", &mut aludel_driver::Discard).await;
            self.leave(outcome)?;
            Ok(Box::new(MockCursor { connection: self, next: 0, rows, columns: columns() })
                as Box<dyn Cursor + 'a>)
        })
    }

    fn batch<'a>(&'a mut self, script: &'a str, _: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.enter()?;
            self.server.write(format!("SCRIPT {script}"));
            let outcome = self.statement(script, &mut aludel_driver::Discard).await;
            self.leave(outcome.map(|_| ()))
        })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.enter()?;
            self.server.write(control_text(control));
            let outcome = self.do_control(control).await;
            self.leave(outcome)
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.enter()?;
            self.server.pings.fetch_add(1, SeqCst);
            self.server.answer().await;
            let is_gone = self.epoch != self.server.epoch.load(SeqCst) || self.server.down.load(SeqCst);
            self.leave(if is_gone { Err(lost()) } else { Ok(()) })
        })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.enter()?;
            self.server.resets.fetch_add(1, SeqCst);
            if self.server.reset_hangs.load(SeqCst) {
                std::future::pending::<()>().await;
            }
            self.server.answer().await;
            self.state = TransactionState::Idle;
            self.aborted = false;
            self.leave(Ok(()))
        })
    }

    fn reset_on_drop(&mut self) -> bool {
        let does = self.server.resets_on_drop.load(SeqCst);
        if does {
            self.server.resets.fetch_add(1, SeqCst);
            self.state = TransactionState::Idle;
            self.aborted = false;
        }
        does
    }

    fn transaction_state(&self) -> TransactionState {
        self.state
    }

    fn is_broken(&self) -> bool {
        self.broken || (self.in_flight && !self.server.survives_drops.load(SeqCst))
    }

    fn cancel_handle(&self) -> Option<Arc<dyn aludel_driver::CancelHandle>> {
        Some(Arc::new(MockCancel(self.server.clone())))
    }

    fn clear_statements(&mut self) {}

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            if self.server.slow_closes.load(SeqCst) {
                tokio::time::sleep(timeout).await;
            }
            self.server.closed.fetch_add(1, SeqCst);
            Ok(())
        })
    }
}

struct MockCancel(Arc<Server>);

impl aludel_driver::CancelHandle for MockCancel {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        let server = self.0.clone();
        Box::pin(async move {
            server.cancels.fetch_add(1, SeqCst);
        })
    }
}

impl Drop for MockConnection {
    fn drop(&mut self) {
        self.server.live.fetch_sub(1, SeqCst);
    }
}

struct MockCursor<'a> {
    connection: &'a mut MockConnection,
    next: i64,
    rows: i64,
    columns: Arc<[ColumnInfo]>,
}

impl Cursor for MockCursor<'_> {
    fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.columns
    }

    fn fetch<'a>(&'a mut self, rows: usize, sink: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            self.connection.enter()?;
            self.connection.server.write(format!("FETCH {rows}"));
            self.connection.server.answer().await;
            if self.connection.epoch != self.connection.server.epoch.load(SeqCst) {
                return self.connection.leave(Err(lost()));
            }
            for _ in 0..rows {
                if self.next < self.rows {
                    let _ = sink.row(&MockRow(Some(self.next)))?;
                    self.next += 1;
                }
            }
            let more = self.next < self.rows;
            self.connection.leave(Ok(more))
        })
    }

    fn close<'a>(self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            self.connection.server.write("CLOSE CURSOR");
            Ok(())
        })
    }
}
