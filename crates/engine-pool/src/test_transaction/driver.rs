//! [`OuterDriver`]: opens connections that are in a transaction already.

use std::{fmt, sync::Arc};

use aludel_driver::{
    BeginMode, BeginOptions, BoxFuture, Capabilities, ConnectArguments, Connection, Control, Driver, Result,
};
use aludel_sql_expression::Dialect;

use super::connection::OuterConnection;

/// Opens connections that are in a transaction already, and shows those of its user as savepoints.
pub(super) struct OuterDriver {
    driver: Arc<dyn Driver>,
    capabilities: Capabilities,
}

impl OuterDriver {
    pub(super) fn new(driver: Arc<dyn Driver>) -> Self {
        let capabilities = without_twophase(driver.capabilities());
        Self { driver, capabilities }
    }
}

/// What can be done inside a transaction.
pub(super) fn without_twophase(capabilities: &Capabilities) -> Capabilities {
    let mut capabilities = capabilities.clone();
    capabilities.two_phase = false;
    capabilities
}

impl Driver for OuterDriver {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    fn schemes(&self) -> &'static [&'static str] {
        self.driver.schemes()
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        self.driver.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        self.driver.check(arguments)
    }

    /// Nobody else sees what its transaction did, so that there must be one connection, and no other in its place.
    fn is_private(&self, _: &ConnectArguments) -> bool {
        true
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let mut connection = self.driver.connect(arguments).await?;
            // On SQLite others can go on writing until the test itself writes.
            let options = BeginOptions::new().mode(BeginMode::Deferred);
            connection.control(Control::Begin(&options)).await?;
            Ok(Box::new(OuterConnection::new(connection)) as Box<dyn Connection>)
        })
    }
}

impl fmt::Debug for OuterDriver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OuterDriver").field(&self.driver).finish()
    }
}
