//! [`Extension`]: native code that SQLite loads at run time.
//!
//! The other place of this crate with unsafe code: what a library does when it is loaded nobody can check.
#![allow(unsafe_code)]

use std::path::{Path, PathBuf};

use aludel_driver::{ErrorKind, Result};
use rusqlite::{Connection, DEFAULT_NAME, LoadExtensionGuard};

use crate::{SqliteConnection, error};

/// A library of native code with functions, collations or virtual tables for SQLite.
///
/// Nothing is loaded unless it is named here, in the program: no URL and no SQL can do it, and `load_extension()` in SQL
/// stays forbidden.
///
/// # Examples
/// ```no_run
/// use aludel_driver_sqlite::{Extension, SqliteDriver};
///
/// // SAFETY: the library comes with this program, and is an extension of SQLite.
/// let spellfix = unsafe { Extension::trusted("extensions/spellfix") };
/// let driver = SqliteDriver::new().extension(spellfix);
/// # let _ = driver;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    path: PathBuf,
    entry_point: Option<String>,
}

impl Extension {
    /// An extension by its path; SQLite adds the suffix of the platform where the file is not found without.
    ///
    /// # Safety
    /// The library runs its code in this process when a connection is opened, and whenever its functions are called: it must
    /// be an extension for SQLite that can be trusted, and so must be everybody who can write to the file.
    pub unsafe fn trusted(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), entry_point: None }
    }

    /// The function of the library that is called first, in place of the one that SQLite makes of the file's name.
    #[must_use]
    pub fn entry_point(mut self, name: impl Into<String>) -> Self {
        self.entry_point = Some(name.into());
        self
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn load(&self, connection: &Connection) -> Result<()> {
        // SAFETY: whoever made the extension promised that its code can be trusted, and no statement runs while loading is
        // allowed.
        let loaded = unsafe {
            LoadExtensionGuard::new(connection).and_then(|_allowed| match &self.entry_point {
                Some(name) => connection.load_extension(&self.path, Some(&**name)),
                None => connection.load_extension(&self.path, DEFAULT_NAME),
            })
        };
        loaded.map_err(|native| {
            error::translate(native)
                .with_kind(ErrorKind::Operational)
                .context(format_args!("cannot load the extension `{}`", self.path.display()))
        })
    }
}

impl SqliteConnection {
    /// Loads an extension into this connection, for as long as it is open, on a worker thread.
    ///
    /// # Errors
    /// [`ErrorKind::Operational`] when it cannot be loaded, or says no.
    pub async fn load_extension(&mut self, extension: &Extension) -> Result<()> {
        let extension = extension.clone();
        self.on_worker(move |session| Ok(extension.load(session.database.connection())?)).await
    }
}
