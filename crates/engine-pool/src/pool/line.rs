//! Taking a place in the pool: at once, or in line with others.

use std::{
    panic::Location,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use aludel_driver::{Error, ErrorKind, Result};
use deadpool::managed::{self, PoolError, Timeouts};
use tokio::time::Instant;

use super::{Counters, Held, Manager, Pool, PoolClass, PooledConnection, Shared, holder::Claim};

impl Pool {
    /// Takes a connection. Whatever is not the usual case is boxed: a small future is a quick one.
    pub(super) async fn acquire(&self, place: &'static Location<'static>) -> Result<PooledConnection> {
        let shared = &*self.inner.shared;
        let class = shared.options.class();
        let Some(queue) = &self.inner.queue else {
            let held = Held::Alone(Box::pin(self.inner.shared.open()).await?);
            let holder = shared.holders.add(place, Instant::now(), false);
            return Ok(PooledConnection::new(held, self.clone(), holder));
        };
        let claim = if class == PoolClass::Assertion { Some(self.claim(place)?) } else { None };
        // Without a timer first: it is the usual case, and cheaper. Nobody is overtaken, because a place that gets free
        // goes to those who wait.
        let at_once = Timeouts { wait: Some(Duration::ZERO), ..Timeouts::default() };
        let held = match queue.timeout_get(&at_once).await {
            Ok(object) => Held::Managed(object),
            Err(PoolError::Timeout(_)) => Box::pin(self.wait_in_line(queue, place)).await?,
            Err(error) => return Err(shared.explain(error)),
        };
        if let Some(claim) = claim {
            return Ok(PooledConnection::new(held, self.clone(), claim.confirm()));
        }
        let since = Instant::now();
        let holder = shared.holders.add(place, since, class == PoolClass::Static);
        if let Some(maintenance) = &self.inner.maintenance {
            maintenance.checked_out(&self.inner, since);
        }
        Ok(PooledConnection::new(held, self.clone(), holder))
    }

    /// Takes the right to the only connection of a pool that lets out one at a time.
    fn claim(&self, place: &'static Location<'static>) -> Result<Claim<'_>> {
        let shared = &*self.inner.shared;
        shared.holders.claim(place).map_err(|holder| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the checkout at {place} is a second one: {} has a pool that lets out one connection at a time \
                     (`PoolClass::Assertion`), and {} holds it for {:.1} s; let that one go first, or take another \
                     class of pool",
                    shared.arguments.target(),
                    holder.place,
                    holder.held_for().as_secs_f64(),
                ),
            )
        })
    }

    async fn wait_in_line(
        &self,
        queue: &managed::Pool<Manager>,
        place: &'static Location<'static>,
    ) -> Result<Held> {
        let shared = &*self.inner.shared;
        if shared.options.class() == PoolClass::Static
            && let Some(holder) = shared.holders.of_this_task()
        {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the checkout at {place} would wait for ever: {} has a single connection, and this same task holds \
                     it since {}; use that one, or let it go first",
                    shared.arguments.target(),
                    holder.place,
                ),
            ));
        }
        let _waiting = Waiting::new(shared);
        let timeouts = Timeouts { wait: shared.options.pool_timeout, ..Timeouts::default() };
        queue.timeout_get(&timeouts).await.map(Held::Managed).map_err(|error| shared.explain(error))
    }
}

impl Shared {
    pub(super) fn explain(&self, error: PoolError<Error>) -> Error {
        match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => self.exhausted(),
            PoolError::Closed => Error::new(ErrorKind::Closed, "the pool is closed"),
            other => Error::new(ErrorKind::Internal, other.to_string()),
        }
    }

    fn exhausted(&self) -> Error {
        Counters::count(&self.counters.timeouts);
        let options = &self.options;
        let waited = options.pool_timeout.unwrap_or_default();
        let waiting = self.waiting.load(Ordering::Relaxed).saturating_sub(1);
        let limit = match options.class() {
            PoolClass::Static | PoolClass::Assertion => {
                format!("the single connection to {} is in use", self.arguments.target())
            }
            _ => {
                format!(
                    "pool limit of size {} overflow {} reached",
                    options.pool_size,
                    options.overflow_text()
                )
            }
        };
        Error::new(
            ErrorKind::Timeout,
            format!(
                "{limit}, no connection became free within {:.2} s ({waiting} others wait); {}; let connections go \
                 sooner, or raise `pool_size`, `max_overflow` or `pool_timeout`",
                waited.as_secs_f64(),
                self.holders.describe(self.resetting.load(Ordering::Acquire)),
            ),
        )
    }
}

/// Counts a checkout that waits, and how long it did.
struct Waiting<'a> {
    counter: &'a AtomicUsize,
    counters: &'a Counters,
    since: Instant,
}

impl<'a> Waiting<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::AcqRel);
        Self { counter: &shared.waiting, counters: &shared.counters, since: Instant::now() }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::AcqRel);
        self.counters.count_wait(self.since.elapsed());
    }
}
