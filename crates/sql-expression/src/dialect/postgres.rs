//! PostgreSQL.

use super::Dialect;

/// The SQL of PostgreSQL, from version 14 on.
#[derive(Clone, Debug, Default)]
pub struct PostgresDialect {}

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        "postgresql"
    }
}
