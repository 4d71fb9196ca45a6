//! [`Pool`]: open connections of one database, kept for the next who needs one.

mod checkout;
mod holder;
mod manager;
mod options;
mod slot;
mod status;

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aludel_driver::{ConnectArguments, Driver, Error, ErrorKind, Result};
use aludel_sql_expression::Dialect;
use deadpool::managed::{self, PoolError, QueueMode, Timeouts};
use tokio::sync::OnceCell;

use self::{checkout::Held, holder::Holders, manager::Manager, slot::Slot};
pub use self::{
    checkout::PooledConnection,
    holder::Holder,
    options::{PoolClass, PoolOptions},
    status::PoolStatus,
};
use crate::events::{ConnectionArguments, Events};

/// Open connections of one database, kept for the next who needs one. Cheap to clone; clones are the same pool.
///
/// It can be used alone, over a driver. Connections are opened when they are needed, up to `pool_size` plus
/// `max_overflow`; who comes then waits in line.
///
/// A connection in doubt (a call was dropped half-way, a rollback failed, the server went away) is closed and its place
/// freed; it is never handed out.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
    /// None: nothing is kept (`PoolClass::Null`).
    queue: Option<managed::Pool<Manager>>,
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
    opened: AtomicU64,
    closed: AtomicU64,
    waiting: AtomicUsize,
    /// Connections that are being rolled back by a task before they go back.
    resetting: AtomicUsize,
    holders: Holders,
    first_connect: OnceCell<()>,
    dialect: OnceLock<Arc<dyn Dialect>>,
    last_sweep: std::sync::Mutex<tokio::time::Instant>,
}

impl Pool {
    /// Makes a pool of connections that a driver opens. Nothing is opened yet.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the driver knows an argument not, or a number of the options makes no sense.
    pub fn new(driver: Arc<dyn Driver>, arguments: ConnectArguments, options: PoolOptions) -> Result<Self> {
        Self::with_events(driver, arguments, options, Arc::new(Events::default()))
    }

    pub(crate) fn with_events(
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
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            resetting: AtomicUsize::new(0),
            holders: Holders::default(),
            first_connect: OnceCell::new(),
            dialect: OnceLock::new(),
            last_sweep: std::sync::Mutex::new(tokio::time::Instant::now()),
            options,
        });
        let queue = (shared.options.class() != PoolClass::Null).then(|| queue(&shared));
        Self { shared, queue }
    }

    /// A new, empty pool with the same driver, arguments, options and listeners.
    pub(crate) fn recreate(&self) -> Self {
        let Shared { driver, arguments, options, events, .. } = &*self.shared;
        Self::make(driver.clone(), arguments.clone(), options.clone(), events.clone())
    }

    /// Takes a connection out of the pool: an idle one, or a new one, or waits for one. It goes back when it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after `pool_timeout`, with who holds the connections; whatever the driver says when a new
    /// one cannot be opened; [`ErrorKind::InvalidRequest`] when the only connection of a private database is held by
    /// this same task, which would wait for ever.
    ///
    /// # Cancel safety
    /// A dropped future leaves the line; a connection that is half open is closed, and its place is free.
    #[track_caller]
    pub fn checkout(&self) -> impl Future<Output = Result<PooledConnection>> + Send + use<> {
        let (pool, place) = (self.clone(), Location::caller());
        async move { pool.checkout_from(place).await }
    }

    pub(crate) async fn checkout_from(&self, place: &'static Location<'static>) -> Result<PooledConnection> {
        const TRIES: usize = 3;
        let events = &self.shared.events;
        let mut refusal = None;
        for _ in 0..TRIES {
            let mut pooled = self.acquire(place).await?;
            if events.checkout.is_empty() {
                return Ok(pooled);
            }
            let id = pooled.id();
            match events.checkout.fire(&mut ConnectionArguments { id, connection: &mut *pooled }).await {
                Ok(()) => return Ok(pooled),
                Err(error) if error.is_disconnect() => {
                    pooled.invalidate(Some(&error));
                    refusal = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        let error = Error::new(
            ErrorKind::InvalidRequest,
            format!("this connection is closed: `checkout` listeners refused {TRIES} connections in turn"),
        );
        Err(match refusal {
            Some(refusal) => error.with_source(refusal),
            None => error,
        })
    }

    async fn acquire(&self, place: &'static Location<'static>) -> Result<PooledConnection> {
        let held = match &self.queue {
            None => Held::Alone(self.shared.open().await?),
            Some(queue) => {
                // Without a timer first: it is the usual case, and cheaper. Nobody is overtaken, because a place that
                // gets free goes to those who wait.
                let at_once = Timeouts { wait: Some(Duration::ZERO), ..Timeouts::default() };
                match queue.timeout_get(&at_once).await {
                    Ok(object) => Held::Managed(object),
                    Err(PoolError::Timeout(_)) => self.wait_for(queue, place).await?,
                    Err(error) => return Err(self.explain(error)),
                }
            }
        };
        let holder = self.shared.holders.add(place);
        Ok(PooledConnection::new(held, self.clone(), holder))
    }

    async fn wait_for(
        &self,
        queue: &managed::Pool<Manager>,
        place: &'static Location<'static>,
    ) -> Result<Held> {
        if self.shared.options.class() == PoolClass::Static
            && let Some(holder) = self.shared.holders.of_this_task()
        {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the checkout at {place} would wait for ever: {} has a single connection, and this same task holds \
                     it since {}; use that one, or let it go first",
                    self.shared.arguments.target(),
                    holder.place,
                ),
            ));
        }
        let _waiting = Counted::new(&self.shared.waiting);
        let timeouts = Timeouts { wait: self.shared.options.pool_timeout, ..Timeouts::default() };
        queue.timeout_get(&timeouts).await.map(Held::Managed).map_err(|error| self.explain(error))
    }

    fn explain(&self, error: PoolError<Error>) -> Error {
        match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => {
                let options = &self.shared.options;
                let waited = options.pool_timeout.unwrap_or_default();
                let waiting = self.shared.waiting.load(Ordering::Relaxed).saturating_sub(1);
                let limit = match options.class() {
                    PoolClass::Static => {
                        format!("the single connection to {} is in use", self.shared.arguments.target())
                    }
                    _ => format!(
                        "pool limit of size {} overflow {} reached",
                        options.pool_size,
                        options.overflow_text()
                    ),
                };
                Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "{limit}, no connection became free within {:.2} s ({waiting} others wait); {}; let connections \
                         go sooner, or raise `pool_size`, `max_overflow` or `pool_timeout`",
                        waited.as_secs_f64(),
                        self.shared.holders.describe(),
                    ),
                )
            }
            PoolError::Closed => Error::new(ErrorKind::Closed, "the pool is closed"),
            other => Error::new(ErrorKind::Internal, other.to_string()),
        }
    }

    /// How full the pool is.
    pub fn status(&self) -> PoolStatus {
        let shared = &*self.shared;
        let (opened, closed) = (shared.opened.load(Ordering::Acquire), shared.closed.load(Ordering::Acquire));
        let checked_out = shared.holders.len() + shared.resetting.load(Ordering::Acquire);
        let open = match &self.queue {
            Some(queue) => queue.status().size,
            None => usize::try_from(opened.saturating_sub(closed)).unwrap_or(usize::MAX),
        };
        PoolStatus {
            pool_size: shared.options.pool_size,
            max_overflow: shared.options.max_overflow,
            open,
            idle: open.saturating_sub(checked_out),
            checked_out,
            waiting: shared.waiting.load(Ordering::Relaxed),
            opened,
            closed,
        }
    }

    /// Who holds connections now, the longest first.
    pub fn holders(&self) -> Vec<Holder> {
        self.shared.holders.all()
    }

    /// The listeners of this pool.
    pub fn events(&self) -> &Events {
        &self.shared.events
    }

    /// The options of this pool.
    pub fn options(&self) -> &PoolOptions {
        &self.shared.options
    }

    /// The dialect of the server, once a connection was open; the driver's before.
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        let known = self.shared.dialect.get().cloned();
        known.unwrap_or_else(|| {
            slot::named(&self.shared.driver.dialect(), self.shared.options.physical_naming)
        })
    }

    /// Lets `handle_error` listeners have their say.
    pub(crate) fn reclassify(&self, error: Error, sql: Option<&Arc<str>>) -> Error {
        self.shared.reclassify(error, sql, false)
    }

    /// Closes the idle connections, and says good-bye to the server; those that are out are closed when they come back.
    pub async fn dispose(&self) {
        self.shared.generation.fetch_add(1, Ordering::AcqRel);
        if let Some(queue) = &self.queue {
            for slot in queue.retain(|_, _| false).removed {
                slot.close().await;
            }
        }
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

/// Counts one up, and down again when it is dropped.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::AcqRel);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pool")
            .field("driver", &self.shared.driver.name())
            .field("target", &self.shared.arguments.target())
            .field("status", &self.status())
            .finish()
    }
}
