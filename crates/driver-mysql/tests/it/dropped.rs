//! A future that is dropped half-way leaves a connection that nobody can use any more; never one that answers wrongly.

use std::{future::poll_fn, task::Poll, time::Duration};

use aludel_driver::{
    BeginOptions, BoxFuture, CallOptions, Connection, Control, Discard, ParameterSets, Result, Statement,
    TransactionState, Value,
};

use crate::server::{Kept, assert_answers, batch, connect, execute, fetch};

/// Polls a future so many times, with the socket looked after in between; true when it was done by then.
async fn poll_times<T>(mut future: BoxFuture<'_, T>, times: usize) -> bool {
    for _ in 0..times {
        let is_done = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if is_done {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    false
}

async fn assert_refuses(connection: &mut dyn Connection) {
    let options = CallOptions::default();
    let statement = Statement::new("SELECT 7");
    assert!(connection.is_broken());
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert!(!connection.reset_on_drop());
    for _ in 0..2 {
        assert!(
            connection
                .fetch(&statement, &[], &options, &mut Kept::default())
                .await
                .unwrap_err()
                .is_disconnect()
        );
        assert!(connection.ping().await.unwrap_err().is_disconnect());
        assert!(connection.reset().await.unwrap_err().is_disconnect());
        assert!(connection.batch("SELECT 7", &options).await.unwrap_err().is_disconnect());
        assert!(connection.control(Control::Rollback).await.unwrap_err().is_disconnect());
        assert!(
            connection.control(Control::Begin(&BeginOptions::default())).await.unwrap_err().is_disconnect()
        );
        assert!(connection.cursor(&statement, &[], &options).await.err().unwrap().is_disconnect());
        let sets = ParameterSets::new(&[], 0, 1);
        assert!(
            connection
                .execute_many(&statement, sets, &options, &mut |_, _| Ok(()))
                .await
                .unwrap_err()
                .is_disconnect()
        );
    }
}

/// Drops a call after each possible number of polls, each time on a new connection.
async fn drop_everywhere(
    prepare: impl AsyncFn(&mut dyn Connection),
    call: impl for<'a> Fn(&'a mut dyn Connection) -> BoxFuture<'a, Result<()>>,
) {
    let mut was_dropped = false;
    for polls in 0..40 {
        let Some(mut connection) = connect().await else { return };
        prepare(&mut *connection).await;
        let is_done = poll_times(call(&mut *connection), polls).await;
        if polls == 0 || is_done {
            assert!(!connection.is_broken(), "after {polls} polls");
            assert_answers(&mut *connection).await;
        } else {
            was_dropped = true;
            assert_refuses(&mut *connection).await;
        }
        if is_done {
            break;
        }
    }
    assert!(was_dropped, "the call was done at its first poll");
}

async fn nothing(_: &mut dyn Connection) {}

#[tokio::test]
async fn a_query() {
    drop_everywhere(nothing, |connection| {
        Box::pin(async move {
            let statement = Statement::new("SELECT SLEEP(0.01), 41 + ?");
            let parameters = [Value::I64(1)];
            connection
                .fetch(&statement, &parameters, &CallOptions::default(), &mut Kept::default())
                .await
                .map(drop)
        })
    })
    .await;
}

#[tokio::test]
async fn a_query_that_is_prepared_already() {
    drop_everywhere(
        async |connection| {
            fetch(connection, "SELECT SLEEP(0.01), 41", &[]).await;
        },
        |connection| {
            Box::pin(async move {
                let statement = Statement::new("SELECT SLEEP(0.01), 41");
                connection
                    .fetch(&statement, &[], &CallOptions::default(), &mut Kept::default())
                    .await
                    .map(drop)
            })
        },
    )
    .await;
}

#[tokio::test]
async fn a_query_as_text_with_many_rows() {
    drop_everywhere(nothing, |connection| {
        Box::pin(async move {
            let statement = Statement::once(
                "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 900) \
                 SELECT a.n, b.n FROM number a, number b LIMIT 100000",
            );
            connection.fetch(&statement, &[], &CallOptions::default(), &mut Kept::default()).await.map(drop)
        })
    })
    .await;
}

#[tokio::test]
async fn an_error() {
    drop_everywhere(nothing, |connection| {
        Box::pin(async move {
            let statement = Statement::new("CREATE TABLE mysql.user (id INT)");
            let outcome = connection.fetch(&statement, &[], &CallOptions::default(), &mut Discard).await;
            assert!(outcome.is_err());
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn many_sets() {
    drop_everywhere(
        async |connection| {
            execute(connection, "CREATE TEMPORARY TABLE dropped_sets (id INT)", &[]).await;
        },
        |connection| {
            Box::pin(async move {
                let statement = Statement::new("INSERT INTO dropped_sets VALUES (?)");
                let values: Vec<_> = (0..5).map(Value::I64).collect();
                let sets = ParameterSets::new(&values, 1, 5);
                connection
                    .execute_many(&statement, sets, &CallOptions::default(), &mut |_, _| Ok(()))
                    .await
                    .map(drop)
            })
        },
    )
    .await;
}

#[tokio::test]
async fn a_begin() {
    drop_everywhere(nothing, |connection| {
        Box::pin(async move { connection.control(Control::Begin(&BeginOptions::default())).await })
    })
    .await;
}

#[tokio::test]
async fn a_two_phase_transaction() {
    let options = BeginOptions::default();
    let name = "dropped_phase";
    drop_everywhere(nothing, |connection| {
        Box::pin(
            async move { connection.control(Control::BeginTwoPhase(&BeginOptions::default(), name)).await },
        )
    })
    .await;
    drop_everywhere(
        async |connection| connection.control(Control::BeginTwoPhase(&options, name)).await.unwrap(),
        |connection| Box::pin(async move { connection.control(Control::Rollback).await }),
    )
    .await;
    drop_everywhere(
        async |connection| connection.control(Control::BeginTwoPhase(&options, name)).await.unwrap(),
        |connection| Box::pin(async move { connection.control(Control::Commit).await }),
    )
    .await;
    // What is prepared outlives its connection, so that each attempt needs a name of its own.
    let Some(mut other) = connect().await else { return };
    batch(&mut *other, "DROP TABLE IF EXISTS dropped_phase; CREATE TABLE dropped_phase (id INT)").await;
    for polls in 0..40 {
        let name = format!("dropped_phase-{polls}");
        let mut connection = connect().await.unwrap();
        connection.control(Control::BeginTwoPhase(&options, &name)).await.unwrap();
        execute(&mut *connection, "INSERT INTO dropped_phase VALUES (1)", &[]).await;
        let is_done = poll_times(connection.control(Control::Prepare(&name)), polls).await;
        if polls == 0 {
            assert_eq!(connection.transaction_state(), TransactionState::Active);
        } else if !is_done {
            assert_refuses(&mut *connection).await;
        } else {
            assert_answers(&mut *connection).await;
            break;
        }
    }
    // Some were prepared and some were not; all can be cleared away, and nothing holds the table.
    for _ in 0..400 {
        for name in other.prepared_transactions().await.unwrap() {
            if name.starts_with("dropped_phase-") {
                // A connection that was just dropped may still hold it, and another look will find it.
                let _ = other.control(Control::RollbackPrepared(&name)).await;
            }
        }
        let left = other.prepared_transactions().await.unwrap();
        if !left.iter().any(|name| name.starts_with("dropped_phase-")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(fetch(&mut *other, "SELECT COUNT(*) FROM dropped_phase", &[]).await, [["I64(0)"]]);
    let limit = CallOptions { timeout: Some(Duration::from_secs(10)), ..CallOptions::default() };
    other.fetch(&Statement::new("DROP TABLE dropped_phase"), &[], &limit, &mut Discard).await.unwrap();
}

#[tokio::test]
async fn a_ping_and_a_script() {
    drop_everywhere(nothing, |connection| Box::pin(async move { connection.ping().await })).await;
    drop_everywhere(nothing, |connection| {
        Box::pin(async move {
            connection.batch("DO SLEEP(0.01); SELECT 41; SELECT 42", &CallOptions::default()).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_cursor() {
    drop_everywhere(nothing, |connection| {
        Box::pin(async move {
            let statement = Statement::new("SELECT 41 UNION SELECT SLEEP(0.01)");
            let options = CallOptions::default();
            let mut cursor = connection.cursor(&statement, &[], &options).await?;
            while cursor.fetch(1, &mut Kept::default()).await? {}
            cursor.close().await
        })
    })
    .await;
}

#[tokio::test]
async fn a_reset() {
    drop_everywhere(
        async |connection| {
            execute(connection, "START TRANSACTION", &[]).await;
        },
        |connection| Box::pin(async move { connection.reset().await }),
    )
    .await;
}

#[tokio::test]
async fn a_connection_that_is_being_opened() {
    let Some(mut other) = connect().await else { return };
    let mut arguments = crate::server::arguments().unwrap();
    // So that they can be told from those of other tests.
    arguments.database = Some("information_schema".to_owned());
    let driver = aludel_driver_mysql::MySqlDriver::new();
    for polls in 0..40 {
        let opening = Box::pin(async { aludel_driver::Driver::connect(&driver, &arguments).await.map(drop) });
        if poll_times(opening, polls).await {
            break;
        }
    }
    let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = 'information_schema'";
    for _ in 0..400 {
        if fetch(&mut *other, sql, &[]).await == [["I64(0)"]] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("connections are still open");
}

#[tokio::test]
async fn the_locks_of_a_dropped_call_are_freed() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    batch(&mut *first, "DROP TABLE IF EXISTS freed; CREATE TABLE freed (id INT PRIMARY KEY)").await;
    execute(&mut *second, "START TRANSACTION", &[]).await;
    execute(&mut *second, "INSERT INTO freed VALUES (1)", &[]).await;
    let statement = Statement::new("SELECT SLEEP(30)");
    let cancel = second.cancel_handle().unwrap();
    let options = CallOptions::default();
    let mut kept = Kept::default();
    assert!(!poll_times(second.fetch(&statement, &[], &options, &mut kept), 5).await);
    // What a pool does with it.
    cancel.cancel().await;
    drop(second);
    let insert = Statement::new("INSERT INTO freed VALUES (1)");
    let limit = CallOptions { timeout: Some(Duration::from_secs(10)), ..CallOptions::default() };
    first.fetch(&insert, &[], &limit, &mut Discard).await.unwrap();
    execute(&mut *first, "DROP TABLE freed", &[]).await;
}
