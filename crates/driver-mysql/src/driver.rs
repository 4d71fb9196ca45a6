//! [`MySqlDriver`]: opens connections to MySQL and MariaDB.

use std::sync::Arc;

use aludel_driver::{BoxFuture, Capabilities, ConnectArguments, Connection, Driver, Result};
use aludel_sql_expression::{Dialect, dialect::MySqlDialect};

use crate::{connection::MySqlConnection, server, settings::Settings};

/// Opens connections to MySQL and MariaDB. Which of the two answers is found out when connecting, not from the scheme.
///
/// Connecting needs a Tokio runtime with I/O and time. A URL without a host means `localhost`, without a port 3306.
///
/// # Options
/// | option | what it sets | default |
/// | --- | --- | --- |
/// | `charset` | `utf8mb4` or `utf8`, for URLs that say so: every connection uses utf8mb4 | |
/// | `compress` | `true`: the protocol is compressed | `false` |
/// | `connect_timeout` | seconds that connecting may take, TLS and login included; 0: no limit | no limit |
/// | `socket`, `unix_socket` | the path of the server's Unix socket, which is used instead of host and port | none |
/// | `ssl_ca` | the authorities that are trusted, a PEM file; for `verify_ca` and `verify_identity` | those of the system |
/// | `ssl_cert`, `ssl_key` | the client's certificate and its key, PEM files | none |
/// | `ssl_mode` | `disabled`, `preferred`, `required`, `verify_ca` or `verify_identity`, see below | `preferred` |
/// | `statement_cache_size` | prepared statements kept on a connection, 1 to 16384 | 256 |
/// | `tcp_keepalive` | seconds of silence after which the other side is asked whether it is there; 0: never | 60 |
///
/// # TLS
/// It needs the feature `tls`; without it connections are plain, and asking for more is an error.
///
/// | `ssl_mode` | encrypted | certificate |
/// | --- | --- | --- |
/// | `disabled` | never | |
/// | `preferred` | where the server has TLS, else connected to a second time without | not checked |
/// | `required` | always | not checked: who stands between can read along |
/// | `verify_ca` | always | from a trusted authority |
/// | `verify_identity` | always | from a trusted authority, for the host of the URL |
///
/// A Unix socket is never encrypted. The connections that cancel statements are encrypted as the others are. With
/// `verify_ca` the server is not told which name it was connected to.
///
/// # Limits of time
/// A call that takes longer than [`CallOptions::timeout`](aludel_driver::CallOptions) has its statement cancelled, by
/// `KILL QUERY` from a second connection. The connection goes on, and its transaction stays open. Where the statement does
/// not end within a second, and after a script, whose rest would be executed, the connection is closed.
///
/// # Two-phase transactions
/// They are XA. A name has 1 to 64 bytes. `MariaDB`, and `MySQL` before 8.0.29, tie a prepared transaction to its
/// connection: the same connection can end it at once; when it is used for something else first, it is replaced by a new
/// one behind the scenes, and what was set in its session is gone; and a pool closes it on return. Other connections can
/// end the transaction after that. `MySQL` asks for the privilege `XA_RECOVER_ADMIN` to list what is prepared.
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
