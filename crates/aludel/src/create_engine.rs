//! [`create_engine`] and [`create_mock_engine`].

use aludel_engine_pool::{Engine, EngineBuilder, Result};
use aludel_sql_expression::Value;

/// Begins an engine for a URL; the scheme chooses among the drivers whose features are enabled. It connects lazily, when a
/// connection is first asked for.
///
/// `sqlite:///file.db` (relative), `sqlite:////file.db` (absolute), `sqlite://` (in memory),
/// `postgresql://user:password@host:5432/database`, `mysql://user:password@host:3306/database`.
///
/// # Errors
/// [`EngineBuilder::build`] returns [`ErrorKind::Argument`](crate::ErrorKind::Argument) for an unknown scheme, a URL that
/// is none, and an unknown option, each by name.
///
/// # Examples
/// ```no_run
/// # fn main() -> aludel::Result<()> {
/// let engine = aludel::create_engine("sqlite:///library.db").pool_size(5).pool_pre_ping(true).build()?;
/// # Ok(()) }
/// ```
pub fn create_engine(url: &str) -> EngineBuilder {
    let builder = Engine::builder(url);
    #[cfg(feature = "sqlite")]
    let builder = builder.driver(aludel_driver_sqlite::SqliteDriver::default());
    #[cfg(feature = "postgres")]
    let builder = builder.driver(aludel_driver_postgres::PostgresDriver::default());
    #[cfg(feature = "mysql")]
    let builder = builder.driver(aludel_driver_mysql::MySqlDriver::default());
    builder
}

/// Makes an engine that connects to nothing: each statement that would be sent is given to a function instead, with its
/// parameters. [`EngineBuilder::build_mock`] does the same for an engine with options.
///
/// # Errors
/// As [`EngineBuilder::build`].
///
/// # Examples
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn run() -> aludel::Result<()> {
/// use aludel::prelude::*;
///
/// let engine = aludel::create_mock_engine("sqlite://", |sql, _| println!("{sql};"))?;
/// let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key());
/// // CREATE TABLE IF NOT EXISTS users (id INTEGER NOT NULL PRIMARY KEY);
/// engine.begin(async |conn| MetaData::of(&users).create_all(conn).await).await?;
/// # Ok(()) }
/// ```
pub fn create_mock_engine(
    url: &str,
    executor: impl Fn(&str, &[Value]) + Send + Sync + 'static,
) -> Result<Engine> {
    create_engine(url).build_mock(executor)
}
