//! A server is stopped and started again under fifty tasks at work.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aludel::prelude::*;
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use super::server::{PrivateServer, Stop};
use crate::database::Kind;

const TASKS: usize = 50;
const ACCOUNTS: u64 = 20;
const MONEY: i64 = 1000;

/// What a task believes of its transfers.
#[derive(Debug, Default)]
struct Ledger {
    committed: Vec<i64>,
    failed: Vec<i64>,
    unknown: Vec<i64>,
    disconnects: usize,
}

async fn transfer(engine: &Engine, id: i64, from: i64, to: i64, amount: i64) -> Result<()> {
    engine
        .begin(async |connection| {
            let log = text(
                "INSERT INTO transfers (id, source, target, amount) VALUES (:id, :source, :target, :amount)",
            );
            let log = log.bind("id", id).bind("source", from).bind("target", to).bind("amount", amount);
            connection.execute(log).await?;
            for (account, change) in [(from, -amount), (to, amount)] {
                let update = text("UPDATE accounts SET balance = balance + :change WHERE id = :id");
                let updated = connection.execute(update.bind("change", change).bind("id", account)).await?;
                assert_eq!(updated.rowcount(), 1);
            }
            Ok(())
        })
        .await
}

/// Transfers until told to stop. Each try has its own number, so that it can be told what became of it.
async fn one_task(
    engine: Engine,
    number: usize,
    mut random: Rng,
    is_over: Arc<AtomicBool>,
    turns: Arc<Vec<AtomicUsize>>,
) -> Ledger {
    let mut ledger = Ledger::default();
    let first = i64::try_from(number).unwrap() * 1_000_000;
    for id in first.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let mut account = || i64::try_from(random.u64(0..ACCOUNTS)).unwrap();
        let (from, to) = (account(), account());
        let Err(error) = transfer(&engine, id, from, to, random.i64(1..10)).await else {
            ledger.committed.push(id);
            turns[number].fetch_add(1, Ordering::Relaxed);
            continue;
        };
        ledger.disconnects += usize::from(error.is_disconnect());
        match error.kind() {
            ErrorKind::OutcomeUnknown => ledger.unknown.push(id),
            // A deadlock, a lost connection, a server that is not there or not yet ready.
            ErrorKind::Operational | ErrorKind::Timeout => ledger.failed.push(id),
            ErrorKind::PendingRollback => panic!("nobody saw the first error: {error:?}"),
            _ => panic!("{error:?}"),
        }
        sleep(Duration::from_millis(random.u64(1..30))).await;
    }
    ledger
}

/// Waits until each task has done so many more transfers.
async fn all_take_turns(turns: &[AtomicUsize], more: usize, engine: &Engine) {
    let before: Vec<usize> = turns.iter().map(|turn| turn.load(Ordering::Relaxed)).collect();
    let waiting = async {
        while turns.iter().zip(&before).any(|(turn, before)| turn.load(Ordering::Relaxed) < before + more) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(40), waiting)
        .await
        .unwrap_or_else(|_| panic!("a task hangs: {:?}", engine.pool()));
}

async fn restart(kind: Kind) {
    let Some(mut server) = PrivateServer::start_new(kind).await else { return };
    let engine = create_engine(&server.url())
        .pool_size(5)
        .max_overflow(5)
        .pool_timeout(Duration::from_secs(30))
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    // A server that is new answers at the second try, at times.
    for _ in 0..100 {
        if engine.connect().await.is_ok() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    let mut connection = engine.connect().await.unwrap();
    connection
        .batch(
            "CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL); \
             CREATE TABLE transfers (id BIGINT PRIMARY KEY, source BIGINT, target BIGINT, amount BIGINT)",
        )
        .await
        .unwrap();
    for id in 0..i64::try_from(ACCOUNTS).unwrap() {
        let account = text("INSERT INTO accounts (id, balance) VALUES (:id, :balance)");
        connection.execute(account.bind("id", id).bind("balance", MONEY)).await.unwrap();
    }
    connection.commit().await.unwrap();
    connection.close().await.unwrap();

    let is_over = Arc::<AtomicBool>::default();
    let turns = Arc::new((0..TASKS).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let random = Rng::with_seed(u64::try_from(number).unwrap());
            tokio::spawn(one_task(engine.clone(), number, random, is_over.clone(), turns.clone()))
        })
        .collect();
    all_take_turns(&turns, 1, &engine).await;
    for how in [Stop::Fast, Stop::Immediate] {
        server.stop(how).await;
        sleep(Duration::from_millis(150)).await;
        server.start().await;
        all_take_turns(&turns, 2, &engine).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let (mut committed, mut failed, mut unknown) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut disconnects = 0;
    for task in tasks {
        let ledger = timeout(Duration::from_secs(30), task).await.unwrap().unwrap();
        committed.extend(ledger.committed);
        failed.extend(ledger.failed);
        unknown += ledger.unknown.len();
        disconnects += ledger.disconnects;
    }
    let told = format!(
        "{} committed, {} failed, {unknown} unknown, {disconnects} disconnects",
        committed.len(),
        failed.len()
    );
    assert!(disconnects > 1, "the restarts went unnoticed: {told}");
    assert!(failed.len() > 1, "{told}");

    let status = engine.pool().status();
    assert_eq!((status.checked_out, status.waiting), (0, 0), "{status:?}: {told}");
    assert!(status.open <= 5 && status.opened - status.closed == status.open as u64, "{status:?}");
    let mut connection = engine.connect().await.unwrap();
    let there: BTreeSet<i64> =
        connection.scalars(text("SELECT id FROM transfers")).await.unwrap().into_iter().collect();
    assert!(committed.is_subset(&there), "committed, and gone: {:?}; {told}", committed.difference(&there));
    assert!(failed.is_disjoint(&there), "failed, and there: {:?}; {told}", failed.intersection(&there));
    assert!(there.len() <= committed.len() + unknown, "{told}");
    // Every account holds what the transfers left in it.
    let wrong: Vec<i64> = connection
        .scalars(
            text(
                "SELECT a.id FROM accounts a WHERE a.balance <> :money \
                 - (SELECT COALESCE(SUM(t.amount), 0) FROM transfers t WHERE t.source = a.id) \
                 + (SELECT COALESCE(SUM(t.amount), 0) FROM transfers t WHERE t.target = a.id)",
            )
            .bind("money", MONEY),
        )
        .await
        .unwrap();
    assert_eq!(wrong, [0; 0], "{told}");
    connection.close().await.unwrap();
    engine.dispose().await;
    eprintln!("{kind:?}: {told}");
}

#[tokio::test]
async fn postgres_restarted_with_fifty_tasks_at_work() {
    restart(Kind::Postgres).await;
}

#[tokio::test]
async fn mariadb_restarted_with_fifty_tasks_at_work() {
    restart(Kind::MySql).await;
}
