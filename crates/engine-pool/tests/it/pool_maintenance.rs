//! What a pool does in the background, and what it warns of.

use std::{
    fmt,
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use aludel_engine_pool::{CloseReason, Engine, ErrorKind, PoolClass};
use tokio::time::{advance, sleep, timeout};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    mock::Server,
    pool::{pool, settle},
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Keeps the warnings of the pool.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target() == "aludel::pool"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

/// How many tasks the runtime has.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn min_idle_connections_are_kept_ready() {
    let server = Arc::new(Server::default());
    server.yields.store(2, SeqCst);
    let pool = pool(&server, 3, Some(1), |options| options.min_idle = 2);
    settle().await;
    assert_eq!((server.opened(), tasks()), (0, 0), "nothing is opened before it is used");
    let one = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((server.opened(), pool.status().idle), (3, 2));
    let two = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((server.opened(), pool.status().idle), (4, 2));
    // The limit is the limit.
    let three = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((server.opened(), pool.status().idle), (4, 1));
    let four = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((server.opened(), pool.status().idle), (4, 0));
    drop((one, two, three, four));
    settle().await;
    assert_eq!(
        (server.opened(), server.live(), pool.status().idle),
        (4, 3, 3),
        "no more are kept than allowed"
    );
    assert_eq!((server.most_live.load(SeqCst), pool.metrics().checkouts), (4, 4));
    // What is lost is replaced; and a lost one takes those with it that are as old.
    let mut lost = pool.checkout().await.unwrap();
    lost.invalidate(Some(&crate::mock::lost()));
    drop(lost);
    settle().await;
    assert_eq!((server.live(), pool.status().idle, server.opened()), (2, 2, 6));
    server.assert_lawful();
}

#[tokio::test(start_paused = true)]
async fn idle_connections_keep_their_order_while_another_is_opened() {
    for lifo in [false, true] {
        let server = Arc::new(Server::default());
        let pool = pool(&server, 6, Some(0), |options| {
            (options.min_idle, options.use_lifo) = (3, lifo);
        });
        pool.warm_up().await.unwrap();
        assert_eq!((server.opened(), pool.status().idle, pool.metrics().checkouts), (3, 3, 0));
        let first = pool.checkout().await.unwrap();
        assert_eq!(first.id(), if lifo { 3 } else { 1 });
        settle().await;
        let next = pool.checkout().await.unwrap();
        assert_eq!(next.id(), if lifo { 4 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_down_is_tried_again_with_longer_and_longer_pauses() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |options| options.min_idle = 1);
    let (warnings, _guard) = listen();
    let held = pool.checkout().await.unwrap();
    server.down.store(true, SeqCst);
    settle().await;
    assert_eq!(warnings.take().len(), 1);
    let failed = || pool.metrics().connects_failed;
    assert_eq!(failed(), 1);
    // 0.1, 0.2, 0.4, ... in all 25.5 s for eight more.
    sleep(Duration::from_millis(25_600)).await;
    assert_eq!(failed(), 9);
    sleep(seconds(300)).await;
    assert!((18..=20).contains(&failed()), "{}", failed());
    let told = warnings.take();
    assert!(told[0].contains("host/db") && told[0].contains("cannot connect"), "{told:?}");
    // While none is missing, none is tried.
    drop(held);
    let failures = failed();
    sleep(seconds(100)).await;
    assert_eq!((failed(), pool.status().idle), (failures, 1));
    let held = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!(failed(), failures + 1);
    server.down.store(false, SeqCst);
    sleep(seconds(31)).await;
    assert_eq!(pool.status().idle, 1);
    drop(held);
    assert_eq!(pool.warm_up().await.map_err(|error| error.kind()), Ok(()));
    pool.dispose().await;
    server.down.store(true, SeqCst);
    assert_eq!(pool.warm_up().await.map_err(|error| error.kind()), Err(ErrorKind::Operational));
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_in_the_background() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 5, Some(0), |options| {
        options.idle_timeout = Some(seconds(10));
        options.max_lifetime = Some(seconds(100));
    });
    let (one, two) = (pool.checkout().await.unwrap(), pool.checkout().await.unwrap());
    drop(one);
    sleep(seconds(9)).await;
    assert_eq!(server.live(), 2);
    sleep(seconds(2)).await;
    assert_eq!((server.live(), pool.status().open), (1, 1), "closed though nobody came");
    assert_eq!(pool.metrics().closed(CloseReason::IdleTooLong), 1);
    // Nothing is idle, and nothing falls due; what comes back late has little time left.
    sleep(seconds(84)).await;
    drop(two);
    sleep(seconds(4)).await;
    assert_eq!(server.live(), 1);
    sleep(seconds(2)).await;
    assert_eq!((server.live(), pool.metrics().closed(CloseReason::TooOld)), (0, 1));
    // What is used stays.
    for _ in 0..10 {
        drop(pool.checkout().await.unwrap());
        sleep(seconds(9)).await;
    }
    assert_eq!(server.opened(), 3);
}

#[tokio::test(start_paused = true)]
async fn connections_that_go_as_fast_as_they_come_are_opened_with_pauses() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 3, Some(0), |options| {
        (options.min_idle, options.idle_timeout) = (2, Some(Duration::ZERO));
    });
    let held = pool.checkout().await.unwrap();
    sleep(seconds(1)).await;
    assert!((20..=140).contains(&server.opened()), "{}", server.opened());
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_not_pinged_when_another_is_opened() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 4, Some(0), |options| (options.min_idle, options.pre_ping) = (2, true));
    pool.warm_up().await.unwrap();
    sleep(seconds(5)).await;
    let held = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((server.opened(), server.pings.load(SeqCst), pool.metrics().pings), (3, 1, 1));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_lives_in_its_connection_has_no_age() {
    let server = Arc::new(Server::default());
    server.private.store(true, SeqCst);
    let pool = pool(&server, 5, Some(0), |options| {
        options.max_lifetime = Some(seconds(1));
        (options.idle_timeout, options.pool_recycle) = (Some(seconds(1)), Some(seconds(1)));
    });
    let id = pool.checkout().await.unwrap().id();
    sleep(seconds(100)).await;
    assert_eq!((pool.checkout().await.unwrap().id(), server.opened()), (id, 1));
}

#[tokio::test(start_paused = true)]
async fn what_would_be_recycled_is_replaced_before_somebody_comes() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |options| {
        (options.min_idle, options.pool_recycle) = (1, Some(seconds(10)));
    });
    pool.warm_up().await.unwrap();
    sleep(seconds(11)).await;
    assert_eq!((server.opened(), pool.metrics().closed(CloseReason::TooOld)), (2, 1));
    assert_eq!(pool.checkout().await.unwrap().id(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_ready_is_kept_fresh() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 2, Some(0), |options| {
        (options.min_idle, options.idle_timeout) = (2, Some(seconds(10)));
    });
    pool.warm_up().await.unwrap();
    sleep(seconds(35)).await;
    assert_eq!((pool.status().idle, server.live()), (2, 2));
    assert_eq!((server.opened(), pool.metrics().closed(CloseReason::IdleTooLong)), (8, 6));
    pool.checkout().await.unwrap();
    assert_eq!(server.opened(), 8, "ready at once");
}

#[tokio::test(start_paused = true)]
async fn the_background_task_ends_with_its_pool() {
    let server = Arc::new(Server::default());
    assert_eq!(tasks(), 0);
    let plain = pool(&server, 2, Some(0), |options| options.long_checkout_warning = Some(seconds(1)));
    drop(plain.checkout().await.unwrap());
    assert_eq!(tasks(), 0, "none without need");
    drop(plain);
    settle().await;
    let with_idle = || {
        pool(&server, 2, Some(0), |options| (options.min_idle, options.idle_timeout) = (1, Some(seconds(60))))
    };
    let dropped = with_idle();
    drop(dropped.checkout().await.unwrap());
    settle().await;
    assert_eq!((tasks(), server.live()), (1, 1));
    drop(dropped);
    settle().await;
    assert_eq!((tasks(), server.live()), (0, 0));
    // Also when it is just opening a connection.
    let dropped = with_idle();
    let held = dropped.checkout().await.unwrap();
    server.hanging_connects.store(1, SeqCst);
    settle().await;
    assert_eq!((tasks(), server.half_open.load(SeqCst)), (1, 1));
    drop(held);
    drop(dropped);
    settle().await;
    assert_eq!((tasks(), server.live(), server.half_open.load(SeqCst)), (0, 0, 0));
    // Disposing ends it, and the next checkout starts another.
    let pool = with_idle();
    pool.warm_up().await.unwrap();
    assert_eq!(tasks(), 1);
    pool.dispose().await;
    sleep(seconds(100)).await;
    assert_eq!((tasks(), server.live()), (0, 0));
    let held = pool.checkout().await.unwrap();
    settle().await;
    assert_eq!((tasks(), server.live()), (1, 2));
    drop(held);
    // An engine's pool is replaced, and the old one opens nothing any more.
    let engine: Engine = server.engine().min_idle(1).build().unwrap();
    let mut connection = engine.connect().await.unwrap();
    settle().await;
    assert_eq!((tasks(), server.live()), (2, 4));
    engine.dispose().await;
    connection.execute(aludel_sql_expression::text("one")).await.unwrap();
    settle().await;
    assert_eq!((tasks(), server.live()), (1, 3));
    drop(connection);
    settle().await;
    assert_eq!(server.live(), 2);
}

#[tokio::test]
async fn min_idle_that_makes_no_sense_is_refused() {
    let server = Arc::new(Server::default());
    for (builder, word) in [
        (server.engine().pool_size(2).min_idle(3), "pool_size"),
        (server.engine().pool_class(PoolClass::Null).min_idle(1), "PoolClass::Null"),
        (server.engine().pool_class(PoolClass::Static).min_idle(2), "pool_size"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.to_string().contains("min_idle") && error.to_string().contains(word), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_holds_while_the_background_opens_connections() {
    let server = Arc::new(Server::default());
    server.yields.store(3, SeqCst);
    let pool = pool(&server, 4, Some(1), |options| {
        (options.min_idle, options.idle_timeout) = (4, Some(Duration::from_millis(3)));
    });
    let tasks: Vec<_> = (0..60_u64)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for round in 0..20_u64 {
                    let patience = Duration::from_micros(200 + number * round);
                    if let Ok(connection) = timeout(patience, pool.checkout()).await {
                        let mut connection = connection.unwrap();
                        assert!(pool.status().open <= 5, "{}", pool.status());
                        sleep(Duration::from_micros(number)).await;
                        if number % 11 == 0 {
                            connection.invalidate(None);
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // No place was lost.
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(timeout(seconds(5), pool.checkout()).await.expect("no place is lost").unwrap());
    }
    drop(all);
    assert_eq!((pool.status().checked_out, pool.status().waiting), (0, 0));
    server.assert_lawful();
}

/// Listens to warnings in this thread.
fn listen() -> (Warnings, tracing::subscriber::DefaultGuard) {
    let warnings = Warnings::default();
    let guard = tracing::subscriber::set_default(warnings.clone());
    (warnings, guard)
}

#[tokio::test(start_paused = true)]
async fn a_long_checkout_is_told_of_once() {
    let (warnings, _guard) = listen();
    let server = Arc::new(Server::default());
    // When it comes back.
    let engine = server.engine().warn_long_checkout(seconds(5)).build().unwrap();
    let connection = engine.connect().await.unwrap();
    let line = line!() - 1;
    advance(seconds(7)).await;
    assert_eq!(warnings.take(), Vec::<String>::new());
    drop(connection);
    let told = warnings.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains(&format!("pool_maintenance.rs:{line}")), "{told:?}");
    assert!(told[0].contains("seconds=7.0") && told[0].contains("was out"), "{told:?}");
    drop(engine.connect().await.unwrap());
    // While it is out, where somebody is there to tell.
    let pool = pool(&server, 2, Some(0), |options| {
        (options.long_checkout_warning, options.idle_timeout) = (Some(seconds(5)), Some(seconds(60)));
    });
    let connection = pool.checkout().await.unwrap();
    sleep(seconds(3)).await;
    let other = pool.checkout().await.unwrap();
    sleep(Duration::from_millis(1990)).await;
    assert_eq!(warnings.take(), Vec::<String>::new());
    sleep(Duration::from_millis(20)).await;
    assert_eq!(warnings.take().len(), 1);
    sleep(seconds(3)).await;
    let told = warnings.take();
    assert!(told.len() == 1 && told[0].contains("is out"), "{told:?}");
    drop((connection, other));
    assert_eq!(warnings.take(), Vec::<String>::new(), "told once");
}
