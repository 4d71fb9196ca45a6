//! [`PooledConnection`]: a connection that is out of the pool.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use aludel_driver::{Connection as DriverConnection, Error};
use aludel_sql_expression::Dialect;
use deadpool::managed::Object;
use tokio::runtime::Handle;

use super::{
    CloseReason, ConnectionInfo, Manager, Pool, ResetOnReturn, Slot,
    returning::{Left, Resetting, Returning},
};
use crate::events::{ConnectionArguments, ConnectionId, InvalidateArguments, tell};

/// A connection that is out of the pool, as the driver made it. It goes back when it is dropped: rolled back if it stands
/// in a transaction (or as [`ResetOnReturn`] says), closed if it is in doubt.
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
    /// Whether an open transaction is rolled back, whatever the pool's options say.
    must_roll_back: bool,
}

/// How a connection is held.
pub(super) enum Held {
    /// From the queue; dropping it puts it back.
    Managed(Object<Manager>),
    /// From no queue; dropping it closes it.
    Alone(Box<Slot>),
}

impl Held {
    pub(super) fn slot(&self) -> &Slot {
        match self {
            Self::Managed(object) => object,
            Self::Alone(slot) => slot,
        }
    }

    pub(super) fn slot_mut(&mut self) -> &mut Slot {
        match self {
            Self::Managed(object) => object,
            Self::Alone(slot) => slot,
        }
    }

    /// Takes the connection out of the queue for good; its place there is free at once.
    pub(super) fn detach(self) -> Box<Slot> {
        match self {
            Self::Managed(object) => Object::take(object),
            Self::Alone(slot) => slot,
        }
    }
}

impl PooledConnection {
    pub(super) fn new(held: Held, pool: Pool, holder: u64) -> Self {
        Self { held: Some(held), pool, holder, doomed: false, disconnected: false, must_roll_back: false }
    }

    /// The number of the connection in its pool.
    pub fn id(&self) -> ConnectionId {
        self.held().slot().id
    }

    /// The dialect of just this server, with the names that the pool's options ask for.
    pub fn named_dialect(&self) -> &Arc<dyn Dialect> {
        &self.held().slot().dialect
    }

    /// The dialect and the connection, each by itself.
    pub(crate) fn dialect_and_connection(&mut self) -> (&Arc<dyn Dialect>, &mut dyn DriverConnection) {
        self.held_mut().slot_mut().dialect_and_connection()
    }

    /// The pool that it belongs to.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What the program notes about this connection for as long as it is open.
    pub fn info(&self) -> &ConnectionInfo {
        &self.held().slot().info
    }

    /// The same, to be changed.
    pub fn info_mut(&mut self) -> &mut ConnectionInfo {
        &mut self.held_mut().slot_mut().info
    }

    /// Has the connection closed rather than kept when it is dropped. After an error that is a disconnect, every other
    /// connection that is as old is replaced at its next checkout, too.
    pub fn invalidate(&mut self, error: Option<&Error>) {
        if self.doomed {
            return;
        }
        self.doomed = true;
        let (id, generation) = (self.id(), self.held().slot().generation);
        let shared = &self.pool.inner.shared;
        if error.is_some_and(Error::is_disconnect) {
            self.disconnected = true;
            shared.end_generation(generation);
            if let Some(maintenance) = &self.pool.inner.maintenance {
                // Idle ones that are as old are replaced before somebody comes for them.
                maintenance.ring();
            }
        }
        tell(&shared.events.invalidate, InvalidateArguments { id, error });
    }

    /// Has the connection replaced at its next checkout. This one goes on, and ends as any other. For what concerns all who
    /// come later: a password was changed, a setting of the session cannot be taken back.
    pub fn invalidate_soft(&mut self) {
        let slot = self.held_mut().slot_mut();
        if slot.is_retired {
            return;
        }
        slot.is_retired = true;
        let id = slot.id;
        tell(&self.pool.inner.shared.events.soft_invalidate, id);
    }

    /// Takes the connection out of its pool: its place there is free, so that more may be open than the pool's limit, and
    /// it is closed when it is dropped. It keeps its [`info`](Self::info); `checkin` listeners do not hear of it any more.
    pub fn detach(&mut self) {
        if self.held().slot().is_detached {
            return;
        }
        let Some(held) = self.held.take() else { return };
        let mut slot = held.detach();
        slot.detach();
        let id = slot.id;
        self.held = Some(Held::Alone(slot));
        self.pool.inner.shared.forget(self.holder);
        tell(&self.pool.inner.shared.events.detach, id);
    }

    /// Has an open transaction rolled back when the connection comes back, whatever the pool's options say.
    pub(crate) fn set_must_roll_back(&mut self, must_roll_back: bool) {
        self.must_roll_back = must_roll_back;
    }

    /// Gives the connection back, and waits until it is rolled back, or closed where it is not kept.
    ///
    /// # Cancel safety
    /// A dropped future gives it back all the same, or closes it.
    pub async fn release(mut self) {
        let Some((mut returning, pool)) = self.start_return() else { return };
        let slot = match returning.start(&pool.inner.shared, true) {
            Left::Nothing => returning.give_back(pool),
            Left::Close => returning.close(pool),
            Left::Reset => {
                let _resetting = Resetting::new(pool.inner.shared.clone());
                returning.finish(pool).await
            }
        };
        if let Some(slot) = slot {
            slot.close().await;
        }
    }

    /// Ends the checkout. What is in doubt is closed here, and nothing is left to be done.
    fn start_return(&mut self) -> Option<(Returning, &Pool)> {
        let mut held = self.held.take()?;
        let shared = &self.pool.inner.shared;
        shared.forget(self.holder);
        let slot = held.slot_mut();
        if self.doomed || slot.connection().is_broken() {
            slot.reason = if self.doomed { CloseReason::Invalidated } else { CloseReason::Broken };
            if !self.disconnected {
                cancel(slot.connection());
            }
            drop(held.detach());
            self.pool.inner.call_for_spare();
            return None;
        }
        let reset =
            if self.must_roll_back { ResetOnReturn::Rollback } else { shared.options.reset_on_return };
        Some((Returning::new(held, reset), &self.pool))
    }

    fn held(&self) -> &Held {
        self.held.as_ref().expect("invariant: only giving back takes it out")
    }

    fn held_mut(&mut self) -> &mut Held {
        self.held.as_mut().expect("invariant: only giving back takes it out")
    }

    /// What a listener is given.
    pub(super) fn arguments(&mut self) -> ConnectionArguments<'_> {
        self.held_mut().slot_mut().arguments()
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
        self.held_mut().slot_mut().connection_mut()
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some((mut returning, pool)) = self.start_return() else { return };
        let slot = match returning.start(&pool.inner.shared, false) {
            Left::Nothing => returning.give_back(pool),
            Left::Close => returning.close(pool),
            Left::Reset => {
                // The task owns the connection: when it is dropped half-way, the connection is closed, not kept. Without
                // a runtime that is so at once.
                if let Ok(runtime) = Handle::try_current() {
                    let (pool, resetting) = (pool.clone(), Resetting::new(pool.inner.shared.clone()));
                    runtime.spawn(async move {
                        let slot = returning.finish(&pool).await;
                        drop((slot, resetting));
                    });
                }
                return;
            }
        };
        drop(slot);
    }
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
