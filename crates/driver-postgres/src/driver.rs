//! [`PostgresDriver`]: opens connections to PostgreSQL.

use std::sync::{Arc, OnceLock};

use aludel_driver::{
    BoxFuture, Capabilities, ConnectArguments, Connection, Driver, Error, ErrorKind, IsolationLevel, Result,
    Returning, ServerInfo,
};
use aludel_sql_expression::{Dialect, dialect::PostgresDialect};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_postgres::Notification;

use crate::{
    Notice, PostgresConnection, background::Ears, environment::Environment, notice::NoticeListener, opening,
    settings::Settings,
};

/// Opens connections to PostgreSQL, for URLs that begin with `postgresql://` or `postgres://`.
///
/// The host may be a directory: its Unix socket is used (`postgresql:///db?host=/run/postgresql`, or
/// `postgresql://%2Frun%2Fpostgresql/db`). Connecting needs a Tokio runtime with I/O and time.
///
/// # What a URL leaves out
/// The URL comes before the environment, and that before the default, as in libpq. Host, port, user, database and
/// password come from `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE` and `PGPASSWORD`, else they are `localhost`, 5432, the
/// user that the operating system knows, and a database of the user's name. A missing password is looked up in the
/// password file (`PGPASSFILE`, else `~/.pgpass`, on Windows `%APPDATA%\postgresql\pgpass.conf`), which is passed over
/// with a warning when others may read it. `PGHOSTADDR` counts only where the URL names no host. Service files are not
/// read.
///
/// # Options
/// | option | variable | what it sets | default |
/// | --- | --- | --- | --- |
/// | `application_name` | `PGAPPNAME` | the name that the server shows for the connection | none |
/// | `channel_binding` | `PGCHANNELBINDING` | `disable`, `prefer` or `require` that the login is tied to the TLS connection | `prefer` |
/// | `connect_timeout` | `PGCONNECT_TIMEOUT` | seconds that connecting to one host may take; 0: no limit | no limit |
/// | `host`, `port`, `user`, `dbname` | | for URLs that leave them out before the `?` | |
/// | `hostaddr` | | the address of the host, which is then not looked up | none |
/// | `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count` | | TCP keepalive: 0 or 1, seconds, seconds, probes | 1, 7200, system, system |
/// | `load_balance_hosts` | `PGLOADBALANCEHOSTS` | `random`: hosts, and the addresses of each, are tried in an order that is not foreseen; `disable`: in theirs | `disable` |
/// | `options` | `PGOPTIONS` | command-line options for the server, such as `-c search_path=app` | none |
/// | `passfile` | `PGPASSFILE` | the password file | `~/.pgpass` |
/// | `prepare_mode` | | `cached`, or `unnamed` behind a pooler that hands out connections by transaction | `cached` |
/// | `sslcert`, `sslkey` | `PGSSLCERT`, `PGSSLKEY` | the client certificate and its key, PEM files | `~/.postgresql/postgresql.crt`, `.key` |
/// | `sslcrl` | `PGSSLCRL` | revocation lists, a PEM file | `~/.postgresql/root.crl` |
/// | `sslmode` | `PGSSLMODE` | `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full` | `prefer` |
/// | `sslnegotiation` | `PGSSLNEGOTIATION` | `postgres`, or `direct`: TLS without asking first (PostgreSQL 17) | `postgres` |
/// | `sslrootcert` | `PGSSLROOTCERT` | the authorities to trust: a PEM file, or `system` for those that this machine trusts | `~/.postgresql/root.crt` |
/// | `statement_cache_size` | | prepared statements kept on a connection | 256 |
/// | `statement_timeout` | | the server's own limit for each statement, in milliseconds or with a unit | no limit |
/// | `target_session_attrs` | `PGTARGETSESSIONATTRS` | which servers will do: `any`, `read-write`, `read-only`, `primary`, `standby`, `prefer-standby` | `any` |
/// | `tcp_user_timeout` | | milliseconds after which unanswered bytes end the connection | system |
///
/// # Several hosts
/// `postgresql://one:5432,two:5432/library?target_session_attrs=primary` names several servers, as `host=one,two` and
/// `PGHOST` do; `hostaddr` and `port` then are lists, too, or one port for all. They are tried in order, or at random. As in
/// libpq, the next one is tried when one cannot be reached, starts, stops or has no place left, or will not do for
/// `target_session_attrs`; a wrong password, a database that is not there and TLS that fails end the search. The error
/// says of each host why it gave no connection. Give a `connect_timeout`: a host that is gone without a word is waited for as
/// long as the system does.
///
/// A pool asks anew for each connection: after a failover the connections to the old server are lost, and new ones go to
/// whichever will do by then.
///
/// # Encryption
/// Needs the cargo feature `tls`. Without it `disable`, `allow` and `prefer` connect without encryption, and the stronger
/// modes are refused. With it the modes are those of libpq: `require` encrypts, and compares the certificate only when
/// there are root certificates; `verify-ca` compares it with them; `verify-full` also looks at the host's name. Only
/// `verify-full` stops somebody in between who answers in the server's place: use it on networks that are not your own. The default files are read where they exist. Cancel requests are encrypted when their
/// connection is. Unix sockets are never encrypted.
///
/// # Behind PgBouncer in transaction mode
/// `prepare_mode=unnamed` keeps all that a statement needs within one transaction: a lone statement is wrapped in one of
/// its own. `options` cannot be used there. `statement_timeout` is told to the server with each transaction; scripts and
/// DDL outside of one are cancelled by the driver instead, which closes the connection. Enumerations and other types of
/// the database's own are looked up all at once, when the first is met; one that is made later closes the connection
/// when it is met, with an error that tells to try again.
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
    /// The dialect of the server that was met first, shared by the connections to it.
    met: OnceLock<Arc<dyn Dialect>>,
    capabilities: Capabilities,
    environment: Environment,
    notices: Option<NoticeListener>,
}

impl PostgresDriver {
    /// The driver; it holds no connection. What a URL leaves out comes from the environment of this process.
    pub fn new() -> Self {
        Self {
            dialect: Arc::new(PostgresDialect::default()),
            met: OnceLock::new(),
            capabilities: capabilities(),
            environment: Environment::of_process(),
            notices: None,
        }
    }

    /// The same driver with another environment: the lookup gives the value of a variable (`PGUSER`, `PGPASSFILE`,
    /// `HOME`), and is asked anew for each connection. With `|_| None` nothing but the URL counts.
    ///
    /// # Examples
    /// ```
    /// use aludel_driver_postgres::PostgresDriver;
    ///
    /// let driver = PostgresDriver::new()
    ///     .with_environment(|name| (name == "PGAPPNAME").then(|| "library".to_owned()));
    /// ```
    #[must_use]
    pub fn with_environment(
        mut self,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Environment::of(lookup);
        self
    }

    /// The same driver with somebody who is told what the server says beside its answers, such as `RAISE NOTICE`, on each of
    /// its connections. `tracing` is told in any case.
    ///
    /// It is called before the answer to the statement that has the server say it, in the task that moves the connection's
    /// bytes: it must not block.
    ///
    /// # Examples
    /// ```
    /// use aludel_driver_postgres::{Notice, PostgresDriver};
    ///
    /// let driver = PostgresDriver::new().on_notice(|notice: &Notice| eprintln!("{}", notice.message));
    /// ```
    #[must_use]
    pub fn on_notice(mut self, listener: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.notices = Some(NoticeListener::new(listener));
        self
    }

    /// Opens a connection, whose notifications go where they are asked for.
    pub(crate) async fn open(
        &self,
        arguments: &ConnectArguments,
        notifications: Option<mpsc::Sender<Notification>>,
    ) -> Result<PostgresConnection> {
        let settings = Settings::read(arguments, &self.environment)?;
        if Handle::try_current().is_err() {
            let message =
                "connecting to PostgreSQL needs a Tokio runtime with I/O and time: await it inside one";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        let ears = Ears { notices: self.notices.clone(), notifications };
        let opening = opening::open(&settings, &ears);
        let opened = match settings.timeout {
            Some(limit) => tokio::time::timeout(limit, opening).await.map_err(|_elapsed| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("connecting to PostgreSQL at {} took longer than {limit:?}", settings.who()),
                )
            })?,
            None => opening.await,
        };
        let opened = opened?;
        let server = server_info(&opened.version);
        let (dialect, capabilities) = (self.dialect_of(server.version), self.capabilities.clone());
        Ok(PostgresConnection::new(opened, &settings, server, dialect, capabilities))
    }

    /// The dialect of a server of this version.
    fn dialect_of(&self, version: (u32, u32, u32)) -> Arc<dyn Dialect> {
        let make = || -> Arc<dyn Dialect> { Arc::new(PostgresDialect::of_version(version)) };
        let met = self.met.get_or_init(make);
        if met.version() == version { met.clone() } else { make() }
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
        Settings::read(arguments, &self.environment).map(drop)
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let connection = self.open(arguments, None).await?;
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }
}

fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::none();
    capabilities.returning = Returning { insert: true, update: true, delete: true };
    capabilities.savepoints = true;
    capabilities.two_phase = true;
    capabilities.isolation_levels = &[
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ];
    capabilities.declared_cursors = true;
    capabilities.pipelining = true;
    capabilities.streaming = true;
    capabilities.arrays = true;
    capabilities.transactional_ddl = true;
    capabilities.aborts_on_error = true;
    capabilities.cancel = true;
    capabilities.reflection = true;
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
