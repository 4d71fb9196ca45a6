use std::{fs, time::Duration};

use aludel_driver::{BeginOptions, Connection, Control, ErrorKind, Value};
use aludel_driver_sqlite::{CheckpointMode, JournalMode};

use crate::support::{Folder, begin, memory, own, run, scalar};

/// A file whose log has pages that nobody wrote back.
async fn logged(folder: &Folder) -> Box<dyn Connection> {
    let mut connection = folder.open("a.db", &[("wal_autocheckpoint", "0"), ("busy_timeout", "0.2")]).await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    for _ in 0..5 {
        run(&mut *connection, "INSERT INTO t VALUES (zeroblob(5000))").await;
    }
    connection
}

#[tokio::test]
async fn a_checkpoint_tells_what_it_wrote() {
    let folder = Folder::new();
    let mut connection = logged(&folder).await;
    let before = own(&mut connection).checkpoint(CheckpointMode::Noop).await.unwrap();
    assert!(before.log_pages.unwrap() >= 10, "{before:?}");
    assert_eq!(before.written_pages, Some(0));
    assert!(!before.is_busy && !before.is_complete());
    let passive = own(&mut connection).checkpoint(CheckpointMode::Passive).await.unwrap();
    assert_eq!(passive.log_pages, before.log_pages);
    assert!(passive.is_complete(), "{passive:?}");
    let log = folder.file("a.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let truncated = own(&mut connection).checkpoint(CheckpointMode::Truncate).await.unwrap();
    assert_eq!((truncated.log_pages, truncated.written_pages), (Some(0), Some(0)));
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
}

#[tokio::test]
async fn a_reader_keeps_a_checkpoint_busy() {
    let folder = Folder::new();
    let mut connection = logged(&folder).await;
    own(&mut connection).checkpoint(CheckpointMode::Truncate).await.unwrap();
    let mut reader = folder.open("a.db", &[]).await;
    begin_reading(&mut *reader).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let before = std::time::Instant::now();
    for mode in [CheckpointMode::Full, CheckpointMode::Restart, CheckpointMode::Truncate] {
        let found = own(&mut connection).checkpoint(mode).await.unwrap();
        assert!(found.is_busy && !found.is_complete(), "{mode:?}: {found:?}");
        assert!(found.written_pages < found.log_pages, "{mode:?}: {found:?}");
    }
    // Each of them waited for the busy_timeout.
    assert!(before.elapsed() >= Duration::from_millis(600));
    let passive = own(&mut connection).checkpoint(CheckpointMode::Passive).await.unwrap();
    assert!(!passive.is_busy && !passive.is_complete(), "{passive:?}");
    reader.control(Control::Rollback).await.unwrap();
    let full = own(&mut connection).checkpoint(CheckpointMode::Full).await.unwrap();
    assert!(full.is_complete(), "{full:?}");
}

async fn begin_reading(reader: &mut dyn Connection) {
    let mut options = BeginOptions::default();
    options.read_only = true;
    reader.control(Control::Begin(&options)).await.unwrap();
    scalar(reader, "SELECT count(*) FROM t").await;
}

#[tokio::test]
async fn a_checkpoint_is_refused_where_it_makes_no_sense() {
    let folder = Folder::new();
    let mut connection = logged(&folder).await;
    begin(&mut *connection).await;
    let error = own(&mut connection).checkpoint(CheckpointMode::Full).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("inside a transaction"), "{error}");
    connection.control(Control::Rollback).await.unwrap();
    let error = own(&mut connection).checkpoint_schema("elsewhere", CheckpointMode::Full).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
    assert!(error.message().contains("elsewhere"), "{error}");
    let mut memory = memory().await;
    let found = own(&mut memory).checkpoint(CheckpointMode::Truncate).await.unwrap();
    assert_eq!((found.log_pages, found.written_pages), (None, None), "there is no log");
}

#[tokio::test]
async fn the_checkpoints_of_the_driver_can_be_turned_on_and_off() {
    let folder = Folder::new();
    let mut connection = logged(&folder).await;
    own(&mut connection).set_wal_autocheckpoint(Some(1)).unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let found = own(&mut connection).checkpoint(CheckpointMode::Noop).await.unwrap();
    assert!(found.is_complete(), "{found:?}");
    own(&mut connection).set_wal_autocheckpoint(None).unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let found = own(&mut connection).checkpoint(CheckpointMode::Noop).await.unwrap();
    assert!(!found.is_complete(), "{found:?}");
}

#[tokio::test]
async fn the_journal_mode_can_be_changed() {
    let folder = Folder::new();
    let mut connection = logged(&folder).await;
    assert_eq!(own(&mut connection).journal_mode().await.unwrap(), JournalMode::Wal);
    scalar(&mut *connection, "SELECT count(*) FROM t").await;
    own(&mut connection).set_journal_mode(JournalMode::Delete).await.unwrap();
    assert_eq!(scalar(&mut *connection, "PRAGMA journal_mode").await, Value::Text("delete".into()));
    // Another connection holds the file in use.
    let mut other = folder.open("a.db", &[("journal_mode", "delete")]).await;
    begin_reading(&mut *other).await;
    let error = own(&mut connection).set_journal_mode(JournalMode::Wal).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    other.control(Control::Rollback).await.unwrap();
    own(&mut connection).set_journal_mode(JournalMode::Wal).await.unwrap();
    assert_eq!(own(&mut connection).journal_mode().await.unwrap(), JournalMode::Wal);
    begin(&mut *connection).await;
    let error = own(&mut connection).set_journal_mode(JournalMode::Off).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    let mut memory = memory().await;
    let error = own(&mut memory).set_journal_mode(JournalMode::Wal).await.unwrap_err();
    assert!(error.message().contains("stays memory where wal was asked for"), "{error}");
}
