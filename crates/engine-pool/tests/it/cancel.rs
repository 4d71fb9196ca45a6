//! Futures dropped half-way.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use aludel_driver::CallOptions;
use aludel_engine_pool::{Engine, ErrorKind, Pool, ResetOnReturn, Result};
use aludel_sql_expression::text;
use tokio::time::{sleep, timeout};

use crate::mock::{Server, Yield};

/// Polls a future so often, and drops it; whether it was done.
fn poll_and_drop<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn setup(on_drop: bool) -> (Arc<Server>, Engine) {
    let server = Arc::new(Server::default());
    server.yields.store(2, SeqCst);
    server.resets_on_drop.store(on_drop, SeqCst);
    let engine = server.engine().pool_size(1).max_overflow(1).build().unwrap();
    (server, engine)
}

/// Both places are there, both connections clean, and nobody used one in doubt.
async fn prove(server: &Server, engine: &Engine) {
    settle().await;
    let status = engine.pool().status();
    assert_eq!((status.checked_out, status.waiting), (0, 0), "{status}");
    let mut both = Vec::new();
    for _ in 0..2 {
        let conn =
            timeout(Duration::from_secs(1), engine.connect()).await.expect("no place is lost").unwrap();
        both.push(conn);
    }
    for conn in &mut both {
        let driver = conn.driver_connection().await.unwrap();
        assert_eq!(driver.transaction_state(), aludel_driver::TransactionState::Idle);
        conn.execute(text("proof")).await.unwrap();
        conn.commit().await.unwrap();
    }
    drop(both);
    settle().await;
    assert_eq!(server.live(), 1, "one is kept");
    assert_eq!(server.half_open.load(SeqCst), 0);
    server.assert_lawful();
}

#[tokio::test(start_paused = true)]
async fn case_081_whatever_is_dropped_at_any_poll_loses_nothing() {
    async fn whole(engine: &Engine) -> Result<()> {
        let mut conn = engine.connect().await?;
        conn.execute(text("one")).await?;
        let mut savepoint = conn.begin_nested().await?;
        savepoint.execute(text("two")).await?;
        savepoint.commit().await?;
        let mut savepoint = conn.begin_nested().await?;
        savepoint.execute(text("three")).await?;
        savepoint.rollback().await?;
        conn.commit().await?;
        conn.execute(text("four")).await?;
        conn.rollback().await?;
        conn.execute(text("five")).await?;
        conn.close().await
    }
    async fn closure(engine: &Engine) -> Result<()> {
        engine
            .begin(async |conn| {
                conn.execute(text("one")).await?;
                conn.nested(async |conn| conn.execute(text("two")).await).await?;
                let mut stream = conn.stream(text("ROWS 3").returns::<(i64,)>()).await?;
                while stream.next().await?.is_some() {}
                Ok(())
            })
            .await
    }
    for on_drop in [true, false] {
        let mut finished = 0;
        for polls in 1.. {
            let (server, engine) = setup(on_drop);
            let one = poll_and_drop(whole(&engine), polls);
            prove(&server, &engine).await;
            let two = poll_and_drop(closure(&engine), polls);
            prove(&server, &engine).await;
            if let (Some(one), Some(two)) = (one, two) {
                one.unwrap();
                two.unwrap();
                finished = polls;
                break;
            }
        }
        assert!(finished > 20, "the futures were dropped at {finished} places");
    }
}

#[tokio::test(start_paused = true)]
async fn case_081_a_checkout_dropped_at_any_poll_loses_no_place() {
    // Every step takes its time: do_connect, opening, first_connect, connect; then a ping, checkout, and the rollback on
    // the way back.
    async fn whole(pool: &Pool) -> Result<()> {
        let first = pool.checkout().await?;
        let mut second = pool.checkout().await?;
        let options = aludel_driver::BeginOptions::default();
        second.control(aludel_driver::Control::Begin(&options)).await?;
        first.release().await;
        second.release().await;
        tokio::time::advance(Duration::from_secs(2)).await;
        pool.checkout().await?.release().await;
        Ok(())
    }
    for reset in [ResetOnReturn::Rollback, ResetOnReturn::Commit, ResetOnReturn::None] {
        let mut finished = 0;
        for polls in 1.. {
            let server = Arc::new(Server::default());
            server.yields.store(2, SeqCst);
            server.resets_on_drop.store(polls % 2 == 0, SeqCst);
            let pool = crate::pool::pool(&server, 1, Some(1), |options| {
                (options.pre_ping, options.reset_on_return) = (true, reset);
                (options.min_idle, options.max_lifetime) = (1, Some(Duration::from_secs(3600)));
            });
            let events = pool.events();
            events.do_connect.listen(|_| {
                Box::pin(async {
                    Yield(false).await;
                    Ok(())
                })
            });
            events.first_connect.listen(|event| {
                Box::pin(async move { event.connection.batch("first", &CallOptions::default()).await })
            });
            events.connect.listen(|event| {
                Box::pin(async move { event.connection.batch("connect", &CallOptions::default()).await })
            });
            events.checkout.listen(|event| {
                Box::pin(async move { event.connection.batch("checkout", &CallOptions::default()).await })
            });
            let done = poll_and_drop(whole(&pool), polls);
            settle().await;
            let status = pool.status();
            assert_eq!((status.checked_out, status.waiting), (0, 0), "{polls}: {status}");
            assert_eq!(pool.holders().len(), 0);
            // Both places are there, and both connections are clean and were made ready.
            let mut both = Vec::new();
            for _ in 0..2 {
                let checkout = timeout(Duration::from_secs(1), pool.checkout()).await;
                both.push(checkout.expect("no place is lost").unwrap());
            }
            for connection in &mut both {
                assert_eq!(connection.transaction_state(), aludel_driver::TransactionState::Idle);
                connection.ping().await.unwrap();
            }
            drop(both);
            settle().await;
            assert_eq!(
                (server.live(), pool.status().open, server.half_open.load(SeqCst)),
                (1, 1, 0),
                "{polls}"
            );
            // Whoever was dropped in the middle of `first_connect` leaves it to the next.
            let firsts = server.sent().iter().filter(|sent| *sent == "SCRIPT first").count();
            assert!((1..=2).contains(&firsts), "{polls}: {firsts}");
            server.assert_lawful();
            if let Some(done) = done {
                done.unwrap();
                finished = polls;
                break;
            }
        }
        assert!(finished > 20, "the future was dropped at {finished} places");
    }
}

#[tokio::test(start_paused = true)]
async fn case_081_a_dropped_call_is_told_until_rollback() {
    for polls in 1..=2 {
        let (_, engine) = setup(true);
        let mut conn = engine.connect().await.unwrap();
        conn.execute(text("one")).await.unwrap();
        assert!(poll_and_drop(conn.execute(text("two")).all(), polls).is_none());
        assert_eq!(conn.execute(text("three")).await.unwrap_err().kind(), ErrorKind::PendingRollback);
        assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
        conn.rollback().await.unwrap();
        conn.execute(text("four")).await.unwrap();
        conn.commit().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn case_081_a_dropped_commit_is_told_once_by_whatever_comes_next() {
    for next in ["execute", "commit", "rollback"] {
        let (_, engine) = setup(true);
        let mut conn = engine.connect().await.unwrap();
        conn.execute(text("one")).await.unwrap();
        assert!(poll_and_drop(conn.commit(), 1).is_none());
        let error = match next {
            "execute" => conn.execute(text("two")).await.map(|_| ()).unwrap_err(),
            "commit" => conn.commit().await.unwrap_err(),
            _ => conn.rollback().await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{next}");
        if next != "rollback" {
            assert_eq!(conn.execute(text("three")).await.unwrap_err().kind(), ErrorKind::PendingRollback);
        }
        conn.rollback().await.unwrap();
        conn.execute(text("four")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn case_081_waiters_that_leave_cost_nobody_their_turn() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(1).max_overflow(0).build().unwrap();
    let held = engine.connect().await.unwrap();
    let mut waiting: Vec<_> = (0..10).map(|_| tokio::spawn(engine.connect())).collect();
    settle().await;
    assert_eq!(engine.pool().status().waiting, 10);
    for waiter in waiting.iter().step_by(2) {
        waiter.abort();
    }
    // One is aborted just when its turn has come.
    drop(held);
    waiting[1].abort();
    settle().await;
    let mut served = 0;
    for waiter in waiting.drain(..) {
        if let Ok(connection) = waiter.await {
            drop(connection.unwrap());
            served += 1;
        }
    }
    assert!(served >= 4, "{served}");
    assert_eq!((engine.pool().status().waiting, engine.pool().status().checked_out), (0, 0));
    assert_eq!(server.opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_081_a_dropped_connect_frees_its_place() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(1).max_overflow(0).build().unwrap();
    server.hanging_connects.store(1, SeqCst);
    assert!(timeout(Duration::from_secs(1), engine.connect()).await.is_err());
    assert_eq!((server.half_open.load(SeqCst), engine.pool().status().open), (0, 0));
    engine.connect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_that_leaves_the_connection_whole_is_rolled_back() {
    for (on_drop, guarded) in [(true, true), (false, true), (true, false)] {
        let (server, engine) = setup(on_drop);
        server.survives_drops.store(true, SeqCst);
        let mut conn = engine.connect().await.unwrap();
        let id = conn.id();
        if guarded {
            let mut transaction = conn.begin().await.unwrap();
            // BEGIN is done, and the statement is not.
            assert!(poll_and_drop(transaction.execute(text("one")).all(), 4).is_none());
            drop(transaction);
        } else {
            assert!(poll_and_drop(conn.execute(text("one")).all(), 4).is_none());
            assert_eq!(conn.execute(text("two")).await.unwrap_err().kind(), ErrorKind::PendingRollback);
            conn.rollback().await.unwrap();
        }
        conn.execute(text("two")).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(conn.id(), id, "the connection is kept");
        let expected = match (on_drop, guarded) {
            (true, true) => vec!["BEGIN; one", "BEGIN; two", "COMMIT"],
            (false, true) => vec!["BEGIN; one", "ROLLBACK; BEGIN; two", "COMMIT"],
            _ => vec!["BEGIN; one", "ROLLBACK", "BEGIN; two", "COMMIT"],
        };
        assert_eq!(server.sent(), expected);
        drop(conn);
        prove(&server, &engine).await;
    }
}

/// A small generator of numbers, so that a run can be repeated.
fn random(seed: &AtomicU64) -> u64 {
    let mut next = seed.fetch_add(0x9E37_79B9_7F4A_7C15, SeqCst);
    next = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    next = (next ^ (next >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    next ^ (next >> 31)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_tasks_on_ten_connections_with_random_cancellation() {
    let server = Arc::new(Server::default());
    server.yields.store(1, SeqCst);
    server.resets_on_drop.store(false, SeqCst);
    let engine = server.engine().pool_size(8).max_overflow(2).build().unwrap();
    let seed = Arc::new(AtomicU64::new(42));
    let tasks: Vec<_> = (0..2000)
        .map(|number| {
            let (engine, seed) = (engine.clone(), seed.clone());
            tokio::spawn(async move {
                let patience = Duration::from_micros(random(&seed) % 3000);
                let work = async {
                    let mut conn = engine.connect().await?;
                    conn.execute(text("one")).await?;
                    if number % 7 == 0 {
                        let _ = conn.execute(text("ERROR")).await;
                    }
                    if number % 31 == 0 {
                        let _ = conn.execute(text("DISCONNECT")).await;
                    }
                    sleep(Duration::from_micros(random(&seed) % 200)).await;
                    if number % 2 == 0 {
                        conn.commit().await?;
                    }
                    Ok::<(), aludel_engine_pool::Error>(())
                };
                let _ = timeout(patience, work).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    let status = engine.pool().status();
    assert_eq!((status.checked_out, status.waiting), (0, 0), "{status}");
    assert!(status.open <= 8, "{status}");
    let mut all = Vec::new();
    for _ in 0..10 {
        let mut conn =
            timeout(Duration::from_secs(5), engine.connect()).await.expect("no place is lost").unwrap();
        let state = conn.driver_connection().await.unwrap().transaction_state();
        assert_eq!(state, aludel_driver::TransactionState::Idle);
        // The last restart may have been after this one was opened; then it is replaced here.
        let _ = conn.execute(text("proof")).await;
        all.push(conn);
    }
    drop(all);
    server.assert_lawful();
}
