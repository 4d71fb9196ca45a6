//! [`Subject`]: what is tested.

use std::sync::Arc;

use aludel_driver::{ConnectArguments, Connection, DatabaseUrl, Driver, Result};
use aludel_engine_pool::{Engine, EngineBuilder};

/// What is tested: a backend, and an empty database that it can connect to. Cheap to clone.
///
/// The suite creates and drops tables there whose names begin with `suite_`. Two connections to the database must see
/// the same tables.
#[derive(Clone, Debug)]
pub struct Subject {
    driver: Arc<dyn Driver>,
    arguments: ConnectArguments,
}

impl Subject {
    /// A backend, and where it connects to.
    pub fn new(driver: Arc<dyn Driver>, arguments: ConnectArguments) -> Self {
        Self { driver, arguments }
    }

    /// The backend.
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.driver
    }

    /// What connections are opened with.
    pub fn arguments(&self) -> &ConnectArguments {
        &self.arguments
    }

    /// Opens a connection, without a pool around it.
    ///
    /// # Errors
    /// As [`Driver::connect`].
    pub async fn connect(&self) -> Result<Box<dyn Connection>> {
        self.driver.connect(&self.arguments).await
    }

    /// Begins an engine over the backend.
    pub fn engine(&self) -> EngineBuilder {
        let scheme = self.driver.schemes().first().copied().unwrap_or_default();
        let mut url = DatabaseUrl::new(scheme);
        url.arguments = self.arguments.clone();
        Engine::builder_for(url).shared_driver(self.driver.clone())
    }
}
