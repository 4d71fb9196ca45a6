use std::fs;

use aludel_driver::{Control, Driver, ErrorKind, Value};
use aludel_driver_sqlite::SqliteDriver;

use crate::support::{Folder, arguments, begin, connect, memory, own, run, scalar, text, try_run};

#[tokio::test]
async fn a_database_is_attached_as_a_schema() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[]).await;
    let (odd, file) = ("odd \"name\"", folder.file("side é.db"));
    own(&mut connection).attach(odd, &file).await.unwrap();
    run(&mut *connection, "CREATE TABLE \"odd \"\"name\"\"\".t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO \"odd \"\"name\"\"\".t VALUES (7)").await;
    connection.control(Control::Commit).await.unwrap();
    // The file is in the mode that all are in.
    assert_eq!(scalar(&mut *connection, "PRAGMA \"odd \"\"name\"\"\".journal_mode").await, text("wal"));
    assert_eq!(scalar(&mut *connection, "PRAGMA \"odd \"\"name\"\"\".synchronous").await, Value::I64(1));
    assert_eq!(scalar(&mut *connection, "SELECT a FROM t").await, Value::I64(7));
    own(&mut connection).detach(odd).await.unwrap();
    assert!(try_run(&mut *connection, "SELECT a FROM t", &[]).await.is_err());
    let mut side = connect(Some(&file), &[]).await.unwrap();
    assert_eq!(scalar(&mut *side, "SELECT a FROM t").await, Value::I64(7));
}

#[tokio::test]
async fn the_url_attaches_to_every_connection() {
    let folder = Folder::new();
    let (archive, memory) = (folder.file("archive.db"), ":memory:");
    let options = [("attach.archive", &*archive), ("attach.scratch", memory), ("journal_mode", "delete")];
    let mut first = folder.open("a.db", &options).await;
    run(&mut *first, "CREATE TABLE archive.t (a)").await;
    run(&mut *first, "CREATE TABLE scratch.u (a)").await;
    assert_eq!(scalar(&mut *first, "PRAGMA archive.journal_mode").await, text("delete"));
    let mut second = folder.open("a.db", &options).await;
    run(&mut *second, "INSERT INTO archive.t VALUES (1)").await;
    assert_eq!(scalar(&mut *first, "SELECT count(*) FROM archive.t").await, Value::I64(1));
    assert!(try_run(&mut *second, "SELECT * FROM scratch.u", &[]).await.is_err(), "memory is its own");

    let driver = SqliteDriver::new().attach("other", folder.file("archive.db"));
    let mut third = driver.connect(&arguments(None, &[])).await.unwrap();
    assert_eq!(scalar(&mut *third, "SELECT count(*) FROM other.t").await, Value::I64(1));
}

#[tokio::test]
async fn an_attached_database_can_be_read_only() {
    let folder = Folder::new();
    let mut maker = folder.open("side.db", &[]).await;
    run(&mut *maker, "CREATE TABLE t (a)").await;
    drop(maker);
    let uri = format!("file:{}?mode=ro", folder.file("side.db"));
    let mut connection = folder.open("a.db", &[("attach.side", &uri)]).await;
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM side.t").await, Value::I64(0));
    run(&mut *connection, "CREATE TABLE here (a)").await;
    let error = try_run(&mut *connection, "INSERT INTO side.t VALUES (1)", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    // Whoever only reads attaches nothing that can be written, and makes no file.
    let mut reader = folder.open("a.db", &[("mode", "ro"), ("attach.side", &folder.file("side.db"))]).await;
    assert!(try_run(&mut *reader, "INSERT INTO side.t VALUES (1)", &[]).await.is_err());
    let missing = folder.file("missing.db");
    let refused = connect(Some(&folder.file("a.db")), &[("mode", "ro"), ("attach.m", &missing)]).await;
    let error = refused.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    assert!(error.message().contains("`m`") && error.message().contains("missing.db"), "{error}");
    assert!(!fs::exists(missing).unwrap());
}

#[tokio::test]
async fn what_cannot_be_attached_says_why() {
    let folder = Folder::new();
    let mut connection = memory().await;
    let side = folder.file("side.db");
    own(&mut connection).attach("side", &side).await.unwrap();
    for (schema, database, words) in [
        ("side", &*side, "already in use"),
        ("main", &side, "already in use"),
        ("x", &folder.file("no such folder/x.db"), "no such folder"),
    ] {
        let error = own(&mut connection).attach(schema, database).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
        assert!(error.message().contains(words) && error.message().contains(schema), "{error}");
    }
    fs::write(folder.file("text.db"), "this is no database, but long enough to look like one".repeat(99))
        .unwrap();
    let error = own(&mut connection).attach("x", &folder.file("text.db")).await.unwrap_err();
    assert!(error.message().contains("no SQLite database"), "{error}");
    // It is not half attached.
    own(&mut connection).attach("x", ":memory:").await.unwrap();
    let error = own(&mut connection).detach("nothing").await.unwrap_err();
    assert!(error.message().contains("`nothing`"), "{error}");

    begin(&mut *connection).await;
    for error in [
        own(&mut connection).attach("y", ":memory:").await.unwrap_err(),
        own(&mut connection).detach("x").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    let driver = SqliteDriver::new();
    let error = driver.check(&arguments(None, &[("attach.", "x")])).unwrap_err();
    assert!(error.message().contains("attach.SCHEMA"), "{error}");
}
