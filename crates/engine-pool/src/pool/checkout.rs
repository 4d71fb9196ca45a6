//! [`PooledConnection`]: a connection that is out of the pool.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, PoisonError, atomic::Ordering},
};

use aludel_driver::{Connection as DriverConnection, Error, TransactionState};
use aludel_sql_expression::Dialect;
use deadpool::managed::Object;
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use super::{Manager, Pool, Shared, Slot};
use crate::events::{ConnectionId, InvalidateArguments, tell};

/// A connection that is out of the pool, as the driver made it. It goes back when it is dropped: rolled back if it stands
/// in a transaction, closed if it is in doubt.
///
/// Rolling back in a `Drop` is done at once where the driver can, else by a task; without a tokio runtime the
/// connection is closed instead. [`PooledConnection::release`] waits for it.
pub struct PooledConnection {
    /// Always there, but in the moment of giving back.
    held: Option<Held>,
    pool: Pool,
    holder: u64,
    /// Set for a connection that must be closed.
    doomed: bool,
    /// Whether the server is known to be gone, so that nothing is left to be cancelled.
    disconnected: bool,
}

/// How a connection is held.
pub(super) enum Held {
    /// From the queue; dropping it puts it back.
    Managed(Object<Manager>),
    /// From no queue; dropping it closes it.
    Alone(Slot),
}

impl Held {
    fn slot(&self) -> &Slot {
        match self {
            Self::Managed(object) => object,
            Self::Alone(slot) => slot,
        }
    }

    fn slot_mut(&mut self) -> &mut Slot {
        match self {
            Self::Managed(object) => object,
            Self::Alone(slot) => slot,
        }
    }

    /// Takes the connection out of the queue for good; its place there is free at once.
    fn detach(self) -> Slot {
        match self {
            Self::Managed(object) => Object::take(object),
            Self::Alone(slot) => slot,
        }
    }
}

impl PooledConnection {
    pub(super) fn new(held: Held, pool: Pool, holder: u64) -> Self {
        Self { held: Some(held), pool, holder, doomed: false, disconnected: false }
    }

    /// The number of the connection in its pool.
    pub fn id(&self) -> ConnectionId {
        self.held().slot().id
    }

    /// The dialect of just this server, with the names that the pool's options ask for.
    pub fn named_dialect(&self) -> &Arc<dyn Dialect> {
        &self.held().slot().dialect
    }

    /// The pool that it belongs to.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Has the connection closed rather than kept when it is dropped. After an error that is a disconnect, every other
    /// connection that is as old is replaced at its next checkout, too.
    pub fn invalidate(&mut self, error: Option<&Error>) {
        if self.doomed {
            return;
        }
        self.doomed = true;
        let (id, generation) = (self.id(), self.held().slot().generation);
        if error.is_some_and(Error::is_disconnect) {
            self.disconnected = true;
            self.pool.shared.end_generation(generation);
        }
        tell(&self.pool.shared.events.invalidate, InvalidateArguments { id, error });
    }

    /// Takes the connection out of its pool: its place there is free, and it is closed when it is dropped.
    pub fn detach(&mut self) {
        if let Some(held) = self.held.take() {
            self.held = Some(Held::Alone(held.detach()));
            self.pool.shared.holders.remove(self.holder);
        }
    }

    /// Gives the connection back, and waits until it is rolled back.
    ///
    /// # Cancel safety
    /// A dropped future gives it back all the same, or closes it.
    pub async fn release(mut self) {
        let patience = self.pool.shared.options.reset_timeout;
        if !self.is_unfit() && self.transaction_state() != TransactionState::Idle {
            let outcome = timeout(patience, self.reset()).await;
            if !matches!(outcome, Ok(Ok(()))) {
                self.doomed = true;
            }
        }
        if matches!(self.held, Some(Held::Alone(_)))
            && !self.is_unfit()
            && let Some(held) = self.held.take()
        {
            self.pool.shared.holders.remove(self.holder);
            held.detach().close().await;
        }
    }

    fn held(&self) -> &Held {
        self.held.as_ref().expect("invariant: only giving back takes it out")
    }

    fn is_unfit(&self) -> bool {
        self.doomed || self.is_broken()
    }
}

impl Deref for PooledConnection {
    type Target = dyn DriverConnection;

    fn deref(&self) -> &Self::Target {
        self.held().slot().connection()
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.held.as_mut().expect("invariant: only giving back takes it out").slot_mut().connection_mut()
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let shared = self.pool.shared.clone();
        shared.holders.remove(self.holder);
        let slot = held.slot();
        if self.doomed || slot.connection().is_broken() {
            if !self.disconnected {
                cancel(slot.connection());
            }
            return discard(held);
        }
        tell(&shared.events.reset, slot.id);
        let mut returning = Returning { held: Some(held), pool: self.pool.clone() };
        if returning.roll_back_now() {
            return returning.give_back();
        }
        // The task owns the guard: when the task is dropped half-way, the connection is closed, not kept.
        if let Ok(runtime) = Handle::try_current() {
            let resetting = Resetting::new(shared);
            runtime.spawn(returning.roll_back(resetting));
        }
    }
}

/// A connection on its way back into the pool. Dropping it closes the connection; only `give_back` keeps it.
struct Returning {
    held: Option<Held>,
    pool: Pool,
}

impl Returning {
    /// Rolls back without waiting, where the driver can; true when nothing is left to be done.
    fn roll_back_now(&mut self) -> bool {
        let Some(held) = &mut self.held else { return true };
        let connection = held.slot_mut().connection_mut();
        connection.transaction_state() == TransactionState::Idle || connection.reset_on_drop()
    }

    async fn roll_back(mut self, resetting: Resetting) {
        let patience = resetting.0.options.reset_timeout;
        let Some(held) = &mut self.held else { return };
        let slot = held.slot_mut();
        let outcome = timeout(patience, slot.connection_mut().reset()).await;
        if matches!(outcome, Ok(Ok(()))) && slot.is_clean() {
            self.give_back();
        } else {
            tracing::warn!(target: "aludel::pool", connection = slot.id, "a rollback failed; the connection is closed");
        }
    }

    fn give_back(mut self) {
        let Some(mut held) = self.held.take() else { return };
        let shared = &*self.pool.shared;
        let slot = held.slot_mut();
        slot.used_at = Instant::now();
        let is_detached = matches!(held, Held::Alone(_)) && self.pool.queue.is_some();
        if is_detached {
            return discard(held);
        }
        let slot = held.slot();
        tell(&shared.events.checkin, slot.id);
        let too_old = shared.options.max_lifetime.is_some_and(|limit| slot.opened_at.elapsed() > limit);
        if slot.connection().is_broken() || slot.is_outdated() || too_old || self.is_surplus() {
            return discard(held);
        }
        drop(held);
        self.sweep();
    }

    /// Whether as many are idle already as are kept. Those who wait come first: while they do, none is idle.
    fn is_surplus(&self) -> bool {
        let kept = self.pool.shared.options.pool_size;
        self.pool.queue.as_ref().is_none_or(|queue| queue.status().available >= kept)
    }

    /// Closes what was idle for too long, now and then.
    fn sweep(&self) {
        let shared = &*self.pool.shared;
        let (Some(limit), Some(queue)) = (shared.options.idle_timeout, &self.pool.queue) else { return };
        let mut last = shared.last_sweep.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < limit / 2 {
            return;
        }
        *last = Instant::now();
        drop(last);
        drop(queue.retain(|slot, _| slot.used_at.elapsed() <= limit).removed);
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            discard(held);
        }
    }
}

/// Counts a connection that is being rolled back.
struct Resetting(Arc<Shared>);

impl Resetting {
    fn new(shared: Arc<Shared>) -> Self {
        shared.resetting.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }
}

impl Drop for Resetting {
    fn drop(&mut self) {
        self.0.resetting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Closes a connection for good. Its place is free before the connection is closed.
fn discard(held: Held) {
    drop(held.detach());
}

/// Asks the server to stop what a dropped call may have left running.
fn cancel(connection: &dyn DriverConnection) {
    if let (Some(cancel), Ok(runtime)) = (connection.cancel_handle(), Handle::try_current()) {
        runtime.spawn(async move { cancel.cancel().await });
    }
}

impl fmt::Debug for PooledConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PooledConnection").field("id", &self.id()).field("pool", &self.pool).finish()
    }
}
