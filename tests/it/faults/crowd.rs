//! Two thousand tasks on a pool of ten, of which many are dropped half-way, by a random number whose seed is told.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use aludel::{engine::EngineBuilder, prelude::*, sql::trusted};
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use super::proof::{Subject, control, drop_after, with_numbers};
use crate::database::{Database, Kind, run};

const TASKS: usize = 2000;
const COUNTERS: u64 = 20;

/// What became of the tasks.
#[derive(Debug, Default)]
struct Tally {
    done: AtomicUsize,
    dropped: AtomicUsize,
    failed: AtomicUsize,
}

/// One task's work: each asks for its own number, so that nobody's answer can be taken for another's. True when it has
/// committed.
async fn work(engine: &Engine, table: &str, number: i64, choice: u64) -> Result<bool> {
    match choice % 4 {
        0 => {
            let mut connection = engine.connect().await?;
            let question =
                text("SELECT n + :number FROM numbers WHERE n <= 3 ORDER BY n").bind("number", number);
            let answers: Vec<i64> = connection.scalars(question).await?;
            assert_eq!(answers, [number + 1, number + 2, number + 3]);
            // Dropped, not closed: that must do.
            Ok(false)
        }
        1 => {
            let mut connection = engine.connect().await?;
            let question = text("SELECT n + :number FROM numbers ORDER BY n").bind("number", number);
            let mut stream = connection.stream(question.returns::<(i64,)>()).await?;
            let mut next = number;
            while let Some((answer,)) = stream.next().await? {
                next += 1;
                assert_eq!(answer, next);
            }
            drop(stream);
            assert_eq!(next, number + 100);
            connection.close().await?;
            Ok(false)
        }
        _ => {
            let counter = i64::try_from(choice / 4 % COUNTERS).unwrap();
            engine
                .begin(async |connection| {
                    // The counter and its log go together.
                    let count = format!("UPDATE {table}_counters SET n = n + 1 WHERE id = :counter");
                    let counted = connection.execute(text(trusted(count)).bind("counter", counter)).await?;
                    assert_eq!(counted.rowcount(), 1);
                    let log = format!("INSERT INTO {table} (id, data) VALUES (:number, :counter)");
                    let log = text(trusted(log)).bind("number", number).bind("counter", counter.to_string());
                    connection.execute(log).await.map(drop)
                })
                .await?;
            Ok(true)
        }
    }
}

/// What a task does with its work: most of it is let go to its end, the rest is dropped by time or by waits.
async fn one_task(
    engine: Engine,
    table: Arc<str>,
    number: i64,
    mut random: Rng,
    tally: Arc<Tally>,
) -> Option<i64> {
    sleep(Duration::from_micros(random.u64(0..10_000))).await;
    let choice = random.u64(..);
    let working = work(&engine, &table, number, choice);
    let outcome = match random.u8(0..4) {
        0 => drop_after(working, random.usize(1..15)).await,
        1 => timeout(Duration::from_micros(random.u64(0..60_000)), working).await.ok(),
        _ => Some(working.await),
    };
    let (counter, committed) = match outcome {
        None => (&tally.dropped, None),
        Some(Ok(has_committed)) => (&tally.done, has_committed.then_some(number)),
        Some(Err(error)) => {
            // Nobody waits in vain, and nobody's error is another's.
            assert_eq!(error.kind(), ErrorKind::Operational, "{error:?}");
            assert!(!error.is_disconnect(), "{error:?}");
            (&tally.failed, None)
        }
    };
    counter.fetch_add(1, Ordering::Relaxed);
    committed
}

fn seed() -> u64 {
    match env::var("ALUDEL_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into(),
    }
}

fn of_ten(engine: EngineBuilder) -> EngineBuilder {
    engine.pool_size(10).max_overflow(0).pool_timeout(Duration::from_secs(60))
}

async fn crowd(database: &Database, tasks: usize) {
    let seed = seed();
    eprintln!("the seed is {seed}: set ALUDEL_TEST_SEED to have it again");
    let mut random = Rng::with_seed(seed);
    with_numbers(database).await;
    let subject = Subject::new(database, of_ten).await;
    let (engine, table) = (subject.engine.clone(), Arc::<str>::from(&*subject.table));
    control(database, format!("CREATE TABLE {table}_counters (id INTEGER PRIMARY KEY, n INTEGER)")).await;
    let rows: Vec<String> = (0..COUNTERS).map(|id| format!("({id}, 0)")).collect();
    control(database, format!("INSERT INTO {table}_counters VALUES {}", rows.join(", "))).await;
    let tally = Arc::<Tally>::default();
    let spawned: Vec<_> = (0..tasks)
        .map(|number| {
            let number = i64::try_from(number).unwrap() * 1000;
            tokio::spawn(one_task(engine.clone(), table.clone(), number, random.fork(), tally.clone()))
        })
        .collect();
    let mut committed = Vec::new();
    for task in spawned {
        let ended = timeout(Duration::from_secs(60), task).await;
        let ended = ended.unwrap_or_else(|_| panic!("a task hangs; seed {seed}; {:?}", engine.pool()));
        committed.extend(ended.unwrap_or_else(|error| panic!("{error}; seed {seed}")));
    }
    let told = format!("seed {seed}, {tally:?}");
    let (done, dropped) = (tally.done.load(Ordering::Relaxed), tally.dropped.load(Ordering::Relaxed));
    assert!(done > tasks / 3 && dropped > tasks / 50, "{told}");
    // A deadlock is the only thing that may go wrong with what is not dropped.
    assert!(tally.failed.load(Ordering::Relaxed) < tasks / 20, "{told}");
    subject.prove_the_pool_of(10, &told).await;
    subject.prove_the_server(&told).await;
    let mut connection = database.connect().await;
    let logged: Vec<i64> = connection.scalars(subject.sql("SELECT id FROM {} ORDER BY id")).await.unwrap();
    for number in &committed {
        assert!(logged.binary_search(number).is_ok(), "{number} was committed, and is gone; {told}");
    }
    let sums =
        "SELECT c.n - (SELECT count(*) FROM {} l WHERE l.data = CAST(c.id AS CHAR(2))) FROM {}_counters c";
    let sums = if database.is_mysql() {
        sums
    } else {
        &*sums.replace("CAST(c.id AS CHAR(2))", "CAST(c.id AS TEXT)")
    };
    let differences: Vec<i64> = connection.scalars(subject.sql(sums)).await.unwrap();
    assert_eq!(differences, [0; COUNTERS as usize], "{told}");
    connection.close().await.unwrap();
    // What was dropped may have been committed at the last moment; what was not sent cannot be.
    assert!(logged.len() <= committed.len() + dropped, "{told}");
    eprintln!("{told}");
    subject.end().await;
}

async fn a_crowd(database: &Database) {
    crowd(database, TASKS).await;
}

/// The same again and again, for as many seconds as `ALUDEL_TEST_SOAK` says: 10.
async fn crowds(database: &Database) {
    let seconds = env::var("ALUDEL_TEST_SOAK").map_or(10, |seconds| seconds.parse().unwrap());
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        crowd(database, TASKS).await;
        control(database, "DROP TABLE numbers".to_owned()).await;
    }
}

/// Tests on several threads, for each kind of database: a short one, and one that is ignored because it takes long.
macro_rules! on_threads {
    ($($kind:ident: $short:ident, $long:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $short() {
            run(Kind::$kind, a_crowd).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "takes long; `just soak` runs it"]
        async fn $long() {
            run(Kind::$kind, crowds).await;
        }
    )+};
}

on_threads! {
    Sqlite: a_crowd_with_random_cancellation_on_sqlite, soak_crowds_with_random_cancellation_on_sqlite;
    Postgres: a_crowd_with_random_cancellation_on_postgres, soak_crowds_with_random_cancellation_on_postgres;
    MySql: a_crowd_with_random_cancellation_on_mysql, soak_crowds_with_random_cancellation_on_mysql;
}
