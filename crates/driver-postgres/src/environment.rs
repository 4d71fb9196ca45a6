//! [`Environment`]: the variables and the user that stand in for what a URL leaves out.

use std::{fmt, path::PathBuf, sync::Arc};

/// Where variables are looked up; an empty one counts as none, as in libpq.
#[derive(Clone)]
pub(crate) struct Environment {
    /// None: the process's own.
    lookup: Option<Lookup>,
}

type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        Self { lookup: None }
    }

    /// Another one in its place.
    pub(crate) fn of(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Some(Arc::new(lookup)) }
    }

    /// A variable's value.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let value = match &self.lookup {
            Some(lookup) => lookup(name),
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The user that the operating system knows; none when it does not tell.
    pub(crate) fn system_user(&self) -> Option<String> {
        whoami::username().ok().filter(|user| !user.is_empty())
    }

    /// The password file where it is by default.
    pub(crate) fn passfile(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            self.windows_folder().map(|folder| folder.join("pgpass.conf"))
        } else {
            self.home().map(|home| home.join(".pgpass"))
        }
    }

    /// The folder of certificates and keys.
    #[cfg(feature = "tls")]
    pub(crate) fn certificate_folder(&self) -> Option<PathBuf> {
        if cfg!(windows) { self.windows_folder() } else { self.home().map(|home| home.join(".postgresql")) }
    }

    fn windows_folder(&self) -> Option<PathBuf> {
        self.variable("APPDATA").map(|folder| PathBuf::from(folder).join("postgresql"))
    }

    fn home(&self) -> Option<PathBuf> {
        match &self.lookup {
            Some(_) => self.variable("HOME").map(PathBuf::from),
            None => std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Variables hold passwords, and are not shown.
        formatter.write_str(if self.lookup.is_some() { "Given" } else { "OfProcess" })
    }
}
