//! Calls that are dropped, cancelled, or take too long.

use std::time::{Duration, Instant};

use aludel_driver::{CallOptions, Discard, ErrorKind, Statement, TransactionState, Value};
use tokio::time;

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, in_time, integers, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(a_dropped_call_leaves_no_connection_in_doubt),
    case!(a_dropped_call_in_a_transaction_leaves_nothing_behind),
    case!(a_deadline_ends_a_statement),
    case!(a_deadline_that_is_kept_changes_nothing),
    case!(a_cancel_ends_a_statement if |capabilities| capabilities.cancel),
];

/// How long a call runs before it is dropped or cancelled.
const A_WHILE: Duration = Duration::from_millis(200);

/// A statement that takes minutes, over a table of a thousand numbers.
async fn slow(probe: &mut Probe, name: &'static str) -> Result<Statement, Failure> {
    probe.create(&numbers(name)).await?;
    probe.begin().await?;
    probe.many(&format!("INSERT INTO {name} (n) VALUES (?)"), 1, &integers(1..1_001)).await?;
    probe.control(aludel_driver::Control::Commit).await?;
    Ok(Statement::new(format!(
        "SELECT count(*) FROM {name} a, {name} b, {name} c WHERE a.n * b.n + b.n * c.n + c.n * a.n < a.n"
    )))
}

/// Runs a call for a while and drops it.
async fn drop_after_a_while(probe: &mut Probe, statement: &Statement) -> Result<(), Failure> {
    let (options, mut sink) = (CallOptions::default(), Discard);
    let call = probe.connection.fetch(statement, &[], &options, &mut sink);
    match time::timeout(A_WHILE, call).await {
        Err(_) => Ok(()),
        Ok(outcome) => {
            Err(Failure::new(format!("a statement that takes minutes was done at once: {outcome:?}")))
        }
    }
}

/// What a pool does with a connection in doubt: cancels what runs there, and lets it go. Its tables are free then.
async fn let_go(subject: &Subject, probe: Probe, name: &'static str) -> Result<(), Failure> {
    let cancel = probe.connection.cancel_handle();
    let can_cancel = probe.connection.capabilities().cancel;
    if let Some(cancel) = &cancel {
        // On a busy machine the first may come before the server has begun with the statement; and a pooler in between
        // knows the connection only as long as it is there.
        for _ in 0..3 {
            in_time("cancelling", cancel.cancel()).await?;
            time::sleep(Duration::from_millis(100)).await;
        }
    }
    drop(probe);
    let mut other = Probe::open(subject).await?;
    if can_cancel {
        let again = async {
            loop {
                time::sleep(Duration::from_secs(5)).await;
                if let Some(cancel) = &cancel {
                    cancel.cancel().await;
                }
            }
        };
        let table = numbers(name);
        let dropping = in_time("dropping the table of a call that was dropped", other.drop(&table));
        tokio::select! {
            outcome = dropping => outcome??,
            () = again => {}
        }
    }
    other.close().await?;
    Ok(())
}

async fn a_dropped_call_leaves_no_connection_in_doubt(subject: Subject) -> Result<(), Failure> {
    let name = "suite_dropped";
    let mut probe = Probe::open(&subject).await?;
    let statement = slow(&mut probe, name).await?;
    drop_after_a_while(&mut probe, &statement).await?;
    in_time("a call after one that was dropped", probe.ensure_usable_or_broken()).await??;
    let_go(&subject, probe, name).await
}

async fn a_dropped_call_in_a_transaction_leaves_nothing_behind(subject: Subject) -> Result<(), Failure> {
    let name = "suite_dropped_inside";
    let mut probe = Probe::open(&subject).await?;
    let statement = slow(&mut probe, name).await?;
    probe.begin().await?;
    probe.execute(&format!("INSERT INTO {name} (n) VALUES (?)"), &[Value::I64(5_000)]).await?;
    drop_after_a_while(&mut probe, &statement).await?;
    ensure!(
        probe.connection.transaction_state() != TransactionState::Idle,
        "the call was dropped inside a transaction, and the state says idle"
    );
    if !probe.connection.is_broken() {
        in_time("the reset", probe.connection.reset()).await??;
        ensure_equal!(probe.count(name).await?, 1_000, "rows after the reset");
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the reset");
    }
    let cancel = probe.connection.cancel_handle();
    if let Some(cancel) = cancel {
        in_time("cancelling", cancel.cancel()).await?;
    }
    drop(probe);
    // The lost connection's transaction is rolled back, at the latest when the server notices.
    let mut other = Probe::open(&subject).await?;
    ensure_equal!(other.count(name).await?, 1_000, "rows that another connection sees");
    if other.connection.capabilities().cancel {
        in_time("dropping the table", other.drop(&numbers(name))).await??;
    }
    other.close().await?;
    Ok(())
}

async fn a_deadline_ends_a_statement(subject: Subject) -> Result<(), Failure> {
    let name = "suite_deadline";
    let mut probe = Probe::open(&subject).await?;
    let statement = slow(&mut probe, name).await?;
    let options = CallOptions { timeout: Some(A_WHILE), ..CallOptions::default() };
    let started = Instant::now();
    let mut sink = Discard;
    match in_time("a statement with a deadline", probe.connection.fetch(&statement, &[], &options, &mut sink))
        .await?
    {
        Ok(done) => return Err(Failure::new(format!("a statement that takes minutes was done: {done:?}"))),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::Timeout, "the deadline: {error:?}"),
    }
    let took = started.elapsed();
    ensure!(took >= A_WHILE / 2, "the deadline of {A_WHILE:?} struck after {took:?}");
    in_time("a call after the deadline", probe.ensure_usable_or_broken()).await??;
    let_go(&subject, probe, name).await
}

async fn a_deadline_that_is_kept_changes_nothing(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let statement = Statement::new("SELECT 7");
    for timeout in [None, Some(Duration::from_secs(60)), None] {
        let options = CallOptions { timeout, ..CallOptions::default() };
        let done = probe.connection.fetch(&statement, &[], &options, &mut Discard).await?;
        ensure_equal!(done.rows, 1, "rows within the deadline");
    }
    // A deadline is of one call only.
    let options = CallOptions { timeout: Some(A_WHILE), ..CallOptions::default() };
    probe.connection.fetch(&statement, &[], &options, &mut Discard).await?;
    time::sleep(A_WHILE * 2).await;
    probe.ensure_usable().await?;
    probe.close().await?;
    Ok(())
}

async fn a_cancel_ends_a_statement(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cancel";
    let mut probe = Probe::open(&subject).await?;
    let statement = slow(&mut probe, name).await?;
    let Some(cancel) = probe.connection.cancel_handle() else {
        return Err(Failure::new("a backend that says it can cancel gives no handle"));
    };
    let (options, mut sink) = (CallOptions::default(), Discard);
    let cancelling = async {
        time::sleep(A_WHILE).await;
        cancel.cancel().await;
    };
    let call = probe.connection.fetch(&statement, &[], &options, &mut sink);
    let (outcome, ()) =
        in_time("a statement that is cancelled", async { tokio::join!(call, cancelling) }).await?;
    match outcome {
        Ok(done) => return Err(Failure::new(format!("a statement that takes minutes was done: {done:?}"))),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::Operational, "a cancelled statement: {error:?}"),
    }
    in_time("a call after the cancel", probe.ensure_usable_or_broken()).await??;
    let_go(&subject, probe, name).await
}
