//! [`open`]: from settings to a connection: which address, encrypted or not, with which password.

use std::net::SocketAddr;

use aludel_driver::{Error, ErrorKind, Result};
use tokio_postgres::{
    Client, Config, Error as Lower, NoTls, SimpleQueryMessage, Socket, config::SslMode, tls::MakeTlsConnect,
};

use crate::{
    background::{Background, Ears},
    cancel::{Address, Way},
    encryption::EncryptionMode,
    error,
    hosts::{Host, Role, SessionAttributes, shuffle},
    passfile::Entry,
    settings::Settings,
};

/// A connection that was just opened.
pub(crate) struct Opened {
    /// What requests are sent through.
    pub(crate) client: Client,
    /// The task that moves its bytes.
    pub(crate) background: Background,
    /// How it was reached, for cancel requests.
    pub(crate) way: Way,
    /// The server's version in its own words.
    pub(crate) version: String,
    /// `host:port/database`, for messages.
    pub(crate) target: String,
    /// What the server told of its role by itself (PostgreSQL 14).
    role: Option<Role>,
}

/// Why a host gave no connection.
struct Failure {
    error: Error,
    /// Whether no other host is to be tried.
    is_final: bool,
}

/// Opens a connection to the first of the hosts that gives one which will do.
///
/// As in libpq, another host is tried when one cannot be reached, starts or stops, has no place left, or will not do for
/// `target_session_attrs`. Whatever else it says (a wrong password, a database that is not there, TLS that fails) ends the
/// search.
///
/// # Errors
/// `Operational`, with who wanted to connect where, why each host gave no connection, and what to do.
pub(crate) async fn open(settings: &Settings, ears: &Ears) -> Result<Opened> {
    let mut hosts: Vec<&Host> = settings.hosts.iter().collect();
    if settings.is_balanced {
        shuffle(&mut hosts);
    }
    let mut failures: Vec<(&Host, Error)> = Vec::new();
    let mut fallback = None;
    for host in hosts {
        match limited(settings, host, ears).await {
            Ok(opened) => match refusal(settings, &opened).await {
                Ok(None) => return Ok(opened),
                // Better than none.
                Ok(Some(_)) if settings.attributes == SessionAttributes::PreferStandby => {
                    fallback.get_or_insert(opened);
                }
                Ok(Some(reason)) => failures.push((host, Error::new(ErrorKind::Operational, reason))),
                Err(error) => failures.push((host, error)),
            },
            Err(Failure { error, is_final: true }) if failures.is_empty() => {
                return Err(in_all(settings, error));
            }
            Err(Failure { error, is_final }) => {
                failures.push((host, error));
                if is_final {
                    break;
                }
            }
        }
    }
    fallback.ok_or_else(|| none_of(settings, failures))
}

/// The error of the only host, or the one that ended the search.
fn in_all(settings: &Settings, error: Error) -> Error {
    match error.kind() {
        // It speaks of files and settings.
        ErrorKind::Argument => {
            error.context(format_args!("no connection to PostgreSQL at {}", settings.who()))
        }
        ErrorKind::Timeout => error.context(format_args!("connecting to PostgreSQL at {}", settings.who())),
        _ => error.context(format_args!("could not connect to PostgreSQL at {}", settings.who())),
    }
}

/// The error of all hosts.
fn none_of(settings: &Settings, mut failures: Vec<(&Host, Error)>) -> Error {
    if failures.len() < 2
        && let Some((_, error)) = failures.pop()
    {
        return in_all(settings, error);
    }
    let reasons: Vec<String> =
        failures.iter().map(|(host, error)| format!("{host}: {}", error.message())).collect();
    let message = format!("could not connect to PostgreSQL at {}; {}", settings.who(), reasons.join("; "));
    let error = Error::new(ErrorKind::Operational, message);
    // What the server said last, where one did.
    match failures.into_iter().rev().find(|(_, error)| error.code().is_some()) {
        Some((_, told)) => match told.database_error().cloned() {
            Some(database) => error.with_database_error(database).with_source(told),
            None => error,
        },
        None => error,
    }
}

/// Opens a connection to a host, within the limit for each.
async fn limited(settings: &Settings, host: &Host, ears: &Ears) -> Result<Opened, Failure> {
    let opening = open_host(settings, host, ears);
    match settings.host_timeout {
        None => opening.await,
        Some(limit) => tokio::time::timeout(limit, opening).await.unwrap_or_else(|_elapsed| {
            let error = Error::new(ErrorKind::Timeout, format!("it took longer than {limit:?}"));
            Err(Failure { error, is_final: false })
        }),
    }
}

/// Opens a connection to the first of a host's addresses that gives one.
async fn open_host(settings: &Settings, host: &Host, ears: &Ears) -> Result<Opened, Failure> {
    let door = Door::new(settings, host, ears).await;
    let mut door = door.map_err(|error| Failure { error, is_final: true })?;
    #[cfg(unix)]
    if host.is_socket() {
        let path = std::path::Path::new(&host.name).join(format!(".s.PGSQL.{}", host.port));
        return match door.enter(Address::Unix(path)).await {
            Ok(opened) => Ok(opened),
            Err(refusal) => Err(door.explain(refusal)),
        };
    }
    let mut last = None;
    for address in addresses(settings, host).await? {
        match door.enter(Address::Tcp(address)).await {
            Ok(opened) => return Ok(opened),
            Err(refusal) => {
                let is_final = refusal.is_final();
                last = Some(refusal);
                if is_final {
                    break;
                }
            }
        }
    }
    Err(match last {
        Some(refusal) => door.explain(refusal),
        None => unresolved("the name has no address"),
    })
}

async fn addresses(settings: &Settings, host: &Host) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(address) = host.address {
        return Ok(vec![SocketAddr::new(address, host.port)]);
    }
    match tokio::net::lookup_host((host.name.as_str(), host.port)).await {
        Ok(addresses) => {
            let mut addresses: Vec<SocketAddr> = addresses.collect();
            if settings.is_balanced {
                shuffle(&mut addresses);
            }
            Ok(addresses)
        }
        Err(error) => {
            let Failure { error: unresolved, is_final } = unresolved(&error.to_string());
            Err(Failure { error: unresolved.with_source(error), is_final })
        }
    }
}

fn unresolved(reason: &str) -> Failure {
    let message = format!("could not find the address of the host: {reason}");
    Failure { error: Error::new(ErrorKind::Operational, message), is_final: false }
}

/// Why a server will not do for `target_session_attrs`.
async fn refusal(settings: &Settings, opened: &Opened) -> Result<Option<&'static str>> {
    if settings.attributes == SessionAttributes::Any {
        return Ok(None);
    }
    let role = match opened.role {
        Some(role) => role,
        None => ask(&opened.client).await.map_err(|lower| error::of_connecting(lower, ""))?,
    };
    Ok(settings.attributes.refusal(role))
}

/// Asks a server that does not tell by itself what it is.
async fn ask(client: &Client) -> Result<Role, Lower> {
    let answer = client
        .simple_query("SELECT pg_catalog.pg_is_in_recovery(), current_setting('transaction_read_only')");
    let row = answer.await?.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let cell = |position: usize| row.as_ref().and_then(|row| row.get(position));
    Ok(Role { is_standby: cell(0) == Some("t"), is_read_only: cell(1) == Some("on") })
}

/// How a connection is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    Plain,
    #[cfg(feature = "tls")]
    TlsIfOffered,
    #[cfg(feature = "tls")]
    Tls,
}

/// What stands before every address of a server: the password, and the certificates.
struct Door<'a> {
    settings: &'a Settings,
    host: &'a Host,
    ears: &'a Ears,
    config: Config,
    /// The password came out of the password file.
    from_file: bool,
    #[cfg(feature = "tls")]
    connector: Option<crate::tls::Connector>,
}

/// Why an address gave no connection.
struct Refusal {
    lower: Lower,
    /// What an encrypted try before said.
    before: Option<Lower>,
}

impl Refusal {
    /// Whether another address of the same server would say the same.
    fn is_final(&self) -> bool {
        let code = self.lower.code().map(|code| code.code());
        code.is_some_and(|code| !matches!(code, "57P03" | "53300")) || error::is_encryption(&self.lower)
    }
}

impl<'a> Door<'a> {
    /// Reads the files, which may be slow, away from the runtime's threads.
    async fn new(settings: &'a Settings, host: &'a Host, ears: &'a Ears) -> Result<Self> {
        let mut config = settings.config.clone();
        config.host(&host.name).port(host.port);
        let mut from_file = false;
        if let Some(passfile) = settings.passfile.clone() {
            let (host, port) = (host.name.clone(), host.port);
            let database = config.get_dbname().unwrap_or_default().to_owned();
            let user = settings.user.clone().unwrap_or_default();
            let found =
                away(move || passfile.find(&Entry { host: &host, port, database: &database, user: &user }));
            if let Some(password) = found.await? {
                config.password(password.expose());
                from_file = true;
            }
        }
        #[cfg(feature = "tls")]
        let connector = if settings.encryption.mode == EncryptionMode::Disable || host.is_socket() {
            None
        } else {
            let (encryption, name) = (settings.encryption.clone(), host.name.clone());
            Some(away(move || crate::tls::Connector::new(&encryption, &name)).await??)
        };
        Ok(Self {
            settings,
            host,
            ears,
            config,
            from_file,
            #[cfg(feature = "tls")]
            connector,
        })
    }

    fn tries(&self) -> &'static [Try] {
        match self.settings.encryption.mode {
            EncryptionMode::Disable => &[Try::Plain],
            // What never leaves the machine is not encrypted.
            _ if self.host.is_socket() => &[Try::Plain],
            #[cfg(not(feature = "tls"))]
            _ => &[Try::Plain],
            #[cfg(feature = "tls")]
            EncryptionMode::Allow => &[Try::Plain, Try::Tls],
            #[cfg(feature = "tls")]
            EncryptionMode::Prefer => &[Try::TlsIfOffered, Try::Plain],
            #[cfg(feature = "tls")]
            _ => &[Try::Tls],
        }
    }

    /// Tries an address in each way that is allowed.
    async fn enter(&mut self, address: Address) -> Result<Opened, Refusal> {
        let mut before = None;
        let tries = self.tries();
        for (position, try_) in tries.iter().enumerate() {
            let lower = match self.attempt(address.clone(), *try_).await {
                Ok(opened) => return Ok(opened),
                Err(lower) => lower,
            };
            // Only a refusal that may be about the encryption is worth another try.
            if position + 1 == tries.len() || !error::may_be_encryption(&lower) {
                return Err(Refusal { lower, before });
            }
            if error::is_encryption(&lower) {
                tracing::warn!(
                    server.address = %self.settings.target_of(self.host),
                    reason = %error::describe(&lower),
                    "TLS failed; going on without encryption, as sslmode=prefer allows"
                );
            }
            before = Some(lower);
        }
        unreachable!("invariant: the last try returns")
    }

    async fn attempt(&mut self, address: Address, try_: Try) -> Result<Opened, Lower> {
        let mut config = self.config.clone();
        if let Address::Tcp(address) = &address {
            config.hostaddr(address.ip());
        }
        config.ssl_mode(match try_ {
            Try::Plain => SslMode::Disable,
            #[cfg(feature = "tls")]
            Try::TlsIfOffered => SslMode::Prefer,
            #[cfg(feature = "tls")]
            Try::Tls => SslMode::Require,
        });
        let way = Way {
            address,
            #[cfg(feature = "tls")]
            tls: self.connector.clone().filter(|_| try_ != Try::Plain),
        };
        #[cfg(feature = "tls")]
        if let Some(connector) = &way.tls {
            if self.settings.encryption.is_direct {
                config.ssl_negotiation(tokio_postgres::config::SslNegotiation::Direct);
            }
            let connector = connector.clone();
            return self.connect(&config, connector, way).await;
        }
        self.connect(&config, NoTls, way).await
    }

    async fn connect<T>(&self, config: &Config, tls: T, way: Way) -> Result<Opened, Lower>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let (client, connection) = config.connect(tls).await?;
        let version = connection.parameter("server_version").unwrap_or_default().to_owned();
        let role = role(|name| connection.parameter(name).map(str::to_owned));
        let target = self.settings.target_of(self.host);
        let background = Background::spawn(connection, &target, self.ears.clone());
        Ok(Opened { client, background, way, version, target, role })
    }

    /// The error of an address that gave no connection.
    fn explain(&self, refusal: Refusal) -> Failure {
        let is_final = refusal.is_final();
        let Refusal { lower, before } = refusal;
        let mut advice = String::new();
        if let Some(passfile) = &self.settings.passfile
            && self.from_file
            && lower.code().is_some_and(|code| code.code() == "28P01")
        {
            advice = format!("; the password came from the file `{}`", passfile.path().display());
        }
        if let Some(before) = before.filter(|before| before.code() != lower.code()) {
            advice.push_str(&format!("; tried with TLS before: {}", error::describe(&before)));
        }
        Failure { error: error::of_connecting(lower, &advice), is_final }
    }
}

/// What a server tells of its role by itself.
fn role(parameter: impl Fn(&str) -> Option<String>) -> Option<Role> {
    let is_on = |name: &str| parameter(name).map(|value| value == "on");
    Some(Role { is_standby: is_on("in_hot_standby")?, is_read_only: is_on("default_transaction_read_only")? })
}

/// Runs what may block on a thread where it may.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Internal, "the files for connecting to PostgreSQL could not be read")
            .with_source(error)
    })
}
