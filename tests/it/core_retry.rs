//! Transactions that run again after a conflict.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aludel::{
    engine::{ExecutionOptions, RetryPolicy},
    prelude::*,
};
use tokio::task::JoinSet;

use crate::{
    core_tables::{error, integer, with_words},
    database::{Database, on_every_database},
};

/// Many tasks read a number and write it back raised by one, which a database can only let through one after the other.
async fn conflicting_transactions_run_again(database: &Database) {
    const TASKS: i64 = 8;
    let counter = Table::unregistered("counter")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("n", Integer));
    let mut conn = database.connect().await;
    MetaData::of(&counter).create_all(&mut conn).await.unwrap();
    conn.execute(insert(&counter).values((1, 0))).await.unwrap();
    conn.commit().await.unwrap();
    let engine = database
        .engine_with(|engine| engine.pool_size(10))
        .execution_options(ExecutionOptions::new().isolation_level(IsolationLevel::Serializable));
    let runs = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (engine, counter, runs) = (engine.clone(), counter.clone(), runs.clone());
        tasks.spawn(async move {
            let policy =
                RetryPolicy::new().attempts(100).pauses(Duration::from_millis(1), Duration::from_millis(20));
            engine
                .begin_with_retry(policy, async |conn| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    let n: i64 = conn.scalar_one(select(integer(&counter, "n"))).await?;
                    tokio::task::yield_now().await;
                    conn.execute(update(&counter).set("n", n + 1)).await?;
                    Ok(())
                })
                .await
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(conn.scalar_one::<i64, _>(select(integer(&counter, "n"))).await.unwrap(), TASKS);
    assert!(runs.load(Ordering::Relaxed) >= u32::try_from(TASKS).unwrap());
}
on_every_database!(conflicting_transactions_run_again);

/// The same through sessions: each attempt has a session of its own.
async fn sessions_run_again(database: &Database) {
    const TASKS: i64 = 6;
    let metadata = MetaData::of((Tally,));
    database.engine().begin(async |conn| metadata.create_all(conn).await).await.unwrap();
    let sessions = SessionMaker::new(&database.engine_with(|engine| engine.pool_size(10)))
        .execution_options(ExecutionOptions::new().isolation_level(IsolationLevel::Serializable));
    sessions
        .begin(async |session| {
            session.add(Tally { id: 1, n: 0 });
            Ok(())
        })
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let sessions = sessions.clone();
        tasks.spawn(async move {
            let policy =
                RetryPolicy::new().attempts(100).pauses(Duration::from_millis(1), Duration::from_millis(20));
            sessions
                .begin_with_retry(policy, async |session| {
                    let tally = session.get_one(Tally, 1).await?;
                    tokio::task::yield_now().await;
                    tally.edit(|tally| tally.n += 1);
                    Ok(())
                })
                .await
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
    }
    let mut session = sessions.open();
    assert_eq!(session.get_one(Tally, 1).await.unwrap().read().n, TASKS);
}
on_every_database!(sessions_run_again);

#[derive(Mapped, Clone, Debug, Default)]
struct Tally {
    #[column(primary_key)]
    id: i64,
    n: i64,
}

async fn what_is_not_tried_again(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    conn.commit().await.unwrap();
    let mut runs = 0;
    let engine = database.engine().clone();
    let counted = AtomicU32::new(0);
    let failed = engine
        .begin_with_retry(RetryPolicy::new(), async |conn| {
            counted.fetch_add(1, Ordering::Relaxed);
            conn.execute(insert(&t).values((1, "x"))).await
        })
        .await;
    runs += counted.load(Ordering::Relaxed);
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(runs, 1);
    // A limit is kept, and told.
    let policy =
        RetryPolicy::new().attempts(3).pauses(Duration::ZERO, Duration::ZERO).retry_disconnects(true);
    let counted = AtomicU32::new(0);
    let failed = engine
        .begin_with_retry(policy, async |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(Error::new(ErrorKind::Operational, "gone").with_disconnect())
        })
        .await
        .unwrap_err();
    assert_eq!(counted.load(Ordering::Relaxed), 3);
    assert!(
        failed.message().contains("given up after 3 attempts") && failed.message().contains("gone"),
        "{failed}"
    );
    // What may have been committed is never done again.
    let unknown = Error::new(ErrorKind::OutcomeUnknown, "maybe").with_disconnect();
    assert!(!policy.covers(&unknown));
    assert_eq!(error(&mut conn, insert(&t).values((1, "x"))).await.kind(), ErrorKind::Integrity);
}
on_every_database!(what_is_not_tried_again);

#[test]
fn pauses_grow_up_to_a_limit() {
    let policy = RetryPolicy::new().pauses(Duration::from_millis(100), Duration::from_millis(500));
    for (attempt, whole) in [(1, 100), (2, 200), (3, 400), (4, 500), (40, 500)] {
        let pause = policy.pause_after(attempt);
        let whole = Duration::from_millis(whole);
        assert!(pause <= whole && pause >= whole / 2, "{attempt}: {pause:?}");
    }
}
