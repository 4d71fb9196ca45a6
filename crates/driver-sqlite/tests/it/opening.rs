use aludel_driver::{Driver, ErrorKind, IsolationLevel, Value};
use aludel_driver_sqlite::SqliteDriver;

use crate::support::{Folder, arguments, connect, fetch, memory, run, scalar, try_run};

async fn refused(database: Option<&str>, options: &[(&str, &str)]) -> aludel_driver::Error {
    match connect(database, options).await {
        Ok(_) => panic!("{database:?} with {options:?} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_driver_says_who_it_is() {
    let driver = SqliteDriver::default();
    assert_eq!(
        (driver.name(), driver.schemes(), driver.dialect().name()),
        ("SQLite", &["sqlite"][..], "sqlite")
    );
    let connection = memory().await;
    assert_eq!(connection.server().product, "SQLite");
    assert!(connection.server().version >= (3, 45, 0), "{:?}", connection.server());
    assert!(connection.server().version_text.starts_with(&format!("3.{}.", connection.server().version.1)));
    let able = connection.capabilities();
    assert!(able.returning.insert && able.returning.update && able.returning.delete);
    assert!(
        able.savepoints && able.streaming && able.last_insert_id && able.transactional_ddl && able.cancel
    );
    assert!(able.prepared_loop && !able.pipelining && !able.two_phase && !able.arrays);
    assert!(able.declared_cursors && !able.aborts_on_error);
    assert_eq!(able.isolation_levels, [IsolationLevel::Serializable, IsolationLevel::ReadUncommitted]);
    assert_eq!(able.max_parameters, 32_766);
}

#[tokio::test]
async fn as_many_parameters_as_announced() {
    let mut connection = memory().await;
    let most = connection.capabilities().max_parameters;
    let sql = |count: usize| format!("SELECT 1 WHERE 1 IN ({})", vec!["?"; count].join(","));
    let values = vec![Value::I64(1); most + 1];
    assert_eq!(fetch(&mut *connection, &sql(most), &values[..most]).await.rows.len(), 1);
    let error = try_run(&mut *connection, &sql(most + 1), &values).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
}

#[tokio::test]
async fn memory_is_private_and_files_are_not() {
    let driver = SqliteDriver::new();
    let private = |database, options: &[(&str, &str)]| driver.is_private(&arguments(database, options));
    assert!(private(None, &[]) && private(Some(":memory:"), &[]) && private(Some(""), &[]));
    assert!(private(Some("name"), &[("mode", "memory")]));
    assert!(private(Some("file::memory:"), &[]) && private(Some("file:x?mode=memory"), &[]));
    assert!(!private(Some("a.db"), &[]) && !private(Some("file:a.db"), &[]));
    assert!(!private(Some("name"), &[("mode", "memory"), ("cache", "shared")]));
    assert!(!private(Some("file:x?mode=memory&cache=shared"), &[]));

    let (mut first, mut second) = (memory().await, memory().await);
    run(&mut *first, "CREATE TABLE t (a)").await;
    assert!(try_run(&mut *second, "SELECT * FROM t", &[]).await.is_err());
}

#[tokio::test]
async fn a_shared_cache_shows_one_database() {
    let options = [("mode", "memory"), ("cache", "shared")];
    let mut first = connect(Some("shared cache #1?"), &options).await.unwrap();
    let mut second = connect(Some("shared cache #1?"), &options).await.unwrap();
    run(&mut *first, "CREATE TABLE t (a)").await;
    run(&mut *first, "INSERT INTO t VALUES (7)").await;
    assert_eq!(scalar(&mut *second, "SELECT a FROM t").await, Value::I64(7));
}

#[tokio::test]
async fn the_defaults_are_safe() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[]).await;
    assert_eq!(scalar(&mut *connection, "PRAGMA foreign_keys").await, Value::I64(1));
    assert_eq!(scalar(&mut *connection, "PRAGMA journal_mode").await, Value::Text("wal".into()));
    assert_eq!(scalar(&mut *connection, "PRAGMA synchronous").await, Value::I64(1));
    assert_eq!(scalar(&mut *connection, "PRAGMA busy_timeout").await, Value::I64(0));
    let mut connection = memory().await;
    assert_eq!(scalar(&mut *connection, "PRAGMA foreign_keys").await, Value::I64(1));
}

#[tokio::test]
async fn options_are_taken() {
    let folder = Folder::new();
    let options = [
        ("journal_mode", "delete"),
        ("synchronous", "extra"),
        ("foreign_keys", "off"),
        ("cache_size", "-4000"),
        ("temp_store", "memory"),
        ("busy_timeout", "0.25"),
        ("statement_cache_size", "3"),
        ("wal_autocheckpoint", "0"),
        ("mmap_size", "1048576"),
    ];
    let mut connection = folder.open("a.db", &options).await;
    for (pragma, expected) in [
        ("journal_mode", Value::Text("delete".into())),
        ("synchronous", Value::I64(3)),
        ("foreign_keys", Value::I64(0)),
        ("cache_size", Value::I64(-4000)),
        ("temp_store", Value::I64(2)),
        ("mmap_size", Value::I64(1_048_576)),
    ] {
        assert_eq!(scalar(&mut *connection, &format!("PRAGMA {pragma}")).await, expected, "{pragma}");
    }
}

#[tokio::test]
async fn unknown_options_are_named() {
    let driver = SqliteDriver::new();
    let error = driver.check(&arguments(None, &[("jurnal_mode", "wal")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("`jurnal_mode`") && error.message().contains("journal_mode"), "{error}");
    for (name, value) in
        [("journal_mode", "none"), ("busy_timeout", "-1"), ("foreign_keys", "maybe"), ("mode", "w")]
    {
        let error = driver.check(&arguments(None, &[(name, value)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.message().contains(name) && error.message().contains(value), "{error}");
        assert_eq!(refused(None, &[(name, value)]).await.kind(), ErrorKind::Argument);
    }
    let mut with_host = arguments(None, &[]);
    with_host.host = Some("file.db".to_owned());
    with_host.password = Some("secret".into());
    let error = driver.check(&with_host).unwrap_err();
    assert!(error.message().contains("`file.db`") && error.message().contains("sqlite:///"), "{error}");
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn a_missing_file_is_explained() {
    let folder = Folder::new();
    let missing = folder.file("no/such/folder/a.db");
    let error = refused(Some(&missing), &[]).await;
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert!(error.message().contains(&missing) && error.message().contains("does not exist"), "{error}");
    assert_eq!(error.code(), Some("14"));

    for mode in ["ro", "rw"] {
        let missing = folder.file("missing.db");
        let error = refused(Some(&missing), &[("mode", mode)]).await;
        assert_eq!(error.kind(), ErrorKind::Operational);
        assert!(error.message().contains(&missing) && error.message().contains("mode=rwc"), "{error}");
        assert!(!std::path::Path::new(&missing).exists());
    }

    let error = refused(Some(&folder.file("")), &[]).await;
    assert!(error.message().contains("directory"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_explained() {
    let folder = Folder::new();
    std::fs::write(folder.file("notes.txt"), "These are notes, and no database at all.".repeat(40)).unwrap();
    let error = refused(Some(&folder.file("notes.txt")), &[]).await;
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    assert!(error.message().contains("notes.txt") && error.message().contains("not a database"), "{error}");
}

#[tokio::test]
async fn read_only_files_are_not_written() {
    let folder = Folder::new();
    let mut writer = folder.open("a #1?.db", &[]).await;
    run(&mut *writer, "CREATE TABLE t (a)").await;
    run(&mut *writer, "INSERT INTO t VALUES (1)").await;
    let mut reader = folder.open("a #1?.db", &[("mode", "ro")]).await;
    assert_eq!(scalar(&mut *reader, "SELECT a FROM t").await, Value::I64(1));
    let error = try_run(&mut *reader, "INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("read-only"), "{error}");
    drop(reader);
    writer.close(std::time::Duration::from_secs(5)).await.unwrap();
    let mut frozen = folder.open("a #1?.db", &[("immutable", "true"), ("mode", "ro")]).await;
    assert_eq!(scalar(&mut *frozen, "SELECT a FROM t").await, Value::I64(1));
}

#[tokio::test]
async fn uris_are_left_to_sqlite() {
    let folder = Folder::new();
    drop(folder.open("a.db", &[]).await);
    let uri = format!("file:{}?mode=ro", folder.file("a.db"));
    let mut connection = connect(Some(&uri), &[]).await.unwrap();
    assert!(try_run(&mut *connection, "CREATE TABLE t (a)", &[]).await.is_err());
}

#[tokio::test]
async fn opening_waits_for_a_lock_up_to_its_timeout() {
    let folder = Folder::new();
    let mut first = folder.open("a.db", &[("journal_mode", "delete")]).await;
    run(&mut *first, "CREATE TABLE t (a)").await;
    run(&mut *first, "BEGIN EXCLUSIVE").await;
    let error = refused(Some(&folder.file("a.db")), &[("busy_timeout", "0.1")]).await;
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert!(error.message().contains("a.db") && error.message().contains("locked"), "{error}");
    let mut impatient = arguments(Some(&folder.file("a.db")), &[("busy_timeout", "30")]);
    impatient.timeout = Some(std::time::Duration::from_millis(100));
    let Err(error) = SqliteDriver::new().connect(&impatient).await else { panic!("it is locked") };
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(80)).await;
        run(&mut *first, "COMMIT").await;
    };
    let (mut second, _) = tokio::join!(folder.open("a.db", &[]), ending);
    assert_eq!(scalar(&mut *second, "SELECT count(*) FROM t").await, Value::I64(0));
}
