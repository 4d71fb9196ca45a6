//! Statements that run within the call.

use aludel_driver::{CallOptions, Connection, ErrorKind, Statement, Value};

use crate::support::{Failing, Folder, Kept, begin, fetch, memory, run, try_run};

const QUERY: &str = "SELECT a FROM t WHERE a >= ? ORDER BY a";

async fn table() -> Box<dyn Connection> {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a INTEGER UNIQUE)").await;
    run(&mut *connection, "INSERT INTO t VALUES (1), (2), (3)").await;
    connection
}

/// The values that come at once; none where the connection wants to be waited for.
fn at_once(connection: &mut dyn Connection, statement: &Statement, from: i64) -> Option<Vec<Value>> {
    let mut kept = Kept::default();
    let options = CallOptions::default();
    let done = connection.fetch_at_once(statement, &[Value::I64(from)], &options, &mut kept)?;
    assert_eq!(done.unwrap().rows, kept.rows.len() as u64);
    assert_eq!(kept.names(), ["a"]);
    Some(kept.rows.into_iter().flatten().collect())
}

#[tokio::test]
async fn only_what_is_known_to_be_short_runs_at_once() {
    let mut connection = table().await;
    assert!(connection.fetches_at_once());
    let statement = Statement::new(QUERY);
    assert_eq!(at_once(&mut *connection, &statement, 2), None);
    assert_eq!(fetch(&mut *connection, QUERY, &[Value::I64(2)]).await.rows.len(), 2);
    assert_eq!(at_once(&mut *connection, &statement, 2), Some(vec![Value::I64(2), Value::I64(3)]));
    assert_eq!(at_once(&mut *connection, &statement, 9), Some(vec![]));
    // One that comes once is not known afterwards either.
    let once = Statement::once("SELECT a FROM t WHERE a > ?");
    fetch(&mut *connection, once.sql(), &[Value::I64(0)]).await;
    connection.clear_statements();
    assert_eq!(at_once(&mut *connection, &once, 2), None);
}

#[tokio::test]
async fn other_tasks_get_their_turn() {
    let mut connection = table().await;
    let statement = Statement::new(QUERY);
    fetch(&mut *connection, QUERY, &[Value::I64(1)]).await;
    let mut times = 0;
    while at_once(&mut *connection, &statement, 1).is_some() {
        times += 1;
        assert!(times <= 1000, "it never asks to be waited for");
    }
    assert!(times >= 32, "it asks to be waited for after {times} statements");
    // Until it was waited for.
    assert_eq!(at_once(&mut *connection, &statement, 1), None);
    fetch(&mut *connection, QUERY, &[Value::I64(1)]).await;
    assert!(at_once(&mut *connection, &statement, 1).is_some());
}

#[tokio::test]
async fn a_changed_table_shows_at_once() {
    let mut connection = table().await;
    let all = "SELECT * FROM t WHERE a >= ?";
    fetch(&mut *connection, all, &[Value::I64(1)]).await;
    run(&mut *connection, "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'x'").await;
    let mut kept = Kept::default();
    let options = CallOptions::default();
    let done = connection.fetch_at_once(&Statement::new(all), &[Value::I64(3)], &options, &mut kept);
    if done.is_none() {
        connection.fetch(&Statement::new(all), &[Value::I64(3)], &options, &mut kept).await.unwrap();
    }
    assert_eq!(kept.names(), ["a", "b"]);
    assert_eq!(kept.rows, [[Value::I64(3), Value::Text("x".into())]]);
}

#[tokio::test]
async fn errors_are_those_of_a_call_that_is_waited_for() {
    let mut connection = table().await;
    let insert = "INSERT INTO t VALUES (?)";
    try_run(&mut *connection, insert, &[Value::I64(10)]).await.unwrap();
    let (statement, options) = (Statement::new(insert), CallOptions::default());
    let mut again = |parameters: &[Value]| {
        connection.fetch_at_once(&statement, parameters, &options, &mut aludel_driver::Discard)
    };
    assert_eq!(again(&[Value::I64(10)]).unwrap().unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(again(&[]).unwrap().unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(again(&[Value::I64(11)]).unwrap().unwrap().rows, 1);
    fetch(&mut *connection, QUERY, &[Value::I64(1)]).await;
    let failed = connection
        .fetch_at_once(&Statement::new(QUERY), &[Value::I64(1)], &options, &mut Failing(0))
        .unwrap()
        .unwrap_err();
    assert!(failed.to_string().contains("the second row is unfit"), "{failed}");
    assert_eq!(fetch(&mut *connection, QUERY, &[Value::I64(1)]).await.rows.len(), 5);
}

#[tokio::test]
async fn a_locked_database_is_waited_for() {
    let folder = Folder::new();
    let mut first = folder.open("locked.db", &[]).await;
    run(&mut *first, "CREATE TABLE t (a INTEGER)").await;
    let insert = "INSERT INTO t VALUES (?)";
    try_run(&mut *first, insert, &[Value::I64(1)]).await.unwrap();
    let mut second = folder.open("locked.db", &[]).await;
    begin(&mut *second).await;
    run(&mut *second, "INSERT INTO t VALUES (2)").await;
    let done = first.fetch_at_once(
        &Statement::new(insert),
        &[Value::I64(3)],
        &CallOptions::default(),
        &mut aludel_driver::Discard,
    );
    assert!(done.is_none(), "it is left to the call that waits");
    second.control(aludel_driver::Control::Commit).await.unwrap();
    try_run(&mut *first, insert, &[Value::I64(3)]).await.unwrap();
    assert_eq!(fetch(&mut *first, "SELECT a FROM t", &[]).await.rows.len(), 3);
}
