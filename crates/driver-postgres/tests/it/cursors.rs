//! Rows in batches, and results that are left before their end.

use std::time::{Duration, Instant};

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, Statement, TransactionState, Value,
};

use crate::server::{self, Kept, connect, execute, scalar};

const NUMBERS: &str = "SELECT x FROM generate_series(1, $1::int4) AS x";

async fn still_works(connection: &mut dyn Connection) {
    assert!(!connection.is_broken());
    assert_eq!(scalar(connection, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
}

#[tokio::test]
async fn batches_to_the_end() {
    let Some(mut connection) = connect().await else { return };
    let (sql, options, ten) = (Statement::new(NUMBERS), CallOptions::default(), [Value::I64(10)]);
    let mut kept = Kept::default();
    let mut cursor = connection.cursor(&sql, &ten, &options).await.unwrap();
    assert_eq!(&*cursor.columns()[0].name, "x");
    assert!(cursor.fetch(4, &mut kept).await.unwrap());
    assert_eq!(kept.rows.len(), 4);
    assert!(cursor.fetch(0, &mut kept).await.unwrap());
    assert!(cursor.fetch(6, &mut kept).await.unwrap());
    assert_eq!(kept.rows.len(), 10);
    assert!(!cursor.fetch(6, &mut kept).await.unwrap());
    assert!(!cursor.fetch(6, &mut kept).await.unwrap());
    assert_eq!(kept.rows.last().unwrap(), &[Value::I64(10)]);
    assert!(kept.columns.is_none());
    drop(cursor);
    still_works(&mut *connection).await;
}

#[tokio::test]
async fn closed_early_or_left_at_the_end() {
    let Some(mut connection) = connect().await else { return };
    let (sql, options) = (Statement::new(NUMBERS), CallOptions::default());
    for rows in [0, 5, 5_000] {
        let many = [Value::I64(rows)];
        let mut cursor = connection.cursor(&sql, &many, &options).await.unwrap();
        cursor.fetch(3, &mut Kept::default()).await.unwrap();
        cursor.close().await.unwrap();
        still_works(&mut *connection).await;
    }
}

#[tokio::test]
async fn a_cursor_that_is_dropped_leaves_the_connection_in_doubt() {
    let Some(mut connection) = connect().await else { return };
    let (sql, options, many) = (Statement::new(NUMBERS), CallOptions::default(), [Value::I64(1_000_000)]);
    let mut cursor = connection.cursor(&sql, &many, &options).await.unwrap();
    cursor.fetch(3, &mut Kept::default()).await.unwrap();
    drop(cursor);
    server::assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn errors_of_the_sink_and_of_the_server() {
    let Some(mut connection) = connect().await else { return };
    let options = CallOptions::default();
    let (sql, ten) = (Statement::new(NUMBERS), [Value::I64(10)]);
    let mut cursor = connection.cursor(&sql, &ten, &options).await.unwrap();
    let mut sink = Kept { fail_at: Some(2), ..Kept::default() };
    assert_eq!(cursor.fetch(5, &mut sink).await.unwrap_err().kind(), ErrorKind::Custom);
    // The row that failed is gone, the others are not.
    let mut kept = Kept { stop_after: Some(1), ..Kept::default() };
    assert!(cursor.fetch(5, &mut kept).await.unwrap());
    assert_eq!(kept.rows, [[Value::I64(4)]]);
    cursor.close().await.unwrap();
    still_works(&mut *connection).await;

    let sql = Statement::new("SELECT 1 / (x - 300) FROM generate_series(1, 500) AS x");
    let mut cursor = connection.cursor(&sql, &[], &options).await.unwrap();
    let error = cursor.fetch(1_000, &mut Kept::default()).await.unwrap_err();
    assert_eq!(error.code(), Some("22012"));
    assert!(!cursor.fetch(1, &mut Kept::default()).await.unwrap());
    drop(cursor);
    still_works(&mut *connection).await;
    let error = connection.cursor(&Statement::new("SELECT nonsense"), &[], &options).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Programming);
    still_works(&mut *connection).await;
}

#[tokio::test]
async fn an_error_in_the_rest_fails_the_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    let sql = Statement::new("SELECT 1 / (x - 3000) FROM generate_series(1, 5000) AS x");
    let mut sink = Kept { stop_after: Some(1), ..Kept::default() };
    let error = connection.fetch(&sql, &[], &CallOptions::default(), &mut sink).await.unwrap_err();
    assert_eq!(error.code(), Some("22012"));
    assert_eq!(scalar(connection, "SELECT 1", &[]).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    connection.reset().await.unwrap();
    still_works(connection).await;
}

#[tokio::test]
async fn a_sink_that_stops_gets_no_more_rows() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let (sql, options) = (Statement::new(NUMBERS), CallOptions::default());
    let mut sink = Kept { stop_after: Some(2), ..Kept::default() };
    let done = connection.fetch(&sql, &[Value::I64(1_000)], &options, &mut sink).await.unwrap();
    assert_eq!((sink.rows.len(), done.rows), (2, 1_000));
    still_works(connection).await;
    let mut sink = Kept { fail_at: Some(2), ..Kept::default() };
    let error = connection.fetch(&sql, &[Value::I64(1_000)], &options, &mut sink).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    still_works(connection).await;
}

#[tokio::test]
async fn a_rest_without_end_is_cancelled_outside_a_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    // It would take hours to its end.
    let sql = Statement::new("SELECT generate_series(1, 100000000000)");
    let started = Instant::now();
    for _ in 0..3 {
        let mut sink = Kept { stop_after: Some(2), ..Kept::default() };
        connection.fetch(&sql, &[], &CallOptions::default(), &mut sink).await.unwrap();
        still_works(connection).await;
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn inside_a_transaction_the_rest_is_read() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE kept (id int)").await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    let mut sink = Kept { stop_after: Some(2), ..Kept::default() };
    let (sql, many) = (Statement::new(NUMBERS), [Value::I64(150_000)]);
    connection.fetch(&sql, &many, &CallOptions::default(), &mut sink).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(scalar(connection, "SELECT count(*) FROM kept", &[]).await.unwrap(), Value::I64(1));
}
