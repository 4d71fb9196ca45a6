//! `prepare_mode=unnamed` behind PgBouncer in transaction mode, which has fewer server connections than clients.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use aludel_driver::{
    BeginOptions, CallOptions, ConnectArguments, Connection, Control, DatabaseUrl, Driver, ErrorKind,
    ParameterSets, Retry, Statement, Step, StepKind, TransactionState, Value,
};
use aludel_driver_postgres::{CopyStatement, PostgresConnection, PostgresDriver};
use aludel_sql_expression::{SqlType, value::ArrayValue};

use crate::server::{self, Kept, execute, rows, scalar, text};

const URL: &str = "ALUDEL_TEST_PGBOUNCER_URL";

/// More than the pooler has server connections.
const CLIENTS: usize = 10;

/// A database of the test's own, and the way to it through the pooler.
struct Pooled {
    name: String,
    arguments: ConnectArguments,
}

impl Pooled {
    async fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url = match std::env::var(URL) {
            Ok(url) => url,
            Err(_) if std::env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_some() => {
                panic!("{URL} is not set")
            }
            Err(_) => {
                eprintln!("not run: {URL} is not set");
                return None;
            }
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("aludel_behind_{}_{number}", std::process::id());
        let mut direct = server::connect().await?;
        server::batch(&mut *direct, &format!("CREATE DATABASE {name}")).await;
        let mut arguments = DatabaseUrl::parse(&url).unwrap().arguments;
        arguments.database = Some(name.clone());
        Some(Self { name, arguments })
    }

    async fn connect(&self) -> Box<dyn Connection> {
        self.connect_with(&[]).await
    }

    async fn connect_with(&self, options: &[(&str, &str)]) -> Box<dyn Connection> {
        let mut arguments = self.arguments.clone();
        arguments
            .options
            .extend(options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        PostgresDriver::new().connect(&arguments).await.unwrap()
    }

    /// Looks into server connections that stand in transactions at the same time: nothing is prepared on any.
    async fn assert_nothing_is_left(&self) {
        let mut connections = Vec::new();
        for _ in 0..4 {
            let mut connection = self.connect().await;
            connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
            connections.push(connection);
        }
        let mut processes = Vec::new();
        for connection in &mut connections {
            processes.push(server::process(&mut **connection).await);
            let sql = "SELECT name || ': ' || statement FROM pg_prepared_statements \
                       WHERE statement NOT LIKE '%pg_prepared_statements%'";
            let left = rows(&mut **connection, sql, &[]).await.unwrap();
            assert!(left.is_empty(), "{left:?}");
            connection.control(Control::Rollback).await.unwrap();
        }
        processes.sort_unstable();
        processes.dedup();
        assert_eq!(processes.len(), 4, "they were different server connections");
    }

    async fn drop(self) {
        let mut direct = server::connect().await.unwrap();
        server::batch(&mut *direct, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_clients_than_server_connections() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut first = pooled.connect().await;
    server::batch(&mut *first, "CREATE TABLE kept (client int, id int, PRIMARY KEY (client, id))").await;
    let mut working = Vec::new();
    for client in 0..CLIENTS as i64 {
        let mut connection = pooled.connect().await;
        working.push(tokio::spawn(async move {
            let connection = &mut *connection;
            let insert = "INSERT INTO kept VALUES ($1, $2) RETURNING id";
            let (begin, many) = (BeginOptions::default(), Statement::new("INSERT INTO kept VALUES ($1, $2)"));
            for round in 0..20 {
                let id = round * 10;
                // By itself, in a transaction, in steps, and in sets; and with a failure in each.
                let parameters = [Value::I64(client), Value::I64(id)];
                assert_eq!(scalar(connection, insert, &parameters).await.unwrap(), Value::I64(id));
                assert_eq!(
                    execute(connection, insert, &parameters).await.unwrap_err().kind(),
                    ErrorKind::Integrity
                );
                connection.control(Control::Begin(&begin)).await.unwrap();
                execute(connection, insert, &[Value::I64(client), Value::I64(id + 1)]).await.unwrap();
                connection.control(Control::Savepoint("a")).await.unwrap();
                execute(connection, insert, &parameters).await.unwrap_err();
                connection.control(Control::RollbackTo("a")).await.unwrap();
                connection.control(Control::Commit).await.unwrap();
                let parameters = [Value::I64(client), Value::I64(id + 2)];
                let (mut one, mut two) = (Kept::default(), Kept::default());
                let sql = Statement::new(insert);
                let again = Statement::new("SELECT count(*) FROM kept WHERE client = $1");
                let mut steps = [
                    Step::new(StepKind::Control(Control::Begin(&begin))),
                    Step::new(StepKind::Fetch { statement: &sql, parameters: &parameters, sink: &mut one }),
                    Step::new(StepKind::Fetch {
                        statement: &again,
                        parameters: &parameters[..1],
                        sink: &mut two,
                    }),
                    Step::new(StepKind::Control(Control::Commit)),
                ];
                connection.run(&mut steps, &CallOptions::default()).await.unwrap();
                let values = [client, id + 3, client, id + 4].map(Value::I64);
                let sets = ParameterSets::new(&values, 2, 2);
                connection
                    .execute_many(&many, sets, &CallOptions::default(), &mut |_, _| Ok(()))
                    .await
                    .unwrap();
                assert_eq!(connection.transaction_state(), TransactionState::Idle);
            }
            connection.ping().await.unwrap();
        }));
    }
    for work in working {
        work.await.unwrap();
    }
    let count = scalar(&mut *first, "SELECT count(*) FROM kept", &[]).await.unwrap();
    assert_eq!(count, Value::I64(CLIENTS as i64 * 20 * 5));
    pooled.assert_nothing_is_left().await;
    drop(first);
    pooled.drop().await;
}

#[tokio::test]
async fn types_of_the_databases_own() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut first = pooled.connect().await;
    server::batch(
        &mut *first,
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TYPE \"Odd name\" AS ENUM ('x');
         CREATE DOMAIN short AS varchar(3) NOT NULL;
         CREATE TYPE pair AS (a int, b mood);
         CREATE SCHEMA other; CREATE TYPE other.kind AS ENUM ('k');
         CREATE TABLE kept (id int, m mood, s short, o \"Odd name\", k other.kind, ms mood[])",
    )
    .await;
    let mut connections = Vec::new();
    for _ in 0..CLIENTS {
        connections.push(pooled.connect().await);
    }
    // Each statement meets another type, and another server connection, as the others hold some meanwhile.
    for (round, sql) in
        ["SELECT 'glad'::mood", "SELECT 'x'::\"Odd name\"", "SELECT 'abc'::short", "SELECT 'k'::other.kind"]
            .iter()
            .enumerate()
    {
        for position in 0..connections.len() {
            let holder = (position + round + 1) % connections.len();
            connections[holder].control(Control::Begin(&BeginOptions::default())).await.unwrap();
            scalar(&mut *connections[holder], "SELECT 1", &[]).await.unwrap();
            rows(&mut *connections[position], sql, &[])
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            connections[holder].control(Control::Commit).await.unwrap();
        }
    }
    let insert = "INSERT INTO kept VALUES ($1, $2, $3, $4, $5, $6) RETURNING m, s, k";
    let moods = vec![text("sad"), text("glad")];
    let moods = Value::Array(Box::new(ArrayValue { element: SqlType::Text, values: moods.into() }));
    for connection in &mut connections {
        let parameters = [Value::I64(1), text("sad"), text("abc"), text("x"), text("k"), moods.clone()];
        let found = rows(&mut **connection, insert, &parameters).await.unwrap();
        assert_eq!(found, [[text("sad"), text("abc"), text("k")]]);
    }
    pooled.assert_nothing_is_left().await;

    // One that is made later is met once with an error that tells to try again, on a new connection.
    server::batch(&mut *first, "CREATE TYPE late AS ENUM ('l')").await;
    let connection = &mut *connections[0];
    let error = rows(connection, "SELECT 'l'::late", &[]).await.unwrap_err();
    assert!(error.is_disconnect() && error.retry() == Retry::Transaction, "{error:?}");
    assert!(error.message().contains("made after this connection was opened"), "{error}");
    server::assert_broken(connection).await;
    let mut new = pooled.connect().await;
    assert_eq!(scalar(&mut *new, "SELECT 'l'::late", &[]).await.unwrap(), text("l"));
    drop((first, new, connections));
    pooled.assert_nothing_is_left().await;
    pooled.drop().await;
}

#[tokio::test]
async fn statement_timeout_reaches_the_server() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut limited = pooled.connect_with(&[("statement_timeout", "200ms")]).await;
    let limited = &mut *limited;
    let started = Instant::now();
    let sleep = "SELECT pg_sleep(30)";
    for _ in 0..3 {
        let error = rows(limited, sleep, &[]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")), "{error:?}");
        assert!(!limited.is_broken());
        limited.control(Control::Begin(&BeginOptions::default())).await.unwrap();
        assert_eq!(scalar(limited, "SHOW statement_timeout", &[]).await.unwrap(), text("200ms"));
        let error = rows(limited, sleep, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        limited.control(Control::Rollback).await.unwrap();
    }
    // It stays with this client alone.
    let mut other = pooled.connect().await;
    for _ in 0..5 {
        assert_eq!(scalar(&mut *other, "SHOW statement_timeout", &[]).await.unwrap(), text("0"));
    }
    // A script outside of a transaction is cancelled from here, and the pooler passes the request on.
    let error = limited.batch("SELECT pg_sleep(30)", &CallOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(limited.is_broken(), "a cancel that went through a pooler may arrive late");
    let mut limited = pooled.connect_with(&[("statement_timeout", "200ms")]).await;
    let lone = Statement::once("DO 'BEGIN PERFORM pg_sleep(30); END'");
    let error = limited.fetch(&lone, &[], &CallOptions::default(), &mut Kept::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    drop((limited, other));
    pooled.drop().await;
}

#[tokio::test]
async fn deadlines_and_dropped_calls_end_the_work_on_the_server() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut watcher = server::connect().await.unwrap();
    let sleep = Statement::new("SELECT pg_sleep(30), 'behind'");
    let mut connection = pooled.connect().await;
    let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    let error = connection.fetch(&sleep, &[], &limit, &mut Kept::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    for _ in 0..6 {
        // More often than there are server connections: none of them is lost.
        let mut connection = pooled.connect().await;
        let (options, mut sink) = (CallOptions::default(), Kept::default());
        let call = connection.fetch(&sleep, &[], &options, &mut sink);
        tokio::time::timeout(Duration::from_millis(100), call).await.unwrap_err();
        drop(connection);
    }
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle'";
    let mut left = Value::Null;
    for _ in 0..200 {
        left = scalar(&mut *watcher, sql, &[text(&pooled.name)]).await.unwrap();
        if left == Value::I64(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, Value::I64(0), "the server still works on what nobody waits for");
    let mut connection = pooled.connect().await;
    assert_eq!(scalar(&mut *connection, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
    pooled.assert_nothing_is_left().await;
    drop(connection);
    pooled.drop().await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_open() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut connection = pooled.connect().await;
    server::batch(&mut *connection, "CREATE TABLE kept (id int)").await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(&mut *connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    assert!(connection.reset_on_drop());
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM kept", &[]).await.unwrap(), Value::I64(0));
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(&mut *connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    drop(connection);
    let mut connection = pooled.connect().await;
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM kept", &[]).await.unwrap(), Value::I64(0));
    // Two-phase ends the transaction too, and gives the server connection back.
    let name = pooled.name.clone();
    connection.control(Control::BeginTwoPhase(&BeginOptions::default(), &name)).await.unwrap();
    execute(&mut *connection, "INSERT INTO kept VALUES ($1)", &[Value::I64(1)]).await.unwrap();
    connection.control(Control::Prepare(&name)).await.unwrap();
    assert_eq!(connection.prepared_transactions().await.unwrap(), std::slice::from_ref(&name));
    connection.control(Control::CommitPrepared(&name)).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM kept", &[]).await.unwrap(), Value::I64(1));
    pooled.assert_nothing_is_left().await;
    drop(connection);
    pooled.drop().await;
}

#[tokio::test]
async fn settings_at_the_start_are_refused_with_advice() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut arguments = pooled.arguments.clone();
    arguments.options.insert("options".to_owned(), "-c work_mem=3MB".to_owned());
    let error = PostgresDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational);
    for words in ["startup parameter", "ALTER ROLE", "PGOPTIONS"] {
        assert!(error.message().contains(words), "{error}");
    }
    // What the pooler knows it passes on.
    let mut connection = pooled.connect_with(&[("application_name", "behind")]).await;
    let name = scalar(&mut *connection, "SHOW application_name", &[]).await.unwrap();
    assert_eq!(name, text("behind"));
    drop(connection);
    pooled.drop().await;
}

#[tokio::test]
async fn copy_stays_on_one_server_connection() {
    let Some(pooled) = Pooled::new().await else { return };
    let mut first = pooled.connect().await;
    server::batch(
        &mut *first,
        "CREATE TYPE mood AS ENUM ('calm', 'glad'); CREATE TABLE day (id int8, mood mood)",
    )
    .await;
    let statement = CopyStatement::named("day");
    let mut others = Vec::new();
    for round in 0..6 {
        let mut other = pooled.connect().await;
        let postgres = other.driver_mut::<PostgresConnection>().unwrap();
        assert_eq!(postgres.copy_all_in(&statement, [(round, "calm"), (round, "glad")]).await.unwrap(), 2);
        let rows = postgres.copy_rows_out::<(i64, String)>(&statement).await.unwrap().all().await.unwrap();
        assert_eq!(rows.len() as i64, 2 * (round + 1));
        // In the midst of one another.
        others.push(other);
    }
    let postgres = first.driver_mut::<PostgresConnection>().unwrap();
    let csv = statement.clone().csv();
    let mut copy = postgres.copy_in(&csv).await.unwrap();
    copy.send("7,bad\n").await.unwrap();
    let error = copy.finish().await.unwrap_err();
    assert!(error.message().contains("COPY day, line 1, column mood"), "{error}");
    let bytes = postgres.copy_out(&csv).await.unwrap().write_to(&mut Vec::new()).await.unwrap();
    assert_eq!(bytes, 12 * 7);
    pooled.assert_nothing_is_left().await;
    drop((first, others));
    pooled.drop().await;
}
