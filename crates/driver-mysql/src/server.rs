//! Which server answered, and what it can do.

use std::sync::Arc;

use aludel_driver::{Capabilities, IsolationLevel, Returning, ServerInfo};
use aludel_sql_expression::{Dialect, dialect::MySqlDialect};

/// The most parameters that the protocol can number.
pub(crate) const MAX_PARAMETERS: usize = 65_535;

/// What both servers can do, in the versions that are supported: MySQL's list.
pub(crate) const LEAST: Capabilities = {
    let mut capabilities = Capabilities::none();
    capabilities.savepoints = true;
    capabilities.two_phase = true;
    capabilities.isolation_levels = &[
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ];
    capabilities.streaming = true;
    capabilities.last_insert_id = true;
    capabilities.cancel = true;
    capabilities.reflection = true;
    capabilities.max_parameters = MAX_PARAMETERS;
    capabilities
};

/// What is told of a server by its version.
pub(crate) struct Server {
    pub(crate) info: ServerInfo,
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) capabilities: Capabilities,
}

impl Server {
    /// Reads the server's `VERSION()`; the comment helps where a packager has changed it.
    pub(crate) fn new(version_text: String, comment: &str) -> Self {
        let is_mariadb =
            [version_text.as_str(), comment].iter().any(|text| text.to_ascii_lowercase().contains("mariadb"));
        // Old replication wants every MariaDB to begin as if it were a MySQL 5.5.
        let number = if is_mariadb {
            version_text.strip_prefix("5.5.5-").unwrap_or(&version_text)
        } else {
            &version_text
        };
        let version = parse_version(number);
        let mut capabilities = LEAST;
        let dialect: Arc<dyn Dialect> = if is_mariadb {
            capabilities.returning = Returning { insert: version >= (10, 5, 0), update: false, delete: true };
            Arc::new(MySqlDialect::mariadb(version))
        } else {
            Arc::new(MySqlDialect::mysql(version))
        };
        let product = if is_mariadb { "MariaDB" } else { "MySQL" };
        Self { info: ServerInfo { product, version, version_text }, dialect, capabilities }
    }
}

/// The leading numbers of `10.11.19-MariaDB-0+deb12u1`; what is missing is 0.
fn parse_version(text: &str) -> (u32, u32, u32) {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let mut parts = text[..end].split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
