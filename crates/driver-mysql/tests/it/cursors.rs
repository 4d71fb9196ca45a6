//! Rows in batches.

use std::time::{Duration, Instant};

use aludel_driver::{CallOptions, Connection, ErrorKind, Statement, TransactionState, Value};

use crate::server::{Kept, Stopping, assert_answers, connect, execute, fetch, id};

const NUMBERS: &str = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?) SELECT n FROM number";

const MANY: &str = "WITH RECURSIVE digit (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digit WHERE n < 9) \
     SELECT a.n, b.n, c.n, d.n, e.n, f.n, 'some words' FROM digit a, digit b, digit c, digit d, digit e, digit f, digit g";

async fn numbers(connection: &mut dyn Connection, most: i64, size: usize) -> (usize, usize) {
    let statement = Statement::new(NUMBERS);
    let parameters = [Value::I64(most)];
    let options = CallOptions::default();
    let mut cursor = connection.cursor(&statement, &parameters, &options).await.unwrap();
    assert_eq!(&*cursor.columns()[0].name, "n");
    let (mut kept, mut calls) = (Kept::default(), 0);
    loop {
        calls += 1;
        let before = kept.rows.len();
        let more = cursor.fetch(size, &mut kept).await.unwrap();
        assert!(kept.rows.len() - before <= size);
        if !more {
            break;
        }
    }
    assert!(!cursor.fetch(size, &mut kept).await.unwrap());
    cursor.close().await.unwrap();
    let expected: Vec<_> = (1..=most).map(|number| vec![format!("I64({number})")]).collect();
    assert_eq!(kept.rows, expected);
    (kept.rows.len(), calls)
}

#[tokio::test]
async fn rows_come_in_batches() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    assert_eq!(numbers(connection, 25, 10).await, (25, 3));
    assert_eq!(numbers(connection, 3, 10).await, (3, 1));
    let (rows, calls) = numbers(connection, 20, 10).await;
    assert!(rows == 20 && calls <= 3);
    assert_answers(connection).await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn a_cursor_without_rows_or_columns() {
    let Some(mut connection) = connect().await else { return };
    let options = CallOptions::default();
    for (sql, columns) in [("SELECT 1 AS n FROM DUAL WHERE 1 = 0", 1), ("DO 1", 0)] {
        let statement = Statement::new(sql);
        let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
        assert_eq!(cursor.columns().len(), columns);
        let mut kept = Kept::default();
        assert!(!cursor.fetch(5, &mut kept).await.unwrap());
        assert!(kept.rows.is_empty() && kept.shapes.is_empty());
        cursor.close().await.unwrap();
        assert_answers(&mut *connection).await;
    }
    let error =
        connection.cursor(&Statement::new("SELECT * FROM no_such_table"), &[], &options).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Programming);
    assert_answers(&mut *connection).await;
}

#[tokio::test]
async fn a_cursor_closed_early_leaves_the_connection_ready() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    execute(connection, "START TRANSACTION", &[]).await;
    for statement in [Statement::new(MANY), Statement::once(MANY), Statement::new("SELECT 1 UNION SELECT 2")]
    {
        let begun = Instant::now();
        let options = CallOptions::default();
        let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
        let mut kept = Kept::default();
        assert!(cursor.fetch(1, &mut kept).await.unwrap());
        cursor.close().await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(!connection.is_broken());
        assert_eq!(connection.transaction_state(), TransactionState::Active);
        assert_answers(connection).await;
    }
}

#[tokio::test]
async fn a_cursor_dropped_early_breaks_the_connection() {
    let Some(mut connection) = connect().await else { return };
    let statement = Statement::new(MANY);
    let options = CallOptions::default();
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    let mut kept = Kept::default();
    assert!(cursor.fetch(3, &mut kept).await.unwrap());
    drop(cursor);
    assert!(connection.is_broken());
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert!(connection.ping().await.unwrap_err().is_disconnect());
    // The server is rid of it soon: its ten million rows are not read first.
    let number = id(&mut *connection).await;
    drop(connection);
    let mut other = connect().await.unwrap();
    let begun = Instant::now();
    let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?";
    while fetch(&mut *other, sql, &[Value::U64(number)]).await != [["I64(0)"]] {
        assert!(begun.elapsed() < Duration::from_secs(2), "the connection is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_cancellation_that_comes_late_does_not_hit_the_next_statement() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let statement = Statement::new(format!("{MANY} LIMIT ?"));
    let options = CallOptions::default();
    for round in 0..60 {
        // The rest is just so long that the server may be done with it when it is told to stop.
        let parameters = [Value::I64(2_001 + round * 40)];
        let mut cursor = connection.cursor(&statement, &parameters, &options).await.unwrap();
        cursor.fetch(1, &mut Kept::default()).await.unwrap();
        cursor.close().await.unwrap();
        assert_answers(connection).await;
    }
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_cursor() {
    let Some(mut connection) = connect().await else { return };
    let statement = Statement::new(MANY);
    let options = CallOptions::default();
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    let mut failing = Stopping { after: 2, failing: true, seen: 0 };
    assert_eq!(cursor.fetch(10, &mut failing).await.unwrap_err().kind(), ErrorKind::Custom);
    assert!(!cursor.fetch(10, &mut failing).await.unwrap());
    cursor.close().await.unwrap();
    assert_answers(&mut *connection).await;
}
