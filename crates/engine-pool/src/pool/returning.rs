//! [`Returning`]: a connection on its way back into the pool.

use std::sync::{Arc, atomic::Ordering};

use aludel_driver::{Control, Error, Result, TransactionState};
use tokio::time::{Instant, timeout};

use super::{CloseReason, Counters, Held, Pool, ResetOnReturn, Shared, Slot};
use crate::events::tell;

/// A connection on its way back into the pool. Dropping it closes the connection; only `give_back` keeps it.
pub(super) struct Returning {
    held: Option<Held>,
    reset: ResetOnReturn,
}

/// What is left to be done before the connection can go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing.
    Nothing,
    /// I/O.
    Reset,
    /// It must be closed.
    Close,
}

impl Returning {
    pub(super) fn new(held: Held, reset: ResetOnReturn) -> Self {
        Self { held: Some(held), reset }
    }

    /// Tells the listeners, and ends the transaction where that can be done without waiting.
    pub(super) fn start(&mut self, shared: &Shared, may_wait: bool) -> Left {
        let reset = self.reset;
        let slot = self.slot_mut();
        tell(&shared.events.reset, slot.id);
        if slot.connection().transaction_state() == TransactionState::Idle {
            return Left::Nothing;
        }
        // Until it is done.
        slot.reason = if slot.is_detached { CloseReason::Detached } else { CloseReason::ResetFailed };
        match reset {
            ResetOnReturn::None => {
                slot.reason = CloseReason::InTransaction;
                tracing::warn!(
                    target: "aludel::pool",
                    connection = slot.id,
                    "a connection came back in a transaction, which this pool does not end; it is closed"
                );
                Left::Close
            }
            ResetOnReturn::Commit => Left::Reset,
            // Closing does it, too.
            ResetOnReturn::Rollback if slot.is_detached => Left::Close,
            ResetOnReturn::Rollback if may_wait => Left::Reset,
            ResetOnReturn::Rollback if slot.connection_mut().reset_on_drop() => {
                slot.reason = CloseReason::PoolClosed;
                Counters::count(&shared.counters.resets);
                Left::Nothing
            }
            ResetOnReturn::Rollback => Left::Reset,
        }
    }

    /// Ends the transaction, and gives the connection back if that went well. What is to be closed is handed out.
    pub(super) async fn finish(mut self, pool: &Pool) -> Option<Box<Slot>> {
        let shared = &*pool.inner.shared;
        let patience = shared.options.reset_timeout;
        let reset = self.reset;
        let slot = self.slot_mut();
        let outcome = timeout(patience, end(slot, reset)).await;
        let error = match outcome {
            Ok(Ok(())) if slot.is_clean() => {
                slot.reason = CloseReason::PoolClosed;
                Counters::count(&shared.counters.resets);
                return self.give_back(pool);
            }
            Ok(Ok(())) => "it is still in a transaction".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:.2} s", patience.as_secs_f64()),
        };
        Counters::count(&shared.counters.resets_failed);
        tracing::warn!(
            target: "aludel::pool",
            connection = slot.id,
            error,
            "ending the transaction of a connection that came back failed; it is closed"
        );
        self.close(pool)
    }

    /// Puts the connection back into the pool, unless it is not to be kept; then it is handed out to be closed.
    pub(super) fn give_back(mut self, pool: &Pool) -> Option<Box<Slot>> {
        let shared = &*pool.inner.shared;
        let slot = self.slot_mut();
        if slot.is_detached {
            slot.reason = CloseReason::Detached;
            return self.close(pool);
        }
        tell(&shared.events.checkin, slot.id);
        if shared.options.needs_idle_time() {
            slot.used_at = Instant::now();
        }
        let too_old = shared.options.max_lifetime.is_some_and(|limit| slot.opened_at.elapsed() > limit);
        let reason = if !slot.is_clean() {
            CloseReason::Broken
        } else if slot.is_outdated() {
            CloseReason::Outdated
        } else if too_old {
            CloseReason::TooOld
        } else if is_surplus(pool) {
            CloseReason::Surplus
        } else {
            slot.reason = CloseReason::PoolClosed;
            let generation = slot.generation;
            let expires = pool.inner.maintenance.as_ref().and_then(|_| expires(shared, slot));
            drop(self.held.take());
            if shared.generation.load(Ordering::Acquire) != generation {
                // The pool was disposed of just now, and may not have seen this one.
                pool.close_outdated();
            }
            if let (Some(maintenance), Some(expires)) = (&pool.inner.maintenance, expires) {
                maintenance.be_there_at(expires);
            }
            return None;
        };
        slot.reason = reason;
        self.close(pool)
    }

    /// Takes the connection out of the pool for good. Its place is free before the connection is closed.
    pub(super) fn close(mut self, pool: &Pool) -> Option<Box<Slot>> {
        let slot = self.held.take().map(Held::detach);
        pool.inner.call_for_spare();
        slot
    }

    fn slot_mut(&mut self) -> &mut Slot {
        self.held.as_mut().expect("invariant: only giving back takes it out").slot_mut()
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let slot = held.detach();
        Counters::count(&slot.shared.counters.resets_failed);
        tracing::warn!(
            target: "aludel::pool",
            connection = slot.id,
            "nobody was there to end the transaction of a connection that came back; it is closed"
        );
    }
}

/// Ends the transaction as it was asked for.
async fn end(slot: &mut Slot, reset: ResetOnReturn) -> Result<(), Error> {
    if reset == ResetOnReturn::Commit {
        slot.connection_mut().control(Control::Commit).await?;
        if slot.is_clean() {
            return Ok(());
        }
    }
    slot.connection_mut().reset().await
}

/// When the connection becomes too old or idle for too long, if it stays where it is.
pub(super) fn expires(shared: &Shared, slot: &Slot) -> Option<Instant> {
    let options = &shared.options;
    let ages =
        options.max_lifetime.into_iter().chain(options.pool_recycle).map(|limit| slot.opened_at + limit);
    let idle = options.idle_timeout.map(|limit| slot.used_at + limit);
    ages.chain(idle).min()
}

/// Whether as many are idle already as are kept. Those who wait come first: while they do, none is idle.
fn is_surplus(pool: &Pool) -> bool {
    let Some(queue) = &pool.inner.queue else { return true };
    let shared = &*pool.inner.shared;
    let kept = shared.options.pool_size;
    // The queue need not be asked while all that are open may be kept.
    shared.open.load(Ordering::Acquire) > kept && queue.status().available >= kept
}

/// Counts a connection that is being reset.
pub(super) struct Resetting(Arc<Shared>);

impl Resetting {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        shared.resetting.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }
}

impl Drop for Resetting {
    fn drop(&mut self) {
        self.0.resetting.fetch_sub(1, Ordering::AcqRel);
    }
}
