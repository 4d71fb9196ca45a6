//! The databases of the tests: each test gets a fresh one of each kind, and gives it back.
//!
//! SQLite is always there. PostgreSQL and MySQL or MariaDB are servers that `tests/run` starts, named by
//! `ALUDEL_TEST_POSTGRES_URL` and `ALUDEL_TEST_MYSQL_URL`. Without these a test says that it did not run there, unless
//! `ALUDEL_TEST_REQUIRE_DATABASES` makes that a failure.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aludel::{
    driver::{ConnectArguments, DatabaseUrl, Driver},
    engine::EngineBuilder,
    prelude::*,
    sql::trusted,
};
use futures_util::FutureExt;
use tokio::time;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A schema of its own on the server.
    Postgres,
    /// A database of its own on the server, which may be MySQL or MariaDB.
    MySql,
}

/// A fresh, empty database.
pub struct Database {
    kind: Kind,
    url: String,
    /// The schema or database on the server, or the folder of the file.
    name: String,
    engine: Engine,
    /// The other engines that the test has made.
    engines: Mutex<Vec<Engine>>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl Database {
    /// Makes one; none where there is no server of this kind.
    pub async fn create(kind: Kind) -> Option<Self> {
        let server = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(server("ALUDEL_TEST_POSTGRES_URL")?),
            Kind::MySql => Some(server("ALUDEL_TEST_MYSQL_URL")?),
        };
        let name = format!("aludel_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = match (kind, server) {
            (Kind::Postgres, Some(server)) => {
                command(&server, format!("CREATE SCHEMA {name}")).await;
                let separator = if server.contains('?') { '&' } else { '?' };
                format!("{server}{separator}options=-c%20search_path%3D{name}")
            }
            (_, Some(server)) => {
                command(&server, format!("CREATE DATABASE {name}")).await;
                let mut url = DatabaseUrl::parse(&server).unwrap();
                url.arguments.database = Some(name.clone());
                url.render(false)
            }
            (_, None) => {
                let folder = folder(&name);
                fs::create_dir(&folder).unwrap();
                format!("sqlite:///{}", folder.join("test.db").display())
            }
        };
        let engine = create_engine(&url).build().unwrap();
        Some(Self { kind, url, name, engine, engines: Mutex::default() })
    }

    /// The engine that most tests need.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Another engine over the database.
    pub fn engine_with(&self, options: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Engine {
        let engine = options(create_engine(&self.url)).build().unwrap();
        self.engines.lock().unwrap().push(engine.clone());
        engine
    }

    /// A connection of the engine that most tests need.
    pub async fn connect(&self) -> Connection {
        self.engine.connect().await.unwrap()
    }

    /// The URL, with its password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The driver alone.
    pub fn driver(&self) -> Arc<dyn Driver> {
        self.engine.driver().clone()
    }

    /// What the driver is opened with.
    pub fn arguments(&self) -> ConnectArguments {
        DatabaseUrl::parse(&self.url).unwrap().arguments
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn is_sqlite(&self) -> bool {
        self.kind == Kind::Sqlite
    }

    pub fn is_postgres(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Whether this is MySQL or MariaDB.
    pub fn is_mysql(&self) -> bool {
        self.kind == Kind::MySql
    }

    /// Drops it, with all that is in it.
    async fn drop(self) {
        let engines = std::mem::take(&mut *self.engines.lock().unwrap());
        for engine in engines.iter().chain([&self.engine]) {
            engine.dispose().await;
        }
        drop(engines);
        match self.kind {
            Kind::Sqlite => drop(fs::remove_dir_all(folder(&self.name))),
            Kind::Postgres => {
                command(
                    &server("ALUDEL_TEST_POSTGRES_URL").unwrap(),
                    format!("DROP SCHEMA {} CASCADE", self.name),
                )
                .await;
            }
            Kind::MySql => {
                command(&server("ALUDEL_TEST_MYSQL_URL").unwrap(), format!("DROP DATABASE {}", self.name))
                    .await;
            }
        }
    }

    /// That no connection of the test is still out.
    async fn assert_nothing_is_out(&self) {
        let engines: Vec<Engine> =
            self.engines.lock().unwrap().iter().chain([&self.engine]).cloned().collect();
        for engine in engines {
            // What is rolled back after a drop is on its way for a moment.
            for _ in 0..200 {
                if engine.pool().status().checked_out == 0 {
                    break;
                }
                time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(
                engine.pool().status().checked_out,
                0,
                "connections of the test are still out: {engine:?}"
            );
        }
    }
}

/// The server's URL; none where there is none, and none is asked for.
fn server(variable: &str) -> Option<String> {
    match env::var(variable) {
        Ok(url) => Some(url),
        Err(_) if env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_some() => {
            panic!("{variable} is not set, and ALUDEL_TEST_REQUIRE_DATABASES asks for it")
        }
        Err(_) => {
            eprintln!("not run: {variable} is not set");
            None
        }
    }
}

/// Runs a command on a server, outside of any transaction.
async fn command(server: &str, sql: String) {
    let engine = create_engine(server).autocommit(true).build().unwrap();
    let working = async {
        let mut connection = engine.connect().await?;
        connection.execute(aludel::sql::text(trusted(sql.clone()))).await?;
        connection.close().await
    };
    match time::timeout(Duration::from_secs(30), working).await {
        Ok(outcome) => outcome.unwrap(),
        Err(_) => panic!("`{sql}` waits for a lock: a connection of the test is still out"),
    }
    engine.dispose().await;
}

fn folder(name: &str) -> PathBuf {
    env::temp_dir().join(name)
}

/// Runs a test on a fresh database of a kind, and drops the database whatever comes of it.
pub async fn run(kind: Kind, test: impl AsyncFnOnce(&Database)) {
    let Some(database) = Database::create(kind).await else { return };
    let outcome = AssertUnwindSafe(async {
        test(&database).await;
        database.assert_nothing_is_out().await;
    })
    .catch_unwind()
    .await;
    let dropped = AssertUnwindSafe(database.drop()).catch_unwind().await;
    // The test's own failure tells more than that of what comes after it.
    if let Err(panic) = outcome.and(dropped) {
        resume_unwind(panic);
    }
}

/// Makes a test of an `async fn(&Database)` for each kind of database: `case_001_limit::sqlite`, `::postgres`, `::mysql`.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::database::{Kind, run};

            #[tokio::test]
            async fn sqlite() {
                run(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test]
            async fn postgres() {
                run(Kind::Postgres, super::$test).await;
            }

            #[tokio::test]
            async fn mysql() {
                run(Kind::MySql, super::$test).await;
            }
        }
    )+};
}

pub(crate) use on_every_database;
