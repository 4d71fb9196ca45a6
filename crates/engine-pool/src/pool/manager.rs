//! [`Manager`]: opens connections, and looks at idle ones before they are handed out.

use std::sync::{Arc, atomic::Ordering};

use aludel_driver::{Error, ErrorKind, Result};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use tokio::time::timeout;

use super::{Shared, Slot};
use crate::events::{
    ConnectionArguments, DoConnectArguments, HandleErrorArguments, InvalidateArguments, tell,
};

/// What deadpool asks for connections.
pub(crate) struct Manager {
    shared: Arc<Shared>,
}

impl Manager {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl managed::Manager for Manager {
    type Type = Slot;
    type Error = Error;

    async fn create(&self) -> Result<Slot> {
        self.shared.open().await
    }

    async fn recycle(&self, slot: &mut Slot, _: &Metrics) -> RecycleResult<Error> {
        self.shared.look_at(slot).await.map_err(RecycleError::message)
    }
}

impl Shared {
    /// Opens a connection, with all listeners that belong to it.
    pub(super) async fn open(self: &Arc<Self>) -> Result<Slot> {
        let Some(limit) = self.options.connect_timeout else { return self.open_without_limit().await };
        timeout(limit, self.open_without_limit()).await.unwrap_or_else(|elapsed| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "connecting to {} ({}) took longer than the `connect_timeout` of {:.2} s",
                    self.arguments.target(),
                    self.driver.name(),
                    limit.as_secs_f64()
                ),
            )
            .with_source(elapsed))
        })
    }

    async fn open_without_limit(self: &Arc<Self>) -> Result<Slot> {
        // Read before connecting: what the server was before a disconnect must not count as what it is after.
        let generation = self.generation.load(Ordering::Acquire);
        let connection = if self.events.do_connect.is_empty() {
            self.driver.connect(&self.arguments).await?
        } else {
            let mut event = DoConnectArguments { arguments: self.arguments.clone(), connection: None };
            self.events.do_connect.fire_until(&mut event, |event| event.connection.is_some()).await?;
            match event.connection {
                Some(connection) => connection,
                None => self.driver.connect(&event.arguments).await?,
            }
        };
        let mut slot = Slot::new(connection, generation, self.clone());
        self.dialect.get_or_init(|| slot.dialect.clone());
        if !self.events.first_connect.is_empty() {
            self.first_connect.get_or_try_init(|| self.events.first_connect.fire_owned(&mut slot)).await?;
        }
        if !self.events.connect.is_empty() {
            self.events.connect.fire_owned(&mut slot).await?;
        }
        if !slot.is_clean() {
            slot.connection_mut().reset().await?;
        }
        tracing::debug!(target: "aludel::pool", connection = slot.id, target = %self.arguments.target(), "opened a connection");
        Ok(slot)
    }

    /// Looks whether an idle connection can still be handed out; the error says why not.
    async fn look_at(&self, slot: &mut Slot) -> Result<(), &'static str> {
        let unfit = |slot: &Slot, reason: &'static str, error: Option<&Error>| {
            tracing::debug!(target: "aludel::pool", connection = slot.id, reason, "closing an idle connection");
            tell(&self.events.invalidate, InvalidateArguments { id: slot.id, error });
            Err(reason)
        };
        if !slot.is_clean() {
            return unfit(slot, "it is broken, or not outside of a transaction", None);
        }
        if slot.is_outdated() {
            return unfit(slot, "it was opened before the server went away", None);
        }
        let age = slot.opened_at.elapsed();
        if self.options.pool_recycle.is_some_and(|limit| age > limit)
            || self.options.max_lifetime.is_some_and(|limit| age > limit)
        {
            return unfit(slot, "it is too old", None);
        }
        let idle = slot.used_at.elapsed();
        if self.options.idle_timeout.is_some_and(|limit| idle > limit) {
            return unfit(slot, "it was idle for too long", None);
        }
        if !self.options.pre_ping || idle < self.options.pre_ping_after {
            return Ok(());
        }
        let patience = self.options.connect_timeout.unwrap_or(self.options.reset_timeout);
        let error = match timeout(patience, slot.connection_mut().ping()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => self.reclassify(error, None, true),
            Err(_) => Error::new(ErrorKind::Timeout, "the ping was not answered").with_disconnect(),
        };
        if error.is_disconnect() {
            self.end_generation(slot.generation);
        }
        unfit(slot, "its ping failed", Some(&error))
    }

    /// Lets `handle_error` listeners have their say.
    pub(super) fn reclassify(&self, mut error: Error, sql: Option<&Arc<str>>, is_pre_ping: bool) -> Error {
        tell(&self.events.handle_error, HandleErrorArguments { error: &mut error, sql, is_pre_ping });
        error
    }

    /// Has every connection replaced that was opened in this generation or before. Several that find the server gone at
    /// the same time count once.
    pub(super) fn end_generation(&self, generation: u64) {
        let _ =
            self.generation.compare_exchange(generation, generation + 1, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Fires an event about a connection that is not yet handed out.
trait FireOwned {
    fn fire_owned(&self, slot: &mut Slot) -> impl Future<Output = Result<()>> + Send;
}

impl<E> FireOwned for aludel_events::AsyncListeners<E>
where
    E: for<'a> aludel_events::Event<Arguments<'a> = ConnectionArguments<'a>, Error = Error>,
{
    async fn fire_owned(&self, slot: &mut Slot) -> Result<()> {
        let id = slot.id;
        self.fire(&mut ConnectionArguments { id, connection: slot.connection_mut() }).await
    }
}
