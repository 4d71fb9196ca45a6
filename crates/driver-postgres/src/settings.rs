//! [`Settings`]: connect arguments, read and checked, with the environment in place of what they leave out.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use aludel_driver::{ConnectArguments, Error, ErrorKind, Result};
use tokio_postgres::{
    Config,
    config::{ChannelBinding, SslMode},
};

use crate::{
    encryption::{Encryption, EncryptionMode, Roots},
    environment::Environment,
    hosts::{Host, Places, SessionAttributes},
    passfile::Passfile,
};

/// The options that a URL may carry, in alphabetical order, and the variable that stands in for each.
const OPTIONS: [(&str, Option<&str>); 26] = [
    ("application_name", Some("PGAPPNAME")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", None),
    ("host", None),
    ("hostaddr", None),
    ("keepalives", None),
    ("keepalives_count", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("options", Some("PGOPTIONS")),
    ("passfile", Some("PGPASSFILE")),
    ("port", None),
    ("prepare_mode", None),
    ("sslcert", Some("PGSSLCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("statement_cache_size", None),
    ("statement_timeout", None),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("tcp_user_timeout", None),
    ("user", None),
];

/// How many prepared statements a connection keeps when nothing else is asked for.
const STATEMENT_CACHE_SIZE: usize = 256;

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
    /// The servers that it may go to: one at least.
    pub(crate) hosts: Vec<Host>,
    /// Which of them will do.
    pub(crate) attributes: SessionAttributes,
    /// Whether they are tried in an order that is not foreseen, rather than in theirs.
    pub(crate) is_balanced: bool,
    /// The database; none: not even a user's name stands for it.
    pub(crate) database: Option<String>,
    /// Who connects; none: not even the operating system tells.
    pub(crate) user: Option<String>,
    /// `host:port/database` with all hosts, for messages.
    pub(crate) target: String,
    /// The whole of connecting may take so long.
    pub(crate) timeout: Option<Duration>,
    /// Connecting to one of the hosts may take so long.
    pub(crate) host_timeout: Option<Duration>,
    /// How long prepared statements live.
    pub(crate) prepare_mode: PrepareMode,
    /// How many prepared statements are kept; 0: none.
    pub(crate) statement_cache_size: usize,
    /// How long each statement may take, where that is told with each transaction.
    pub(crate) statement_timeout: Option<Duration>,
    /// Whether the connection is to be encrypted.
    pub(crate) encryption: Encryption,
    /// Where the password is looked for; none when it is known.
    pub(crate) passfile: Option<Passfile>,
}

impl Settings {
    /// Reads connect arguments; what they leave out comes from the environment. Opens no file.
    ///
    /// # Errors
    /// `Argument` for an unknown option or a value that makes no sense, `NotSupported` for TLS in a build
    /// without.
    pub(crate) fn read(arguments: &ConnectArguments, environment: &Environment) -> Result<Self> {
        let option = |name: &str| arguments.options.get(name).filter(|value| !value.is_empty()).cloned();
        let given = |argument: &Option<String>, name: &str| {
            argument.clone().filter(|value| !value.is_empty()).or_else(|| option(name))
        };
        let places = Places {
            names: given(&arguments.host, "host"),
            addresses: option("hostaddr"),
            port: arguments.port,
            ports: option("port"),
        };
        let hosts = Host::read(places, environment)?;
        let user = given(&arguments.username, "user")
            .or_else(|| environment.variable("PGUSER"))
            .or_else(|| environment.system_user());
        let database = given(&arguments.database, "dbname").or_else(|| environment.variable("PGDATABASE"));

        let mut config = Config::new();
        config.ssl_mode(SslMode::Disable);
        let names: Vec<String> = hosts.iter().map(Host::to_string).collect();
        let mut target = names.join(",");
        // Without a name the server takes the user's.
        let database = database.or_else(|| user.clone());
        if let Some(database) = &database {
            config.dbname(database);
            target.push('/');
            target.push_str(database);
        }
        if let Some(user) = &user {
            config.user(user);
        }
        let password = arguments.password.as_ref().map(|password| password.expose().to_owned());
        let password = password.or_else(|| environment.variable("PGPASSWORD"));
        if let Some(password) = &password {
            config.password(password);
        }

        let mut settings = Self {
            config,
            hosts,
            attributes: SessionAttributes::Any,
            is_balanced: false,
            database,
            user,
            target,
            timeout: arguments.timeout,
            host_timeout: None,
            prepare_mode: PrepareMode::Cached,
            statement_cache_size: STATEMENT_CACHE_SIZE,
            statement_timeout: None,
            encryption: Encryption {
                mode: EncryptionMode::Prefer,
                roots: None,
                certificate: None,
                key: None,
                revocations: None,
                #[cfg(feature = "tls")]
                folder: environment.certificate_folder(),
                #[cfg(not(feature = "tls"))]
                folder: None,
                is_direct: false,
            },
            passfile: environment.passfile().map(Passfile::new),
        };
        for (name, value) in &arguments.options {
            settings.option(Origin::Option(name), name, value)?;
        }
        for (name, variable) in OPTIONS {
            if let Some(variable) = variable
                && !arguments.options.contains_key(name)
                && let Some(value) = environment.variable(variable)
            {
                settings.option(Origin::Variable(variable), name, &value)?;
            }
        }
        if password.is_some() {
            settings.passfile = None;
        }
        settings.finish(
            arguments.options.contains_key("sslmode") || environment.variable("PGSSLMODE").is_some(),
        )?;
        Ok(settings)
    }

    fn option(&mut self, origin: Origin<'_>, name: &str, value: &str) -> Result<()> {
        let file = || Some(PathBuf::from(value)).filter(|_| !value.is_empty());
        match name {
            // Read before, with the arguments that they stand in for.
            "host" | "hostaddr" | "port" | "user" | "dbname" => {}
            "application_name" => {
                self.config.application_name(value);
            }
            "channel_binding" => {
                self.config.channel_binding(match value {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return Err(unknown_value(origin, value, "disable, prefer, require")),
                });
            }
            "connect_timeout" => {
                let seconds: u64 = number(origin, value)?;
                // 0 means no limit, as it does in libpq.
                if seconds > 0 {
                    let limit = Duration::from_secs(seconds);
                    self.config.connect_timeout(limit);
                    self.host_timeout = Some(limit);
                }
            }
            "keepalives" => {
                self.config.keepalives(number::<u8>(origin, value)? != 0);
            }
            "keepalives_count" => {
                self.config.keepalives_retries(number(origin, value)?);
            }
            "keepalives_idle" => {
                self.config.keepalives_idle(Duration::from_secs(number(origin, value)?));
            }
            "keepalives_interval" => {
                self.config.keepalives_interval(Duration::from_secs(number(origin, value)?));
            }
            "load_balance_hosts" => {
                self.is_balanced = match value {
                    "disable" => false,
                    "random" => true,
                    _ => return Err(unknown_value(origin, value, "disable, random")),
                };
            }
            "options" => {
                self.config.options(value);
            }
            "passfile" => self.passfile = file().map(Passfile::new),
            "prepare_mode" => {
                self.prepare_mode = match value {
                    "cached" => PrepareMode::Cached,
                    "unnamed" => PrepareMode::Unnamed,
                    _ => return Err(unknown_value(origin, value, "cached, unnamed")),
                };
            }
            "sslcert" => self.encryption.certificate = file(),
            "sslcrl" => self.encryption.revocations = file(),
            "sslkey" => self.encryption.key = file(),
            "sslmode" => {
                self.encryption.mode = EncryptionMode::parse(value)
                    .ok_or_else(|| unknown_value(origin, value, EncryptionMode::NAMES))?;
            }
            "sslnegotiation" => {
                self.encryption.is_direct = match value {
                    "postgres" => false,
                    "direct" => true,
                    _ => return Err(unknown_value(origin, value, "postgres, direct")),
                };
            }
            "sslrootcert" => {
                self.encryption.roots = match value {
                    "system" => Some(Roots::System),
                    _ => file().map(Roots::File),
                };
            }
            "statement_cache_size" => self.statement_cache_size = number(origin, value)?,
            "statement_timeout" => self.statement_timeout = duration(origin, value)?,
            "target_session_attrs" => {
                self.attributes = SessionAttributes::parse(value)
                    .ok_or_else(|| unknown_value(origin, value, SessionAttributes::NAMES))?;
            }
            "tcp_user_timeout" => {
                self.config.tcp_user_timeout(Duration::from_millis(number(origin, value)?));
            }
            _ => {
                let known = OPTIONS.map(|(name, _)| name);
                return Err(Error::new(
                    ErrorKind::Argument,
                    format!("PostgreSQL does not know the option `{name}`; it knows: {}", known.join(", ")),
                ));
            }
        }
        Ok(())
    }

    /// What follows from several options at once.
    fn finish(&mut self, has_mode: bool) -> Result<()> {
        // The default gives way to what is asked for, as in libpq.
        if self.encryption.roots == Some(Roots::System) && !has_mode {
            self.encryption.mode = EncryptionMode::VerifyFull;
        }
        if self.hosts.iter().all(Host::is_socket) {
            // What never leaves the machine is not encrypted.
            self.encryption.mode = EncryptionMode::Disable;
            self.encryption.is_direct = false;
        } else {
            self.encryption.check()?;
        }
        if self.prepare_mode == PrepareMode::Cached
            && let Some(limit) = self.statement_timeout.take()
        {
            let before = self.config.get_options().map_or(String::new(), |options| format!("{options} "));
            self.config.options(format!("{before}-c statement_timeout={}", limit.as_millis()));
        }
        Ok(())
    }

    /// Who connects where, for messages.
    pub(crate) fn who(&self) -> String {
        match &self.user {
            Some(user) => format!("{} as user `{user}`", self.target),
            None => format!("{} as the user of this process", self.target),
        }
    }

    /// `host:port/database` of one of the hosts, for messages.
    pub(crate) fn target_of(&self, host: &Host) -> String {
        match &self.database {
            Some(database) => format!("{host}/{database}"),
            None => host.to_string(),
        }
    }
}

/// Where a value comes from, for messages.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    Option(&'a str),
    Variable(&'a str),
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(formatter, "the option `{name}`"),
            Self::Variable(name) => write!(formatter, "the environment variable `{name}`"),
        }
    }
}

/// Reads a number.
pub(crate) fn number<T: FromStr>(origin: Origin<'_>, value: &str) -> Result<T> {
    parse(origin, value, "a whole number in its range")
}

/// Reads a value; `known` says what it can be.
pub(crate) fn parse<T: FromStr>(origin: Origin<'_>, value: &str, known: &'static str) -> Result<T> {
    value.trim().parse().map_err(|_error| unknown_value(origin, value, known))
}

/// Reads a time as PostgreSQL does: milliseconds, or a number with a unit. None: 0, which stands for no limit.
fn duration(origin: Origin<'_>, value: &str) -> Result<Option<Duration>> {
    let known = "milliseconds up to 2147483647, or a number with a unit: us, ms, s, min, h, d";
    let unknown = || unknown_value(origin, value, known);
    let text = value.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_error| unknown())?;
    let microseconds: u64 = match text[digits..].trim() {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Err(unknown()),
    };
    let microseconds = number.checked_mul(microseconds).ok_or_else(unknown)?;
    // Rounded up: what is not nothing must not become no limit.
    let milliseconds = microseconds.div_ceil(1_000);
    if i32::try_from(milliseconds).is_err() {
        return Err(unknown());
    }
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

/// The error of a value that makes no sense.
pub(crate) fn unknown_value(origin: Origin<'_>, value: &str, known: &str) -> Error {
    Error::new(ErrorKind::Argument, format!("{origin} cannot be `{value}`; it takes: {known}"))
}
