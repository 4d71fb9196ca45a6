//! MySQL and MariaDB.

use super::Dialect;

/// The SQL of MySQL, from version 8 on, or of MariaDB, from version 10.6 on. The two differ in more than their names.
#[derive(Clone, Debug)]
pub struct MySqlDialect {
    mariadb: bool,
    version: (u32, u32, u32),
}

impl MySqlDialect {
    /// MySQL of a version.
    pub fn mysql(version: (u32, u32, u32)) -> Self {
        Self { mariadb: false, version }
    }

    /// MariaDB of a version.
    pub fn mariadb(version: (u32, u32, u32)) -> Self {
        Self { mariadb: true, version }
    }

    /// Whether this is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.mariadb
    }

    /// The server's version.
    pub fn version(&self) -> (u32, u32, u32) {
        self.version
    }
}

impl Default for MySqlDialect {
    fn default() -> Self {
        Self::mysql((8, 0, 0))
    }
}

impl Dialect for MySqlDialect {
    fn name(&self) -> &'static str {
        if self.mariadb { "mariadb" } else { "mysql" }
    }
}
