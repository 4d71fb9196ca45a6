use std::{
    cell::Cell,
    future::Future,
    time::{Duration, Instant},
};

use aludel_driver::{
    CallOptions, Connection, Control, Discard, ErrorKind, Statement, TransactionState, Value,
};

use crate::support::{Failing, Folder, HEAVY, Kept, begin, fetch, memory, run, scalar, try_run};

/// Does the work, and checks that other tasks of the same thread ran meanwhile: if it blocked them, they would stand still
/// for nearly all of the time.
async fn without_blocking<T>(work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let (last, longest) = (Cell::new(started), Cell::new(Duration::ZERO));
    let note = || {
        longest.set(longest.get().max(last.get().elapsed()));
        last.set(Instant::now());
    };
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            note();
        }
    };
    let result = tokio::select! {
        result = work => result,
        () = ticking => unreachable!(),
    };
    note();
    let (took, longest) = (started.elapsed(), longest.get());
    assert!(longest * 2 < took, "other tasks stood still for {longest:?} of {took:?}");
    result
}

const ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT i, 'row ' || i FROM n";

#[tokio::test]
async fn a_heavy_query_does_not_block_the_runtime() {
    let mut connection = memory().await;
    let sql = HEAVY.replace("30000000", "3000000");
    for _ in 0..2 {
        assert_eq!(without_blocking(scalar(&mut *connection, &sql)).await, Value::I64(3_000_000));
    }
}

#[tokio::test]
async fn many_rows_do_not_block_the_runtime_and_come_whole() {
    let mut connection = memory().await;
    for _ in 0..2 {
        let kept = without_blocking(fetch(&mut *connection, ROWS, &[])).await;
        assert_eq!(kept.names(), ["i", "'row ' || i"]);
        assert_eq!(kept.rows.len(), 1_000_000);
        assert!(kept.rows.iter().zip(1..).all(|(row, number)| row[0] == Value::I64(number)));
    }
}

#[tokio::test]
async fn a_sink_that_fails_or_has_enough_stops_the_worker() {
    let mut connection = memory().await;
    let statement = Statement::new(ROWS);
    let options = CallOptions::default();
    for _ in 0..2 {
        let error = connection.fetch(&statement, &[], &options, &mut Failing(0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Custom);
        let mut kept = Kept { enough: Some(3), ..Default::default() };
        connection.fetch(&statement, &[], &options, &mut kept).await.unwrap();
        assert_eq!(kept.rows.len(), 3);
        assert!(!connection.is_broken());
    }
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn a_deadline_stops_a_heavy_query() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    for milliseconds in [5, 100] {
        let options =
            CallOptions { timeout: Some(Duration::from_millis(milliseconds)), ..Default::default() };
        for _ in 0..2 {
            let started = Instant::now();
            let error =
                connection.fetch(&Statement::new(HEAVY), &[], &options, &mut Discard).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert!(error.message().contains(&format!("timeout of {milliseconds}ms")), "{error}");
            assert_eq!(error.statement(), Some(HEAVY));
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        }
    }
    // A query that was stopped leaves the transaction as it was.
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    assert_eq!(scalar(&mut *connection, "SELECT a FROM t").await, Value::I64(1));
    let options = CallOptions { timeout: Some(Duration::from_millis(100)), ..Default::default() };
    let script = format!("SELECT 1; {HEAVY}; SELECT 2");
    let error = connection.batch(&script, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_deadline_that_stops_a_write_undoes_the_transaction() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let options = CallOptions { timeout: Some(Duration::from_millis(30)), ..Default::default() };
    let insert = Statement::new(format!("INSERT INTO t {HEAVY}"));
    let error = connection.fetch(&insert, &[], &options, &mut Discard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert_eq!(
        try_run(&mut *connection, "SELECT 1", &[]).await.unwrap_err().kind(),
        ErrorKind::PendingRollback
    );
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(0));
}

#[tokio::test]
async fn a_dropped_query_leaves_the_connection_usable() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    for _ in 0..2 {
        let statement = Statement::new(HEAVY);
        let started = Instant::now();
        let (options, mut sink) = (CallOptions::default(), Discard);
        let call = connection.fetch(&statement, &[], &options, &mut sink);
        assert!(tokio::time::timeout(Duration::from_millis(80), call).await.is_err());
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert!(!connection.is_broken());
        assert_eq!(connection.transaction_state(), TransactionState::Active);
    }
    assert_eq!(scalar(&mut *connection, "SELECT a FROM t").await, Value::I64(1));
    connection.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn a_dropped_script_that_wrote_undoes_the_transaction() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let script = format!("INSERT INTO t {HEAVY}");
    let options = CallOptions::default();
    assert!(
        tokio::time::timeout(Duration::from_millis(50), connection.batch(&script, &options)).await.is_err()
    );
    assert!(!connection.is_broken());
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert_eq!(
        try_run(&mut *connection, "INSERT INTO t VALUES (2)", &[]).await.unwrap_err().kind(),
        ErrorKind::PendingRollback
    );
    assert!(connection.reset_on_drop());
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_cancels_from_elsewhere() {
    let mut connection = memory().await;
    let handle = connection.cancel_handle().unwrap();
    let cancelling = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        handle.cancel().await;
    });
    let started = Instant::now();
    let error = try_run(&mut *connection, HEAVY, &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("9")));
    assert!(error.message().contains("cancelled"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
    cancelling.await.unwrap();
    // A cancel that comes too late does no harm.
    connection.cancel_handle().unwrap().cancel().await;
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn a_cancelled_call_stops_waiting_for_a_lock() {
    let folder = Folder::new();
    let (mut first, mut second) = (folder.open("a.db", &[]).await, folder.open("a.db", &[]).await);
    run(&mut *first, "CREATE TABLE t (a)").await;
    begin(&mut *first).await;
    let handle = second.cancel_handle().unwrap();
    let cancelling = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        handle.cancel().await;
    };
    let started = Instant::now();
    let (result, ()) = tokio::join!(try_run(&mut *second, "INSERT INTO t VALUES (1)", &[]), cancelling);
    assert!(result.unwrap_err().message().contains("cancelled"));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_long_statement_that_writes_goes_to_the_worker_later() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    let fill = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT i FROM n";
    assert_eq!(run(&mut *connection, fill).await.rows, 1_000_000);
    let done = without_blocking(run(&mut *connection, fill)).await;
    assert_eq!((done.rows, done.last_insert_id), (1_000_000, Some(2_000_000)));
    without_blocking(run(&mut *connection, "CREATE INDEX i ON t (a)")).await;
}

#[tokio::test]
async fn a_worker_that_does_not_end_in_time_takes_the_connection_with_it() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[]).await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    // What it wrote has to be shown row by row before it is complete.
    let fill = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT i FROM n RETURNING a";
    let (statement, options) = (Statement::new(fill), CallOptions::default());
    let mut cursor = connection.cursor(&statement, &[], &options).await.unwrap();
    cursor.fetch(1, &mut Discard).await.unwrap();
    let started = Instant::now();
    drop(cursor);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(connection.is_broken());
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert!(!connection.reset_on_drop());
    let failures = [
        try_run(&mut *connection, "SELECT 1", &[]).await.map(drop),
        connection.control(Control::Rollback).await,
        connection.batch("SELECT 1", &options).await,
        connection.ping().await,
        connection.reset().await,
        connection.cursor(&statement, &[], &options).await.map(drop),
    ];
    for failure in failures {
        let error = failure.unwrap_err();
        assert!(error.is_disconnect() && error.message().contains("a.db"), "{error}");
    }
    // The worker came to its end: what was written is there for others.
    let mut other = folder.open("a.db", &[]).await;
    let started = Instant::now();
    while scalar(&mut *other, "SELECT count(*) FROM t").await != Value::I64(2_000_000) {
        assert!(started.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    connection.close(Duration::from_secs(1)).await.unwrap();
}

#[test]
fn a_connection_is_bound_to_no_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut connection = runtime.block_on(memory());
    runtime.block_on(async { run(&mut *connection, "CREATE TABLE t (a)").await });
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(scalar(&mut *connection, "SELECT count(*) FROM t")), Value::I64(0));
    assert_eq!(
        runtime.block_on(scalar(&mut *connection, HEAVY.replace("30000000", "1000000").as_str())),
        Value::I64(1_000_000)
    );
}

fn _futures_can_be_sent(connection: &mut dyn Connection, statement: &Statement, options: &CallOptions) {
    fn is_send(_: impl Send) {}
    is_send(connection.fetch(statement, &[], options, &mut Discard));
}
