use std::time::{Duration, Instant};

use aludel_driver::{CallOptions, Connection, Discard, ErrorKind, Statement, TransactionState, Value};

use crate::support::{Failing, Folder, HEAVY, Kept, begin, memory, run, scalar, text};

const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i, 'row ' || i FROM n";

/// A result without an end.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, zeroblob(1000) FROM n";

fn sized(fetch_size: usize) -> CallOptions {
    CallOptions { fetch_size: Some(fetch_size), ..Default::default() }
}

#[tokio::test]
async fn rows_come_in_batches_of_any_size() {
    let mut connection = memory().await;
    let statement = Statement::new(NUMBERS);
    for fetch_size in [1, 7, 1000] {
        for ask in [1, 10, 333, 5000] {
            let options = sized(fetch_size);
            let mut cursor = connection.cursor(&statement, &[Value::I64(2500)], &options).await.unwrap();
            assert_eq!(&*cursor.columns()[0].name, "i");
            let mut kept = Kept::default();
            loop {
                let before = kept.rows.len();
                let more = cursor.fetch(ask, &mut kept).await.unwrap();
                assert!(kept.rows.len() - before <= ask);
                if !more {
                    break;
                }
                assert_eq!(kept.rows.len() - before, ask);
            }
            assert!(!cursor.fetch(ask, &mut kept).await.unwrap());
            assert_eq!(kept.rows.len(), 2500);
            assert_eq!(kept.rows[2499], [Value::I64(2500), text("row 2500")]);
            assert!(kept.columns.is_none(), "a cursor has told its columns already");
            cursor.close().await.unwrap();
            assert!(!connection.is_broken());
        }
    }
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn an_empty_result_has_columns_and_a_write_has_none() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a TEXT)").await;
    let options = CallOptions::default();
    let statement = Statement::new("SELECT a FROM t");
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    assert_eq!((&*cursor.columns()[0].name, &*cursor.columns()[0].type_name), ("a", "TEXT"));
    assert!(!cursor.fetch(10, &mut Discard).await.unwrap());
    cursor.close().await.unwrap();
    let statement = Statement::new("INSERT INTO t VALUES ('x')");
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    assert!(cursor.columns().is_empty());
    assert!(!cursor.fetch(10, &mut Discard).await.unwrap());
    drop(cursor);
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(1));
}

#[tokio::test]
async fn errors_come_out_and_leave_the_connection() {
    let mut connection = memory().await;
    let options = CallOptions::default();
    let statement = Statement::new("SELECT * FROM nothing");
    let Err(error) = connection.cursor(&statement, &[], &options).await else { panic!("no such table") };
    assert_eq!(error.kind(), ErrorKind::Programming);
    assert_eq!(error.statement(), Some("SELECT * FROM nothing"));
    // A failure behind the first rows.
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
               SELECT CASE WHEN i < 4000 THEN i ELSE json_extract('{', '$') END FROM n";
    let statement = Statement::new(sql);
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    let mut kept = Kept::default();
    let error = loop {
        match cursor.fetch(100, &mut kept).await {
            Ok(more) => assert!(more),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    drop(cursor);
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn a_failing_sink_leaves_the_cursor() {
    let mut connection = memory().await;
    let (statement, options) = (Statement::new(NUMBERS), CallOptions::default());
    let mut cursor = connection.cursor(&statement, &[Value::I64(10)], &options).await.unwrap();
    assert_eq!(cursor.fetch(10, &mut Failing(0)).await.unwrap_err().kind(), ErrorKind::Custom);
    let mut kept = Kept::default();
    assert!(!cursor.fetch(100, &mut kept).await.unwrap());
    assert_eq!(kept.rows.len(), 8);
    cursor.close().await.unwrap();
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn an_endless_result_is_closed_or_dropped() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    let (statement, options) = (Statement::new(ENDLESS), sized(100));
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    for closes in [true, false] {
        let started = Instant::now();
        let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
        let mut kept = Kept::default();
        assert!(cursor.fetch(1000, &mut kept).await.unwrap());
        assert_eq!(kept.rows.len(), 1000);
        if closes {
            cursor.close().await.unwrap();
        } else {
            drop(cursor);
        }
        assert!(started.elapsed() < Duration::from_secs(5));
        assert!(!connection.is_broken());
        // A stopped query does not undo the transaction.
        assert_eq!(connection.transaction_state(), TransactionState::Active);
        assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(1));
    }
}

#[tokio::test]
async fn a_dropped_opening_or_fetch_is_no_harm() {
    let mut connection = memory().await;
    let statement = Statement::new(HEAVY);
    let options = CallOptions::default();
    let opening = connection.cursor(&statement, &[], &options);
    assert!(tokio::time::timeout(Duration::from_millis(60), opening).await.is_err());
    assert!(!connection.is_broken());
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));

    let sql = format!("SELECT 1 UNION ALL SELECT * FROM ({HEAVY})");
    let statement = Statement::new(sql);
    let one = sized(1);
    let mut cursor = connection.cursor(&statement, &[], &one).await.unwrap();
    let mut kept = Kept::default();
    assert!(cursor.fetch(1, &mut kept).await.unwrap());
    assert!(tokio::time::timeout(Duration::from_millis(60), cursor.fetch(1, &mut kept)).await.is_err());
    drop(cursor);
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn a_dropped_cursor_that_wrote_has_written() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    let options = sized(10);
    let sql = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n RETURNING a";
    let statement = Statement::new(sql);
    for in_transaction in [false, true] {
        if in_transaction {
            begin(&mut *connection).await;
        }
        let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
        assert!(cursor.fetch(10, &mut Discard).await.unwrap());
        drop(cursor);
        assert!(!connection.is_broken());
    }
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(10_000));
}

#[tokio::test]
async fn a_cursor_reads_a_snapshot_while_another_connection_writes() {
    let folder = Folder::new();
    let (mut reader, mut writer) = (folder.open("a.db", &[]).await, folder.open("a.db", &[]).await);
    run(&mut *writer, "CREATE TABLE t (a)").await;
    let fill = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n";
    run(&mut *writer, fill).await;
    let (statement, options) = (Statement::new("SELECT a FROM t"), sized(50));
    let mut cursor = reader.cursor(&statement, &[], &options).await.unwrap();
    let mut kept = Kept::default();
    cursor.fetch(10, &mut kept).await.unwrap();
    run(&mut *writer, "DELETE FROM t").await;
    while cursor.fetch(1000, &mut kept).await.unwrap() {}
    assert_eq!(kept.rows.len(), 5000);
    cursor.close().await.unwrap();
    assert_eq!(scalar(&mut *reader, "SELECT count(*) FROM t").await, Value::I64(0));
}

#[tokio::test]
async fn a_slow_reader_does_not_use_up_the_timeout() {
    let mut connection = memory().await;
    let options = CallOptions { timeout: Some(Duration::from_millis(300)), fetch_size: Some(10) };
    let statement = Statement::new(NUMBERS);
    let mut cursor = connection.cursor(&statement, &[Value::I64(200)], &options).await.unwrap();
    let mut kept = Kept::default();
    for _ in 0..8 {
        cursor.fetch(20, &mut kept).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    while cursor.fetch(20, &mut kept).await.unwrap() {}
    assert_eq!(kept.rows.len(), 200);
    drop(cursor);
    let heavy = Statement::new(HEAVY);
    let Err(error) = connection.cursor(&heavy, &[], &options).await else { panic!("too heavy") };
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

/// Memory stays bounded: the endless result waits until it is read.
#[tokio::test]
async fn the_worker_waits_for_its_reader() {
    let mut connection = memory().await;
    let (statement, options) = (Statement::new(ENDLESS), sized(100));
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut kept = Kept::default();
    cursor.fetch(5, &mut kept).await.unwrap();
    assert_eq!(kept.rows[4][0], Value::I64(5));
    cursor.close().await.unwrap();
}

fn _cursors_can_be_sent(connection: &mut dyn Connection, statement: &Statement, options: &CallOptions) {
    fn is_send(_: impl Send) {}
    is_send(connection.cursor(statement, &[], options));
}
