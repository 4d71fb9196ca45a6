//! [`EngineBuilder`]: the options of an engine.

use std::{
    fmt,
    sync::{Arc, RwLock},
    time::Duration,
};

use aludel_driver::{BeginMode, BeginOptions, DatabaseUrl, Driver, Error, ErrorKind, IsolationLevel, Result};
use aludel_sql_expression::{CompiledCache, dialect::PhysicalNaming};

use super::{Engine, Inner};
use crate::{
    Events, Pool, PoolClass, PoolOptions,
    echo::{EchoFunction, standard_output},
};

/// The options of an engine. Nothing is opened before the first statement.
#[must_use = "an engine is made by `build()`"]
pub struct EngineBuilder {
    url: Result<DatabaseUrl>,
    drivers: Vec<Arc<dyn Driver>>,
    pool: PoolOptions,
    echo: Option<EchoFunction>,
    hide_parameters: bool,
    statement_timeout: Option<Duration>,
    query_cache_size: usize,
    begin_options: BeginOptions,
    is_begin_mode_chosen: bool,
    autocommit: bool,
}

impl EngineBuilder {
    pub(super) fn new(url: Result<DatabaseUrl>) -> Self {
        Self {
            url,
            drivers: Vec::new(),
            pool: PoolOptions::default(),
            echo: None,
            hide_parameters: false,
            statement_timeout: None,
            query_cache_size: 500,
            begin_options: BeginOptions::default(),
            is_begin_mode_chosen: false,
            autocommit: false,
        }
    }

    /// Gives a driver. Several may be given: the one that answers to the URL's scheme is taken.
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

    /// The age at which a connection is closed when it comes back: none.
    pub fn max_lifetime(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.pool.max_lifetime = age.into();
        self
    }

    /// How long an idle connection is kept: for ever. Looked at when connections go in and out.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool.idle_timeout = timeout.into();
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

    /// How long each statement may take, kept by the server where it can be told: no limit.
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.statement_timeout = timeout.into();
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
        self.begin_options.isolation = Some(level);
        self
    }

    /// When SQLite takes its write lock: at BEGIN; but at the first write in a transaction that a query began by itself, so
    /// that those who read do not wait for each other.
    pub fn begin_mode(mut self, mode: BeginMode) -> Self {
        self.begin_options.mode = mode;
        self.is_begin_mode_chosen = true;
        self
    }

    /// Whether a statement stands alone rather than beginning a transaction: no. `begin` begins one in either case.
    pub fn autocommit(mut self, autocommit: bool) -> Self {
        self.autocommit = autocommit;
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

    /// Makes the engine. Nothing is opened yet, but the URL's options are looked through.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the URL is none, no driver answers to its scheme, an option is unknown to the driver,
    /// or the numbers of the pool make no sense.
    pub fn build(self) -> Result<Engine> {
        let mut url = self.url?;
        let driver = choose(&url, &self.drivers)?;
        url.arguments.timeout = url.arguments.timeout.or(self.pool.connect_timeout);
        let events = Arc::new(Events::default());
        let pool = Pool::with_events(driver.clone(), url.arguments.clone(), self.pool, events.clone())?;
        Ok(Engine {
            inner: Arc::new(Inner {
                url,
                driver,
                pool: RwLock::new(pool),
                events,
                cache: CompiledCache::new(self.query_cache_size),
                echo: self.echo,
                hide_parameters: self.hide_parameters,
                statement_timeout: self.statement_timeout,
                begin_options: self.begin_options,
                is_begin_mode_chosen: self.is_begin_mode_chosen,
                autocommit: self.autocommit,
            }),
        })
    }
}

/// The driver that answers to the URL's scheme, with its `+driver` part or without.
fn choose(url: &DatabaseUrl, drivers: &[Arc<dyn Driver>]) -> Result<Arc<dyn Driver>> {
    let answers = |scheme: &str| drivers.iter().find(|driver| driver.schemes().contains(&scheme)).cloned();
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
