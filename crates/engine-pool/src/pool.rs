//! [`Pool`]: open connections of one database, kept for the next who needs one.

mod checkout;
mod creator;
mod holder;
mod info;
mod line;
mod maintenance;
mod manager;
mod metrics;
mod options;
mod returning;
mod slot;
mod status;

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use aludel_driver::{ConnectArguments, Driver, Error, ErrorKind, Result};
use aludel_sql_expression::Dialect;
use deadpool::managed::{self, QueueMode};
use tokio::{runtime::Handle, sync::OnceCell, task::JoinSet};

use self::{
    checkout::Held, holder::Holders, maintenance::Maintenance, manager::Manager, metrics::Counters,
    slot::Slot,
};
pub use self::{
    checkout::PooledConnection,
    creator::Creator,
    holder::Holder,
    info::ConnectionInfo,
    metrics::{CloseReason, PoolMetrics},
    options::{PoolClass, PoolOptions, ResetOnReturn},
    status::PoolStatus,
};
use crate::events::Events;

/// Open connections of one database, kept for the next who needs one. Cheap to clone; clones are the same pool.
///
/// It can be used alone, over a driver. Connections are opened when they are needed, up to `pool_size` plus
/// `max_overflow`; who comes then waits in line.
///
/// A connection in doubt (a call was dropped half-way, a rollback failed, the server went away) is closed and its place
/// freed; it is never handed out.
///
/// # Examples
/// ```no_run
/// # use std::{sync::Arc, time::Duration};
/// # use aludel_driver::{CallOptions, DatabaseUrl};
/// # use aludel_engine_pool::{Events, Pool, PoolOptions, Result};
/// # async fn run(driver: impl aludel_driver::Driver) -> Result<()> {
/// let url = DatabaseUrl::parse("postgresql://scott:tiger@localhost/library")?;
/// let mut options = PoolOptions::default();
/// options.pool_size = 3;
/// options.idle_timeout = Some(Duration::from_secs(600));
/// let events = Arc::new(Events::default());
/// events.connect.listen(|event| {
///     Box::pin(async move { event.connection.batch("SET TIME ZONE 'UTC'", &CallOptions::default()).await })
/// });
/// let pool = Pool::with_events(Arc::new(driver), url.arguments, options, events)?;
///
/// let mut connection = pool.checkout().await?;
/// connection.batch("DELETE FROM loan", &CallOptions::default()).await?;
/// drop(connection); // goes back into the pool
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

/// What all clones of a pool are.
struct Inner {
    shared: Arc<Shared>,
    /// None: nothing is kept (`PoolClass::Null`).
    queue: Option<managed::Pool<Manager>>,
    /// None: idle connections are not looked after in the background.
    maintenance: Option<Maintenance>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(maintenance) = &self.maintenance {
            maintenance.stop();
        }
    }
}

/// What a pool and its connections share.
pub(crate) struct Shared {
    driver: Arc<dyn Driver>,
    arguments: ConnectArguments,
    options: PoolOptions,
    events: Arc<Events>,
    /// Connections of an earlier generation are closed when they are met: raised after a disconnect.
    generation: AtomicU64,
    next_connection: AtomicU64,
    /// Connections that are open, without those that were detached.
    open: AtomicUsize,
    waiting: AtomicUsize,
    /// Connections that are being rolled back before they go back.
    resetting: AtomicUsize,
    counters: Counters,
    holders: Holders,
    first_connect: OnceCell<()>,
    dialect: OnceLock<Arc<dyn Dialect>>,
}

impl Shared {
    /// A connection is not out any more.
    fn forget(&self, holder: u64) {
        let holder = self.holders.remove(holder);
        if let (Some(limit), Some(holder)) = (self.options.long_checkout_warning, holder)
            && holder.held_for() > limit
        {
            holder.tell_long(true);
        }
    }
}

impl Pool {
    /// Makes a pool of connections that a driver opens. Nothing is opened yet.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the driver knows an argument not, or a number of the options makes no sense.
    pub fn new(driver: Arc<dyn Driver>, arguments: ConnectArguments, options: PoolOptions) -> Result<Self> {
        Self::with_events(driver, arguments, options, Arc::new(Events::default()))
    }

    /// The same, with listeners that were registered before. They may serve other pools, too.
    ///
    /// # Errors
    /// As [`Pool::new`].
    pub fn with_events(
        driver: Arc<dyn Driver>,
        arguments: ConnectArguments,
        mut options: PoolOptions,
        events: Arc<Events>,
    ) -> Result<Self> {
        driver.check(&arguments)?;
        options.settle(&*driver, &arguments)?;
        Ok(Self::make(driver, arguments, options, events))
    }

    fn make(
        driver: Arc<dyn Driver>,
        arguments: ConnectArguments,
        options: PoolOptions,
        events: Arc<Events>,
    ) -> Self {
        let shared = Arc::new(Shared {
            driver,
            arguments,
            events,
            generation: AtomicU64::new(0),
            next_connection: AtomicU64::new(1),
            open: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            resetting: AtomicUsize::new(0),
            counters: Counters::default(),
            holders: Holders::default(),
            first_connect: OnceCell::new(),
            dialect: OnceLock::new(),
            options,
        });
        let queue = (shared.options.class() != PoolClass::Null).then(|| queue(&shared));
        let maintenance = shared.options.needs_maintenance().then(Maintenance::new);
        Self { inner: Arc::new(Inner { shared, queue, maintenance }) }
    }

    /// A new, empty pool with the same driver, arguments, options and listeners, which takes the place of this one. It keeps
    /// nothing ready before it is used.
    pub(crate) fn recreate(&self) -> Self {
        if let Some(maintenance) = &self.inner.maintenance {
            maintenance.end();
        }
        let Shared { driver, arguments, options, events, .. } = &*self.inner.shared;
        Self::make(driver.clone(), arguments.clone(), options.clone(), events.clone())
    }

    /// Takes a connection out of the pool: an idle one, or a new one, or waits for one. It goes back when it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after `pool_timeout`, with who holds the connections; whatever the driver says when a new
    /// one cannot be opened; [`ErrorKind::InvalidRequest`] when the only connection of a private database is held by
    /// this same task, which would wait for ever, and for a second checkout from a [`PoolClass::Assertion`].
    ///
    /// # Cancel safety
    /// A dropped future leaves the line; a connection that is half open is closed, and its place is free.
    #[track_caller]
    pub fn checkout(&self) -> impl Future<Output = Result<PooledConnection>> + Send + use<> {
        let (pool, place) = (self.clone(), Location::caller());
        async move { pool.check_out(place).await }
    }

    /// For an engine's connection, whose transaction is never ended but by itself, or by a rollback.
    pub(crate) async fn checkout_from(&self, place: &'static Location<'static>) -> Result<PooledConnection> {
        let mut pooled = self.check_out(place).await?;
        pooled.set_must_roll_back(true);
        Ok(pooled)
    }

    async fn check_out(&self, place: &'static Location<'static>) -> Result<PooledConnection> {
        let pooled = self.acquire(place).await?;
        if self.inner.shared.events.checkout.is_empty() {
            return Ok(pooled);
        }
        Box::pin(self.ask_listeners(pooled, place)).await
    }

    /// Lets `checkout` listeners have their say: those who find a connection lost get another.
    async fn ask_listeners(
        &self,
        mut pooled: PooledConnection,
        place: &'static Location<'static>,
    ) -> Result<PooledConnection> {
        const TRIES: usize = 3;
        let mut attempt = 1;
        loop {
            let error = match self.inner.shared.events.checkout.fire(&mut pooled.arguments()).await {
                Ok(()) => return Ok(pooled),
                Err(error) if error.is_disconnect() => error,
                Err(error) => return Err(error),
            };
            pooled.invalidate(Some(&error));
            drop(pooled);
            if attempt == TRIES {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "this connection is closed: `checkout` listeners refused {TRIES} connections in turn"
                    ),
                )
                .with_source(error));
            }
            pooled = self.acquire(place).await?;
            attempt += 1;
        }
    }

    /// Opens the connections that are to be kept ready (`min_idle`), and waits for them. Without it the first checkout has
    /// them opened in the background. At the start of a program it tells at once that a database cannot be reached.
    ///
    /// # Errors
    /// As [`Pool::checkout`], for the first connection that cannot be opened.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connections that are open in the pool.
    pub async fn warm_up(&self) -> Result<()> {
        match &self.inner.maintenance {
            Some(maintenance) => maintenance.warm_up(&self.inner).await,
            None => Ok(()),
        }
    }

    /// How full the pool is.
    pub fn status(&self) -> PoolStatus {
        let shared = &*self.inner.shared;
        let checked_out = shared.holders.len() + shared.resetting.load(Ordering::Acquire);
        // What no queue keeps is open for as long as it is out.
        let open = self.inner.queue.as_ref().map_or(checked_out, |queue| queue.status().size);
        PoolStatus {
            pool_size: shared.options.pool_size,
            max_overflow: shared.options.max_overflow,
            open,
            idle: open.saturating_sub(checked_out),
            checked_out,
            waiting: shared.waiting.load(Ordering::Relaxed),
            opened: shared.counters.opened.load(Ordering::Relaxed),
            closed: shared.counters.closed_in_all(),
        }
    }

    /// What the pool has done since it was made, for a dashboard. Cheap enough to be asked for every second.
    pub fn metrics(&self) -> PoolMetrics {
        let shared = &*self.inner.shared;
        let (checkouts, held, longest_held) = shared.holders.count();
        shared.counters.read(checkouts, held, longest_held)
    }

    /// Who holds connections now, the longest first.
    pub fn holders(&self) -> Vec<Holder> {
        self.inner.shared.holders.all()
    }

    /// The listeners of this pool.
    pub fn events(&self) -> &Events {
        &self.inner.shared.events
    }

    /// The options of this pool.
    pub fn options(&self) -> &PoolOptions {
        &self.inner.shared.options
    }

    /// The dialect of the server, once a connection was open; the driver's before.
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        let known = self.inner.shared.dialect.get().cloned();
        known.unwrap_or_else(|| {
            slot::named(&self.inner.shared.driver.dialect(), self.inner.shared.options.physical_naming)
        })
    }

    /// Lets `handle_error` listeners have their say.
    pub(crate) fn reclassify(&self, error: Error, sql: Option<&Arc<str>>) -> Error {
        self.inner.shared.reclassify(error, sql, false)
    }

    /// Closes the idle connections, and says good-bye to the server; those that are out are closed when they come back.
    /// Background work ends. The pool can be used further: the next checkout opens a new connection.
    ///
    /// # Cancel safety
    /// A dropped future has all of them closed, but does not wait for it.
    pub async fn dispose(&self) {
        if let Some(maintenance) = &self.inner.maintenance {
            maintenance.stop();
        }
        self.inner.shared.generation.fetch_add(1, Ordering::AcqRel);
        let Some(queue) = &self.inner.queue else { return };
        let idle = queue.retain(|_, _| false).removed;
        // All at once: a server that does not answer would hold up each of them.
        if Handle::try_current().is_ok() {
            idle.into_iter().map(|slot| slot.close()).collect::<JoinSet<()>>().join_all().await;
        }
    }

    /// Closes idle connections of an earlier generation.
    fn close_outdated(&self) {
        self.inner.close_idle(|slot| slot.is_outdated().then_some(CloseReason::Outdated));
    }
}

fn queue(shared: &Arc<Shared>) -> managed::Pool<Manager> {
    let mode = if shared.options.use_lifo { QueueMode::Lifo } else { QueueMode::Fifo };
    managed::Pool::builder(Manager::new(shared.clone()))
        .max_size(shared.options.limit())
        .queue_mode(mode)
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .expect("invariant: the builder only refuses timeouts without a runtime")
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pool")
            .field("driver", &self.inner.shared.driver.name())
            .field("target", &self.inner.shared.arguments.target())
            .field("status", &self.status())
            .finish()
    }
}
