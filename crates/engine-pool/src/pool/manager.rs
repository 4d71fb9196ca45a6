//! [`Manager`]: opens connections, and looks at idle ones before they are handed out.

use std::sync::{Arc, atomic::Ordering};

use aludel_driver::{Connection as DriverConnection, Error, ErrorKind, Result};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use tokio::time::timeout;

use super::{CloseReason, Counters, Shared, Slot, maintenance::is_only_looking};
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

    pub(super) fn is_lifo(&self) -> bool {
        self.shared.options.use_lifo
    }
}

impl managed::Manager for Manager {
    type Type = Box<Slot>;
    type Error = Error;

    async fn create(&self) -> Result<Box<Slot>> {
        // Boxed: it is part of each checkout's future, and seldom runs.
        Box::pin(self.shared.open()).await
    }

    async fn recycle(&self, slot: &mut Box<Slot>, _: &Metrics) -> RecycleResult<Error> {
        let reason = match self.shared.look_at(slot) {
            Look::Fine => return Ok(()),
            Look::Unfit(reason) => Some(reason),
            Look::Doubtful => Box::pin(self.shared.ping(slot)).await,
        };
        match reason {
            None => Ok(()),
            Some(reason) => {
                slot.reason = reason;
                Err(RecycleError::message(reason.as_str()))
            }
        }
    }
}

impl Shared {
    /// Opens a connection, with all listeners that belong to it.
    pub(super) async fn open(self: &Arc<Self>) -> Result<Box<Slot>> {
        let outcome = self.open_in_time().await;
        self.counters.count_connect(&outcome);
        outcome
    }

    async fn open_in_time(self: &Arc<Self>) -> Result<Box<Slot>> {
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

    async fn open_without_limit(self: &Arc<Self>) -> Result<Box<Slot>> {
        // Read before connecting: what the server was before a disconnect must not count as what it is after.
        let generation = self.generation.load(Ordering::Acquire);
        let connection = self.connect().await?;
        let mut slot = Box::new(Slot::new(connection, generation, self.clone()));
        self.dialect.get_or_init(|| slot.dialect.clone());
        let events = &self.events;
        if !events.first_connect.is_empty() {
            self.first_connect.get_or_try_init(|| events.first_connect.fire_owned(&mut slot)).await?;
        }
        if !events.connect.is_empty() {
            events.connect.fire_owned(&mut slot).await?;
        }
        if !slot.is_clean() {
            slot.connection_mut().reset().await?;
        }
        slot.reason = CloseReason::PoolClosed;
        tracing::debug!(target: "aludel::pool", connection = slot.id, target = %self.arguments.target(), "opened a connection");
        Ok(slot)
    }

    async fn connect(&self) -> Result<Box<dyn DriverConnection>> {
        if let Some(creator) = &self.options.creator {
            return creator.open().await;
        }
        if self.events.do_connect.is_empty() {
            return self.driver.connect(&self.arguments).await;
        }
        let mut event = DoConnectArguments { arguments: self.arguments.clone(), connection: None };
        self.events.do_connect.fire_until(&mut event, |event| event.connection.is_some()).await?;
        match event.connection {
            Some(connection) => Ok(connection),
            None => self.driver.connect(&event.arguments).await,
        }
    }

    /// Looks whether an idle connection can still be handed out.
    fn look_at(&self, slot: &Slot) -> Look {
        if let Some(defect) = slot.defect() {
            if defect == CloseReason::Broken {
                tell(&self.events.invalidate, InvalidateArguments { id: slot.id, error: None });
            }
            return Look::Unfit(defect);
        }
        let is_fresh = !self.options.pre_ping || slot.used_at.elapsed() < self.options.pre_ping_after;
        if is_fresh || is_only_looking() { Look::Fine } else { Look::Doubtful }
    }

    /// Asks for a sign of life; without one, says why the connection is closed.
    async fn ping(&self, slot: &mut Slot) -> Option<CloseReason> {
        let patience = self.options.connect_timeout.unwrap_or(self.options.reset_timeout);
        Counters::count(&self.counters.pings);
        let error = match timeout(patience, slot.connection_mut().ping()).await {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => self.reclassify(error, None, true),
            Err(_) => Error::new(ErrorKind::Timeout, "the ping was not answered").with_disconnect(),
        };
        Counters::count(&self.counters.pings_failed);
        tracing::debug!(target: "aludel::pool", connection = slot.id, %error, "a ping failed");
        if error.is_disconnect() {
            self.end_generation(slot.generation);
        }
        tell(&self.events.invalidate, InvalidateArguments { id: slot.id, error: Some(&error) });
        Some(CloseReason::PingFailed)
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

/// What a look at an idle connection tells.
enum Look {
    Fine,
    Unfit(CloseReason),
    /// It has to be asked for a sign of life.
    Doubtful,
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
        self.fire(&mut slot.arguments()).await
    }
}
