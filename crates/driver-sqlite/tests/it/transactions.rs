use aludel_driver::{
    BeginMode, BeginOptions, Connection, Control, ErrorKind, IsolationLevel, Retry, Step, StepKind,
    TransactionState, Value,
};

use crate::support::{Folder, Kept, begin, fetch, memory, run, scalar, try_run};

async fn count(connection: &mut dyn Connection) -> Value {
    scalar(connection, "SELECT count(*) FROM t").await
}

async fn table() -> Box<dyn Connection> {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a INTEGER UNIQUE)").await;
    connection
}

#[tokio::test]
async fn commit_keeps_and_rollback_undoes() {
    let mut connection = table().await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    begin(&mut *connection).await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (2)").await;
    run(&mut *connection, "CREATE TABLE other (a)").await;
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(&mut *connection).await, Value::I64(1));
    assert!(try_run(&mut *connection, "SELECT * FROM other", &[]).await.is_err());
}

#[tokio::test]
async fn calls_that_do_not_fit_are_refused() {
    let mut connection = table().await;
    assert_eq!(connection.control(Control::Commit).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        connection.control(Control::Savepoint("a")).await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    // Nothing to undo is undone.
    connection.control(Control::Rollback).await.unwrap();
    begin(&mut *connection).await;
    let error = connection.control(Control::Begin(&BeginOptions::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let error = try_run(&mut *connection, "BEGIN", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}

#[tokio::test]
async fn savepoints_nest_and_take_any_name() {
    let mut connection = table().await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    connection.control(Control::Savepoint("outer \"one\"")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (2)").await;
    connection.control(Control::Savepoint("inner; DROP TABLE t")).await.unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (3)").await;
    connection.control(Control::RollbackTo("inner; DROP TABLE t")).await.unwrap();
    assert_eq!(count(&mut *connection).await, Value::I64(2));
    connection.control(Control::Release("outer \"one\"")).await.unwrap();
    let error = connection.control(Control::RollbackTo("inner; DROP TABLE t")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
    assert!(error.message().contains("no such savepoint"), "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(count(&mut *connection).await, Value::I64(2));
}

#[tokio::test]
async fn isolation_levels_that_sqlite_has() {
    let mut connection = table().await;
    for level in [IsolationLevel::Serializable, IsolationLevel::ReadUncommitted] {
        let mut options = BeginOptions::default();
        options.isolation = Some(level);
        connection.control(Control::Begin(&options)).await.unwrap();
        let expected = Value::I64(i64::from(level == IsolationLevel::ReadUncommitted));
        assert_eq!(scalar(&mut *connection, "PRAGMA read_uncommitted").await, expected);
        connection.control(Control::Commit).await.unwrap();
        assert_eq!(scalar(&mut *connection, "PRAGMA read_uncommitted").await, Value::I64(0));
    }
    for level in [IsolationLevel::ReadCommitted, IsolationLevel::RepeatableRead] {
        let mut options = BeginOptions::default();
        options.isolation = Some(level);
        let error = connection.control(Control::Begin(&options)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert!(error.message().contains(level.as_sql()), "{error}");
        assert_eq!(connection.transaction_state(), TransactionState::Idle);
    }
}

#[tokio::test]
async fn read_only_transactions_do_not_write() {
    let mut connection = table().await;
    let mut options = BeginOptions::default();
    options.read_only = true;
    for end in [Control::Commit, Control::Rollback] {
        connection.control(Control::Begin(&options)).await.unwrap();
        assert_eq!(count(&mut *connection).await, Value::I64(0));
        let error = try_run(&mut *connection, "INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert!(error.message().contains("read-only"), "{error}");
        connection.control(end).await.unwrap();
    }
    // A transaction that was ended by hand is not handed out with what it changed.
    connection.control(Control::Begin(&options)).await.unwrap();
    run(&mut *connection, "COMMIT").await;
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    connection.reset().await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
}

#[tokio::test]
async fn a_read_only_transaction_takes_no_write_lock() {
    let folder = Folder::new();
    let options = [("busy_timeout", "0")];
    let (mut first, mut second) = (folder.open("a.db", &options).await, folder.open("a.db", &options).await);
    run(&mut *first, "CREATE TABLE t (a)").await;
    begin(&mut *first).await;
    let mut read_only = BeginOptions::default();
    read_only.read_only = true;
    let mut deferred = BeginOptions::default();
    deferred.mode = BeginMode::Deferred;
    for options in [&read_only, &deferred] {
        second.control(Control::Begin(options)).await.unwrap();
        assert_eq!(count(&mut *second).await, Value::I64(0));
        second.control(Control::Commit).await.unwrap();
    }
    let error = second.control(Control::Begin(&BeginOptions::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    assert_eq!(error.statement(), Some("BEGIN IMMEDIATE"));
}

#[tokio::test]
async fn an_outdated_snapshot_says_what_to_do() {
    let folder = Folder::new();
    let (mut first, mut second) = (folder.open("a.db", &[]).await, folder.open("a.db", &[]).await);
    run(&mut *first, "CREATE TABLE t (a)").await;
    let mut options = BeginOptions::default();
    options.mode = BeginMode::Deferred;
    first.control(Control::Begin(&options)).await.unwrap();
    assert_eq!(count(&mut *first).await, Value::I64(0));
    run(&mut *second, "INSERT INTO t VALUES (1)").await;
    let started = std::time::Instant::now();
    let error = try_run(&mut *first, "INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
    assert!(started.elapsed().as_secs() < 2, "waiting cannot help");
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("517"), Retry::Transaction)
    );
    assert!(error.message().contains("BeginMode::Immediate"), "{error}");
    first.control(Control::Rollback).await.unwrap();
    begin(&mut *first).await;
    run(&mut *first, "INSERT INTO t VALUES (2)").await;
    first.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_sqlite_undoes_is_noticed() {
    let mut connection = table().await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (2)").await;
    let error = try_run(&mut *connection, "INSERT OR ROLLBACK INTO t VALUES (1)", &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Integrity, Retry::Transaction));
    assert!(error.message().contains("rolled the whole transaction back"), "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    // What follows would be committed one by one.
    for sql in ["INSERT INTO t VALUES (3)", "SELECT 1"] {
        assert_eq!(try_run(&mut *connection, sql, &[]).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    }
    assert_eq!(connection.control(Control::Commit).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(&mut *connection).await, Value::I64(1));
}

#[tokio::test]
async fn reset_undoes_at_once() {
    let mut connection = table().await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    assert!(connection.reset_on_drop());
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert!(!connection.is_broken());
    assert_eq!(count(&mut *connection).await, Value::I64(0));
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    connection.reset().await.unwrap();
    assert_eq!(count(&mut *connection).await, Value::I64(0));
    assert!(connection.reset_on_drop());
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn a_deferred_foreign_key_fails_at_commit_and_keeps_the_transaction() {
    let mut connection = memory().await;
    connection
        .batch(
            "CREATE TABLE a (id INTEGER PRIMARY KEY);
             CREATE TABLE b (a_id INTEGER REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)",
            &Default::default(),
        )
        .await
        .unwrap();
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO b VALUES (1)").await;
    assert_eq!(connection.control(Control::Commit).await.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    run(&mut *connection, "INSERT INTO a VALUES (1)").await;
    connection.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn steps_run_in_order_and_stop_at_the_first_error() {
    let mut connection = table().await;
    let options = BeginOptions::default();
    let insert = aludel_driver::Statement::new("INSERT INTO t VALUES (?)");
    let select = aludel_driver::Statement::new("SELECT a FROM t");
    let values = [Value::I64(1), Value::I64(2)];
    let (mut kept, mut ids) = (Kept::default(), Vec::new());
    let mut each = |position: usize, done: aludel_driver::Done| {
        ids.push((position, done.rows, done.last_insert_id));
        Ok(())
    };
    let mut steps = [
        Step::new(StepKind::Control(Control::Begin(&options))),
        Step::new(StepKind::ExecuteMany {
            statement: &insert,
            sets: aludel_driver::ParameterSets::new(&values, 1, 2),
            each: &mut each,
        }),
        Step::new(StepKind::Fetch { statement: &select, parameters: &[], sink: &mut kept }),
        Step::new(StepKind::Control(Control::Commit)),
    ];
    connection.run(&mut steps, &Default::default()).await.unwrap();
    assert!(steps.iter().all(|step| step.done.is_some()));
    assert_eq!(steps[1].done.unwrap().rows, 2);
    assert_eq!(ids, [(0, 1, Some(1)), (1, 1, Some(2))]);
    assert_eq!(kept.rows.len(), 2);

    let mut sink = aludel_driver::Discard;
    let mut steps = [
        Step::new(StepKind::Control(Control::Begin(&options))),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &values[..1], sink: &mut sink }),
        Step::new(StepKind::Control(Control::Commit)),
    ];
    let error = connection.run(&mut steps, &Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    let done: Vec<_> = steps.iter().map(|step| step.done.is_some()).collect();
    assert_eq!(done, [true, false, false]);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.reset().await.unwrap();
    assert_eq!(fetch(&mut *connection, "SELECT a FROM t", &[]).await.rows.len(), 2);
}

#[tokio::test]
async fn the_level_in_force_is_told() {
    let mut connection = table().await;
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::Serializable);
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::ReadUncommitted);
    connection.control(Control::Begin(&options)).await.unwrap();
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::ReadUncommitted);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::Serializable);
    for level in [IsolationLevel::ReadCommitted, IsolationLevel::RepeatableRead] {
        options.isolation = Some(level);
        let error = connection.control(Control::Begin(&options)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert!(
            error.to_string().contains(level.as_sql()) && error.to_string().contains("SQLite"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn two_phase_transactions_are_not_supported() {
    let mut connection = table().await;
    let options = BeginOptions::default();
    for control in [
        Control::BeginTwoPhase(&options, "name"),
        Control::Prepare("name"),
        Control::CommitPrepared("name"),
        Control::RollbackPrepared("name"),
    ] {
        let error = connection.control(control).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
        assert!(error.to_string().contains("two-phase") && error.to_string().contains("SQLite"), "{error}");
    }
    let error = connection.prepared_transactions().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}
