//! [`Settings`]: connect arguments and the options of the URL, read and checked.

use std::{str::FromStr, time::Duration};

use aludel_driver::{ConnectArguments, Error, ErrorKind, Result};
use mysql_async::{Compression, Opts, OptsBuilder};

use crate::tls::{Encryption, Mode};

/// The options that a URL may carry, in alphabetical order.
const OPTIONS: [&str; 11] = [
    "charset",
    "compress",
    "connect_timeout",
    "socket",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_mode",
    "statement_cache_size",
    "tcp_keepalive",
    "unix_socket",
];

/// The port when none is given.
const PORT: u16 = 3306;

/// How many prepared statements a connection keeps when nothing else is asked for.
const STATEMENT_CACHE_SIZE: usize = 256;

/// How long a silent connection stays without a sign of life from the other side, unless the URL says otherwise.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// The largest packet of the protocol. The server's own limit is asked for with the first round trip, and kept by us:
/// mysql_async would close the connection over a parameter that is too long.
const LARGEST_PACKET: usize = 1 << 30;

/// Connect arguments, read and checked.
pub(crate) struct Settings {
    /// What mysql_async connects with.
    pub(crate) options: Opts,
    /// `host:port/database as user`, for messages.
    pub(crate) target: String,
    /// The whole of connecting may take so long.
    pub(crate) timeout: Option<Duration>,
    /// How many prepared statements are kept, at least one.
    pub(crate) statement_cache_size: usize,
    /// What is encrypted, and how.
    pub(crate) encryption: Encryption,
}

impl Settings {
    /// Reads connect arguments.
    ///
    /// # Errors
    /// `Argument` for an unknown option or a value that makes no sense, `NotSupported` for TLS in a build
    /// without it.
    pub(crate) fn read(arguments: &ConnectArguments) -> Result<Self> {
        let host = arguments.host.as_deref().unwrap_or("localhost");
        if arguments.has_several_hosts() {
            return Err(Error::not_supported(
                &format!("naming several hosts (`{host}`) in one URL"),
                "this driver for MySQL and MariaDB; name one, or a proxy in front of them",
            ));
        }
        let port = arguments.port.unwrap_or(PORT);
        let mut read = Reading {
            builder: OptsBuilder::default()
                .ip_or_hostname(host)
                .tcp_port(port)
                .user(arguments.username.as_deref())
                .pass(arguments.password.as_ref().map(|password| password.expose()))
                .db_name(arguments.database.as_deref())
                // Else it would ask the server for its socket, and connect to whatever listens there on this machine.
                .prefer_socket(false)
                .client_found_rows(true)
                // Our own cache decides which statements go; theirs must not close one behind our back.
                .stmt_cache_size(usize::MAX)
                // Given, so that no round trip is spent on asking for them.
                .max_allowed_packet(Some(LARGEST_PACKET))
                .wait_timeout(Some(28_800)),
            socket: None,
            timeout: arguments.timeout,
            statement_cache_size: STATEMENT_CACHE_SIZE,
            keepalive: Some(TCP_KEEPALIVE),
            encryption: Encryption::default(),
        };
        for (name, value) in &arguments.options {
            read.option(name, value)?;
        }
        read.encryption.check(read.socket.is_some())?;
        let mut target = match &read.socket {
            Some(path) => path.clone(),
            None if host.contains(':') => format!("[{host}]:{port}"),
            None => format!("{host}:{port}"),
        };
        if let Some(database) = &arguments.database {
            target.push('/');
            target.push_str(database);
        }
        match &arguments.username {
            Some(user) => target.push_str(&format!(" as user `{user}`")),
            None => target.push_str(" without a user name"),
        }
        Ok(Self {
            options: read.builder.tcp_keepalive(read.keepalive).into(),
            target,
            timeout: read.timeout,
            statement_cache_size: read.statement_cache_size,
            encryption: read.encryption,
        })
    }
}

struct Reading {
    builder: OptsBuilder,
    socket: Option<String>,
    timeout: Option<Duration>,
    statement_cache_size: usize,
    keepalive: Option<Duration>,
    encryption: Encryption,
}

impl Reading {
    fn option(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "charset" => {
                if !matches!(value.to_ascii_lowercase().as_str(), "utf8mb4" | "utf8") {
                    return Err(unknown_value(name, value, "utf8mb4, which is what every connection uses"));
                }
            }
            "compress" => {
                let compress = match value {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(unknown_value(name, value, "true or false")),
                };
                let builder = std::mem::take(&mut self.builder);
                self.builder = builder.compression(compress.then(Compression::default));
            }
            "connect_timeout" => {
                if let Some(limit) = seconds(name, value)? {
                    self.timeout = Some(self.timeout.map_or(limit, |timeout| timeout.min(limit)));
                }
            }
            "socket" | "unix_socket" => {
                if !cfg!(unix) {
                    return Err(Error::not_supported(
                        "a Unix socket",
                        "the MySQL driver on this operating system",
                    ));
                }
                if value.is_empty() {
                    return Err(unknown_value(name, value, "the path of the server's socket"));
                }
                self.socket = Some(value.to_owned());
                let builder = std::mem::take(&mut self.builder);
                self.builder = builder.socket(Some(value));
            }
            "ssl_mode" => match Mode::read(value) {
                Some(mode) => self.encryption.mode = Some(mode),
                None => return Err(unknown_value(name, value, Mode::VALUES)),
            },
            "ssl_ca" | "ssl_cert" | "ssl_key" => {
                if value.is_empty() {
                    return Err(unknown_value(name, value, "the path of a file in PEM form"));
                }
                let path = match name {
                    "ssl_ca" => &mut self.encryption.authorities,
                    "ssl_cert" => &mut self.encryption.certificate,
                    _ => &mut self.encryption.key,
                };
                *path = Some(value.to_owned());
            }
            "statement_cache_size" => {
                self.statement_cache_size = match value.parse() {
                    Ok(size @ 1..=16_384) => size,
                    _ => return Err(unknown_value(name, value, "a number of statements, 1 to 16384")),
                };
            }
            "tcp_keepalive" => self.keepalive = seconds(name, value)?,
            _ => {
                return Err(Error::new(
                    ErrorKind::Argument,
                    format!(
                        "the MySQL driver does not know the option `{name}`; it knows: {}",
                        OPTIONS.join(", ")
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Seconds; 0 is none.
fn seconds(name: &str, value: &str) -> Result<Option<Duration>> {
    let duration = f64::from_str(value).ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match duration {
        Some(Duration::ZERO) => Ok(None),
        Some(duration) => Ok(Some(duration)),
        None => Err(unknown_value(name, value, "a number of seconds, 0 for none")),
    }
}

fn unknown_value(name: &str, value: &str, known: &str) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!("the option `{name}` of the MySQL driver cannot be `{value}`; it takes {known}"),
    )
}
