//! [`Slot`]: one open connection with what the pool knows of it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use aludel_driver::{Connection as DriverConnection, TransactionState};
use aludel_sql_expression::{Dialect, dialect::PhysicalNaming};
use tokio::{runtime::Handle, time::Instant};

use super::Shared;
use crate::events::{ConnectionId, tell};

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
    shared: Arc<Shared>,
}

impl Slot {
    pub(super) fn new(connection: Box<dyn DriverConnection>, generation: u64, shared: Arc<Shared>) -> Self {
        let id = shared.next_connection.fetch_add(1, Ordering::Relaxed);
        shared.opened.fetch_add(1, Ordering::AcqRel);
        let now = Instant::now();
        let dialect = named(connection.dialect(), shared.options.physical_naming);
        Self { connection: Some(connection), dialect, id, generation, opened_at: now, used_at: now, shared }
    }

    pub(super) fn connection(&self) -> &(dyn DriverConnection + 'static) {
        self.connection.as_deref().expect("invariant: only closing takes the connection out")
    }

    pub(super) fn connection_mut(&mut self) -> &mut (dyn DriverConnection + 'static) {
        self.connection.as_deref_mut().expect("invariant: only closing takes the connection out")
    }

    /// Whether it is surely outside of any transaction, and whole.
    pub(super) fn is_clean(&self) -> bool {
        let connection = self.connection();
        !connection.is_broken() && connection.transaction_state() == TransactionState::Idle
    }

    pub(super) fn is_outdated(&self) -> bool {
        self.generation != self.shared.generation.load(Ordering::Acquire)
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
        self.shared.closed.fetch_add(1, Ordering::AcqRel);
        tell(&self.shared.events.close, self.id);
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
