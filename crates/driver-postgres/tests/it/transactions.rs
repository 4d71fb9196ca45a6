//! Transactions: control, and whether the connection knows its own state.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, IsolationLevel, Statement, TransactionState,
    Value,
};

use crate::server::{self, connect, execute, rows, scalar, text};

async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
}

async fn count(connection: &mut dyn Connection) -> Value {
    scalar(connection, "SELECT count(*) FROM kept", &[]).await.unwrap()
}

async fn with_table() -> Option<Box<dyn Connection>> {
    let mut connection = connect().await?;
    let script = "CREATE TEMP TABLE kept (id int PRIMARY KEY, late int UNIQUE DEFERRABLE INITIALLY DEFERRED)";
    server::batch(&mut *connection, script).await;
    Some(connection)
}

#[tokio::test]
async fn commit_and_rollback() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    begin(connection).await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    begin(connection).await;
    execute(connection, "INSERT INTO kept VALUES (2)", &[]).await.unwrap();
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection).await, Value::I64(1));
}

#[tokio::test]
async fn begin_takes_options() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::Serializable);
    options.read_only = true;
    options.deferrable = true;
    connection.control(Control::Begin(&options)).await.unwrap();
    for (setting, expected) in [
        ("transaction_isolation", "serializable"),
        ("transaction_read_only", "on"),
        ("transaction_deferrable", "on"),
    ] {
        assert_eq!(scalar(connection, &format!("SHOW {setting}"), &[]).await.unwrap(), text(expected));
    }
    let error = execute(connection, "CREATE TABLE not_made (id int)", &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("25006")));
    connection.reset().await.unwrap();
    // And nothing of it stays.
    begin(connection).await;
    assert_eq!(scalar(connection, "SHOW transaction_read_only", &[]).await.unwrap(), text("off"));
}

#[tokio::test]
async fn savepoints_have_quoted_names() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let name = "a \"b\"; ROLLBACK; --";
    begin(connection).await;
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    connection.control(Control::Savepoint(name)).await.unwrap();
    execute(connection, "INSERT INTO kept VALUES (2)", &[]).await.unwrap();
    execute(connection, "INSERT INTO kept VALUES (2)", &[]).await.unwrap_err();
    connection.control(Control::RollbackTo(name)).await.unwrap();
    execute(connection, "INSERT INTO kept VALUES (3)", &[]).await.unwrap();
    connection.control(Control::Release(name)).await.unwrap();
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(
        rows(connection, "SELECT id FROM kept ORDER BY id", &[]).await.unwrap(),
        [[Value::I64(1)], [Value::I64(3)]]
    );
}

#[tokio::test]
async fn calls_that_do_not_fit_the_state() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let options = BeginOptions::default();
    for control in [Control::Commit, Control::Savepoint("a"), Control::Release("a"), Control::RollbackTo("a")]
    {
        let error = connection.control(control).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{control:?}");
    }
    connection.control(Control::Rollback).await.unwrap();
    begin(connection).await;
    assert_eq!(
        connection.control(Control::Begin(&options)).await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    assert_eq!(connection.control(Control::Savepoint("")).await.unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    let error = connection.control(Control::RollbackTo("unknown")).await.unwrap_err();
    assert_eq!(error.code(), Some("3B001"));
    // The server has failed the transaction for it.
    assert_eq!(connection.control(Control::Commit).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    connection.reset().await.unwrap();
}

#[tokio::test]
async fn after_a_failure_only_a_rollback_helps() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    begin(connection).await;
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap_err();
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    for error in [
        rows(connection, "SELECT 1", &[]).await.unwrap_err(),
        connection.control(Control::Commit).await.unwrap_err(),
        connection.control(Control::Savepoint("a")).await.unwrap_err(),
        connection.batch("SELECT 1", &CallOptions::default()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error}");
        assert!(error.message().contains("roll back first"), "{error}");
    }
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn a_value_that_does_not_fit_does_not_fail_the_transaction() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    begin(connection).await;
    let insert = "INSERT INTO kept VALUES ($1)";
    let error = execute(connection, insert, &[Value::I64(i64::MAX)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    execute(connection, insert, &[Value::I64(1)]).await.unwrap();
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(count(connection).await, Value::I64(1));
}

#[tokio::test]
async fn a_commit_that_the_server_refuses_ends_the_transaction() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    begin(connection).await;
    execute(connection, "INSERT INTO kept VALUES (1, 7), (2, 7)", &[]).await.unwrap();
    let error = connection.control(Control::Commit).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Integrity, Some("23505")));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn raw_sql_makes_the_state_unknown_until_it_is_ended() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    for begin in [
        "BEGIN",
        " /* a /* b */ */ start transaction",
        "-- a comment\n;; Begin isolation level read committed",
    ] {
        execute(connection, begin, &[]).await.unwrap();
        assert_eq!(connection.transaction_state(), TransactionState::Unknown, "{begin}");
        connection.reset().await.unwrap();
        assert_eq!(connection.transaction_state(), TransactionState::Idle);
        server::batch(connection, &format!("SELECT ';';\n{begin}; INSERT INTO kept VALUES (1)")).await;
        assert_eq!(connection.transaction_state(), TransactionState::Unknown, "{begin}");
        connection.reset().await.unwrap();
        assert_eq!(count(connection).await, Value::I64(0));
    }
}

#[tokio::test]
async fn quoted_control_is_no_control() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(
        connection,
        "CREATE FUNCTION pg_temp.one() RETURNS int LANGUAGE plpgsql AS $body$ BEGIN BEGIN NULL; END; RETURN 1; END; $body$",
    )
    .await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    server::batch(
        connection,
        "SELECT ';commit;', $$;commit;$$, E'\\';commit;', 1 AS \";commit;\" -- ;commit;\n /* ; commit; */",
    )
    .await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn a_commit_in_an_unknown_state_tells_the_truth() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "BEGIN; INSERT INTO kept VALUES (1)").await;
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection).await, Value::I64(1));

    server::batch(connection, "BEGIN").await;
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap_err();
    let error = connection.control(Control::Commit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_before_anything_else() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    assert!(connection.reset_on_drop());
    begin(connection).await;
    execute(connection, "INSERT INTO kept VALUES (1)", &[]).await.unwrap();
    assert!(connection.reset_on_drop());
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection).await, Value::I64(0));
    assert!(!connection.is_broken());
    // The same after a failure inside.
    begin(connection).await;
    execute(connection, "SELECT 1/0", &[]).await.unwrap_err();
    assert!(connection.reset_on_drop());
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn a_sink_that_fails_leaves_the_transaction_as_it_was() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    begin(connection).await;
    let sql = Statement::new("INSERT INTO kept SELECT generate_series(1, 500) RETURNING id");
    for (fail_at, fail_at_columns) in [(Some(0), false), (None, true)] {
        let mut sink = server::Kept { fail_at, fail_at_columns, ..server::Kept::default() };
        let error = connection.fetch(&sql, &[], &CallOptions::default(), &mut sink).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Custom);
        assert_eq!(count(connection).await, Value::I64(500));
        execute(connection, "DELETE FROM kept", &[]).await.unwrap();
    }
    connection.control(Control::Commit).await.unwrap();
}
