//! [`PostgresDriver`]: opens connections to PostgreSQL.

use std::sync::Arc;

use aludel_driver::{
    BoxFuture, Capabilities, ConnectArguments, Connection, Driver, Error, ErrorKind, Result, Returning,
    ServerInfo,
};
use aludel_sql_expression::{Dialect, dialect::PostgresDialect};
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls, Socket, tls::NoTlsStream};

use crate::{PostgresConnection, background::Background, cancel::Address, error, settings::Settings};

/// Opens connections to PostgreSQL, for URLs that begin with `postgresql://` or `postgres://`.
///
/// The host may be a directory: its Unix socket is used. Without a host it is `localhost`, without a port 5432.
/// Connecting needs a Tokio runtime with I/O and time.
///
/// # Options
/// | option | what it sets | default |
/// | --- | --- | --- |
/// | `application_name` | the name that the server shows for the connection | none |
/// | `connect_timeout` | seconds that connecting may take | no limit |
/// | `host`, `port` | for URLs that leave them out (`postgresql:///db?host=/run/postgresql`) | `localhost`, 5432 |
/// | `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count` | TCP keepalive: 0 or 1, seconds, seconds, probes | 1, 7200, system, system |
/// | `options` | command-line options for the server, such as `-c search_path=app` | none |
/// | `prepare_mode` | `cached`, or `unnamed` behind a pooler that hands out connections by transaction | `cached` |
/// | `sslmode` | `disable` or `prefer`; this build has no TLS | `prefer` |
/// | `statement_cache_size` | prepared statements kept on a connection | 256 |
/// | `statement_timeout` | the server's own limit for each statement, in milliseconds or with a unit | no limit |
/// | `target_session_attrs` | `any`, `read-write`, `read-only` | `any` |
/// | `tcp_user_timeout` | milliseconds after which unanswered bytes end the connection | system |
///
/// # Examples
/// ```no_run
/// # async fn run() -> aludel_driver::Result<()> {
/// use aludel_driver::{ConnectArguments, Driver};
/// use aludel_driver_postgres::PostgresDriver;
///
/// let arguments = ConnectArguments { database: Some("library".into()), ..ConnectArguments::default() };
/// let mut connection = PostgresDriver::new().connect(&arguments).await?;
/// connection.ping().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresDriver {
    dialect: Arc<dyn Dialect>,
    capabilities: Capabilities,
}

impl PostgresDriver {
    /// The driver; it holds no connection.
    pub fn new() -> Self {
        Self { dialect: Arc::new(PostgresDialect::default()), capabilities: capabilities() }
    }
}

impl Default for PostgresDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver for PostgresDriver {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgresql", "postgres"]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        self.dialect.clone()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        Settings::read(arguments).map(drop)
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let settings = Settings::read(arguments)?;
            if Handle::try_current().is_err() {
                let message =
                    "connecting to PostgreSQL needs a Tokio runtime with I/O and time: await it inside one";
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
            let opening = open(&settings);
            let opened = match settings.timeout {
                Some(limit) => tokio::time::timeout(limit, opening).await.map_err(|_elapsed| {
                    Error::new(
                        ErrorKind::Timeout,
                        format!("connecting to PostgreSQL at {} took longer than {limit:?}", settings.who()),
                    )
                })?,
                None => opening.await,
            };
            let (client, connection, address) = opened?;
            let server = server_info(connection.parameter("server_version").unwrap_or_default());
            let background = Background::spawn(connection, &settings.target);
            let connection = PostgresConnection::new(
                client,
                background,
                address,
                &settings,
                server,
                self.dialect.clone(),
                self.capabilities.clone(),
            );
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }
}

/// Opens a connection to the first of the host's addresses that gives one, and tells which: a cancel request must go to
/// the same.
async fn open(
    settings: &Settings,
) -> Result<(Client, tokio_postgres::Connection<Socket, NoTlsStream>, Address)> {
    let failed = |lower| error::of_connecting(lower, &settings.who());
    #[cfg(unix)]
    if settings.host.starts_with('/') {
        let (client, connection) = settings.config.connect(NoTls).await.map_err(failed)?;
        let path = std::path::Path::new(&settings.host).join(format!(".s.PGSQL.{}", settings.port));
        return Ok((client, connection, Address::Unix(path)));
    }
    let unresolved = |reason: String| {
        let message = format!("could not find the address of PostgreSQL at {}: {reason}", settings.who());
        Error::new(ErrorKind::Operational, message)
    };
    let addresses = tokio::net::lookup_host((settings.host.as_str(), settings.port)).await;
    let addresses = addresses.map_err(|error| unresolved(error.to_string()).with_source(error))?;
    let mut last = None;
    for address in addresses {
        match settings.config.clone().hostaddr(address.ip()).connect(NoTls).await {
            Ok((client, connection)) => return Ok((client, connection, Address::Tcp(address))),
            Err(lower) => last = Some(failed(lower)),
        }
    }
    Err(last.unwrap_or_else(|| unresolved("the name has no address".to_owned())))
}

fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::none();
    capabilities.returning = Returning { insert: true, update: true, delete: true };
    capabilities.savepoints = true;
    capabilities.pipelining = true;
    capabilities.streaming = true;
    capabilities.arrays = true;
    capabilities.transactional_ddl = true;
    capabilities.aborts_on_error = true;
    capabilities.cancel = true;
    capabilities.max_parameters = crate::parameter::MOST_PARAMETERS;
    capabilities
}

/// Reads `15.4 (Debian ..)`, `9.6.24` or `17beta1`.
fn server_info(text: &str) -> ServerInfo {
    let mut numbers = text.split([' ', '.']).map(|part| {
        let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        part[..digits].parse().unwrap_or(0)
    });
    let mut next = || numbers.next().unwrap_or(0);
    ServerInfo { product: "PostgreSQL", version: (next(), next(), next()), version_text: text.to_owned() }
}
