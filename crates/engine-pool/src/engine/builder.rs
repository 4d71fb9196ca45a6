//! [`EngineBuilder`]: the options of an engine.

use std::{
    fmt,
    sync::{Arc, RwLock},
    time::Duration,
};

use aludel_driver::{
    BeginMode, Connection as DriverConnection, DatabaseUrl, Driver, Error, ErrorKind, IsolationLevel, Result,
    Value,
};
use aludel_sql_expression::{CompiledCache, dialect::PhysicalNaming};

use super::{Engine, Inner, Shared};
use crate::{
    Creator, Events, ExecutionOptions, Pool, PoolClass, PoolOptions, ResetOnReturn,
    echo::{self, Echo, EchoFunction, standard_output},
    mock::MockDriver,
};

/// The options of an engine. Nothing is opened before the first statement.
#[must_use = "an engine is made by `build()`"]
pub struct EngineBuilder {
    url: Result<DatabaseUrl>,
    drivers: Vec<Arc<dyn Driver>>,
    pool: PoolOptions,
    echo: Option<EchoFunction>,
    echo_rows: bool,
    echo_pool: bool,
    logging_name: Option<Arc<str>>,
    hide_parameters: bool,
    is_mock: bool,
    slow_statement: Option<Duration>,
    idle_in_transaction: Option<Duration>,
    query_cache_size: usize,
    execution_options: ExecutionOptions,
    connect_options: Vec<(String, String)>,
}

impl EngineBuilder {
    pub(super) fn new(url: Result<DatabaseUrl>) -> Self {
        Self {
            url,
            drivers: Vec::new(),
            pool: PoolOptions::default(),
            echo: None,
            echo_rows: false,
            echo_pool: false,
            logging_name: None,
            hide_parameters: false,
            is_mock: false,
            slow_statement: None,
            idle_in_transaction: None,
            query_cache_size: 500,
            execution_options: ExecutionOptions::new(),
            connect_options: Vec::new(),
        }
    }

    /// Gives a driver. Several may be given: the last one that answers to the URL's scheme is taken, so that a driver with
    /// options of its own goes before the one that comes with the crate.
    pub fn driver(self, driver: impl Driver) -> Self {
        self.shared_driver(Arc::new(driver))
    }

    /// Gives a driver that others use, too.
    pub fn shared_driver(mut self, driver: Arc<dyn Driver>) -> Self {
        self.drivers.push(driver);
        self
    }

    /// How many connections are kept open when they are idle: 5.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool.pool_size = connections;
        self
    }

    /// How many more may be open at once: 10. They are closed when they come back.
    pub fn max_overflow(mut self, connections: usize) -> Self {
        self.pool.max_overflow = Some(connections);
        self
    }

    /// Lets as many connections be open as are asked for; those beyond `pool_size` are closed when they come back.
    pub fn unlimited_overflow(mut self) -> Self {
        self.pool.max_overflow = None;
        self
    }

    /// How long to wait for a connection: 30 s. None: for ever.
    pub fn pool_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool.pool_timeout = timeout.into();
        self
    }

    /// The age at which a connection is replaced when it is taken next: none. Keep it below the life of a token that is
    /// used as password, and below the server's idle limit.
    pub fn pool_recycle(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.pool.pool_recycle = age.into();
        self
    }

    /// Whether a connection that was idle for a second is pinged before it is handed out: no.
    pub fn pool_pre_ping(mut self, pre_ping: bool) -> Self {
        self.pool.pre_ping = pre_ping;
        self
    }

    /// Whether the last connection back is the first one out: no.
    pub fn pool_use_lifo(mut self, use_lifo: bool) -> Self {
        self.pool.use_lifo = use_lifo;
        self
    }

    /// How connections are kept: what fits the database.
    pub fn pool_class(mut self, class: PoolClass) -> Self {
        self.pool.pool_class = Some(class);
        self
    }

    /// The age at which a connection is closed, when it comes back or is idle: none.
    pub fn max_lifetime(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.pool.max_lifetime = age.into();
        self
    }

    /// How long an idle connection is kept: for ever.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool.idle_timeout = timeout.into();
        self
    }

    /// How many connections are kept idle and ready, at most `pool_size`: 0. They are opened in the background from the
    /// first checkout on, or before by [`Pool::warm_up`](crate::Pool::warm_up).
    pub fn min_idle(mut self, connections: usize) -> Self {
        self.pool.min_idle = connections;
        self
    }

    /// What is done about a transaction that was begun behind the engine's back, by raw SQL, when a connection comes back:
    /// it is rolled back. The engine's own transactions are always rolled back when they are left.
    pub fn reset_on_return(mut self, reset: ResetOnReturn) -> Self {
        self.pool.reset_on_return = reset;
        self
    }

    /// Warns through `tracing` when a connection is out for longer, with the place that took it: no. Target
    /// `aludel::pool`, level WARN.
    pub fn warn_long_checkout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.pool.long_checkout_warning = limit.into();
        self
    }

    /// Opens the connections by a function of the caller's. What the URL says about the server is not used then, and
    /// `do_connect` listeners are not called; the driver is still the one that the URL names.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use aludel_driver::{DatabaseUrl, Driver};
    /// # use aludel_engine_pool::{Engine, Result};
    /// # async fn open_a_tunnel() -> Result<u16> { Ok(1) }
    /// # fn run(driver: Arc<dyn Driver>) -> Result<Engine> {
    /// let opener = driver.clone();
    /// Engine::builder("postgresql://").shared_driver(driver).creator(move || {
    ///     let driver = opener.clone();
    ///     async move {
    ///         let port = open_a_tunnel().await?;
    ///         let url = DatabaseUrl::parse(&format!("postgresql://scott@localhost:{port}/library"))?;
    ///         driver.connect(&url.arguments).await
    ///     }
    /// }).build()
    /// # }
    /// ```
    pub fn creator<Function, Opening>(mut self, function: Function) -> Self
    where
        Function: Fn() -> Opening + Send + Sync + 'static,
        Opening: Future<Output = Result<Box<dyn DriverConnection>>> + Send + 'static,
    {
        self.pool.creator = Some(Creator::new(function));
        self
    }

    /// All options of the pool at once.
    pub fn pool_options(mut self, options: PoolOptions) -> Self {
        self.pool = options;
        self
    }

    /// Prints each statement that is sent to standard output: no.
    pub fn echo(mut self, echo: bool) -> Self {
        self.echo = echo.then(standard_output);
        self
    }

    /// Gives each statement that is sent, as a line, to a function of the caller's.
    pub fn echo_with(mut self, function: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.echo = Some(Arc::new(function));
        self
    }

    /// Keeps parameters out of echo and errors: no.
    pub fn hide_parameters(mut self, hide: bool) -> Self {
        self.hide_parameters = hide;
        self
    }

    /// Shows each row that comes back, too, where the echo goes: no. Counterpart of SQLAlchemy's `echo="debug"`. Rows of
    /// streams are not shown.
    pub fn echo_rows(mut self, echo: bool) -> Self {
        self.echo_rows = echo;
        self.echo = self.echo.or_else(|| echo.then(standard_output));
        self
    }

    /// Shows when connections are opened, go in and out of the pool, and are closed, where the echo goes: no.
    pub fn echo_pool(mut self, echo: bool) -> Self {
        self.echo_pool = echo;
        self
    }

    /// A name put before each line of the echo, to tell engines apart: none.
    pub fn logging_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.logging_name = Some(name.into());
        self
    }

    /// Warns through `tracing` about statements that take longer: no. Target `aludel::statement`, level WARN.
    pub fn warn_slow_statement(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.slow_statement = limit.into();
        self
    }

    /// Warns through `tracing` about transactions that were left idle for longer, when they are gone on with or ended: no.
    /// They hold locks, and keep the database from cleaning up. Target `aludel::transaction`, level WARN.
    pub fn warn_idle_in_transaction(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.idle_in_transaction = limit.into();
        self
    }

    /// How long each statement may take, kept by the server where it can be told: no limit.
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.execution_options.statement.timeout = Some(timeout.into());
        self
    }

    /// An option of the driver, as if it stood in the URL's query; it wins over one that stands there.
    ///
    /// Counterpart of SQLAlchemy's `connect_args`.
    pub fn connect_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connect_options.push((name.into(), value.into()));
        self
    }

    /// How this engine executes, unless a connection or a statement says otherwise. What is left out stays as it is.
    pub fn execution_options(mut self, options: ExecutionOptions) -> Self {
        self.execution_options = options.over(&self.execution_options);
        self
    }

    /// How long opening a connection may take, in all: 30 s. None: as long as the system lets it.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool.connect_timeout = timeout.into();
        self
    }

    /// How many compiled statements are kept: 500. Nought: none.
    pub fn query_cache_size(mut self, statements: usize) -> Self {
        self.query_cache_size = statements;
        self
    }

    /// The isolation level of each transaction: the database's own.
    pub fn isolation_level(mut self, level: IsolationLevel) -> Self {
        self.execution_options.isolation_level = Some(Some(level));
        self
    }

    /// When SQLite takes its write lock: at BEGIN; but at the first write in a transaction that a query began by itself, so
    /// that those who read do not wait for each other.
    pub fn begin_mode(mut self, mode: BeginMode) -> Self {
        self.execution_options.begin_mode = Some(mode);
        self
    }

    /// Whether a statement stands alone rather than beginning a transaction: no. `begin` begins one in either case.
    pub fn autocommit(mut self, autocommit: bool) -> Self {
        self.execution_options.autocommit = Some(autocommit);
        self
    }

    /// Says how the names of tables and columns are spelled in the database: `album_id` or `AlbumId`. One set of models
    /// serves databases that spell their names differently. Default: as written. Labels and aliases stay as they are.
    ///
    /// Counterpart of Hibernate's physical naming strategy.
    pub fn physical_naming(mut self, naming: PhysicalNaming) -> Self {
        self.pool.physical_naming = naming;
        self
    }

    /// Makes an engine that connects to nothing: each statement that would be sent is given to a function, with its
    /// parameters. It serves to print what `create_all` would do, or what a report would ask for. BEGIN and its like are not
    /// told; queries give no rows.
    ///
    /// Counterpart of SQLAlchemy's `create_mock_engine`, which gets the construct where this gets the text.
    ///
    /// # Errors
    /// As [`EngineBuilder::build`].
    pub fn build_mock(mut self, executor: impl Fn(&str, &[Value]) + Send + Sync + 'static) -> Result<Engine> {
        let driver = match &self.url {
            Ok(url) => choose(url, &self.drivers)?,
            Err(error) => return Err(error.clone()),
        };
        self.drivers = vec![Arc::new(MockDriver::new(driver, executor))];
        self.pool.creator = None;
        self.is_mock = true;
        self.build()
    }

    /// Makes the engine. Nothing is opened yet, but the URL's options are looked through.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the URL is none, no driver answers to its scheme, an option is unknown to the driver,
    /// or the numbers of the pool make no sense; [`ErrorKind::NotSupported`] for an isolation level that the database does
    /// not have.
    pub fn build(self) -> Result<Engine> {
        let mut url = self.url?;
        let driver = choose(&url, &self.drivers)?;
        self.execution_options.check(driver.capabilities(), driver.name())?;
        url.arguments.timeout = url.arguments.timeout.or(self.pool.connect_timeout);
        url.arguments.options.extend(self.connect_options);
        let events = Arc::new(Events::default());
        let pool = Pool::with_events(driver.clone(), url.arguments.clone(), self.pool, events.clone())?;
        let echo = |function| Echo {
            function,
            name: self.logging_name.clone(),
            hide_parameters: self.hide_parameters,
            rows: self.echo_rows,
        };
        if self.echo_pool {
            echo::listen(echo(self.echo.clone().unwrap_or_else(standard_output)), &events);
        }
        let shared = Shared {
            url,
            driver,
            pool: RwLock::new(pool),
            events,
            is_mock: self.is_mock,
            cache: CompiledCache::new(self.query_cache_size),
            echo: self.echo.clone().map(echo),
            hide_parameters: self.hide_parameters,
            slow_statement: self.slow_statement,
            idle_in_transaction: self.idle_in_transaction,
        };
        let inner = Inner { shared: Arc::new(shared), execution_options: self.execution_options };
        Ok(Engine { inner: Arc::new(inner) })
    }
}

/// The driver that answers to the URL's scheme, with its `+driver` part or without.
fn choose(url: &DatabaseUrl, drivers: &[Arc<dyn Driver>]) -> Result<Arc<dyn Driver>> {
    let answers = |scheme: &str| drivers.iter().rfind(|driver| driver.schemes().contains(&scheme)).cloned();
    if let Some(driver) = answers(&url.scheme()).or_else(|| answers(&url.dialect)) {
        return Ok(driver);
    }
    let mut known: Vec<&str> = drivers.iter().flat_map(|driver| driver.schemes()).copied().collect();
    known.sort_unstable();
    let known = match known.is_empty() {
        true => "no driver was given at all".to_owned(),
        false => format!("the drivers at hand answer to {}", known.join(", ")),
    };
    Err(Error::new(
        ErrorKind::Argument,
        format!(
            "no driver answers to `{}://`; {known}. Give one with `.driver(..)`, or turn on the feature of the `aludel` \
             crate that brings it: `sqlite`, `postgres` or `mysql`",
            url.scheme()
        ),
    ))
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EngineBuilder")
            .field("url", &self.url)
            .field("drivers", &self.drivers)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}
