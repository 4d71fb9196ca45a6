//! [`open`]: from settings to a connection: which address, encrypted or not, with which password.

use std::net::SocketAddr;

use aludel_driver::{Error, ErrorKind, Result};
use tokio_postgres::{Client, Config, Error as Lower, NoTls, Socket, config::SslMode, tls::MakeTlsConnect};

use crate::{
    background::{Background, Ears},
    cancel::{Address, Way},
    encryption::EncryptionMode,
    error,
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
}

/// Opens a connection to the first of the host's addresses that gives one.
///
/// # Errors
/// `Operational`, with who wanted to connect where, and what to do.
pub(crate) async fn open(settings: &Settings, ears: &Ears) -> Result<Opened> {
    let mut door = Door::new(settings, ears).await?;
    #[cfg(unix)]
    if settings.is_socket() {
        let path = std::path::Path::new(&settings.host).join(format!(".s.PGSQL.{}", settings.port));
        return match door.enter(Address::Unix(path)).await {
            Ok(opened) => Ok(opened),
            Err(refusal) => Err(door.explain(refusal)),
        };
    }
    let mut last = None;
    for address in addresses(settings).await? {
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
        None => unresolved(settings, "the name has no address"),
    })
}

async fn addresses(settings: &Settings) -> Result<Vec<SocketAddr>> {
    if let Some(address) = settings.address {
        return Ok(vec![SocketAddr::new(address, settings.port)]);
    }
    match tokio::net::lookup_host((settings.host.as_str(), settings.port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(unresolved(settings, &error.to_string()).with_source(error)),
    }
}

fn unresolved(settings: &Settings, reason: &str) -> Error {
    let message = format!("could not find the address of PostgreSQL at {}: {reason}", settings.who());
    Error::new(ErrorKind::Operational, message)
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
    async fn new(settings: &'a Settings, ears: &'a Ears) -> Result<Self> {
        let mut config = settings.config.clone();
        let mut from_file = false;
        if let Some(passfile) = settings.passfile.clone() {
            let (host, port) = (settings.host.clone(), settings.port);
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
        let connector = if settings.encryption.mode == EncryptionMode::Disable {
            None
        } else {
            let (encryption, host) = (settings.encryption.clone(), settings.host.clone());
            let made = away(move || crate::tls::Connector::new(&encryption, &host)).await?;
            Some(made.map_err(|error| {
                error.context(format!("no connection to PostgreSQL at {}", settings.who()))
            })?)
        };
        Ok(Self {
            settings,
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
                    server.address = %self.settings.target,
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
        let background = Background::spawn(connection, &self.settings.target, self.ears.clone());
        Ok(Opened { client, background, way, version })
    }

    /// The error of an address that gave no connection.
    fn explain(&self, refusal: Refusal) -> Error {
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
        error::of_connecting(lower, &self.settings.who(), &advice)
    }
}

/// Runs what may block on a thread where it may.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Internal, "the files for connecting to PostgreSQL could not be read")
            .with_source(error)
    })
}
