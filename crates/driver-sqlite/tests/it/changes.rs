use std::sync::{Arc, Mutex};

use aludel_driver::{CallOptions, Control, Driver, ErrorKind, ParameterSets, Statement, Value};
use aludel_driver_sqlite::{Change, ChangeEvent, ChangeFeed, ChangeKind, Changes, SqliteDriver};
use tokio::time::{Duration, timeout};

use crate::support::{Folder, arguments, begin, failure, memory, memory_of, own, run, scalar, try_run};

fn change(kind: ChangeKind, table: &str, rowid: i64) -> Change {
    Change { kind, schema: "main".into(), table: table.into(), rowid }
}

/// What a feed told, without waiting.
async fn told(changes: &mut Changes) -> Vec<Vec<(ChangeKind, i64)>> {
    let mut all = Vec::new();
    while let Ok(Some(ChangeEvent::Committed(changes))) =
        timeout(Duration::from_millis(1), changes.next()).await
    {
        all.push(changes.iter().map(|change| (change.kind, change.rowid)).collect());
    }
    all
}

use ChangeKind::{Delete, Insert, Update};

#[tokio::test]
async fn a_listener_is_told_of_each_row() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a)").await;
    run(&mut *connection, "CREATE TABLE \"odd é\" (a)").await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    own(&mut connection)
        .on_change(Some(move |change: &Change| kept.lock().unwrap().push(change.clone())))
        .unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (7, 'a'), (8, 'b')").await;
    run(&mut *connection, "UPDATE t SET id = 9 WHERE id = 8").await;
    run(&mut *connection, "DELETE FROM t WHERE id = 7").await;
    run(&mut *connection, "INSERT INTO \"odd é\" VALUES (1)").await;
    run(&mut *connection, "CREATE TEMP TABLE mine (a)").await;
    run(&mut *connection, "INSERT INTO mine VALUES (1)").await;
    run(&mut *connection, "UPDATE t SET a = 1 WHERE id = 77").await;
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.retain(|change| !change.table.starts_with("sqlite_"));
    assert_eq!(
        seen,
        [
            change(Insert, "t", 7),
            change(Insert, "t", 8),
            change(Update, "t", 9),
            change(Delete, "t", 7),
            change(Insert, "odd é", 1),
            Change { schema: "temp".into(), ..change(Insert, "mine", 1) },
        ]
    );
    own(&mut connection).on_change(None::<fn(&Change)>).unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (10, 'a')").await;
}

#[tokio::test]
async fn a_listener_that_panics_undoes_what_it_was_told() {
    let driver = SqliteDriver::new().on_change(|change| assert_ne!(change.rowid, 13, "thirteen"));
    let mut connection = memory_of(&driver).await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let error = failure(&mut *connection, "INSERT INTO t VALUES (2), (13)").await;
    assert_eq!(error.kind(), ErrorKind::Custom, "{error}");
    assert!(error.message().contains("the listener of changes panicked"), "{error}");
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (3)").await;
    failure(&mut *connection, "INSERT INTO t VALUES (13)").await;
    let error = try_run(&mut *connection, "SELECT 1", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error}");
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(1));
}

#[tokio::test]
async fn a_feed_tells_of_committed_transactions_of_all_connections() {
    let folder = Folder::new();
    let feed = ChangeFeed::new(16);
    let driver = SqliteDriver::new().change_feed(&feed);
    let file = folder.file("a.db");
    let mut first = driver.connect(&arguments(Some(&file), &[])).await.unwrap();
    let mut second = driver.connect(&arguments(Some(&file), &[])).await.unwrap();
    let mut stranger = folder.open("a.db", &[]).await;
    run(&mut *first, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    let mut changes = feed.subscribe();
    run(&mut *first, "INSERT INTO t VALUES (1), (2)").await;
    run(&mut *stranger, "INSERT INTO t VALUES (3)").await;
    begin(&mut *second).await;
    run(&mut *second, "INSERT INTO t VALUES (4)").await;
    run(&mut *second, "DELETE FROM t WHERE id = 1").await;
    assert_eq!(told(&mut changes).await, [vec![(Insert, 1), (Insert, 2)]], "nothing of what is open");
    // Who is told looks, and finds it.
    let reading = async {
        let Some(ChangeEvent::Committed(_)) = changes.next().await else { panic!("nothing was told") };
        scalar(&mut *first, "SELECT count(*) FROM t").await
    };
    let (count, ()) = tokio::join!(reading, async { second.control(Control::Commit).await.unwrap() });
    assert_eq!(count, Value::I64(3));

    // A connection that is given the feed twice tells everything once.
    own(&mut second).change_feed(&feed).unwrap();
    let many =
        "INSERT INTO t VALUES (10); INSERT INTO t VALUES (11); BEGIN; INSERT INTO t VALUES (12); ROLLBACK";
    second.batch(many, &Default::default()).await.unwrap();
    assert_eq!(told(&mut changes).await, [[(Insert, 10)], [(Insert, 11)]]);
    drop((first, second, driver, feed));
    assert_eq!(changes.next().await, None);
}

#[tokio::test]
async fn a_feed_tells_nothing_of_what_was_undone() {
    let feed = ChangeFeed::new(16);
    let mut connection = memory_of(&SqliteDriver::new().change_feed(&feed)).await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    run(
        &mut *connection,
        "CREATE TABLE u (id INTEGER PRIMARY KEY, t REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut changes = feed.subscribe();
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    connection.control(Control::Rollback).await.unwrap();
    // A statement that fails in its middle.
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (2)").await;
    failure(&mut *connection, "INSERT INTO t VALUES (3), (2)").await;
    connection.control(Control::Savepoint("one")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (4)").await;
    connection.control(Control::Savepoint("two")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (5)").await;
    connection.control(Control::Release("two")).await.unwrap();
    connection.control(Control::RollbackTo("one")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (6)").await;
    connection.control(Control::RollbackTo("one")).await.unwrap();
    connection.control(Control::Release("one")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (7)").await;
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(told(&mut changes).await, [[(Insert, 2), (Insert, 7)]]);
    // A commit that fails, and the transaction with it.
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO u VALUES (1, 99)").await;
    connection.control(Control::Commit).await.unwrap_err();
    assert!(told(&mut changes).await.is_empty());
    connection.control(Control::Rollback).await.unwrap();
    assert!(told(&mut changes).await.is_empty());
    failure(&mut *connection, "INSERT INTO t VALUES (8), (2)").await;
    run(&mut *connection, "INSERT INTO t VALUES (9)").await;
    assert_eq!(told(&mut changes).await, [[(Insert, 9)]]);
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_much_was_missed() {
    let feed = ChangeFeed::new(0);
    let mut connection = memory_of(&SqliteDriver::new().change_feed(&feed)).await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    let mut changes = feed.subscribe();
    for _ in 0..5 {
        run(&mut *connection, "INSERT INTO t VALUES (NULL)").await;
    }
    assert_eq!(changes.next().await, Some(ChangeEvent::Missed(4)));
    let Some(ChangeEvent::Committed(last)) = changes.next().await else { panic!("the last one is kept") };
    assert_eq!(last[0].rowid, 5);
}

#[tokio::test]
async fn rows_that_go_together_are_told_once() {
    let feed = ChangeFeed::new(16);
    let mut connection = memory_of(&SqliteDriver::new().change_feed(&feed)).await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a)").await;
    // Rows in between take the keys that the next ones would get, so that what went together is taken back.
    let trigger =
        "CREATE TRIGGER r AFTER INSERT ON t WHEN new.a = 90 BEGIN INSERT INTO t (a) VALUES (-1); END";
    run(&mut *connection, trigger).await;
    let mut changes = feed.subscribe();
    begin(&mut *connection).await;
    let values: Vec<Value> = (0..150).map(Value::I64).collect();
    let insert = Statement::new("INSERT INTO t (a) VALUES (?)");
    let sets = ParameterSets::new(&values, 1, 150);
    connection.execute_many(&insert, sets, &CallOptions::default(), &mut |_, _| Ok(())).await.unwrap();
    connection.control(Control::Commit).await.unwrap();
    let expected: Vec<_> = (1..=151).map(|key| (Insert, key)).collect();
    assert_eq!(told(&mut changes).await, [expected]);
}
