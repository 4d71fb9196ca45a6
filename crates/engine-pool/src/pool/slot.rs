//! [`Slot`]: one open connection with what the pool knows of it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use aludel_driver::{Connection as DriverConnection, TransactionState};
use aludel_sql_expression::{Dialect, dialect::PhysicalNaming};
use tokio::{runtime::Handle, time::Instant};

use super::{CloseReason, ConnectionInfo, Shared, metrics::Counters};
use crate::events::{ConnectionArguments, ConnectionId, tell};

/// How long saying good-bye to the server may take.
const GOOD_BYE: Duration = Duration::from_secs(5);

/// One open connection with what the pool knows of it. Dropping it closes the connection.
pub(crate) struct Slot {
    /// Always there, but in the moment of closing.
    connection: Option<Box<dyn DriverConnection>>,
    /// The server's dialect, with the names that the pool's options ask for.
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) id: ConnectionId,
    pub(super) generation: u64,
    pub(super) opened_at: Instant,
    /// When it was opened, or last came back.
    pub(super) used_at: Instant,
    /// What the program notes about it.
    pub(super) info: ConnectionInfo,
    /// Whether another is to take its place at the next checkout.
    pub(super) is_retired: bool,
    /// Whether it has left the pool for good.
    pub(super) is_detached: bool,
    /// Why it is closed, when it is.
    pub(super) reason: CloseReason,
    pub(super) shared: Arc<Shared>,
}

impl Slot {
    pub(super) fn new(connection: Box<dyn DriverConnection>, generation: u64, shared: Arc<Shared>) -> Self {
        let id = shared.next_connection.fetch_add(1, Ordering::Relaxed);
        Counters::count(&shared.counters.opened);
        shared.open.fetch_add(1, Ordering::AcqRel);
        let now = Instant::now();
        let dialect = named(connection.dialect(), shared.options.physical_naming);
        Self {
            connection: Some(connection),
            dialect,
            id,
            generation,
            opened_at: now,
            used_at: now,
            info: ConnectionInfo::default(),
            is_retired: false,
            is_detached: false,
            reason: CloseReason::NotOpened,
            shared,
        }
    }

    pub(super) fn connection(&self) -> &(dyn DriverConnection + 'static) {
        self.connection.as_deref().expect("invariant: only closing takes the connection out")
    }

    pub(super) fn connection_mut(&mut self) -> &mut (dyn DriverConnection + 'static) {
        self.connection.as_deref_mut().expect("invariant: only closing takes the connection out")
    }

    pub(super) fn dialect_and_connection(&mut self) -> (&Arc<dyn Dialect>, &mut dyn DriverConnection) {
        let connection =
            self.connection.as_deref_mut().expect("invariant: only closing takes the connection out");
        (&self.dialect, connection)
    }

    /// Whether it is surely outside of any transaction, and whole.
    pub(super) fn is_clean(&self) -> bool {
        let connection = self.connection();
        !connection.is_broken() && connection.transaction_state() == TransactionState::Idle
    }

    pub(super) fn is_outdated(&self) -> bool {
        self.generation != self.shared.generation.load(Ordering::Acquire)
    }

    /// Why it cannot be handed out any more; none: it can. No I/O.
    pub(super) fn defect(&self) -> Option<CloseReason> {
        let options = &self.shared.options;
        if !self.is_clean() {
            return Some(CloseReason::Broken);
        }
        if self.is_outdated() {
            return Some(CloseReason::Outdated);
        }
        if self.is_retired {
            return Some(CloseReason::SoftInvalidated);
        }
        // The clock is only asked where somebody wants to know.
        let is_over =
            |limit: Option<Duration>, since: Instant| limit.is_some_and(|limit| since.elapsed() > limit);
        if is_over(options.pool_recycle, self.opened_at) || is_over(options.max_lifetime, self.opened_at) {
            return Some(CloseReason::TooOld);
        }
        is_over(options.idle_timeout, self.used_at).then_some(CloseReason::IdleTooLong)
    }

    /// Has left the pool for good.
    pub(super) fn detach(&mut self) {
        if !self.is_detached {
            (self.is_detached, self.reason) = (true, CloseReason::Detached);
            self.shared.open.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// What a listener is given.
    pub(super) fn arguments(&mut self) -> ConnectionArguments<'_> {
        let connection =
            self.connection.as_deref_mut().expect("invariant: only closing takes the connection out");
        ConnectionArguments { id: self.id, connection, info: &mut self.info }
    }

    /// Closes the connection, and waits for the good-bye.
    pub(super) async fn close(mut self) {
        if let Some(connection) = self.take() {
            if connection.is_broken() {
                return;
            }
            if let Err(error) = connection.close(GOOD_BYE).await {
                tracing::debug!(target: "aludel::pool", connection = self.id, %error, "closing a connection failed");
            }
        }
    }

    fn take(&mut self) -> Option<Box<dyn DriverConnection>> {
        let connection = self.connection.take()?;
        self.shared.counters.count_closed(self.reason);
        if !self.is_detached {
            self.shared.open.fetch_sub(1, Ordering::AcqRel);
        }
        let events = &self.shared.events;
        tracing::debug!(
            target: "aludel::pool", connection = self.id, reason = self.reason.as_str(), "closing a connection"
        );
        if self.is_detached {
            tell(&events.close_detached, self.id);
        } else {
            tell(&events.close, self.id);
        }
        Some(connection)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(connection) = self.take() else { return };
        if connection.is_broken() {
            return;
        }
        // The good-bye needs I/O; without a runtime the server finds the socket closed.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(connection.close(GOOD_BYE));
        }
    }
}

/// A dialect with other names.
pub(super) fn named(dialect: &Arc<dyn Dialect>, naming: PhysicalNaming) -> Arc<dyn Dialect> {
    if dialect.naming() == naming { dialect.clone() } else { dialect.with_naming(naming) }
}
