//! Calls that are dropped half-way: the connection is in doubt, and the server is told to stop.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ParameterSets, Statement, Step, StepKind, Value,
};

use crate::server::{self, Kept, assert_broken, connect, scalar};

/// Polls a call so many times, a moment apart, and drops it. Whether it was done before.
async fn poll_and_drop<T>(call: impl Future<Output = T>, polls: usize) -> bool {
    let mut call = pin!(call);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
        if done {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    false
}

/// Whatever was dropped when, the connection is either usable and in step, or broken.
async fn assert_in_step_or_broken(connection: &mut dyn Connection, polls: usize, done: bool) {
    if polls == 0 || done {
        assert!(!connection.is_broken(), "after {polls} polls");
        connection.reset().await.unwrap();
        assert_eq!(scalar(connection, "SELECT 'in step'", &[]).await.unwrap(), server::text("in step"));
    } else {
        assert_broken(connection).await;
    }
}

#[tokio::test]
async fn at_every_poll_of_every_call() {
    let options = CallOptions::default();
    let begin = BeginOptions::default();
    let select = Statement::new("SELECT x, 'wrong answer' FROM generate_series(1, 3000) AS x");
    let insert = Statement::new("INSERT INTO dropped VALUES ($1)");
    let values: Vec<Value> = (0..50).map(Value::I64).collect();
    for call in 0..7 {
        let mut finished = false;
        for polls in 0..60 {
            let Some(mut connection) = connect().await else { return };
            let connection = &mut *connection;
            server::batch(connection, "CREATE TEMP TABLE dropped (id int)").await;
            let mut sink = Kept::default();
            let sets = ParameterSets::new(&values, 1, values.len());
            let done = match call {
                0 => poll_and_drop(connection.fetch(&select, &[], &options, &mut sink), polls).await,
                1 => {
                    poll_and_drop(connection.execute_many(&insert, sets, &options, &mut |_, _| Ok(())), polls)
                        .await
                }
                2 => poll_and_drop(connection.batch("SELECT 1; SELECT 2", &options), polls).await,
                3 => poll_and_drop(connection.control(Control::Begin(&begin)), polls).await,
                4 => poll_and_drop(connection.ping(), polls).await,
                5 => {
                    let mut each = |_, _| Ok(());
                    let mut steps = [
                        Step::new(StepKind::Control(Control::Begin(&begin))),
                        Step::new(StepKind::ExecuteMany { statement: &insert, sets, each: &mut each }),
                        Step::new(StepKind::Fetch { statement: &select, parameters: &[], sink: &mut sink }),
                        Step::new(StepKind::Control(Control::Commit)),
                    ];
                    poll_and_drop(connection.run(&mut steps, &options), polls).await
                }
                _ => {
                    let opened = async {
                        let mut cursor = connection.cursor(&select, &[], &options).await.unwrap();
                        while cursor.fetch(100, &mut sink).await.unwrap() {}
                    };
                    poll_and_drop(opened, polls).await
                }
            };
            assert_in_step_or_broken(connection, polls, done).await;
            if done {
                finished = true;
                break;
            }
        }
        assert!(finished, "call {call} is done after some polls");
    }
}

#[tokio::test]
async fn the_server_stops_what_nobody_waits_for() {
    let (Some(mut connection), Some(mut watcher)) = (connect().await, connect().await) else { return };
    let process = server::process(&mut *connection).await;
    let sleep = Statement::new("SELECT pg_sleep(60)");
    let (options, mut sink) = (CallOptions::default(), Kept::default());
    let call = connection.fetch(&sleep, &[], &options, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err());
    assert_broken(&mut *connection).await;
    drop(connection);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
    for _ in 0..100 {
        if scalar(&mut *watcher, sql, &[Value::I64(process)]).await.unwrap() == Value::I64(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server still sleeps");
}

#[tokio::test]
async fn a_transaction_of_a_dropped_call_is_rolled_back() {
    let (Some(mut connection), Some(mut watcher)) = (connect().await, connect().await) else { return };
    let table = format!("aludel_dropped_{}", std::process::id());
    server::batch(&mut *watcher, &format!("CREATE TABLE {table} (id int)")).await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    server::execute(&mut *connection, &format!("INSERT INTO {table} VALUES (1)"), &[]).await.unwrap();
    let sleep = Statement::new("SELECT pg_sleep(60)");
    let (options, mut sink) = (CallOptions::default(), Kept::default());
    let call = connection.fetch(&sleep, &[], &options, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    drop(connection);
    // Its locks are gone soon, and its row was never there.
    let lock = format!("SET lock_timeout = '5s'; LOCK TABLE {table}; DROP TABLE {table}");
    server::batch(&mut *watcher, &format!("BEGIN; {lock}; COMMIT")).await;
}

#[tokio::test]
async fn a_broken_connection_closes_at_once() {
    let Some(mut connection) = connect().await else { return };
    let sleep = Statement::new("SELECT pg_sleep(60)");
    let (options, mut sink) = (CallOptions::default(), Kept::default());
    let call = connection.fetch(&sleep, &[], &options, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    let started = std::time::Instant::now();
    connection.close(Duration::from_secs(30)).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_call_may_be_dropped_outside_the_runtime() {
    let Some(_) = server::arguments() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut connection = runtime.block_on(connect()).unwrap();
    {
        let sleep = Statement::new("SELECT pg_sleep(60)");
        let (options, mut sink) = (CallOptions::default(), Kept::default());
        let mut call = connection.fetch(&sleep, &[], &options, &mut sink);
        runtime.block_on(async {
            assert!(tokio::time::timeout(Duration::from_millis(50), &mut call).await.is_err());
        });
        drop(call);
    }
    assert!(connection.is_broken());
    drop(connection);
    drop(runtime);
}
