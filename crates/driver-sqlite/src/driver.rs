//! [`SqliteDriver`]: opens connections to SQLite databases.

use std::sync::{Arc, LazyLock};

use aludel_driver::{
    BoxFuture, Capabilities, ConnectArguments, Connection, Driver, Error, ErrorKind, IsolationLevel, Result,
    Returning, ServerInfo,
};
use aludel_sql_expression::{Dialect, dialect::SqliteDialect};
use tokio::runtime::Handle;

use crate::{
    SqliteConnection,
    equipment::Equipment,
    error, open,
    settings::{Place, Settings},
};

/// Opens connections to SQLite databases: files, or in memory when the URL names none.
///
/// # Options of the URL
/// | option | takes | default |
/// | --- | --- | --- |
/// | `mode` | `ro`, `rw`, `rwc` (creates the file), `memory` | `rwc` |
/// | `busy_timeout` | seconds to wait for a lock, also `0.5` | `5` |
/// | `foreign_keys` | whether foreign keys are enforced | `true` |
/// | `journal_mode` | `wal`, `delete`, `truncate`, `persist`, `memory`, `off` | `wal` for a file that can be written |
/// | `synchronous` | `off`, `normal`, `full`, `extra` | `normal` with `wal`, else SQLite's `full` |
/// | `cache` | `shared`, so that connections in memory see one database; `private` | `private` |
/// | `immutable` | the file never changes, and is not locked | `false` |
/// | `cache_size` | pages of cache, or kibibytes when negative | SQLite's |
/// | `mmap_size` | bytes of the file to map into memory | SQLite's |
/// | `temp_store` | where temporary tables are kept: `default`, `file`, `memory` | SQLite's |
/// | `statement_cache_size` | prepared statements that a connection keeps | `256` |
/// | `wal_autocheckpoint` | pages after which the write-ahead log is written back; `0`: never | `1000` |
/// | `attach.SCHEMA` | a file, or a `file:` URI, that is attached as this schema | |
///
/// Write-ahead mode is kept in the file: other programs see it, too. `file:data.db?mode=ro` in place of a path is read as
/// SQLite reads it.
///
/// What a URL cannot say, functions and the like, is given to the driver itself: [`SqliteDriver::function`] and its kin.
///
/// # Examples
/// ```
/// use aludel_driver::{ConnectArguments, Driver};
/// use aludel_driver_sqlite::SqliteDriver;
///
/// # async fn open() -> aludel_driver::Result<()> {
/// let arguments = ConnectArguments { database: Some("library.db".to_owned()), ..Default::default() };
/// let mut connection = SqliteDriver::new().connect(&arguments).await?;
/// connection.ping().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteDriver {
    dialect: Arc<dyn Dialect>,
    pub(crate) equipment: Arc<Equipment>,
}

/// What SQLite can do.
pub(crate) static CAPABILITIES: Capabilities = {
    let mut capabilities = Capabilities::none();
    capabilities.returning = Returning { insert: true, update: true, delete: true };
    capabilities.savepoints = true;
    capabilities.isolation_levels = &[IsolationLevel::Serializable, IsolationLevel::ReadUncommitted];
    capabilities.declared_cursors = true;
    capabilities.streaming = true;
    capabilities.last_insert_id = true;
    capabilities.transactional_ddl = true;
    capabilities.prepared_loop = true;
    capabilities.cancel = true;
    capabilities.reflection = true;
    capabilities.max_parameters = 32_766;
    capabilities
};

/// The bundled library.
pub(crate) static SERVER: LazyLock<ServerInfo> = LazyLock::new(|| {
    // The number is major * 1,000,000 + minor * 1,000 + patch.
    let number = rusqlite::version_number().unsigned_abs();
    ServerInfo {
        product: "SQLite",
        version: (number / 1_000_000, number / 1_000 % 1_000, number % 1_000),
        version_text: rusqlite::version().to_owned(),
    }
});

impl SqliteDriver {
    /// The driver; it holds no connections.
    pub fn new() -> Self {
        Self { dialect: Arc::new(SqliteDialect::of_version(SERVER.version)), equipment: Arc::default() }
    }
}

impl Default for SqliteDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver for SqliteDriver {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["sqlite"]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        self.dialect.clone()
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        Settings::from_arguments(arguments).map(drop)
    }

    fn is_private(&self, arguments: &ConnectArguments) -> bool {
        Settings::from_arguments(arguments).is_ok_and(|settings| settings.is_private())
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let settings = Settings::from_arguments(arguments)?;
            let target: Arc<str> = arguments.target().into();
            let busy_timeout = settings.busy_timeout;
            let session = match Handle::try_current() {
                // Opening may wait for a lock, or replay a log; not so with memory of one's own.
                Ok(runtime) if settings.shared_cache || !matches!(settings.place, Place::Memory(_)) => {
                    let name = target.clone();
                    let equipment = self.equipment.clone();
                    let opening = runtime.spawn_blocking(move || open::open(&settings, &equipment, &name));
                    match arguments.timeout {
                        None => opening.await,
                        Some(timeout) => tokio::time::timeout(timeout, opening).await.map_err(|elapsed| {
                            Error::new(
                                ErrorKind::Timeout,
                                format!(
                                    "opening the SQLite database `{target}` took longer than {timeout:?}"
                                ),
                            )
                            .with_source(elapsed)
                        })?,
                    }
                    .map_err(|failure| error::lost(&target).with_source(failure))??
                }
                _ => open::open(&settings, &self.equipment, &target)?,
            };
            Ok(Box::new(SqliteConnection::new(session, self.dialect.clone(), target, busy_timeout))
                as Box<dyn Connection>)
        })
    }
}
