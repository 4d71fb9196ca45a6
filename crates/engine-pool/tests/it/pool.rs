use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use aludel_driver::{DatabaseUrl, TransactionState};
use aludel_engine_pool::{ErrorKind, Pool, PoolClass, PoolOptions, PooledConnection};
use tokio::time::{Instant, advance, sleep};

use crate::mock::{MockDriver, Server, lost};

/// A pool alone, over a driver.
fn pool(
    server: &Arc<Server>,
    size: usize,
    overflow: Option<usize>,
    change: impl FnOnce(&mut PoolOptions),
) -> Pool {
    let mut options = PoolOptions::default();
    (options.pool_size, options.max_overflow) = (size, overflow);
    change(&mut options);
    let arguments = DatabaseUrl::parse("mock://host/db").unwrap().arguments;
    Pool::new(Arc::new(MockDriver::new(server)), arguments, options).unwrap()
}

fn tuple(pool: &Pool) -> (usize, usize, i64, usize) {
    let status = pool.status();
    (status.pool_size, status.idle, status.overflow(), status.checked_out)
}

/// Lets spawned tasks run.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn case_065_status_counts_size_idle_overflow_and_out() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 3, None, |_| ());
    assert_eq!(tuple(&pool), (3, 0, -3, 0));
    let mut out = Vec::new();
    for (overflow, checked_out) in [(-2, 1), (-1, 2), (0, 3), (1, 4), (2, 5), (3, 6)] {
        out.push(pool.checkout().await.unwrap());
        assert_eq!(tuple(&pool), (3, 0, overflow, checked_out));
    }
    out.truncate(3);
    assert_eq!(tuple(&pool), (3, 3, 3, 3));
    out.clear();
    assert_eq!(tuple(&pool), (3, 3, 0, 0));
    settle().await;
    assert_eq!((server.live(), server.closed.load(SeqCst)), (3, 3));
    assert_eq!(
        pool.status().to_string(),
        "pool size: 3, connections in pool: 3, current overflow: 0, checked out: 0, waiting: 0"
    );
}

#[tokio::test(start_paused = true)]
async fn case_066_a_full_pool_times_out_and_says_who_holds() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |options| options.pool_timeout = Some(Duration::from_millis(2500)));
    let held = pool.checkout().await.unwrap();
    let line = line!() - 1;
    let begin = Instant::now();
    let error = pool.checkout().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(begin.elapsed().as_millis(), 2500);
    let message = error.to_string();
    assert!(message.contains("pool limit of size 1 overflow 0 reached"), "{message}");
    assert!(message.contains("2.50 s") && message.contains(&format!("pool.rs:{line}")), "{message}");
    drop(held);
    pool.checkout().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_067_never_more_are_open_than_allowed() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(1), |_| ());
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    let connection = pool.checkout().await.unwrap();
                    sleep(Duration::from_micros(number)).await;
                    drop(connection);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    sleep(Duration::from_millis(20)).await;
    // One that is closed says good-bye in a task while its successor is open already.
    assert!(pool.status().open <= 2 && pool.status().overflow() <= 0, "{}", pool.status());
    assert_eq!(server.live(), i64::try_from(pool.status().open).unwrap());
    assert_eq!(pool.status().checked_out, 0);
}

#[tokio::test(start_paused = true)]
async fn case_068_a_failed_connect_costs_no_place() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |_| ());
    server.failing_connects.store(1, SeqCst);
    assert_eq!(pool.checkout().await.unwrap_err().kind(), ErrorKind::Operational);
    assert_eq!(tuple(&pool), (2, 0, -2, 0));
    let one = pool.checkout().await.unwrap();
    drop(one);

    // One that hangs holds up nobody else.
    server.hanging_connects.store(1, SeqCst);
    let first = pool.checkout().await.unwrap();
    let hanging = tokio::spawn(pool.checkout());
    settle().await;
    assert_eq!(server.half_open.load(SeqCst), 1);
    drop(first);
    let quick = pool.checkout().await.unwrap();
    drop(quick);
    let error = hanging.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("connect_timeout") && error.to_string().contains("host/db"),
        "{error}"
    );
    assert_eq!(server.half_open.load(SeqCst), 0);
    let both = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    drop(both);
}

#[tokio::test(start_paused = true)]
async fn case_069_all_waiters_are_served_when_a_holder_invalidates() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |_| ());
    let (mut one, two) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    let waiters: Vec<_> = (0..12)
        .map(|_| {
            let checkout = pool.checkout();
            tokio::spawn(async move {
                let connection = checkout.await.unwrap();
                sleep(Duration::from_millis(10)).await;
                drop(connection);
            })
        })
        .collect();
    settle().await;
    assert_eq!(pool.status().waiting, 12);
    one.invalidate(None);
    drop(one);
    drop(two);
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!((pool.status().waiting, pool.status().checked_out), (0, 0));
}

#[tokio::test]
async fn case_070_dispose_closes_the_idle_and_later_those_that_are_out() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(3).build().unwrap();
    let (one, two, three) =
        (engine.connect().await.unwrap(), engine.connect().await.unwrap(), engine.connect().await.unwrap());
    drop(three);
    engine.dispose().await;
    assert_eq!((server.closed.load(SeqCst), server.live()), (1, 2));
    assert_eq!(tuple(&engine.pool()), (3, 0, -3, 0));
    let mut one = one;
    one.execute(aludel_sql_expression::text("still works")).await.unwrap();
    drop((one, two));
    settle().await;
    assert_eq!((server.closed.load(SeqCst), server.live()), (3, 0));
    let again = engine.connect().await.unwrap();
    assert_eq!(tuple(&engine.pool()), (3, 0, -2, 1));
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn case_071_recycle_replaces_what_is_too_old_at_checkout() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 5, Some(0), |options| options.pool_recycle = Some(Duration::from_secs(30)));
    let first = pool.checkout().await.unwrap().id();
    advance(Duration::from_secs(1)).await;
    assert_eq!(pool.checkout().await.unwrap().id(), first);
    advance(Duration::from_secs(34)).await;
    assert_eq!(server.opened(), 1, "idle connections are not touched");
    assert_ne!(pool.checkout().await.unwrap().id(), first);
    assert_eq!(server.opened(), 2);
}

#[tokio::test(start_paused = true)]
async fn lifetimes_and_idle_times_are_kept() {
    let server = Arc::new(Server::default());
    let seconds = Duration::from_secs;
    let pool = pool(&server, 5, Some(0), |options| {
        options.max_lifetime = Some(seconds(100));
        options.idle_timeout = Some(seconds(10));
    });
    let (one, two) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    drop(one);
    advance(seconds(20)).await;
    drop(two);
    settle().await;
    assert_eq!((pool.status().open, server.live()), (1, 1), "the idle one went when the other came back");
    let two = pool.checkout().await.unwrap();
    advance(seconds(100)).await;
    drop(two);
    settle().await;
    assert_eq!(server.live(), 0, "too old to be kept");
}

#[tokio::test(start_paused = true)]
async fn case_075_many_invalidated_at_once_are_each_closed_once() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 15, Some(0), |_| ());
    let mut out = Vec::new();
    for _ in 0..15 {
        out.push(pool.checkout().await.unwrap());
    }
    let tasks: Vec<_> = out
        .into_iter()
        .map(|mut connection| {
            let pool = pool.clone();
            tokio::spawn(async move {
                connection.invalidate(Some(&lost()));
                connection.invalidate(Some(&lost()));
                drop(connection);
                pool.checkout().await.unwrap()
            })
        })
        .collect();
    let mut again = Vec::new();
    for task in tasks {
        again.push(task.await.unwrap());
    }
    drop(again);
    assert_eq!((pool.status().closed, pool.status().opened, pool.status().idle), (15, 30, 15));
}

#[tokio::test]
async fn case_076_a_detached_connection_leaves_its_place() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |_| ());
    let checkins = crate::pool_events::count(&pool.events().checkin);
    let mut detached = pool.checkout().await.unwrap();
    detached.detach();
    let second = pool.checkout().await.unwrap();
    assert_eq!(server.live(), 2);
    drop(second);
    assert_eq!(checkins.load(SeqCst), 1);
    detached.ping().await.unwrap();
    drop(detached);
    settle().await;
    assert_eq!((server.closed.load(SeqCst), server.live()), (1, 1));
    assert_eq!(checkins.load(SeqCst), 1, "a detached connection does not come back");
}

#[tokio::test]
async fn case_077_first_or_last_back_is_first_out() {
    for lifo in [false, true] {
        let server = Arc::new(Server::default());
        let pool = pool(&server, 2, Some(0), |options| options.use_lifo = lifo);
        let (a, b) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
        let (first, last) = (a.id(), b.id());
        drop(a);
        drop(b);
        let next = pool.checkout().await.unwrap().id();
        assert_eq!(next, if lifo { last } else { first });
    }
}

#[tokio::test]
async fn null_pool_keeps_nothing() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 5, None, |options| options.pool_class = Some(PoolClass::Null));
    let one = pool.checkout().await.unwrap();
    let two = pool.checkout().await.unwrap();
    assert_eq!((pool.status().open, pool.status().checked_out), (2, 2));
    drop(one);
    two.release().await;
    settle().await;
    assert_eq!((server.live(), server.closed.load(SeqCst), server.opened()), (0, 2, 2));
    assert_eq!(pool.status().open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_private_database_has_one_connection_shared_in_turn() {
    let server = Arc::new(Server::default());
    server.private.store(true, SeqCst);
    let pool = pool(&server, 5, Some(10), |_| ());
    let held = pool.checkout().await.unwrap();
    let line = line!() - 1;
    // The same task would wait for ever.
    let error = pool.checkout().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains(&format!("pool.rs:{line}")), "{error}");
    // Another task waits its turn.
    let checkout = pool.checkout();
    let other = tokio::spawn(async move { checkout.await.map(|connection| connection.id()) });
    settle().await;
    assert_eq!(pool.status().waiting, 1);
    let id = held.id();
    drop(held);
    assert_eq!(other.await.unwrap().unwrap(), id);
    assert_eq!(server.opened(), 1);

    let arguments = DatabaseUrl::parse("mock://").unwrap().arguments;
    let mut options = PoolOptions::default();
    options.pool_class = Some(PoolClass::Null);
    let refused = Pool::new(Arc::new(MockDriver::new(&server)), arguments, options).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
}

#[tokio::test]
async fn numbers_that_make_no_sense_are_refused() {
    let server = Arc::new(Server::default());
    for (size, overflow) in [(0, 10), (70_000, 0), (1, usize::MAX)] {
        let error = server.engine().pool_size(size).max_overflow(overflow).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{size} {overflow}");
    }
}

async fn dirty(pool: &Pool) -> PooledConnection {
    let mut connection = pool.checkout().await.unwrap();
    let options = aludel_driver::BeginOptions::default();
    connection.control(aludel_driver::Control::Begin(&options)).await.unwrap();
    connection
}

#[tokio::test(start_paused = true)]
async fn a_dirty_connection_is_rolled_back_before_anyone_gets_it() {
    for on_drop in [true, false] {
        let server = Arc::new(Server::default());
        server.resets_on_drop.store(on_drop, SeqCst);
        server.yields.store(2, SeqCst);
        let pool = pool(&server, 1, Some(0), |_| ());
        let connection = dirty(&pool).await;
        let id = connection.id();
        drop(connection);
        let next = pool.checkout().await.unwrap();
        assert_eq!((next.id(), next.transaction_state()), (id, TransactionState::Idle));
        drop(next);
        assert_eq!(server.resets.load(SeqCst), 1, "only what is dirty is rolled back");
        dirty(&pool).await.release().await;
        assert_eq!((server.resets.load(SeqCst), server.opened()), (2, 1));
        server.assert_lawful();
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_hangs_has_the_connection_closed() {
    let server = Arc::new(Server::default());
    server.resets_on_drop.store(false, SeqCst);
    server.reset_hangs.store(true, SeqCst);
    let pool = pool(&server, 1, Some(0), |_| ());
    let connection = dirty(&pool).await;
    let id = connection.id();
    drop(connection);
    let begin = Instant::now();
    let next = pool.checkout().await.unwrap();
    assert_ne!(next.id(), id);
    assert_eq!(begin.elapsed().as_secs(), 5);
    server.assert_lawful();
}

#[test]
fn without_a_runtime_a_dirty_connection_is_closed() {
    let server = Arc::new(Server::default());
    server.resets_on_drop.store(false, SeqCst);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = pool(&server, 1, Some(0), |_| ());
    let connection = runtime.block_on(dirty(&pool));
    drop(connection);
    assert_eq!((server.live(), pool.status().open), (0, 0));
    // And one whose rollback is under way when the runtime ends.
    server.reset_hangs.store(true, SeqCst);
    let connection = runtime.block_on(dirty(&pool));
    runtime.block_on(async {
        drop(connection);
        settle().await;
    });
    assert_eq!(pool.status().checked_out, 1);
    drop(runtime);
    assert_eq!((server.live(), pool.status().open, pool.status().checked_out), (0, 0, 0));
}
