//! The mock engine: it shows what it would send, and sends nothing.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, ColumnInfo, ConnectArguments, Connection, Control,
    Cursor, Done, Driver, ParameterSets, Result, ServerInfo, Sink, Statement, TransactionState, Value,
};
use aludel_sql_expression::Dialect;

/// What is told of each statement: its text, and its parameters.
type Executor = Arc<dyn Fn(&str, &[Value]) + Send + Sync>;

/// Stands in for a driver: it compiles for its dialect, and gives each statement to a function in place of a server.
pub(crate) struct MockDriver {
    driver: Arc<dyn Driver>,
    executor: Executor,
}

impl MockDriver {
    pub(crate) fn new(
        driver: Arc<dyn Driver>,
        executor: impl Fn(&str, &[Value]) + Send + Sync + 'static,
    ) -> Self {
        Self { driver, executor: Arc::new(executor) }
    }
}

impl Driver for MockDriver {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    fn schemes(&self) -> &'static [&'static str] {
        self.driver.schemes()
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        self.driver.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        self.driver.capabilities()
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        self.driver.check(arguments)
    }

    fn connect<'a>(&'a self, _: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        let connection = MockConnection {
            server: ServerInfo {
                product: self.driver.name(),
                version: (0, 0, 0),
                version_text: "none: a mock".to_owned(),
            },
            dialect: self.driver.dialect(),
            capabilities: self.driver.capabilities().clone(),
            executor: self.executor.clone(),
            state: TransactionState::Idle,
        };
        Box::pin(async move { Ok(Box::new(connection) as Box<dyn Connection>) })
    }
}

impl fmt::Debug for MockDriver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("MockDriver").field(&self.driver).finish()
    }
}

/// A connection to nowhere. Every statement succeeds, and gives no rows.
struct MockConnection {
    server: ServerInfo,
    dialect: Arc<dyn Dialect>,
    capabilities: Capabilities,
    executor: Executor,
    state: TransactionState,
}

impl Connection for MockConnection {
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
        _: &'a CallOptions,
        _: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        (self.executor)(statement.sql(), parameters);
        Box::pin(async { Ok(Done::default()) })
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        _: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            for (position, parameters) in sets.iter().enumerate() {
                (self.executor)(statement.sql(), parameters);
                each(position, Done::default())?;
            }
            Ok(Done::default())
        })
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        _: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        (self.executor)(statement.sql(), parameters);
        Box::pin(async { Ok(Box::new(NoRows(Arc::from([]))) as Box<dyn Cursor + 'a>) })
    }

    fn batch<'a>(&'a mut self, script: &'a str, _: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        (self.executor)(script, &[]);
        Box::pin(async { Ok(()) })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        self.state = match control {
            Control::Begin(_) | Control::BeginTwoPhase(..) => TransactionState::Active,
            Control::Commit | Control::Rollback | Control::Prepare(_) => TransactionState::Idle,
            _ => self.state,
        };
        Box::pin(async { Ok(()) })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        self.state = TransactionState::Idle;
        Box::pin(async { Ok(()) })
    }

    fn reset_on_drop(&mut self) -> bool {
        self.state = TransactionState::Idle;
        true
    }

    fn transaction_state(&self) -> TransactionState {
        self.state
    }

    fn is_broken(&self) -> bool {
        false
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        None
    }

    fn clear_statements(&mut self) {}

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(self: Box<Self>, _: Duration) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// A result without rows.
struct NoRows(Arc<[ColumnInfo]>);

impl Cursor for NoRows {
    fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.0
    }

    fn fetch<'a>(&'a mut self, _: usize, _: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async { Ok(false) })
    }

    fn close<'a>(self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(async { Ok(()) })
    }
}
