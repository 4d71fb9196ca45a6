use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use aludel_driver::{Connection, Control, ErrorKind, Value};
use aludel_driver_sqlite::BackupProgress;
use tokio::time::timeout;

use crate::support::{Folder, begin, memory, own, run, scalar, text, try_run};

/// A database of some hundred pages.
async fn filled(mut connection: Box<dyn Connection>) -> Box<dyn Connection> {
    run(&mut *connection, "CREATE TABLE t (a INTEGER PRIMARY KEY, b)").await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
                INSERT INTO t SELECT i, zeroblob(4000) FROM n";
    run(&mut *connection, fill).await;
    connection
}

async fn count(connection: &mut dyn Connection) -> Value {
    scalar(connection, "SELECT count(*) FROM t").await
}

#[tokio::test]
async fn a_backup_tells_how_far_it_is_and_can_be_restored() {
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[]).await).await;
    let mut told: Vec<BackupProgress> = Vec::new();
    let end = own(&mut connection)
        .backup(folder.file("copy é.db"))
        .pages_per_step(100)
        .progress(|progress| told.push(progress))
        .await
        .unwrap();
    assert_eq!(end, BackupProgress { remaining: 0, total: told[0].total });
    assert!(end.total >= 500, "{end:?}");
    assert!(told.len() >= 6, "{told:?}");
    assert_eq!(told[0].remaining, end.total - 100);
    assert!(told.windows(2).all(|pair| pair[0].remaining > pair[1].remaining), "{told:?}");
    assert_eq!(told.last(), Some(&end));

    let mut copy = folder.open("copy é.db", &[]).await;
    assert_eq!(count(&mut *copy).await, Value::I64(500));
    assert_eq!(scalar(&mut *copy, "PRAGMA integrity_check").await, text("ok"));
    drop(copy);

    // Into a database that has something else, also in memory.
    for mut target in [memory().await, folder.open("other.db", &[]).await] {
        run(&mut *target, "CREATE TABLE other (x)").await;
        scalar(&mut *target, "SELECT count(*) FROM other").await;
        let mut steps = 0;
        own(&mut target).restore(folder.file("copy é.db")).progress(|_| steps += 1).await.unwrap();
        assert!(steps > 1);
        assert_eq!(count(&mut *target).await, Value::I64(500));
        assert!(try_run(&mut *target, "SELECT * FROM other", &[]).await.is_err());
    }
}

#[tokio::test]
async fn a_backup_is_the_database_of_one_moment() {
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[]).await).await;
    let mut writer = folder.open("a.db", &[]).await;
    let steps = Arc::new(AtomicU32::new(0));
    let seen = steps.clone();
    let backup = own(&mut connection)
        .backup(folder.file("copy.db"))
        .pages_per_step(50)
        .pause(Duration::from_millis(2))
        .progress(move |_| {
            seen.fetch_add(1, Relaxed);
        });
    let writing = async {
        for _ in 0..20 {
            run(&mut *writer, "INSERT INTO t (b) VALUES (zeroblob(4000))").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let (end, ()) = tokio::join!(backup, writing);
    assert_eq!(end.unwrap().remaining, 0);
    assert!(steps.load(Relaxed) < 20, "it did not begin anew");
    assert_eq!(count(&mut *connection).await, Value::I64(520));
    let mut copy = folder.open("copy.db", &[]).await;
    let Value::I64(copied) = count(&mut *copy).await else { panic!("no number") };
    assert!((500..520).contains(&copied), "{copied}");
    assert_eq!(scalar(&mut *copy, "PRAGMA integrity_check").await, text("ok"));
}

#[tokio::test]
async fn a_backup_that_is_dropped_leaves_nothing() {
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[]).await).await;
    fs::copy(folder.file("a.db"), folder.file("old.db")).unwrap();
    let mut old = folder.open("old.db", &[("journal_mode", "delete")]).await;
    run(&mut *old, "CREATE TABLE IF NOT EXISTS old (x)").await;
    drop(old);
    for name in ["new.db", "old.db"] {
        let path = folder.file(name);
        let backup = own(&mut connection).backup(&path).pages_per_step(1).pause(Duration::from_millis(5));
        assert!(timeout(Duration::from_millis(40), backup).await.is_err(), "it takes longer");
        assert!(!connection.is_broken());
        assert_eq!(count(&mut *connection).await, Value::I64(500));
    }
    assert!(!fs::exists(folder.file("new.db")).unwrap());
    let mut old = folder.open("old.db", &[]).await;
    assert_eq!(scalar(&mut *old, "SELECT count(*) FROM old").await, Value::I64(0));
    assert_eq!(scalar(&mut *old, "PRAGMA integrity_check").await, text("ok"));

    let mut target = memory().await;
    run(&mut *target, "CREATE TABLE kept (x)").await;
    let restoring =
        own(&mut target).restore(folder.file("a.db")).pages_per_step(1).pause(Duration::from_millis(5));
    assert!(timeout(Duration::from_millis(40), restoring).await.is_err(), "it takes longer");
    assert_eq!(scalar(&mut *target, "SELECT count(*) FROM kept").await, Value::I64(0));
}

#[tokio::test]
async fn a_backup_can_be_cancelled_from_elsewhere() {
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[]).await).await;
    let handle = connection.cancel_handle().unwrap();
    let backup =
        own(&mut connection).backup(folder.file("copy.db")).pages_per_step(1).pause(Duration::from_millis(5));
    let (outcome, ()) = tokio::join!(backup, async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        handle.cancel().await;
    });
    let error = outcome.unwrap_err();
    assert!(error.message().contains("was cancelled"), "{error}");
    assert!(!fs::exists(folder.file("copy.db")).unwrap());
}

#[tokio::test]
async fn what_cannot_be_copied_says_why() {
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[("busy_timeout", "0.1")]).await).await;
    begin(&mut *connection).await;
    run(&mut *connection, "DELETE FROM t WHERE a = 1").await;
    let error = own(&mut connection).backup(folder.file("copy.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(error.message().contains("copy.db") && error.message().contains("commit"), "{error}");
    let error = own(&mut connection).restore(folder.file("copy.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    connection.control(Control::Rollback).await.unwrap();

    let error = own(&mut connection).backup(folder.file("no such folder/copy.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    assert!(error.message().contains("no such folder"), "{error}");
    let error = own(&mut connection).backup(folder.file("copy.db")).schema("nowhere").await.unwrap_err();
    assert!(error.message().contains("nowhere"), "{error}");
    assert!(!fs::exists(folder.file("copy.db")).unwrap());
    let error = own(&mut connection).restore(folder.file("not there.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    fs::write(folder.file("text.db"), "this is no database, but long enough to look like one".repeat(99))
        .unwrap();
    let error = own(&mut connection).restore(folder.file("text.db")).await.unwrap_err();
    assert!(error.message().contains("text.db") && error.message().contains("no SQLite database"), "{error}");
    assert_eq!(count(&mut *connection).await, Value::I64(500));

    // Somebody else writes for long.
    let mut other = folder.open("busy.db", &[("journal_mode", "delete")]).await;
    run(&mut *other, "CREATE TABLE t (a)").await;
    begin(&mut *other).await;
    run(&mut *other, "INSERT INTO t VALUES (1)").await;
    let error = own(&mut connection).backup(folder.file("busy.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    assert!(error.message().contains("busy_timeout"), "{error}");
}

#[tokio::test]
async fn an_attached_database_can_be_copied_alone() {
    let folder = Folder::new();
    let mut connection = memory().await;
    own(&mut connection).attach("side", ":memory:").await.unwrap();
    run(&mut *connection, "CREATE TABLE side.t (a)").await;
    run(&mut *connection, "INSERT INTO side.t VALUES (7)").await;
    own(&mut connection).backup(folder.file("side.db")).schema("side").await.unwrap();
    let mut copy = folder.open("side.db", &[]).await;
    assert_eq!(scalar(&mut *copy, "SELECT a FROM t").await, Value::I64(7));
}

#[tokio::test]
async fn a_progress_that_panics_leaves_both_databases_as_they_were() {
    use std::panic::AssertUnwindSafe;
    let folder = Folder::new();
    let mut connection = filled(folder.open("a.db", &[]).await).await;
    let mut other = folder.open("other.db", &[]).await;
    run(&mut *other, "CREATE TABLE t (x)").await;
    run(&mut *other, "INSERT INTO t VALUES (1)").await;
    other.close(std::time::Duration::from_secs(1)).await.unwrap();
    for is_new in [true, false] {
        let file = folder.file(if is_new { "new.db" } else { "other.db" });
        let mut steps = 0;
        let backup = own(&mut connection).backup(&file).pages_per_step(10).progress(|_| {
            steps += 1;
            assert!(steps < 3, "on purpose");
        });
        let mut backup = Box::pin(std::future::IntoFuture::into_future(backup));
        let outcome = std::future::poll_fn(|context| {
            match std::panic::catch_unwind(AssertUnwindSafe(|| backup.as_mut().poll(context))) {
                Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
                Ok(std::task::Poll::Ready(outcome)) => std::task::Poll::Ready(Some(outcome)),
                Err(_) => std::task::Poll::Ready(None),
            }
        });
        let outcome = outcome.await;
        assert!(outcome.is_none_or(|outcome| outcome.is_err()));
        drop(backup);
        // The connection goes on, or says that it is lost.
        match connection.is_broken() {
            false => assert_eq!(count(&mut *connection).await, Value::I64(500)),
            true => connection = folder.open("a.db", &[]).await,
        }
        if !is_new {
            let mut other = folder.open("other.db", &[]).await;
            assert_eq!(count(&mut *other).await, Value::I64(1));
        }
    }
}
