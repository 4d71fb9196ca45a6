//! SQLAlchemy and Alembic for Rust: an engine with a dependable pool, a typed SQL expression language, and a Session that
//! is a real unit of work over an identity map.
//!
//! # Examples
//! ```no_run
//! use aludel::prelude::*;
//!
//! #[derive(Mapped, Clone, Debug, Default)]
//! pub struct Author {
//!     #[column(primary_key)]
//!     pub id: i64,
//!     #[column(length = 120, index)]
//!     pub name: String,
//! }
//!
//! # #[cfg(feature = "sqlite")]
//! # async fn run() -> Result<()> {
//! let engine = create_engine("sqlite:///library.db").build()?;
//! let sessions = SessionMaker::new(&engine);
//! let id = sessions
//!     .begin(async |session| {
//!         let orwell = session.add(Author { name: "George Orwell".into(), ..default() });
//!         session.flush().await?; // INSERT INTO author (name) VALUES (?)
//!         Ok(orwell.read().id)
//!     })
//!     .await?;
//! # let _ = id;
//! # Ok(()) }
//! ```
//!
//! # Features
//! | feature | what it brings |
//! | --- | --- |
//! | `sqlite`, `postgres`, `mysql` | the backend, known to [`create_engine`] by its URL schemes |
//! | `orm` (on) | models, `Session`, relationships |
//! | `tls` | encrypted connections to PostgreSQL, MySQL and MariaDB, by rustls |
//! | `explain` | plans of statements on PostgreSQL, MySQL and MariaDB, by serde_json; SQLite needs nothing for them |
//! | `load_extension` | extensions of SQLite, which are native code: `sqlite::Extension` |
//! | `rusqlite-0_41` | the connection of rusqlite itself: `sqlite::SqliteConnection::rusqlite` |
//! | `serde-1` | loaded graphs serialised: `Serialize` for `Instance`, and with `Deserialize` for `Many` and `One` |
//! | `chrono-0_4`, `time-0_3`, `jiff-0_2`, `rust_decimal-1`, `bigdecimal-0_4`, `serde_json-1`, `uuid-1`, `ipnetwork-0_21` | these crates' types as column types |
//! | `sea-query-1` | sea-query's statements executed, and ours given out as its expressions: `sql::sea_query` |
//!
//! Every floor is a crate of its own, and can be used without those above: [`sql`] (the expression language), [`driver`],
//! [`engine`] (pools, connections, transactions), and `orm` (the session).

mod create_engine;

pub use aludel_driver as driver;
#[cfg(feature = "mysql")]
pub use aludel_driver_mysql as mysql;
#[cfg(feature = "postgres")]
pub use aludel_driver_postgres as postgres;
#[cfg(feature = "sqlite")]
pub use aludel_driver_sqlite as sqlite;
pub use aludel_engine_pool as engine;
pub use aludel_engine_pool::{Connection, Engine, Error, ErrorKind, Result};
pub use aludel_events as events;
#[cfg(feature = "orm")]
pub use aludel_orm_session as orm;
#[cfg(feature = "orm")]
pub use aludel_orm_session::{Instance, Session, SessionMaker};
pub use aludel_sql_expression as sql;
pub use aludel_sql_expression::{types, value::Decimal};

pub use self::create_engine::{create_engine, create_mock_engine};

pub mod prelude;

#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "orm")]
    pub use aludel_orm_session as orm;
    pub use aludel_sql_expression as sql;
}
