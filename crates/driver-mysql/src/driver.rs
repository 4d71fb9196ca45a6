//! [`MySqlDriver`]: opens connections to MySQL and MariaDB.

use std::sync::Arc;

use aludel_driver::{BoxFuture, Capabilities, ConnectArguments, Connection, Driver, Result};
use aludel_sql_expression::{Dialect, dialect::MySqlDialect};

use crate::{connection::MySqlConnection, server, settings::Settings};

/// Opens connections to MySQL and MariaDB. Which of the two answers is found out when connecting, not from the scheme.
///
/// # Examples
/// ```no_run
/// use aludel_driver::{Connection, DatabaseUrl, Driver, Result};
/// use aludel_driver_mysql::MySqlDriver;
///
/// async fn connect() -> Result<Box<dyn Connection>> {
///     let url = DatabaseUrl::parse("mysql://user:password@localhost/library")?;
///     MySqlDriver::new().connect(&url.arguments).await
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MySqlDriver {}

impl MySqlDriver {
    /// The driver; it holds nothing.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Driver for MySqlDriver {
    fn name(&self) -> &'static str {
        "MySQL"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(MySqlDialect::default())
    }

    fn capabilities(&self) -> &Capabilities {
        &server::LEAST
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        Settings::read(arguments).map(drop)
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let settings = Settings::read(arguments)?;
            let connection = MySqlConnection::open(settings).await?;
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }
}
