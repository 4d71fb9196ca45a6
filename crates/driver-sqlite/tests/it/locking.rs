use std::time::{Duration, Instant};

use aludel_driver::{
    CallOptions, Connection, Control, Discard, ErrorKind, Retry, Statement, TransactionState, Value,
};

use crate::support::{Folder, begin, run, scalar, try_run};

async fn two(options: &[(&str, &str)]) -> (Folder, Box<dyn Connection>, Box<dyn Connection>) {
    let folder = Folder::new();
    let mut first = folder.open("a.db", options).await;
    run(&mut *first, "CREATE TABLE t (a)").await;
    let second = folder.open("a.db", options).await;
    (folder, first, second)
}

/// Both share one thread, so that a blocked thread would never get the lock.
#[tokio::test]
async fn a_writer_waits_for_the_other() {
    let (_folder, mut first, mut second) = two(&[]).await;
    begin(&mut *first).await;
    run(&mut *first, "INSERT INTO t VALUES (1)").await;
    let holder = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        first.control(Control::Commit).await.unwrap();
    };
    let waiter = async {
        let started = Instant::now();
        run(&mut *second, "INSERT INTO t VALUES (2)").await;
        started.elapsed()
    };
    let ((), waited) = tokio::join!(holder, waiter);
    assert!(waited >= Duration::from_millis(100) && waited < Duration::from_secs(4), "{waited:?}");
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(2));
}

#[tokio::test]
async fn begin_sets_and_scripts_wait_too() {
    let (_folder, mut first, mut second) = two(&[]).await;
    for what in 0..4 {
        begin(&mut *first).await;
        let holder = async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            first.control(Control::Commit).await.unwrap();
        };
        let waiter = async {
            let started = Instant::now();
            match what {
                0 => {
                    begin(&mut *second).await;
                    second.control(Control::Rollback).await.unwrap();
                }
                1 => {
                    let values = [Value::I64(1), Value::I64(2)];
                    let sets = aludel_driver::ParameterSets::new(&values, 1, 2);
                    let statement = Statement::new("INSERT INTO t VALUES (?)");
                    second
                        .execute_many(&statement, sets, &CallOptions::default(), &mut |_, _| Ok(()))
                        .await
                        .unwrap();
                }
                2 => {
                    second.batch("SELECT 1; INSERT INTO t VALUES (3)", &CallOptions::default()).await.unwrap()
                }
                _ => {
                    let statement = Statement::new("INSERT INTO t VALUES (4) RETURNING a");
                    let options = CallOptions::default();
                    let mut cursor = second.cursor(&statement, &[], &options).await.unwrap();
                    assert!(!cursor.fetch(10, &mut Discard).await.unwrap());
                    cursor.close().await.unwrap();
                }
            }
            started.elapsed()
        };
        let ((), waited) = tokio::join!(holder, waiter);
        assert!(waited >= Duration::from_millis(40), "{what}: {waited:?}");
    }
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(4));
}

#[tokio::test]
async fn waiting_ends_with_the_busy_timeout() {
    let (_folder, mut first, mut second) = two(&[("busy_timeout", "0.2")]).await;
    begin(&mut *first).await;
    let started = Instant::now();
    let error = try_run(&mut *second, "INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
    assert!(started.elapsed() >= Duration::from_millis(200) && started.elapsed() < Duration::from_secs(3));
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Operational, Retry::Statement));
    assert!(
        error.message().contains("busy_timeout of 200ms") && error.message().contains("locked"),
        "{error}"
    );
    assert_eq!(error.statement(), Some("INSERT INTO t VALUES (2)"));
    let error = second.batch("INSERT INTO t VALUES (3)", &CallOptions::default()).await.unwrap_err();
    assert!(error.message().contains("busy_timeout"), "{error}");
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(0));
    first.control(Control::Rollback).await.unwrap();
    run(&mut *second, "INSERT INTO t VALUES (2)").await;
}

#[tokio::test]
async fn waiting_ends_with_the_timeout_of_the_call() {
    let (_folder, mut first, mut second) = two(&[]).await;
    begin(&mut *first).await;
    let options = CallOptions { timeout: Some(Duration::from_millis(100)), ..Default::default() };
    let started = Instant::now();
    let statement = Statement::new("INSERT INTO t VALUES (2)");
    let error = second.fetch(&statement, &[], &options, &mut Discard).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("timeout of 100ms") && error.message().contains("lock"), "{error}");
    assert!(!second.is_broken());
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_did_nothing() {
    let (_folder, mut first, mut second) = two(&[]).await;
    begin(&mut *first).await;
    let statement = Statement::new("INSERT INTO t VALUES (2)");
    let (options, mut sink) = (CallOptions::default(), Discard);
    let waiting = second.fetch(&statement, &[], &options, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(50), waiting).await.is_err());
    assert!(!second.is_broken());
    first.control(Control::Commit).await.unwrap();
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(0));
    assert_eq!(second.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn a_commit_waits_for_readers_where_it_must() {
    let (_folder, mut first, mut second) = two(&[("journal_mode", "delete")]).await;
    run(&mut *first, "INSERT INTO t VALUES (1)").await;
    let mut deferred = aludel_driver::BeginOptions::default();
    deferred.mode = aludel_driver::BeginMode::Deferred;
    second.control(Control::Begin(&deferred)).await.unwrap();
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(1));
    begin(&mut *first).await;
    run(&mut *first, "INSERT INTO t VALUES (2)").await;
    let holder = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        second.control(Control::Commit).await.unwrap();
    };
    let started = Instant::now();
    let (committed, ()) = tokio::join!(first.control(Control::Commit), holder);
    committed.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(2));
}

#[tokio::test]
async fn a_shared_cache_waits_for_its_tables() {
    let options = [("mode", "memory"), ("cache", "shared")];
    let mut first = crate::support::connect(Some("waiting"), &options).await.unwrap();
    let mut second = crate::support::connect(Some("waiting"), &options).await.unwrap();
    run(&mut *first, "CREATE TABLE t (a)").await;
    begin(&mut *first).await;
    run(&mut *first, "INSERT INTO t VALUES (1)").await;
    let holder = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        first.control(Control::Commit).await.unwrap();
    };
    let ((), count) = tokio::join!(holder, scalar(&mut *second, "SELECT count(*) FROM t"));
    assert_eq!(count, Value::I64(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_lose_nothing() {
    let folder = Folder::new();
    let mut first = folder.open("a.db", &[]).await;
    run(&mut *first, "CREATE TABLE t (a)").await;
    let mut tasks = Vec::new();
    for writer in 0..6 {
        let mut connection = folder.open("a.db", &[("busy_timeout", "30")]).await;
        tasks.push(tokio::spawn(async move {
            for number in 0..40 {
                if number % 2 == 0 {
                    try_run(
                        &mut *connection,
                        "INSERT INTO t VALUES (?)",
                        &[Value::I64(writer * 100 + number)],
                    )
                    .await
                    .unwrap();
                } else {
                    begin(&mut *connection).await;
                    try_run(
                        &mut *connection,
                        "INSERT INTO t VALUES (?)",
                        &[Value::I64(writer * 100 + number)],
                    )
                    .await
                    .unwrap();
                    connection.control(Control::Commit).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(scalar(&mut *first, "SELECT count(DISTINCT a) FROM t").await, Value::I64(240));
}
