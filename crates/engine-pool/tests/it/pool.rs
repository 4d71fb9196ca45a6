use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use aludel_driver::{DatabaseUrl, TransactionState};
use aludel_engine_pool::{CloseReason, ErrorKind, Pool, PoolClass, PoolOptions, PooledConnection};
use tokio::time::{Instant, advance, sleep, timeout};

use crate::mock::{MockDriver, Server, lost};

/// A pool alone, over a driver.
pub fn pool(
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
pub async fn settle() {
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
    let metrics = pool.metrics();
    assert_eq!((metrics.waits, metrics.timeouts, metrics.longest_wait.as_millis()), (1, 1, 2500));
    assert_eq!(server.opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_066_the_error_lists_every_holder_and_what_is_on_its_way_back() {
    let server = Arc::new(Server::default());
    server.resets_on_drop.store(false, SeqCst);
    server.reset_hangs.store(true, SeqCst);
    let pool = pool(&server, 4, Some(3), |options| options.pool_timeout = Some(Duration::from_millis(500)));
    let mut held = Vec::new();
    let first = line!() + 2;
    for _ in 0..6 {
        held.push(pool.checkout().await.unwrap());
        advance(Duration::from_secs(1)).await;
    }
    // One leaves the pool for good, and one is rolled back for as long as it takes.
    held[0].detach();
    held.push(pool.checkout().await.unwrap());
    let last = line!() - 1;
    let rolled_back = dirty(&pool).await;
    drop(rolled_back);
    let begin = Instant::now();
    let message = pool.checkout().await.unwrap_err().to_string();
    assert_eq!(begin.elapsed().as_millis(), 500);
    assert_eq!(message.matches(&format!("pool.rs:{first}")).count(), 5, "{message}");
    assert_eq!(message.matches(&format!("pool.rs:{last}")).count(), 1, "{message}");
    assert!(message.contains("for 5.5 s") && message.contains("for 1.5 s"), "the longest first: {message}");
    assert!(message.find("for 5.5 s") < message.find("for 1.5 s"), "{message}");
    assert!(!message.contains("for 6.5 s") && !message.contains(" more"), "{message}");
    assert!(message.contains("1 came back and is being rolled back"), "{message}");
    assert_eq!((pool.holders().len(), pool.status().checked_out), (6, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_067_never_more_are_open_than_allowed() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(1), |_| ());
    let (out, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let (pool, out, peak) = (pool.clone(), out.clone(), peak.clone());
            tokio::spawn(async move {
                for _ in 0..20 {
                    let connection = pool.checkout().await.unwrap();
                    peak.fetch_max(out.fetch_add(1, SeqCst) + 1, SeqCst);
                    assert!(pool.status().open <= 3, "{}", pool.status());
                    sleep(Duration::from_micros(number)).await;
                    out.fetch_sub(1, SeqCst);
                    drop(connection);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((peak.load(SeqCst), pool.metrics().checkouts), (3, 800));
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
    let invalidations = crate::pool_events::count(&pool.events().invalidate);
    let mut connection = pool.checkout().await.unwrap();
    let first = connection.id();
    assert_eq!(connection.info_mut().insert("noted"), None);
    drop(connection);
    advance(Duration::from_secs(1)).await;
    let again = pool.checkout().await.unwrap();
    assert_eq!((again.id(), again.info().get::<&str>()), (first, Some(&"noted")));
    advance(Duration::from_secs(60)).await;
    drop(again);
    assert_eq!(server.live(), 1, "what is out or idle is not touched");
    let other = pool.checkout().await.unwrap();
    assert_ne!(other.id(), first);
    assert!(other.info().is_empty(), "what was noted was about the other one");
    assert_eq!((server.opened(), pool.metrics().closed(CloseReason::TooOld)), (2, 1));
    assert_eq!(invalidations.load(SeqCst), 0, "age makes nothing invalid");
}

#[tokio::test]
async fn case_072_a_soft_invalidation_takes_effect_at_the_next_checkout() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |_| ());
    let events = pool.events();
    let (softly, hard) =
        (crate::pool_events::count(&events.soft_invalidate), crate::pool_events::count(&events.invalidate));
    let (mut one, two) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    let (first, second) = (one.id(), two.id());
    drop(two);
    one.invalidate_soft();
    one.invalidate_soft();
    assert_eq!((softly.load(SeqCst), hard.load(SeqCst)), (1, 0), "told once");
    one.ping().await.unwrap();
    drop(one);
    settle().await;
    assert_eq!((server.live(), pool.status().idle), (2, 2), "it is kept until somebody wants it");
    let (a, b) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    assert_eq!((a.id(), b.id() != first), (second, true), "only that one is replaced");
    settle().await;
    assert_eq!((server.opened(), server.live(), hard.load(SeqCst)), (3, 2, 0));
    assert_eq!(pool.metrics().closed(CloseReason::SoftInvalidated), 1);
}

#[tokio::test(start_paused = true)]
async fn case_073_a_stale_connection_whose_successor_fails_leaves_its_place() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |options| options.pool_recycle = Some(Duration::from_secs(30)));
    drop(pool.checkout().await.unwrap());
    advance(Duration::from_secs(31)).await;
    server.failing_connects.store(2, SeqCst);
    for failures in 1..=2 {
        assert_eq!(pool.checkout().await.unwrap_err().kind(), ErrorKind::Operational);
        assert_eq!((tuple(&pool), pool.metrics().connects_failed), ((1, 0, -1, 0), failures));
    }
    let connection = pool.checkout().await.unwrap();
    assert_eq!(tuple(&pool), (1, 0, 0, 1));
    drop(connection);
    assert_eq!(tuple(&pool), (1, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn lifetimes_and_idle_times_are_kept_when_connections_come_back() {
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
    assert_eq!(pool.metrics().closed(CloseReason::Invalidated), 15);
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

/// A connection that stands in a transaction.
pub async fn dirty(pool: &Pool) -> PooledConnection {
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

#[tokio::test(start_paused = true)]
async fn an_assertion_pool_lets_out_one_at_a_time() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 5, Some(10), |options| options.pool_class = Some(PoolClass::Assertion));
    server.yields.store(3, SeqCst);
    let begin = Instant::now();
    // Also while the first is still on its way.
    let (first, second) = tokio::join!(pool.checkout(), pool.checkout());
    let (first, error) = (first.unwrap(), second.unwrap_err());
    let line = line!() - 2;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains(&format!("pool.rs:{line}")), "{error}");
    advance(Duration::from_secs(3)).await;
    let other = pool.checkout();
    let error = tokio::spawn(other).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("for 3.0 s"), "{error}");
    assert_eq!(begin.elapsed().as_secs(), 3, "nobody waited");
    drop(first);
    // What is on its way back is waited for.
    server.resets_on_drop.store(false, SeqCst);
    let connection = dirty(&pool).await;
    let id = connection.id();
    drop(connection);
    assert_eq!(pool.checkout().await.unwrap().id(), id);
    // A connect that fails or is dropped gives the right back.
    pool.checkout().await.unwrap().invalidate(None);
    server.failing_connects.store(1, SeqCst);
    pool.checkout().await.unwrap_err();
    server.hanging_connects.store(1, SeqCst);
    assert!(timeout(Duration::from_secs(1), pool.checkout()).await.is_err());
    drop(pool.checkout().await.unwrap());
    assert_eq!((pool.status().checked_out, server.most_live.load(SeqCst)), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_102_disposing_among_many_who_connect() {
    let server = Arc::new(Server::default());
    server.yields.store(2, SeqCst);
    let engine = server.engine().pool_size(3).max_overflow(2).build().unwrap();
    let firsts = Arc::new(AtomicUsize::new(0));
    let counted = firsts.clone();
    engine.events().first_connect.listen(move |_| {
        let counted = counted.clone();
        Box::pin(async move {
            sleep(Duration::from_millis(5)).await;
            counted.fetch_add(1, SeqCst);
            Ok(())
        })
    });
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let engine = engine.clone();
            tokio::spawn(async move {
                if number % 20 == 19 {
                    engine.dispose().await;
                }
                let connection = engine.connect().await.unwrap();
                sleep(Duration::from_micros(50)).await;
                drop(connection);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    engine.dispose().await;
    // What was disposed of while it was out is closed, too.
    let deadline = Instant::now() + Duration::from_secs(5);
    while server.live() > 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(server.live(), 0);
    assert!((1..=6).contains(&firsts.load(SeqCst)), "once for each pool");
    engine.connect().await.unwrap();
    server.assert_lawful();
}

#[tokio::test(start_paused = true)]
async fn disposing_says_good_bye_to_all_at_once() {
    let server = Arc::new(Server::default());
    server.slow_closes.store(true, SeqCst);
    let pool = pool(&server, 10, Some(0), |_| ());
    let mut out = Vec::new();
    for _ in 0..10 {
        out.push(pool.checkout().await.unwrap());
    }
    drop(out);
    let begin = Instant::now();
    pool.dispose().await;
    assert_eq!((begin.elapsed().as_secs(), server.closed.load(SeqCst), server.live()), (5, 10, 0));
    assert_eq!(pool.metrics().closed(CloseReason::PoolClosed), 10);
    // Who does not wait for it has them closed all the same.
    drop(pool.checkout().await.unwrap());
    assert!(timeout(Duration::from_secs(1), pool.dispose()).await.is_err());
    settle().await;
    assert_eq!((server.live(), pool.status().open), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_while_the_pool_is_disposed_of_are_served() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |_| ());
    let held = pool.checkout().await.unwrap();
    let waiters: Vec<_> = (0..5).map(|_| tokio::spawn(pool.checkout())).collect();
    settle().await;
    pool.dispose().await;
    assert_eq!((server.live(), pool.status().waiting), (1, 5));
    drop(held);
    for waiter in waiters {
        drop(waiter.await.unwrap().unwrap());
    }
    settle().await;
    assert_eq!((server.opened(), server.live(), pool.status().open), (2, 1, 1));
    assert_eq!(pool.metrics().closed(CloseReason::Outdated), 1);
}

#[test]
fn one_runtime_after_the_other_uses_the_same_pool() {
    let server = Arc::new(Server::default());
    server.resets_on_drop.store(false, SeqCst);
    let pool = pool(&server, 1, Some(0), |options| options.idle_timeout = Some(Duration::from_secs(60)));
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for _ in 0..3 {
        // The background task dies with its runtime, and is there again with the next checkout.
        runtime().block_on(async { drop(pool.checkout().await.unwrap()) });
    }
    assert_eq!((server.opened(), pool.status().idle), (1, 1));
    // Who waits in one runtime for what another one brings back is served when that runtime ends.
    let (first, second) = (runtime(), runtime());
    let connection = first.block_on(dirty(&pool));
    server.reset_hangs.store(true, SeqCst);
    let waiter = second.spawn(pool.checkout());
    first.block_on(async {
        drop(connection);
        settle().await;
    });
    assert_eq!(pool.status().checked_out, 1);
    drop(first);
    let connection = second.block_on(waiter).unwrap().unwrap();
    assert_eq!((server.opened(), server.live()), (2, 1));
    // A runtime that ends while connections are out harms nobody.
    drop(second);
    drop(connection);
    assert_eq!(tuple(&pool), (1, 1, 0, 0));
    server.assert_lawful();
}

#[tokio::test(start_paused = true)]
async fn metrics_tell_what_was_done() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(1), |options| options.pre_ping = true);
    server.failing_connects.store(1, SeqCst);
    pool.checkout().await.unwrap_err();
    let (one, two) = (pool.checkout().await.unwrap(), dirty(&pool).await);
    advance(Duration::from_secs(2)).await;
    let metrics = pool.metrics();
    assert_eq!((metrics.held, metrics.longest_held.unwrap().as_secs()), (2, 2));
    let waiter = tokio::spawn(pool.checkout());
    settle().await;
    advance(Duration::from_secs(3)).await;
    drop(two);
    drop(waiter.await.unwrap().unwrap());
    drop(one);
    advance(Duration::from_secs(2)).await;
    drop(pool.checkout().await.unwrap());
    advance(Duration::from_secs(2)).await;
    server.restart();
    drop(pool.checkout().await.unwrap());
    let metrics = pool.metrics();
    assert_eq!((metrics.checkouts, metrics.opened, metrics.connects_failed), (5, 3, 1));
    assert_eq!((metrics.waits, metrics.timeouts), (1, 0));
    assert_eq!((metrics.waited.as_secs(), metrics.longest_wait.as_secs()), (3, 3));
    assert_eq!((metrics.resets, metrics.resets_failed), (1, 0));
    assert_eq!((metrics.pings, metrics.pings_failed), (2, 1));
    assert_eq!((metrics.held, metrics.longest_held), (0, None));
    assert_eq!((metrics.closed(CloseReason::Surplus), metrics.closed(CloseReason::PingFailed)), (1, 1));
    assert_eq!(metrics.closed_in_all(), 2);
    for (position, reason) in CloseReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, position, "{reason:?}");
    }
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
