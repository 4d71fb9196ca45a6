//! Two-phase transactions, and the isolation level that the server tells.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, IsolationLevel, Statement, Step, StepKind,
    TransactionState, Value,
};

use crate::server::{self, Kept, connect, execute, scalar};

/// A table and a name of the test's own.
async fn with_table(table: &str) -> Option<(Box<dyn Connection>, String)> {
    let mut connection = connect().await?;
    let table = format!("aludel_{table}_{}", std::process::id());
    server::batch(&mut *connection, &format!("CREATE TABLE {table} (id int PRIMARY KEY)")).await;
    Some((connection, table))
}

async fn insert(connection: &mut dyn Connection, table: &str, id: i64) {
    execute(connection, &format!("INSERT INTO {table} VALUES ($1)"), &[Value::I64(id)]).await.unwrap();
}

async fn count(connection: &mut dyn Connection, table: &str) -> Value {
    scalar(connection, &format!("SELECT count(*) FROM {table}"), &[]).await.unwrap()
}

async fn is_listed(connection: &mut dyn Connection, name: &str) -> bool {
    connection.prepared_transactions().await.unwrap().iter().any(|listed| listed == name)
}

#[tokio::test]
async fn a_prepared_transaction_is_ended_by_another_connection() {
    let Some((mut one, table)) = with_table("two_phase").await else { return };
    let mut other = connect().await.unwrap();
    let (one, other) = (&mut *one, &mut *other);
    // The name is data, whatever is in it.
    let name = format!("it's \\ \"{table}\"; ROLLBACK; -- é");
    let options = BeginOptions::default();
    for (id, commit) in [(1, true), (2, false)] {
        one.control(Control::BeginTwoPhase(&options, &name)).await.unwrap();
        assert_eq!(one.transaction_state(), TransactionState::Active);
        insert(one, &table, id).await;
        one.control(Control::Prepare(&name)).await.unwrap();
        assert_eq!(one.transaction_state(), TransactionState::Idle);
        assert!(is_listed(one, &name).await && is_listed(other, &name).await);
        let before = count(one, &table).await;
        let end = if commit { Control::CommitPrepared(&name) } else { Control::RollbackPrepared(&name) };
        other.control(end).await.unwrap();
        assert_eq!(other.transaction_state(), TransactionState::Idle);
        assert!(!is_listed(one, &name).await);
        let Value::I64(before) = before else { panic!("{before:?}") };
        assert_eq!(count(one, &table).await, Value::I64(before + i64::from(commit)));
        let error = other.control(end).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Programming, Some("42704")));
    }
    server::batch(one, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn what_is_not_yet_prepared_ends_as_any_other() {
    let Some((mut connection, table)) = with_table("two_phase_plain").await else { return };
    let connection = &mut *connection;
    let options = BeginOptions::default();
    for (end, rows) in [(Control::Rollback, 0), (Control::Commit, 1)] {
        connection.control(Control::BeginTwoPhase(&options, "unused")).await.unwrap();
        insert(connection, &table, 1).await;
        connection.control(end).await.unwrap();
        assert_eq!(count(connection, &table).await, Value::I64(rows));
        assert!(!is_listed(connection, "unused").await);
    }
    // Options go with it.
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::Serializable);
    connection.control(Control::BeginTwoPhase(&options, "unused")).await.unwrap();
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::Serializable);
    assert!(connection.reset_on_drop());
    server::batch(connection, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn steps_of_a_two_phase_transaction_travel_together() {
    let Some((mut connection, table)) = with_table("two_phase_steps").await else { return };
    let connection = &mut *connection;
    let options = BeginOptions::default();
    let sql = Statement::new(format!("INSERT INTO {table} VALUES (1)"));
    let mut sink = Kept::default();
    let mut steps = [
        Step::new(StepKind::Control(Control::BeginTwoPhase(&options, &table))),
        Step::new(StepKind::Fetch { statement: &sql, parameters: &[], sink: &mut sink }),
        Step::new(StepKind::Control(Control::Prepare(&table))),
        Step::new(StepKind::Control(Control::CommitPrepared(&table))),
    ];
    connection.run(&mut steps, &CallOptions::default()).await.unwrap();
    assert!(steps.iter().all(|step| step.done.is_some()));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection, &table).await, Value::I64(1));
    server::batch(connection, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn calls_that_do_not_fit_the_state() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let options = BeginOptions::default();
    let error = connection.control(Control::Prepare("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    connection.control(Control::BeginTwoPhase(&options, "x")).await.unwrap();
    for control in
        [Control::CommitPrepared("x"), Control::RollbackPrepared("x"), Control::BeginTwoPhase(&options, "x")]
    {
        let error = connection.control(control).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{control:?}");
    }
    execute(connection, "SELECT 1/0", &[]).await.unwrap_err();
    let error = connection.control(Control::Prepare("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    connection.control(Control::Rollback).await.unwrap();
    // Whether there is anything to prepare is not known here.
    server::batch(connection, "BEGIN").await;
    let error = connection.control(Control::Prepare("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    connection.reset().await.unwrap();
    let long = "é".repeat(100);
    for name in ["", "a\0b", &long] {
        for control in [
            Control::BeginTwoPhase(&options, name),
            Control::CommitPrepared(name),
            Control::RollbackPrepared(name),
        ] {
            let error = connection.control(control).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{control:?}");
        }
    }
    let longest = "n".repeat(199);
    connection.control(Control::BeginTwoPhase(&options, &longest)).await.unwrap();
    connection.control(Control::Prepare(&longest)).await.unwrap();
    connection.control(Control::RollbackPrepared(&longest)).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_cannot_be_prepared_is_rolled_back() {
    let Some((mut connection, table)) = with_table("two_phase_refused").await else { return };
    let connection = &mut *connection;
    let options = BeginOptions::default();
    server::batch(connection, "CREATE TEMP TABLE own (id int)").await;
    connection.control(Control::BeginTwoPhase(&options, &table)).await.unwrap();
    insert(connection, &table, 1).await;
    execute(connection, "INSERT INTO own VALUES (1)", &[]).await.unwrap();
    // What only this connection sees cannot be handed over to the server.
    let error = connection.control(Control::Prepare(&table)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotSupported, Some("0A000")));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection, &table).await, Value::I64(0));
    server::batch(connection, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn only_those_of_the_own_database_are_listed() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let name = format!("aludel_elsewhere_{}", std::process::id());
    server::batch(connection, &format!("CREATE DATABASE {name}")).await;
    let mut arguments = server::arguments().unwrap();
    arguments.database = Some(name.clone());
    let mut elsewhere = {
        use aludel_driver::Driver as _;
        aludel_driver_postgres::PostgresDriver::new().connect(&arguments).await.unwrap()
    };
    elsewhere.control(Control::BeginTwoPhase(&BeginOptions::default(), &name)).await.unwrap();
    elsewhere.control(Control::Prepare(&name)).await.unwrap();
    assert!(is_listed(&mut *elsewhere, &name).await);
    assert!(!is_listed(connection, &name).await);
    elsewhere.control(Control::RollbackPrepared(&name)).await.unwrap();
    elsewhere.close(std::time::Duration::from_secs(5)).await.unwrap();
    server::batch(connection, &format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn the_isolation_level_is_the_servers_word() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::ReadCommitted);
    for level in connection.capabilities().isolation_levels {
        let mut options = BeginOptions::default();
        options.isolation = Some(*level);
        connection.control(Control::Begin(&options)).await.unwrap();
        assert_eq!(connection.isolation_level().await.unwrap(), *level);
        connection.control(Control::Commit).await.unwrap();
    }
    server::batch(connection, "SET default_transaction_isolation = 'repeatable read'").await;
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::RepeatableRead);
}
