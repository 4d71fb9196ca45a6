//! [`ConnectArguments`]: what a new connection is opened with.

use std::{collections::BTreeMap, fmt, time::Duration};

/// What a new connection is opened with: made afresh from the URL for each connection, and changeable by a `do_connect`
/// listener, so that a short-lived token can be put in.
///
/// `Debug` shows `***` in place of the password and of every option whose name tells of a secret.
#[derive(Clone, Default)]
pub struct ConnectArguments {
    /// The server's name or address; none for a file database. Several, for backends that can choose among them, have commas
    /// between them, and may have ports of their own: `one:5432,two,[::1]:5433`.
    pub host: Option<String>,
    /// The server's port; none: the backend's usual one.
    pub port: Option<u16>,
    /// The user.
    pub username: Option<String>,
    /// The password, which no `Debug` shows.
    pub password: Option<Secret>,
    /// The database's name, or the file's path; none on SQLite: in memory.
    pub database: Option<String>,
    /// The backend's own options, from the URL's query.
    pub options: BTreeMap<String, String>,
    /// How long opening may take, in all; none: as long as the system lets it.
    pub timeout: Option<Duration>,
}

impl ConnectArguments {
    /// Whether several hosts are named.
    pub fn has_several_hosts(&self) -> bool {
        self.host.as_deref().is_some_and(|host| host.contains(','))
    }

    /// Where it goes to, without any secret: for messages.
    pub fn target(&self) -> String {
        match (&self.host, self.port.filter(|_| !self.has_several_hosts()), &self.database) {
            (Some(host), Some(port), Some(database)) => format!("{host}:{port}/{database}"),
            (Some(host), Some(port), None) => format!("{host}:{port}"),
            (Some(host), None, Some(database)) => format!("{host}/{database}"),
            (Some(host), None, None) => host.clone(),
            (None, _, Some(database)) => database.clone(),
            (None, _, None) => ":memory:".to_owned(),
        }
    }
}

/// Whether an option's value is a secret, by its name.
pub(crate) fn is_secret(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "secret", "token"].iter().any(|word| option.contains(word))
}

impl fmt::Debug for ConnectArguments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: BTreeMap<&str, &str> = self
            .options
            .iter()
            .map(|(name, value)| (name.as_str(), if is_secret(name) { "***" } else { value.as_str() }))
            .collect();
        formatter
            .debug_struct("ConnectArguments")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("password", &self.password)
            .field("database", &self.database)
            .field("options", &options)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// A secret text. `Debug` shows `***`; only [`Secret::expose`] gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// The text itself: for the driver alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}
