//! [`DatabaseUrl`]: SQLAlchemy-style URLs.

use std::{borrow::Cow, fmt, net::Ipv6Addr, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::form_urlencoded;

use crate::{ConnectArguments, Error, ErrorKind, Result, Secret, arguments::is_secret};

/// A database URL: `dialect[+driver]://user:password@host:port/database?option=value`.
///
/// `sqlite:///file.db` is a relative file, `sqlite:////file.db` an absolute one, `sqlite://` a database in memory.
/// User, password and database are percent-decoded: write `%40` for an `@` in a password. Several hosts, for backends that can
/// choose among them, are written with commas: `postgresql://one:5432,two:5432/library`.
///
/// `Display` and `Debug` show `***` in place of the password; [`DatabaseUrl::render`] can show it.
#[derive(Clone)]
pub struct DatabaseUrl {
    /// The dialect part of the scheme: `postgresql`.
    pub dialect: String,
    /// The driver part of the scheme, where one is written: `psycopg`.
    pub driver: Option<String>,
    /// What a connection is opened with.
    pub arguments: ConnectArguments,
}

impl DatabaseUrl {
    /// A URL of a dialect alone, to be filled by the setters, which take raw, unescaped values.
    pub fn new(dialect: impl Into<String>) -> Self {
        Self { dialect: dialect.into(), driver: None, arguments: ConnectArguments::default() }
    }

    /// Parses a URL.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it is none, or when an option stands there twice; its password is never part of the
    /// message.
    pub fn parse(url: &str) -> Result<Self> {
        let (scheme, rest) =
            url.trim().split_once("://").ok_or_else(|| unparsable("there is no `://` after the dialect"))?;
        let (dialect, driver) = parse_scheme(scheme)?;
        let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let mut arguments = ConnectArguments::default();
        // The last `@` ends the password, so that an unescaped one in the password is read as meant.
        let host_and_port = match authority.rsplit_once('@') {
            Some((user, host_and_port)) => {
                let (username, password) =
                    user.split_once(':').map_or((user, None), |(name, word)| (name, Some(word)));
                arguments.username = decode(username, "user")?;
                arguments.password =
                    password.map(|word| decode(word, "password")).transpose()?.flatten().map(Secret::new);
                host_and_port
            }
            None => authority,
        };
        (arguments.host, arguments.port) = parse_host_and_port(host_and_port)?;
        arguments.database = decode(path.strip_prefix('/').unwrap_or(path), "database")?;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if arguments.options.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(unparsable(format!("the option `{name}` is given twice; give it once")));
            }
        }
        Ok(Self { dialect, driver, arguments })
    }

    /// The scheme: `postgresql` or `postgresql+psycopg`.
    pub fn scheme(&self) -> Cow<'_, str> {
        match &self.driver {
            Some(driver) => Cow::Owned(format!("{}+{driver}", self.dialect)),
            None => Cow::Borrowed(&self.dialect),
        }
    }

    /// The URL as text that [`DatabaseUrl::parse`] reads back; the password as `***` when it is to be hidden, and with it
    /// every option whose name tells of a secret.
    pub fn render(&self, hide_password: bool) -> String {
        let arguments = &self.arguments;
        let mut url = format!("{}://", self.scheme());
        if arguments.username.is_some() || arguments.password.is_some() {
            url.extend(utf8_percent_encode(arguments.username.as_deref().unwrap_or_default(), USER));
            match &arguments.password {
                Some(_) if hide_password => url.push_str(":***"),
                Some(password) => {
                    url.push(':');
                    url.extend(utf8_percent_encode(password.expose(), USER));
                }
                None => {}
            }
            url.push('@');
        }
        match arguments.host.as_deref() {
            Some(hosts) if hosts.contains(',') => {
                let hosts: Vec<String> =
                    hosts.split(',').map(|host| with_port(host, arguments.port)).collect();
                url.extend(utf8_percent_encode(&hosts.join(","), HOSTS));
            }
            Some(host) if host.contains(':') => url.extend(["[", host, "]"]),
            Some(host) => url.extend(utf8_percent_encode(host, USER)),
            None => {}
        }
        if let Some(port) = arguments.port
            && !arguments.has_several_hosts()
        {
            url.push_str(&format!(":{port}"));
        }
        if let Some(database) = &arguments.database {
            url.push('/');
            url.extend(utf8_percent_encode(database, DATABASE));
        }
        if !arguments.options.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &arguments.options {
                if hide_password && is_secret(name) {
                    continue;
                }
                query.append_pair(name, value);
            }
            let mut query = query.finish();
            // Written by hand, because the serializer would escape the stars.
            for name in arguments.options.keys().filter(|name| hide_password && is_secret(name)) {
                let separator = if query.is_empty() { "" } else { "&" };
                query.extend([separator, name, "=***"]);
            }
            url.push('?');
            url.push_str(&query);
        }
        url
    }

    /// The same URL with another user.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.arguments.username = Some(username.into());
        self
    }

    /// The same URL with another password, unescaped.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.arguments.password = Some(password.into());
        self
    }

    /// The same URL with another host: a name, or an address (IPv6 without brackets).
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.arguments.host = Some(host.into());
        self
    }

    /// The same URL with another port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.arguments.port = Some(port);
        self
    }

    /// The same URL with another database or file.
    #[must_use]
    pub fn database(mut self, database: impl Into<String>) -> Self {
        self.arguments.database = Some(database.into());
        self
    }

    /// The same URL with an option set.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.arguments.options.insert(name.into(), value.into());
        self
    }
}

/// Everything is escaped in a user and a password but what needs no escape anywhere in a URL.
const USER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands between several hosts, and around an address, stays as it is.
const HOSTS: &AsciiSet = &USER.remove(b',').remove(b':').remove(b'[').remove(b']');

/// Paths stay readable: only what would end them is escaped.
const DATABASE: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'"').add(b'<').add(b'>');

fn parse_scheme(scheme: &str) -> Result<(String, Option<String>)> {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    let (dialect, driver) =
        scheme.split_once('+').map_or((scheme, None), |(dialect, driver)| (dialect, Some(driver)));
    if is_name(dialect) && driver.is_none_or(is_name) {
        Ok((dialect.to_ascii_lowercase(), driver.map(str::to_ascii_lowercase)))
    } else {
        Err(unparsable("what stands before `://` is no name of a dialect"))
    }
}

/// Reads `host:port` and `[address]:port`, or several of them with commas between, which stay one text.
fn parse_host_and_port(text: &str) -> Result<(Option<String>, Option<u16>)> {
    if !text.contains(',') {
        return parse_one(text);
    }
    let mut hosts = Vec::new();
    for part in text.split(',') {
        let (Some(host), port) = parse_one(part)? else {
            return Err(unparsable("between two commas, or beside one, there must be a host"));
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        hosts.push(port.map_or(host.clone(), |port| format!("{host}:{port}")));
    }
    Ok((Some(hosts.join(",")), None))
}

/// One of several hosts, with the port that holds for those that have none of their own.
fn with_port(host: &str, port: Option<u16>) -> String {
    let has_port =
        host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match port {
        Some(port) if !has_port => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

/// Reads one host. What is wrong is not shown: it may be the rest of an unescaped password.
fn parse_one(text: &str) -> Result<(Option<String>, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, rest) = bracketed
                .split_once(']')
                .ok_or_else(|| unparsable("the `[` of the host's address has no `]`"))?;
            // A zone (`%eth0`) is no part of the address itself.
            let bare = address.split_once('%').map_or(address, |(bare, _)| bare);
            if Ipv6Addr::from_str(bare).is_err() {
                return Err(unparsable("what stands in `[..]` is no IPv6 address"));
            }
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => {
                    return Err(unparsable("after the host's `]` there must be `:port`, `/`, or nothing"));
                }
            };
            (Some(address.to_owned()), port)
        }
        None => {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            (decode(host, "host")?, port)
        }
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().map_err(|error: std::num::ParseIntError| {
            unparsable(
                "the port is no number from 0 to 65535; a `:`, `/`, `?` or `@` inside a user or password must be \
                 percent-encoded (`%3A`, `%2F`, `%3F`, `%40`), and an IPv6 address stands in `[..]`",
            )
            .with_source(error)
        })?),
    };
    Ok((host, port))
}

/// Decodes a part; an empty one is none.
fn decode(part: &str, name: &str) -> Result<Option<String>> {
    let text = percent_decode_str(part).decode_utf8().map_err(|error| {
        unparsable(format!("the {name} is no UTF-8 text once decoded")).with_source(error)
    })?;
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}

fn unparsable(reason: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!(
            "could not parse the database URL: {reason}; a URL looks like \
             `dialect://user:password@host:port/database?option=value` or `sqlite:///file.db`"
        ),
    )
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        Self::parse(url)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(true))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.render(true), formatter)
    }
}
