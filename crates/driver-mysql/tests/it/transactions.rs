//! Transactions, savepoints and what ends them.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, IsolationLevel, Retry, Statement, Step,
    StepKind, TransactionState, Value,
};

use crate::server::{Kept, assert_answers, batch, connect, error, execute, fetch};

async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}

async fn count(connection: &mut dyn Connection, table: &str) -> String {
    fetch(connection, &format!("SELECT COUNT(*) FROM {table}"), &[]).await[0][0].clone()
}

#[tokio::test]
async fn commit_and_rollback() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS committed; CREATE TABLE committed (id INT PRIMARY KEY)").await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    begin(connection).await;
    execute(connection, "INSERT INTO committed VALUES (1)", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    assert!(!connection.reset_on_drop());
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert!(connection.reset_on_drop());
    assert_eq!(count(connection, "committed").await, "I64(0)");
    begin(connection).await;
    execute(connection, "INSERT INTO committed VALUES (1)", &[]).await;
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection, "committed").await, "I64(1)");
    begin(connection).await;
    execute(connection, "INSERT INTO committed VALUES (2)", &[]).await;
    connection.reset().await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection, "committed").await, "I64(1)");
}

#[tokio::test]
async fn savepoints_with_any_name() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS saved; CREATE TABLE saved (id INT PRIMARY KEY)").await;
    let outside = connection.control(Control::Savepoint("s")).await.unwrap_err();
    assert_eq!(outside.kind(), ErrorKind::InvalidRequest);
    begin(connection).await;
    let name = "odd `name`; DROP TABLE saved";
    execute(connection, "INSERT INTO saved VALUES (1)", &[]).await;
    connection.control(Control::Savepoint(name)).await.unwrap();
    execute(connection, "INSERT INTO saved VALUES (2)", &[]).await;
    connection.control(Control::RollbackTo(name)).await.unwrap();
    assert_eq!(count(connection, "saved").await, "I64(1)");
    connection.control(Control::Release(name)).await.unwrap();
    let gone = connection.control(Control::RollbackTo(name)).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::InvalidRequest);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(count(connection, "saved").await, "I64(1)");
}

#[tokio::test]
async fn a_second_begin_does_not_commit_the_first() {
    let Some(mut connection) = connect().await else { return };
    begin(&mut *connection).await;
    let error = connection.control(Control::Begin(&BeginOptions::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}

#[tokio::test]
async fn isolation_is_for_one_transaction() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    batch(&mut *first, "DROP TABLE IF EXISTS isolated; CREATE TABLE isolated (id INT PRIMARY KEY)").await;
    for (level, seen) in [
        (IsolationLevel::ReadUncommitted, "I64(1)"),
        (IsolationLevel::ReadCommitted, "I64(0)"),
        (IsolationLevel::RepeatableRead, "I64(0)"),
    ] {
        begin(&mut *second).await;
        execute(&mut *second, "INSERT INTO isolated VALUES (1)", &[]).await;
        let mut options = BeginOptions::default();
        options.isolation = Some(level);
        first.control(Control::Begin(&options)).await.unwrap();
        assert_eq!(count(&mut *first, "isolated").await, seen, "{level}");
        first.control(Control::Rollback).await.unwrap();
        second.control(Control::Rollback).await.unwrap();
    }
    // A repeatable read does not see what was committed since; the next transaction does, on its default level.
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::Serializable);
    first.control(Control::Begin(&options)).await.unwrap();
    first.control(Control::Rollback).await.unwrap();
    begin(&mut *first).await;
    assert_eq!(count(&mut *first, "isolated").await, "I64(0)");
    execute(&mut *second, "INSERT INTO isolated VALUES (1)", &[]).await;
    assert_eq!(count(&mut *first, "isolated").await, "I64(0)");
    first.control(Control::Commit).await.unwrap();
    assert_eq!(count(&mut *first, "isolated").await, "I64(1)");
}

#[tokio::test]
async fn a_read_only_transaction_refuses_to_write() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS read_only; CREATE TABLE read_only (id INT PRIMARY KEY)").await;
    let mut options = BeginOptions::default();
    options.read_only = true;
    options.isolation = Some(IsolationLevel::RepeatableRead);
    connection.control(Control::Begin(&options)).await.unwrap();
    let refused = error(connection, "INSERT INTO read_only VALUES (1)", &[]).await;
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidRequest, Some("1792")));
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Rollback).await.unwrap();
    execute(connection, "INSERT INTO read_only VALUES (1)", &[]).await;
}

#[tokio::test]
async fn raw_statements_are_noticed() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    execute(connection, "START TRANSACTION", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    // DDL commits in silence.
    execute(connection, "DROP TABLE IF EXISTS noticed", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    execute(connection, "CREATE TABLE noticed (id INT)", &[]).await;
    batch(connection, "BEGIN; INSERT INTO noticed VALUES (1)").await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    execute(connection, "COMMIT", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    let failed = connection
        .batch("BEGIN; INSERT INTO noticed VALUES (2); NONSENSE; COMMIT", &CallOptions::default())
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Programming);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.reset().await.unwrap();
    assert_eq!(count(connection, "noticed").await, "I64(1)");
    // Without autocommit, every statement opens a transaction.
    execute(connection, "SET autocommit = 0", &[]).await;
    count(connection, "noticed").await;
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    execute(connection, "SET autocommit = 1", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn a_deadlock_ends_the_transaction_and_says_so() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    batch(
        &mut *first,
        "DROP TABLE IF EXISTS deadlocked; CREATE TABLE deadlocked (id INT PRIMARY KEY, n INT);
         INSERT INTO deadlocked VALUES (1, 0), (2, 0)",
    )
    .await;
    begin(&mut *first).await;
    begin(&mut *second).await;
    let update = Statement::new("UPDATE deadlocked SET n = n + 1 WHERE id = ?");
    execute(&mut *first, update.sql(), &[Value::I64(1)]).await;
    execute(&mut *second, update.sql(), &[Value::I64(2)]).await;
    let options = CallOptions::default();
    let (mut one, mut two) = (Kept::default(), Kept::default());
    let (left, right) = ([Value::I64(2)], [Value::I64(1)]);
    let (left, right) = tokio::join!(
        first.fetch(&update, &left, &options, &mut one),
        second.fetch(&update, &right, &options, &mut two)
    );
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    let (error, mut victim, mut winner) =
        if let Err(error) = left { (error, first, second) } else { (right.unwrap_err(), second, first) };
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("1213"), Retry::Transaction)
    );
    assert_eq!(victim.transaction_state(), TransactionState::Idle);
    assert_eq!(winner.transaction_state(), TransactionState::Active);
    winner.control(Control::Commit).await.unwrap();
    assert_eq!(fetch(&mut *victim, "SELECT SUM(n) FROM deadlocked", &[]).await, [["Decimal(2)"]]);
}

#[tokio::test]
async fn a_lock_that_is_waited_for_too_long_fails_its_statement_alone() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    batch(
        &mut *first,
        "DROP TABLE IF EXISTS locked; CREATE TABLE locked (id INT PRIMARY KEY, n INT); INSERT INTO locked VALUES (1, 0)",
    )
    .await;
    execute(&mut *second, "SET innodb_lock_wait_timeout = 1", &[]).await;
    begin(&mut *first).await;
    execute(&mut *first, "UPDATE locked SET n = 1", &[]).await;
    begin(&mut *second).await;
    let error = error(&mut *second, "UPDATE locked SET n = 2", &[]).await;
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("1205"), Retry::Statement)
    );
    assert_eq!(second.transaction_state(), TransactionState::Active);
    first.control(Control::Rollback).await.unwrap();
    execute(&mut *second, "UPDATE locked SET n = 2", &[]).await;
    second.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn a_dropped_connection_rolls_back() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "DROP TABLE IF EXISTS rolled; CREATE TABLE rolled (id INT PRIMARY KEY)").await;
    let mut other = connect().await.unwrap();
    begin(&mut *other).await;
    execute(&mut *other, "INSERT INTO rolled VALUES (1)", &[]).await;
    drop(other);
    // Waits for the lock, if it is not gone yet.
    execute(&mut *connection, "INSERT INTO rolled VALUES (1)", &[]).await;
    assert_eq!(count(&mut *connection, "rolled").await, "I64(1)");
}

#[tokio::test]
async fn steps_run_in_order_and_stop_at_an_error() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS stepped; CREATE TABLE stepped (id INT PRIMARY KEY)").await;
    let insert = Statement::new("INSERT INTO stepped VALUES (?)");
    let options = BeginOptions::default();
    let (one, two) = ([Value::I64(1)], [Value::I64(1)]);
    let (mut first, mut second) = (Kept::default(), Kept::default());
    let mut steps = [
        Step::new(StepKind::Control(Control::Begin(&options))),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &one, sink: &mut first }),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &two, sink: &mut second }),
        Step::new(StepKind::Control(Control::Commit)),
    ];
    let error = connection.run(&mut steps, &CallOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    let done: Vec<_> = steps.iter().map(|step| step.done.map(|done| done.rows)).collect();
    assert_eq!(done, [Some(0), Some(1), None, None]);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.reset().await.unwrap();
    assert_eq!(count(connection, "stepped").await, "I64(0)");
    assert_answers(connection).await;
}
