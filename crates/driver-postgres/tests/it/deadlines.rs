//! Deadlines and cancels, which reach the server.

use std::time::{Duration, Instant};

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, ParameterSets, Statement, Step, StepKind,
    Value,
};

use crate::server::{self, Kept, connect, scalar};

fn within(milliseconds: u64) -> CallOptions {
    CallOptions { timeout: Some(Duration::from_millis(milliseconds)), ..CallOptions::default() }
}

async fn assert_usable(connection: &mut dyn Connection) {
    assert!(!connection.is_broken());
    assert_eq!(scalar(connection, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
}

#[tokio::test]
async fn a_statement_is_cancelled_at_its_deadline_and_the_connection_goes_on() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let started = Instant::now();
    let sleep = Statement::new("SELECT pg_sleep(30)");
    let error = connection.fetch(&sleep, &[], &within(100), &mut Kept::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")));
    assert!(error.message().contains("100ms"), "{error}");
    assert_usable(connection).await;

    let error = connection.batch("SELECT pg_sleep(30)", &within(100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_usable(connection).await;

    let sets = ParameterSets::new(&[], 0, 3);
    let error = connection.execute_many(&sleep, sets, &within(100), &mut |_, _| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_usable(connection).await;

    let endless = Statement::new("SELECT generate_series(1, 1000000), repeat('x', 1000), pg_sleep(0.001)");
    let options = within(200);
    let mut cursor = connection.cursor(&endless, &[], &options).await.unwrap();
    let error = cursor.fetch(100_000, &mut Kept::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    drop(cursor);
    assert_usable(connection).await;

    // The server holds back its first words until it has more to say, so the limit may end even the opening.
    let slow = Statement::new("SELECT generate_series(1, 100000), pg_sleep(0.01)");
    let error = connection.cursor(&slow, &[], &options).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_usable(connection).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    // Within the limit nothing changes.
    let done = connection
        .fetch(&Statement::new("SELECT 1"), &[], &within(10_000), &mut Kept::default())
        .await
        .unwrap();
    assert_eq!(done.rows, 1);
}

#[tokio::test]
async fn a_cancel_never_hits_the_next_statement() {
    let Some(mut connection) = connect().await else { return };
    let (sleep, short) = (Statement::new("SELECT pg_sleep(30)"), Statement::new("SELECT pg_sleep(0.002)"));
    for _ in 0..100 {
        let error = connection.fetch(&sleep, &[], &within(5), &mut Kept::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        for _ in 0..3 {
            connection.fetch(&short, &[], &CallOptions::default(), &mut Kept::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_deadline_inside_a_transaction_fails_the_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    connection.control(Control::Begin(&begin)).await.unwrap();
    let sleep = Statement::new("SELECT pg_sleep(30)");
    let error = connection.fetch(&sleep, &[], &within(50), &mut Kept::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_eq!(scalar(connection, "SELECT 1", &[]).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    connection.control(Control::Rollback).await.unwrap();

    let (mut first, mut second) = (Kept::default(), Kept::default());
    let mut steps = [
        Step::new(StepKind::Control(Control::Begin(&begin))),
        Step::new(StepKind::Fetch { statement: &sleep, parameters: &[], sink: &mut first }),
        Step::new(StepKind::Fetch { statement: &sleep, parameters: &[], sink: &mut second }),
        Step::new(StepKind::Control(Control::Commit)),
    ];
    let error = connection.run(&mut steps, &within(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    connection.reset().await.unwrap();
    assert_usable(connection).await;
}

#[tokio::test]
async fn a_cancel_from_elsewhere_ends_the_statement_and_the_connection() {
    let Some(mut connection) = connect().await else { return };
    let handle = connection.cancel_handle().unwrap();
    let sleep = Statement::new("SELECT pg_sleep(30)");
    let (options, mut sink) = (CallOptions::default(), Kept::default());
    let started = Instant::now();
    let (answer, ()) = tokio::join!(connection.fetch(&sleep, &[], &options, &mut sink), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        handle.cancel().await;
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("57014")));
    assert!(started.elapsed() < Duration::from_secs(5));
    server::assert_broken(&mut *connection).await;
}
