//! [`Subject`]: an engine that faults happen to, and the proof that they left nothing behind.

use std::{
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Poll, ready},
    time::Duration,
};

use aludel::{
    driver::{DatabaseUrl, TransactionState},
    engine::EngineBuilder,
    prelude::*,
    sql::{statement::TextStatement, trusted},
};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::{
    database::{Database, Kind},
    proxy::Proxy,
};

/// Nothing may take longer, or it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An engine with a pool of two, whose connections can be told from all others on the server, and a table of its own.
pub struct Subject<'d> {
    pub engine: Engine,
    pub proxy: Option<Proxy>,
    /// `id INTEGER PRIMARY KEY, data VARCHAR(100)`.
    pub table: String,
    database: &'d Database,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl<'d> Subject<'d> {
    /// An engine straight over the database.
    pub async fn new(database: &'d Database, options: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Self {
        Self::make(database, DatabaseUrl::parse(database.url()).unwrap(), None, options).await
    }

    /// An engine over the database that goes through a proxy of its own.
    pub async fn behind_a_proxy(
        database: &'d Database,
        options: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let proxy = Proxy::start(database.url()).await;
        Self::make(database, proxy.url(), Some(proxy), options).await
    }

    async fn make(
        database: &'d Database,
        mut url: DatabaseUrl,
        proxy: Option<Proxy>,
        options: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let table = format!("faults_{}_{number}", std::process::id());
        match database.kind() {
            Kind::Sqlite => {}
            Kind::Postgres => url = url.option("application_name", &*table),
            Kind::MySql => {
                let password = url.arguments.password.as_ref().unwrap().expose().replace('\'', "''");
                control(database, format!("CREATE USER '{table}'@'%' IDENTIFIED BY '{password}'")).await;
                control(database, format!("GRANT ALL PRIVILEGES ON *.* TO '{table}'@'%'")).await;
                url = url.username(&*table);
            }
        }
        let builder = create_engine(&url.render(false))
            .pool_size(2)
            .max_overflow(0)
            .pool_timeout(PATIENCE)
            .connect_timeout(PATIENCE);
        let engine = options(builder).build().unwrap();
        control(database, format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, data VARCHAR(100))")).await;
        Self { engine, proxy, table, database }
    }

    /// An INSERT of a row into the table.
    pub fn insert(&self, id: i64) -> TextStatement {
        self.sql("INSERT INTO {} (id, data) VALUES (:id, :data)").bind("id", id).bind("data", "x")
    }

    /// A text with the table's name in place of `{}`.
    pub fn sql(&self, sql: &str) -> TextStatement {
        text(trusted(sql.replace("{}", &self.table)))
    }

    /// The subject's connections on the server, and what each has open.
    pub async fn sessions(&self) -> Vec<(i64, String)> {
        let sql = match self.database.kind() {
            Kind::Sqlite => return Vec::new(),
            Kind::Postgres => format!(
                "SELECT pid, state FROM pg_stat_activity WHERE application_name = '{}' AND state IS NOT NULL",
                self.table
            ),
            Kind::MySql => format!(
                "SELECT p.id, CASE WHEN t.trx_id IS NULL THEN 'idle' ELSE 'idle in transaction' END \
                 FROM information_schema.processlist p \
                 LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id \
                 WHERE p.user = '{}'",
                self.table
            ),
        };
        let mut connection = self.database.connect().await;
        connection.set_autocommit(true).unwrap();
        connection.execute(text(trusted(sql)).returns::<(i64, String)>()).all().await.unwrap()
    }

    /// Proves that the pool is whole, that its connections are in step, and that no lock is left: empties the table, and
    /// tells how many rows it had.
    pub async fn prove(&self, told: &str) -> u64 {
        let what = async {
            self.prove_the_pool(told).await;
            self.empty_the_table(told).await
        };
        timeout(PATIENCE, what).await.unwrap_or_else(|_| panic!("the proof hangs: {told}"))
    }

    async fn prove_the_pool(&self, told: &str) {
        self.prove_the_pool_of(2, told).await;
    }

    /// Proves that all connections of the pool can be had at once, and give right answers.
    pub async fn prove_the_pool_of(&self, size: i64, told: &str) {
        // What is rolled back after a drop is on its way for a moment.
        self.until(told, "connections are out", || self.engine.pool().status().checked_out == 0).await;
        let (status, most) = (self.engine.pool().status(), usize::try_from(size).unwrap());
        assert_eq!(status.waiting, 0, "{status}: {told}");
        assert!(status.open <= most, "{status}: {told}");
        let connections = join_all((1..=size).map(|number| self.ask(told, number))).await;
        assert_eq!(self.engine.pool().status().checked_out, most, "{told}");
        for connection in connections {
            connection.close().await.unwrap();
        }
        assert_eq!(self.engine.pool().status().checked_out, 0, "{told}");
    }

    /// A connection that gives right answers. One that was lost while it was idle fails once, and tells so.
    async fn ask(&self, told: &str, number: i64) -> Connection {
        let mut connection = self.engine.connect().await.unwrap_or_else(|error| panic!("{error:?}: {told}"));
        for _ in 0..3 {
            match connection.scalars::<i64, _>(text(trusted(format!("SELECT {number} + 40")))).await {
                Ok(answer) => {
                    assert_eq!(answer, [number + 40], "{told}");
                    connection.rollback().await.unwrap();
                    let driver = connection.driver_connection().await.unwrap();
                    assert_eq!(driver.transaction_state(), TransactionState::Idle, "{told}");
                    return connection;
                }
                Err(error) => {
                    assert!(error.is_disconnect(), "{error:?}: {told}");
                    connection.rollback().await.unwrap();
                }
            }
        }
        panic!("three connections in turn were lost: {told}");
    }

    async fn empty_the_table(&self, told: &str) -> u64 {
        let mut connection = self.database.connect().await;
        let removed = connection.execute(self.sql("DELETE FROM {}")).await;
        let removed = removed.unwrap_or_else(|error| panic!("{error:?}: {told}")).rowcount();
        connection.commit().await.unwrap();
        connection.close().await.unwrap();
        removed
    }

    /// Proves that no connection has a transaction open on the server, or runs anything.
    pub async fn prove_the_server(&self, told: &str) {
        let mut busy = Vec::new();
        for _ in 0..60 {
            busy = self.sessions().await;
            busy.retain(|(_, state)| state != "idle");
            if busy.is_empty() {
                return;
            }
            // The table of transactions is brought up to date only when nobody has asked for a tenth of a second.
            sleep(Duration::from_millis(150)).await;
        }
        panic!("open on the server: {busy:?}: {told}");
    }

    async fn until(&self, told: &str, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..1000 {
            if is_so() {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("{what}: {:?}: {told}", self.engine.pool());
    }

    /// The last proof; then everything is closed.
    pub async fn end(self) {
        let size = self.engine.pool().options().pool_size;
        self.prove_the_pool_of(i64::try_from(size).unwrap(), "at the end").await;
        self.empty_the_table("at the end").await;
        self.prove_the_server("at the end").await;
        self.engine.dispose().await;
        self.until("at the end", "connections are open", || self.engine.pool().status().open == 0).await;
        for _ in 0..200 {
            if self.sessions().await.is_empty() {
                if self.database.is_mysql() {
                    control(self.database, format!("DROP USER '{}'@'%'", self.table)).await;
                }
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("connections are left on the server: {:?}", self.sessions().await);
    }
}

/// Runs a statement past the subject, and commits.
pub async fn control(database: &Database, sql: String) {
    let mut connection = database.connect().await;
    connection.execute(text(trusted(sql))).await.unwrap();
    connection.commit().await.unwrap();
    connection.close().await.unwrap();
}

/// The table `numbers`, with the numbers from 1 to 100.
pub async fn with_numbers(database: &Database) {
    control(database, "CREATE TABLE numbers (n INTEGER PRIMARY KEY)".to_owned()).await;
    let rows: Vec<String> = (1..=100).map(|n| format!("({n})")).collect();
    control(database, format!("INSERT INTO numbers VALUES {}", rows.join(", "))).await;
}

/// Polls a future until it has waited so many times, then drops it; none when it was dropped before it was done.
pub async fn drop_after<F: Future>(future: F, waits: usize) -> Option<F::Output> {
    if waits == 0 {
        return None;
    }
    let mut future = pin!(future);
    let mut waited = 0;
    std::future::poll_fn(move |context| {
        waited += 1;
        match future.as_mut().poll(context) {
            Poll::Pending if waited >= waits => Poll::Ready(None),
            poll => Poll::Ready(Some(ready!(poll))),
        }
    })
    .await
}
