//! [`Dialect`]: how one database spells SQL, chosen at run time.

mod mysql;
mod postgres;
mod sqlite;

pub use mysql::MySqlDialect;
pub use postgres::PostgresDialect;
pub use sqlite::SqliteDialect;

/// How one database spells SQL. Chosen at run time; a third-party backend brings its own.
pub trait Dialect: std::fmt::Debug + Send + Sync + 'static {
    /// The name of the dialect, as in a URL: `postgresql`.
    fn name(&self) -> &'static str;
}
