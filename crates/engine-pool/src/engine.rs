//! [`Engine`]: one database, by its URL.

mod builder;

use std::{
    fmt,
    panic::Location,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aludel_driver::{ConnectArguments, DatabaseUrl, Driver, Error, Result};
use aludel_sql_expression::{CompiledCache, Dialect};

pub use self::builder::EngineBuilder;
use crate::{
    AsyncFunction, Connection, Events, ExecutionOptions, Pool, PoolOptions, echo::Echo, events::tell,
};

/// One database, known by its URL: its driver, its pool, its listeners, and the statements compiled for it. Cheap to clone
/// and free to share; a program has one for each database.
///
/// # Examples
/// ```no_run
/// # use std::sync::Arc;
/// # use aludel_engine_pool::{Engine, Result};
/// # use aludel_sql_expression::text;
/// # async fn run(driver: Arc<dyn aludel_driver::Driver>) -> Result<()> {
/// let engine = Engine::builder("sqlite:///library.db").shared_driver(driver).pool_size(5).build()?; // connects lazily
/// engine
///     .begin(async |conn| {
///         conn.execute(text("UPDATE users SET name = :n WHERE id = :id").bind("n", "x").bind("id", 1)).await
///     })
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What all clones of an engine share.
struct Inner {
    shared: Arc<Shared>,
    execution_options: ExecutionOptions,
}

/// What an engine and its siblings share.
pub(crate) struct Shared {
    pub(crate) url: DatabaseUrl,
    pub(crate) driver: Arc<dyn Driver>,
    pool: RwLock<Pool>,
    events: Arc<Events>,
    pub(crate) cache: CompiledCache,
    echo: Option<Echo>,
    pub(crate) hide_parameters: bool,
    /// Whether nothing answers.
    pub(crate) is_mock: bool,
    /// A statement that takes longer is warned about.
    pub(crate) slow_statement: Option<Duration>,
    /// A transaction that is left idle for longer is warned about.
    pub(crate) idle_in_transaction: Option<Duration>,
}

impl Shared {
    pub(crate) fn arguments(&self) -> &ConnectArguments {
        &self.url.arguments
    }
}

impl Engine {
    /// Starts building an engine for a URL: `dialect[+driver]://user:password@host:port/database?option=value`.
    pub fn builder(url: impl AsRef<str>) -> EngineBuilder {
        EngineBuilder::new(DatabaseUrl::parse(url.as_ref()))
    }

    /// Starts building an engine for a URL that was made piece by piece.
    pub fn builder_for(url: DatabaseUrl) -> EngineBuilder {
        EngineBuilder::new(Ok(url))
    }

    /// Takes a connection from the pool, opening one where none is idle. What is not committed when it is dropped is
    /// rolled back.
    ///
    /// # Errors
    /// [`ErrorKind::Operational`](crate::ErrorKind::Operational) when the server cannot be reached;
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when no connection becomes free in time, with who holds them.
    ///
    /// # Cancel safety
    /// A dropped future leaves the line; a connection that is half open is closed.
    #[track_caller]
    pub fn connect(&self) -> impl Future<Output = Result<Connection>> + Send + use<> {
        let (engine, place) = (self.clone(), Location::caller());
        async move { engine.connect_from(place).await }
    }

    pub(crate) async fn connect_from(self, place: &'static Location<'static>) -> Result<Connection> {
        let pooled = self.pool().checkout_from(place).await?;
        tell(&self.shared().events.engine_connect, pooled.id());
        Ok(Connection::new(self, pooled, place))
    }

    /// A sibling engine with other execution options: it shares the pool, the listeners and the compiled statements. What
    /// the options leave out stays as it is here.
    ///
    /// Counterpart of SQLAlchemy's `Engine.execution_options()`.
    #[must_use = "this engine stays as it is"]
    pub fn execution_options(&self, options: ExecutionOptions) -> Self {
        let execution_options = options.over(&self.inner.execution_options);
        Self { inner: Arc::new(Inner { shared: self.inner.shared.clone(), execution_options }) }
    }

    /// How this engine executes, unless a connection or a statement says otherwise.
    pub fn get_execution_options(&self) -> &ExecutionOptions {
        &self.inner.execution_options
    }

    /// Runs a closure with a connection in a transaction: commits at `Ok`, rolls back at `Err` and when the future is
    /// dropped.
    ///
    /// The error is always [`Error`], so that `?` infers; [`Engine::try_begin`] serves a caller's own error type.
    ///
    /// # Errors
    /// The closure's; as [`Engine::connect`] and [`Connection::commit`].
    ///
    /// # Cancel safety
    /// A dropped future rolls back, unless COMMIT was sent already.
    #[track_caller]
    pub fn begin<Output, Function>(&self, function: Function) -> impl Future<Output = Result<Output>>
    where
        Output: Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        self.try_begin_from(Location::caller(), function)
    }

    /// The same with the caller's own error type: `engine.try_begin(async |conn| -> Result<_, MyError> { .. })`.
    ///
    /// # Errors
    /// The closure's; as [`Engine::begin`].
    #[track_caller]
    pub fn try_begin<Output, Failure, Function>(
        &self,
        function: Function,
    ) -> impl Future<Output = Result<Output, Failure>>
    where
        Output: Send,
        Failure: From<Error> + Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output, Failure>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output, Failure>, Future: Send>
            + Send,
    {
        self.try_begin_from(Location::caller(), function)
    }

    async fn try_begin_from<Output, Failure, Function>(
        &self,
        place: &'static Location<'static>,
        function: Function,
    ) -> Result<Output, Failure>
    where
        Output: Send,
        Failure: From<Error> + Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output, Failure>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output, Failure>, Future: Send>
            + Send,
    {
        let mut connection = self.clone().connect_from(place).await?;
        let mut transaction = connection.begin().await?;
        let outcome = match function(&mut transaction).await {
            Ok(output) => transaction.commit().await.map(|()| output).map_err(Failure::from),
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = transaction.rollback().await;
                Err(error)
            }
        };
        let closed = connection.close().await;
        match (outcome, closed) {
            (Ok(_), Err(error)) => Err(error.into()),
            (outcome, _) => outcome,
        }
    }

    /// Closes the idle connections and starts with an empty pool; connections that are out go on working, and are closed
    /// when they come back. Listeners stay.
    pub async fn dispose(&self) {
        let old = {
            let mut pool = self.shared().pool.write().unwrap_or_else(PoisonError::into_inner);
            let fresh = pool.recreate();
            std::mem::replace(&mut *pool, fresh)
        };
        old.dispose().await;
        tell(&self.shared().events.engine_disposed, ());
    }

    /// The pool, for its status and who holds its connections. `dispose` puts another in its place.
    pub fn pool(&self) -> Pool {
        self.shared().pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The listeners of this engine and its pool.
    pub fn events(&self) -> &Events {
        &self.shared().events
    }

    /// The dialect of the server once a connection was open; the driver's before.
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        self.pool().dialect()
    }

    /// The URL; its `Display` hides the password.
    pub fn url(&self) -> &DatabaseUrl {
        &self.shared().url
    }

    /// The driver.
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.shared().driver
    }

    /// The cache of compiled statements.
    pub fn compiled_cache(&self) -> &CompiledCache {
        &self.shared().cache
    }

    /// The same engine over another driver, with a pool of its own and the usual options for it. Listeners are shared.
    pub(crate) fn over(&self, driver: Arc<dyn Driver>) -> Result<Self> {
        let this = self.shared();
        let mut options = PoolOptions::default();
        options.physical_naming = self.pool().options().physical_naming;
        let events = this.events.clone();
        let pool = Pool::with_events(driver.clone(), this.url.arguments.clone(), options, events.clone())?;
        let shared = Shared {
            url: this.url.clone(),
            driver,
            pool: RwLock::new(pool),
            events,
            cache: CompiledCache::default(),
            echo: this.echo.clone(),
            hide_parameters: this.hide_parameters,
            is_mock: this.is_mock,
            slow_statement: this.slow_statement,
            idle_in_transaction: this.idle_in_transaction,
        };
        let execution_options = self.inner.execution_options.clone();
        Ok(Self { inner: Arc::new(Inner { shared: Arc::new(shared), execution_options }) })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    /// Where statements are shown, when they are.
    pub(crate) fn echo(&self) -> Option<&Echo> {
        self.inner.shared.echo.as_ref()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Engine").field(&self.shared().url).finish()
    }
}
