//! SQLite.

use super::Dialect;

/// The SQL of SQLite, from version 3.35 on.
#[derive(Clone, Debug, Default)]
pub struct SqliteDialect {}

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        "sqlite"
    }
}
