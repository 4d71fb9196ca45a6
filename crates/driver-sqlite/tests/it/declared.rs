//! Cursors that leave the connection free: DECLARE, FETCH, CLOSE.

use std::time::{Duration, Instant};

use aludel_driver::{CallOptions, Connection, Control, Discard, Error, ErrorKind, Statement, Value};

use crate::support::{Failing, Folder, Kept, begin, memory, run, scalar, text};

async fn ask(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Result<Kept, Error> {
    let mut kept = Kept::default();
    connection
        .fetch(&Statement::once(sql.to_owned()), parameters, &CallOptions::default(), &mut kept)
        .await?;
    Ok(kept)
}

async fn numbers(connection: &mut dyn Connection, sql: &str) -> Vec<i64> {
    let kept = ask(connection, sql, &[]).await.unwrap();
    assert_eq!(kept.columns.unwrap().len(), 2);
    let number = |row: &Vec<Value>| match row[0] {
        Value::I64(number) => number,
        ref other => panic!("{other:?}"),
    };
    kept.rows.iter().map(number).collect()
}

async fn filled(connection: &mut dyn Connection, rows: i64) {
    run(connection, "CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)").await;
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO t SELECT i, 'row ' || i FROM n";
    connection
        .fetch(&Statement::new(sql), &[Value::I64(rows)], &CallOptions::default(), &mut Discard)
        .await
        .unwrap();
}

#[tokio::test]
async fn statements_run_between_its_batches() {
    let folder = Folder::new();
    let mut connection = folder.open("declared.db", &[]).await;
    let connection = &mut *connection;
    filled(connection, 2000).await;
    begin(connection).await;
    let declare = "DECLARE up NO SCROLL CURSOR FOR SELECT n, v FROM t WHERE n > ? AND v <> ? ORDER BY n";
    ask(connection, declare, &[Value::I64(2), text("row 4")]).await.unwrap();
    ask(connection, "declare Down cursor for SELECT n, v FROM t ORDER BY n DESC", &[]).await.unwrap();
    assert_eq!(numbers(connection, "FETCH FORWARD 3 FROM up").await, [3, 5, 6]);
    assert_eq!(numbers(connection, "FETCH 2 FROM DOWN").await, [2000, 1999]);
    // Reading, writing, many sets, savepoints and another result come in between.
    assert_eq!(scalar(connection, "SELECT count(*) FROM t").await, Value::I64(2000));
    run(connection, "INSERT INTO t VALUES (0, 'new')").await;
    connection.control(Control::Savepoint("s")).await.unwrap();
    run(connection, "DELETE FROM t WHERE n = 1").await;
    connection.control(Control::RollbackTo("s")).await.unwrap();
    connection.control(Control::Release("s")).await.unwrap();
    assert!(numbers(connection, "FETCH FORWARD 0 FROM up").await.is_empty());
    assert_eq!(numbers(connection, "FETCH FORWARD 1 FROM up").await, [7]);
    let rest = numbers(connection, "FETCH FORWARD 5000 FROM up").await;
    assert_eq!((rest.len(), rest[0], rest[rest.len() - 1]), (1993, 8, 2000));
    // It does not begin again.
    assert!(numbers(connection, "FETCH FORWARD 5000 FROM up").await.is_empty());
    assert_eq!(numbers(connection, "FETCH FORWARD 1 FROM down").await, [1998]);
    ask(connection, "CLOSE up", &[]).await.unwrap();
    let error = ask(connection, "FETCH FORWARD 1 FROM up", &[]).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Programming);
    assert!(error.to_string().contains("there is no cursor `up`"), "{error}");
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(scalar(connection, "SELECT count(*) FROM t").await, Value::I64(2001));
    // The transaction has ended it.
    begin(connection).await;
    assert!(ask(connection, "FETCH FORWARD 1 FROM down", &[]).await.is_err());
    connection.control(Control::Rollback).await.unwrap();
}

#[tokio::test]
async fn it_keeps_nobody_out_after_its_transaction() {
    let folder = Folder::new();
    for end in [Control::Commit, Control::Rollback] {
        let mut first = folder.open(&format!("{end:?}.db"), &[("journal_mode", "delete")]).await;
        let mut second = folder.open(&format!("{end:?}.db"), &[("busy_timeout", "0")]).await;
        filled(&mut *first, 100).await;
        begin(&mut *first).await;
        ask(&mut *first, "DECLARE c CURSOR FOR SELECT n, v FROM t", &[]).await.unwrap();
        assert_eq!(numbers(&mut *first, "FETCH FORWARD 2 FROM c").await, [1, 2]);
        first.control(end).await.unwrap();
        run(&mut *second, "INSERT INTO t VALUES (1000, 'x')").await;
        // A connection that is given back keeps none either.
        begin(&mut *first).await;
        ask(&mut *first, "DECLARE c CURSOR FOR SELECT n, v FROM t", &[]).await.unwrap();
        numbers(&mut *first, "FETCH FORWARD 2 FROM c").await;
        first.reset().await.unwrap();
        run(&mut *second, "INSERT INTO t VALUES (1001, 'x')").await;
        // Nor does one that is closed with an open one.
        begin(&mut *first).await;
        ask(&mut *first, "DECLARE c CURSOR FOR SELECT n, v FROM t", &[]).await.unwrap();
        numbers(&mut *first, "FETCH FORWARD 2 FROM c").await;
        first.close(Duration::from_secs(1)).await.unwrap();
        run(&mut *second, "INSERT INTO t VALUES (1002, 'x')").await;
    }
}

#[tokio::test]
async fn what_is_no_cursor_is_refused() {
    let mut connection = memory().await;
    let connection = &mut *connection;
    filled(connection, 10).await;
    let kind = async |connection: &mut dyn Connection, sql: &str| {
        ask(connection, sql, &[]).await.err().unwrap().kind()
    };
    assert_eq!(kind(connection, "DECLARE c CURSOR FOR SELECT 1").await, ErrorKind::InvalidRequest);
    begin(connection).await;
    assert_eq!(kind(connection, "DECLARE c CURSOR FOR DELETE FROM t").await, ErrorKind::Programming);
    assert_eq!(
        kind(connection, "DECLARE c CURSOR FOR SELECT nothing FROM nowhere").await,
        ErrorKind::Programming
    );
    assert_eq!(kind(connection, "DECLARE c CURSOR FOR SELECT ?").await, ErrorKind::Argument);
    assert_eq!(kind(connection, "DECLARE c WHATEVER").await, ErrorKind::Programming);
    assert_eq!(kind(connection, "FETCH FORWARD 1 FROM c").await, ErrorKind::Programming);
    assert_eq!(kind(connection, "CLOSE c").await, ErrorKind::Programming);
    ask(connection, "DECLARE c CURSOR FOR SELECT n, v FROM t", &[]).await.unwrap();
    assert_eq!(kind(connection, "DECLARE C CURSOR FOR SELECT 1").await, ErrorKind::Programming);
    assert_eq!(numbers(connection, "FETCH FORWARD 2 FROM c").await, [1, 2]);
    // A sink that fails, one that has enough, and a call that is dropped.
    let fetch = Statement::once("FETCH FORWARD 2 FROM c");
    let options = CallOptions::default();
    assert!(connection.fetch(&fetch, &[], &options, &mut Failing(0)).await.is_err());
    let mut enough = Kept { enough: Some(1), ..Kept::default() };
    connection.fetch(&fetch, &[], &options, &mut enough).await.unwrap();
    assert_eq!(numbers(connection, "FETCH FORWARD 9 FROM c").await, [7, 8, 9, 10]);
    connection.control(Control::Rollback).await.unwrap();
}

#[tokio::test]
async fn a_batch_has_a_limit_of_time() {
    let mut connection = memory().await;
    let connection = &mut *connection;
    begin(connection).await;
    let endless = "DECLARE c CURSOR FOR WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n WHERE i % 3 < 5";
    ask(connection, endless, &[]).await.unwrap();
    assert_eq!(numbers(connection, "FETCH FORWARD 2 FROM c").await, [1, 2]);
    let started = Instant::now();
    let options = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    let fetch = Statement::once("FETCH FORWARD 1000000000 FROM c");
    let error = connection.fetch(&fetch, &[], &options, &mut Discard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    // The cursor is gone with it, the transaction is not.
    assert!(ask(connection, "FETCH FORWARD 2 FROM c", &[]).await.is_err());
    run(connection, "CREATE TABLE t (n INTEGER)").await;
    connection.control(Control::Commit).await.unwrap();
}
