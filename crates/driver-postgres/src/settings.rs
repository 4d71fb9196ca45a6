//! [`Settings`]: connect arguments, read and checked.

use std::{str::FromStr, time::Duration};

use aludel_driver::{ConnectArguments, Error, ErrorKind, Result};
use tokio_postgres::{
    Config,
    config::{SslMode, TargetSessionAttrs},
};

/// The options that a URL may carry, in alphabetical order.
const OPTIONS: [&str; 15] = [
    "application_name",
    "connect_timeout",
    "host",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "port",
    "prepare_mode",
    "sslmode",
    "statement_cache_size",
    "statement_timeout",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// How many prepared statements a connection keeps when nothing else is asked for.
const STATEMENT_CACHE_SIZE: usize = 256;

/// The port when none is given.
const PORT: u16 = 5432;

/// How long prepared statements live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrepareMode {
    /// In the connection's cache: the fastest.
    Cached,
    /// Not beyond their transaction, so that a pooler may give every transaction another server connection.
    Unnamed,
}

/// Connect arguments, read and checked.
pub(crate) struct Settings {
    /// What tokio-postgres connects with.
    pub(crate) config: Config,
    /// The host, or the directory of a socket.
    pub(crate) host: String,
    /// The port, which is part of a socket's name too.
    pub(crate) port: u16,
    /// `host:port/database`, for messages.
    pub(crate) target: String,
    /// The whole of connecting may take so long.
    pub(crate) timeout: Option<Duration>,
    /// How long prepared statements live.
    pub(crate) prepare_mode: PrepareMode,
    /// How many prepared statements are kept; 0: none.
    pub(crate) statement_cache_size: usize,
}

impl Settings {
    /// Reads connect arguments.
    ///
    /// # Errors
    /// `Argument` for an unknown option or a value that makes no sense, `NotSupported` for TLS.
    pub(crate) fn read(arguments: &ConnectArguments) -> Result<Self> {
        let mut config = Config::new();
        config.ssl_mode(SslMode::Disable);

        let option = |name: &str| arguments.options.get(name).map(String::as_str);
        let host = arguments
            .host
            .as_deref()
            .or(option("host"))
            .filter(|host| !host.is_empty())
            .unwrap_or("localhost");
        let port = match (arguments.port, option("port")) {
            (Some(port), _) => port,
            (None, Some(text)) => number("port", text)?,
            (None, None) => PORT,
        };
        config.host(host).port(port);
        let mut target = format!("{host}:{port}");
        if let Some(database) = &arguments.database {
            config.dbname(database);
            target.push('/');
            target.push_str(database);
        }
        if let Some(user) = &arguments.username {
            config.user(user);
        }
        if let Some(password) = &arguments.password {
            config.password(password.expose());
        }

        let mut settings = Self {
            config,
            host: host.to_owned(),
            port,
            target,
            timeout: arguments.timeout,
            prepare_mode: PrepareMode::Cached,
            statement_cache_size: STATEMENT_CACHE_SIZE,
        };
        let mut startup = Vec::new();
        for (name, value) in &arguments.options {
            settings.option(name, value, &mut startup)?;
        }
        if !startup.is_empty() {
            settings.config.options(startup.join(" "));
        }
        Ok(settings)
    }

    fn option(&mut self, name: &str, value: &str, startup: &mut Vec<String>) -> Result<()> {
        match name {
            // Read before, with the arguments that they stand in for.
            "host" | "port" => {}
            "application_name" => {
                self.config.application_name(value);
            }
            "connect_timeout" => {
                let seconds: u64 = number(name, value)?;
                // 0 means no limit, as it does in libpq.
                if seconds > 0 {
                    let limit = Duration::from_secs(seconds);
                    self.config.connect_timeout(limit);
                    self.timeout = Some(self.timeout.map_or(limit, |timeout| timeout.min(limit)));
                }
            }
            "keepalives" => {
                self.config.keepalives(number::<u8>(name, value)? != 0);
            }
            "keepalives_count" => {
                self.config.keepalives_retries(number(name, value)?);
            }
            "keepalives_idle" => {
                self.config.keepalives_idle(Duration::from_secs(number(name, value)?));
            }
            "keepalives_interval" => {
                self.config.keepalives_interval(Duration::from_secs(number(name, value)?));
            }
            "options" => startup.push(value.to_owned()),
            "prepare_mode" => {
                self.prepare_mode = match value {
                    "cached" => PrepareMode::Cached,
                    "unnamed" => PrepareMode::Unnamed,
                    _ => return Err(unknown_value(name, value, "cached, unnamed")),
                };
            }
            "sslmode" => match value {
                "disable" | "prefer" | "allow" => {}
                "require" | "verify-ca" | "verify-full" => {
                    return Err(Error::new(
                        ErrorKind::NotSupported,
                        format!(
                            "the option `sslmode={value}` asks for TLS, which this build of the PostgreSQL driver \
                             does not have; use `disable` or `prefer` where the network is safe"
                        ),
                    ));
                }
                _ => return Err(unknown_value(name, value, "disable, prefer")),
            },
            "statement_cache_size" => self.statement_cache_size = number(name, value)?,
            "statement_timeout" => {
                // It becomes part of a command line, so that only a plain number with a unit may pass.
                if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err(unknown_value(
                        name,
                        value,
                        "milliseconds, or a number with a unit such as 5s",
                    ));
                }
                startup.push(format!("-c statement_timeout={value}"));
            }
            "target_session_attrs" => {
                self.config.target_session_attrs(match value {
                    "any" => TargetSessionAttrs::Any,
                    "read-write" => TargetSessionAttrs::ReadWrite,
                    "read-only" => TargetSessionAttrs::ReadOnly,
                    _ => return Err(unknown_value(name, value, "any, read-write, read-only")),
                });
            }
            "tcp_user_timeout" => {
                self.config.tcp_user_timeout(Duration::from_millis(number(name, value)?));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Argument,
                    format!("PostgreSQL does not know the option `{name}`; it knows: {}", OPTIONS.join(", ")),
                ));
            }
        }
        Ok(())
    }

    /// Who connects where, for messages.
    pub(crate) fn who(&self) -> String {
        match self.config.get_user() {
            Some(user) => format!("{} as user `{user}`", self.target),
            None => format!("{} as the user of this process", self.target),
        }
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().map_err(|_error| unknown_value(name, value, "a whole number in its range"))
}

fn unknown_value(name: &str, value: &str, known: &str) -> Error {
    Error::new(ErrorKind::Argument, format!("the option `{name}` cannot be `{value}`; it takes: {known}"))
}
