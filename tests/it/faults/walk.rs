//! The network fails at every step of connect, query, fetch and commit, in every way, once.

use std::time::{Duration, Instant};

use aludel::{driver::Retry, engine::PoolOptions, prelude::*};
use tokio::time::timeout;

use super::{
    killed::on_every_server,
    proof::{PATIENCE, Subject, with_numbers},
};
use crate::{
    database::Database,
    proxy::{Direction, Fault, Place, Plan},
};

/// Where in its work a caller met the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Connect,
    Insert,
    Query,
    Savepoint,
    Stream,
    Commit,
    Close,
}

/// How the work went.
#[derive(Debug)]
struct Outcome {
    /// None: it did not come so far.
    commit: Option<Result<()>>,
    failure: Option<(Step, Error)>,
}

/// What a caller does all day: every answer is looked at.
async fn work(subject: &Subject<'_>, commit: &mut Option<Result<()>>) -> Result<(), (Step, Error)> {
    let at = |step: Step| move |error: Error| (step, error);
    let mut connection = subject.engine.connect().await.map_err(at(Step::Connect))?;
    let mut transaction = connection.begin().await.map_err(at(Step::Insert))?;
    let inserted = transaction.execute(subject.insert(1)).await.map_err(at(Step::Insert))?;
    assert_eq!(inserted.rowcount(), 1);
    let numbers: Vec<i64> =
        transaction.scalars(text("SELECT n FROM numbers ORDER BY n")).await.map_err(at(Step::Query))?;
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    {
        let mut savepoint = transaction.begin_nested().await.map_err(at(Step::Savepoint))?;
        savepoint.execute(subject.insert(2)).await.map_err(at(Step::Savepoint))?;
        savepoint.rollback().await.map_err(at(Step::Savepoint))?;
    }
    {
        let query = text("SELECT n FROM numbers WHERE n > :low ORDER BY n").bind("low", 40);
        let mut stream = transaction.stream(query.returns::<(i64,)>()).await.map_err(at(Step::Stream))?;
        let mut next = 41;
        loop {
            let batch = stream.next_batch(25).await.map_err(at(Step::Stream))?;
            if batch.is_empty() {
                break;
            }
            for (number,) in batch {
                assert_eq!(number, next);
                next += 1;
            }
        }
        assert_eq!(next, 101, "a stream that ends without an error is whole");
    }
    let committed = transaction.commit().await;
    *commit = Some(committed.clone());
    committed.map_err(at(Step::Commit))?;
    connection.close().await.map_err(at(Step::Close))
}

/// Does the work with a fault on its way; none when the work was over before the fault.
async fn work_with(subject: &Subject<'_>, plan: Plan) -> Option<Outcome> {
    let proxy = subject.proxy.as_ref().unwrap();
    let told = format!("{plan:?}");
    let mut patience = if plan.fault == Fault::Stall { STALLED } else { PATIENCE };
    loop {
        subject.engine.dispose().await;
        let mut commit = None;
        proxy.plan_for_new_connections(plan);
        let worked = timeout(patience, work(subject, &mut commit)).await;
        let has_fired = proxy.end_plan();
        let is_dropped = worked.is_err();
        assert!(!is_dropped || plan.fault == Fault::Stall, "it hangs: {told}");
        let failure = worked.unwrap_or(Ok(())).err();
        let found = subject.prove(&told).await;
        match &commit {
            Some(Ok(())) => assert_eq!(found, 1, "committed, and gone: {told}"),
            Some(Err(error)) if error.kind() == ErrorKind::OutcomeUnknown => assert!(found <= 1, "{told}"),
            Some(Err(_)) => assert_eq!(found, 0, "not committed, and there: {told}"),
            // Only a commit that was on its way may have come through.
            None if is_dropped => assert!(found <= 1, "{told}"),
            None => assert_eq!(found, 0, "there without a commit: {told}"),
        }
        if has_fired {
            return Some(Outcome { commit, failure });
        }
        if !is_dropped {
            return None;
        }
        // The machine is busy: it was dropped before it met the fault.
        patience *= 2;
    }
}

/// Whether an error tells the truth about a lost connection.
fn check(step: Step, error: &Error, plan: Plan) {
    let told = format!("{step:?}, {plan:?}: {error:?}");
    let is_lost = error.kind() == ErrorKind::Operational && error.is_disconnect();
    let is_unknown = error.kind() == ErrorKind::OutcomeUnknown;
    match step {
        Step::Connect => {
            assert_eq!(error.kind(), ErrorKind::Operational, "{told}");
        }
        Step::Commit => {
            assert!(is_unknown || is_lost, "{told}");
            assert!(!is_unknown || (error.is_disconnect() && error.retry() == Retry::No), "{told}");
        }
        _ => assert!(is_lost, "{told}"),
    }
}

/// What a walk has met, for the claim that every step was.
#[derive(Debug, Default)]
struct Met {
    /// How many places the fault happened at.
    places: usize,
    /// The steps that failed by it.
    steps: Vec<Step>,
    /// How often the outcome of COMMIT was unknown.
    unknown: usize,
    /// How often the work was done all the same.
    unharmed: usize,
}

/// How long the work is waited for where the network is silent.
const STALLED: Duration = Duration::from_millis(400);

/// Has a fault happen at the first place, the second, and so on, until the work is done before it.
async fn walk(database: &Database, fault: Fault, direction: Direction, place: fn(usize) -> Place) -> Met {
    let subject = Subject::behind_a_proxy(database, |engine| engine).await;
    let mut met = Met::default();
    for number in 1.. {
        let plan = Plan { fault, direction, place: place(number) };
        let Some(outcome) = work_with(&subject, plan).await else { break };
        met.places += 1;
        match &outcome.failure {
            Some((step, error)) => {
                check(*step, error, plan);
                met.steps.push(*step);
                met.unknown += usize::from(error.kind() == ErrorKind::OutcomeUnknown);
            }
            None if fault == Fault::Stall => {}
            None => {
                met.unharmed += 1;
                assert!(matches!(outcome.commit, Some(Ok(()))), "{plan:?}: {outcome:?}");
            }
        }
    }
    subject.end().await;
    met
}

/// Walks in both directions at once.
async fn walk_both_ways(database: &Database, fault: Fault, place: fn(usize) -> Place) -> [Met; 2] {
    with_numbers(database).await;
    let (to_server, to_client) = tokio::join!(
        walk(database, fault, Direction::ToServer, place),
        walk(database, fault, Direction::ToClient, place),
    );
    [to_server, to_client]
}

/// That the walks came past every step of the work.
fn assert_every_step_failed(met: &[Met; 2]) {
    for step in [Step::Connect, Step::Insert, Step::Query, Step::Savepoint, Step::Stream, Step::Commit] {
        assert!(met.iter().any(|met| met.steps.contains(&step)), "{step:?} never met the fault: {met:?}");
    }
    assert!(met.iter().any(|met| met.unknown >= 1), "no answer to a COMMIT was lost: {met:?}");
}

async fn cut_at_every_message(database: &Database) {
    assert_every_step_failed(&walk_both_ways(database, Fault::Cut, Place::Message).await);
}

async fn reset_at_every_message(database: &Database) {
    assert_every_step_failed(&walk_both_ways(database, Fault::Reset, Place::Message).await);
}

async fn half_closed_at_every_message(database: &Database) {
    assert_every_step_failed(&walk_both_ways(database, Fault::HalfClose, Place::Message).await);
}

/// In the middle of messages, too.
async fn cut_after_so_many_bytes(database: &Database) {
    let [to_server, to_client] =
        walk_both_ways(database, Fault::Cut, |number| Place::Byte(number * 83)).await;
    assert!(to_server.places > 3 && to_client.places > 10, "{to_server:?} {to_client:?}");
}

/// The network is silent: the caller gives up at some time, and drops the call.
async fn stalled_at_every_message(database: &Database) {
    let met = walk_both_ways(database, Fault::Stall, Place::Message).await;
    assert!(met.iter().all(|met| met.places > 5 && met.steps.is_empty()), "{met:?}");
}

async fn delayed_at_every_message(database: &Database) {
    let met = walk_both_ways(database, Fault::Delay(Duration::from_millis(10)), Place::Message).await;
    assert!(met.iter().all(|met| met.places > 5 && met.unharmed == met.places), "{met:?}");
}

/// Bytes come in small pieces from the first on.
async fn crumbled(database: &Database) {
    let place = |number| if number == 1 { Place::Message(1) } else { Place::Byte(usize::MAX) };
    let met = walk_both_ways(database, Fault::Crumble, place).await;
    assert!(met.iter().all(|met| met.places == 1 && met.unharmed == 1), "{met:?}");
}

/// A statement whose answer never comes is given up at its deadline, and costs its connection.
async fn a_stalled_statement_meets_its_deadline(database: &Database) {
    let limit = Duration::from_millis(200);
    let subject = Subject::behind_a_proxy(database, |engine| engine.statement_timeout(limit)).await;
    let proxy = subject.proxy.as_ref().unwrap();
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut connection = subject.engine.connect().await.unwrap();
        connection.execute(subject.insert(1)).await.unwrap();
        proxy.plan(Plan { fault: Fault::Stall, direction, place: Place::Message(1) });
        let started = Instant::now();
        let error = connection.execute(subject.insert(2)).await.unwrap_err();
        assert!(proxy.end_plan());
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        assert!((limit..Duration::from_secs(10)).contains(&started.elapsed()), "{:?}", started.elapsed());
        let refused = connection.execute(subject.insert(3)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PendingRollback, "{refused:?}");
        connection.rollback().await.unwrap();
        assert_eq!(connection.scalar_one::<i64, _>(text("SELECT 41 + 1")).await.unwrap(), 42);
        connection.close().await.unwrap();
        assert_eq!(subject.prove("a stalled statement").await, 0);
    }
    subject.end().await;
}

/// A server that takes a connection, and then says nothing.
async fn a_stalled_connect_meets_its_deadline(database: &Database) {
    let limit = Duration::from_secs(2);
    let subject = Subject::behind_a_proxy(database, |engine| engine.connect_timeout(limit)).await;
    let proxy = subject.proxy.as_ref().unwrap();
    for direction in [Direction::ToServer, Direction::ToClient] {
        subject.engine.dispose().await;
        let plan = Plan { fault: Fault::Stall, direction, place: Place::Message(1) };
        proxy.plan_for_new_connections(plan);
        let started = Instant::now();
        let error = subject.engine.connect().await.unwrap_err();
        assert!(proxy.end_plan());
        assert_eq!(error.kind(), ErrorKind::Timeout, "{plan:?}: {error:?}");
        assert!(started.elapsed() < limit * 5, "{:?}", started.elapsed());
        assert_eq!(subject.prove("a stalled connect").await, 0);
    }
    subject.end().await;
}

/// A connection that went silent while it was idle is found by the ping, and replaced.
async fn a_stalled_ping_meets_its_deadline(database: &Database) {
    let mut options = PoolOptions::default();
    (options.pool_size, options.max_overflow) = (2, Some(0));
    (options.pre_ping, options.pre_ping_after) = (true, Duration::ZERO);
    options.connect_timeout = Some(Duration::from_secs(2));
    let subject = Subject::behind_a_proxy(database, |engine| engine.pool_options(options)).await;
    let proxy = subject.proxy.as_ref().unwrap();
    for direction in [Direction::ToServer, Direction::ToClient] {
        subject.engine.dispose().await;
        let connection = subject.engine.connect().await.unwrap();
        let id = connection.id();
        connection.close().await.unwrap();
        proxy.plan(Plan { fault: Fault::Stall, direction, place: Place::Message(1) });
        let mut connection = timeout(PATIENCE, subject.engine.connect()).await.unwrap().unwrap();
        assert!(proxy.end_plan());
        assert_ne!(connection.id(), id, "another took its place");
        assert_eq!(connection.scalar_one::<i64, _>(text("SELECT 41 + 1")).await.unwrap(), 42);
        connection.close().await.unwrap();
        assert_eq!(subject.prove("a stalled ping").await, 0);
    }
    subject.end().await;
}

on_every_server!(
    cut_at_every_message,
    reset_at_every_message,
    half_closed_at_every_message,
    cut_after_so_many_bytes,
    stalled_at_every_message,
    delayed_at_every_message,
    crumbled,
    a_stalled_connect_meets_its_deadline,
    a_stalled_ping_meets_its_deadline,
    a_stalled_statement_meets_its_deadline,
);
