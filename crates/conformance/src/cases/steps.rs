//! Many steps in one call.

use aludel_driver::{
    BeginOptions, CallOptions, Control, Discard, Done, ErrorKind, ParameterSets, Step, StepKind,
    TransactionState, Value,
};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    kept::{Kept, Stop, Stopping},
    probe::{Probe, integers, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(steps_make_a_transaction),
    case!(a_step_that_fails_keeps_the_rest_from_taking_effect),
    case!(a_step_that_fails_outside_a_transaction_ends_the_run),
    case!(a_sink_that_refuses_in_a_step_keeps_the_commit_back),
];

fn control(control: Control<'_>) -> Step<'_> {
    Step::new(StepKind::Control(control))
}

fn dones(steps: &[Step<'_>]) -> Vec<bool> {
    steps.iter().map(|step| step.done.is_some()).collect()
}

async fn steps_make_a_transaction(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_steps");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_steps (n) VALUES (?)");
    let select = probe.statement("SELECT n FROM suite_steps ORDER BY n");
    // Twice: statements are new to the connection at first, and known then.
    for round in 0..2 {
        let begin = BeginOptions::default();
        let one = [Value::I64(round * 10)];
        let many = integers(round * 10 + 1..round * 10 + 4);
        let (mut none, mut kept) = (Discard, Kept::default());
        let mut told = 0;
        let mut each = |_, _: Done| {
            told += 1;
            Ok(())
        };
        let mut steps = [
            control(Control::Begin(&begin)),
            Step::new(StepKind::Fetch { statement: &insert, parameters: &one, sink: &mut none }),
            Step::new(StepKind::ExecuteMany {
                statement: &insert,
                sets: ParameterSets::new(&many, 1, 3),
                each: &mut each,
            }),
            Step::new(StepKind::Fetch { statement: &select, parameters: &[], sink: &mut kept }),
            control(Control::Commit),
        ];
        probe.connection.run(&mut steps, &CallOptions::default()).await?;
        ensure_equal!(dones(&steps), [true; 5], "steps that were done");
        let rows: Vec<u64> = steps.iter().filter_map(|step| step.done).map(|done| done.rows).collect();
        let all = (round as u64 + 1) * 4;
        ensure_equal!(rows[1..4], [1, 3, all], "rows of the steps");
        ensure_equal!(told, 3, "sets that were told");
        ensure_equal!((kept.told, kept.rows.len() as u64), (1, all), "columns and rows that the query gave");
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the commit");
        let mut other = Probe::open(&subject).await?;
        ensure_equal!(other.count("suite_steps").await? as u64, all, "rows that another connection sees");
        other.close().await?;
    }
    probe.connection.run(&mut [], &CallOptions::default()).await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_step_that_fails_keeps_the_rest_from_taking_effect(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_steps_failing");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_steps_failing (n) VALUES (?)");
    for _ in 0..2 {
        let (begin, values) = (BeginOptions::default(), integers(1..4));
        let (mut a, mut b, mut c) = (Discard, Discard, Discard);
        let mut steps = [
            control(Control::Begin(&begin)),
            Step::new(StepKind::Fetch { statement: &insert, parameters: &values[0..1], sink: &mut a }),
            // The same key again.
            Step::new(StepKind::Fetch { statement: &insert, parameters: &values[0..1], sink: &mut b }),
            Step::new(StepKind::Fetch { statement: &insert, parameters: &values[1..2], sink: &mut c }),
            control(Control::Commit),
        ];
        let Err(error) = probe.connection.run(&mut steps, &CallOptions::default()).await else {
            return Err(Failure::new("steps with a duplicate key worked"));
        };
        ensure_equal!(
            error.kind(),
            ErrorKind::Integrity,
            "the first error is the one that is told: {error:?}"
        );
        ensure_equal!(dones(&steps), [true, true, false, false, false], "steps that were done");
        ensure!(!probe.connection.is_broken(), "the connection is broken after an error of the server");
        // Whether the server has rolled back already is its own affair, but the state must not say so without cause.
        let mut other = Probe::open(&subject).await?;
        if probe.connection.transaction_state() == TransactionState::Idle {
            ensure_equal!(probe.count("suite_steps_failing").await?, 0, "rows where the state says idle");
        }
        probe.connection.reset().await?;
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the reset");
        ensure_equal!(probe.count("suite_steps_failing").await?, 0, "rows after the reset");
        ensure_equal!(other.count("suite_steps_failing").await?, 0, "rows that another connection sees");
        other.close().await?;
    }
    probe.ensure_usable().await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_step_that_fails_outside_a_transaction_ends_the_run(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_steps_alone");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_steps_alone (n) VALUES (?)");
    let values = integers(1..3);
    let (mut a, mut b, mut c) = (Discard, Discard, Discard);
    let mut steps = [
        Step::new(StepKind::Fetch { statement: &insert, parameters: &values[0..1], sink: &mut a }),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &values[0..1], sink: &mut b }),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &values[1..2], sink: &mut c }),
    ];
    let Err(error) = probe.connection.run(&mut steps, &CallOptions::default()).await else {
        return Err(Failure::new("steps with a duplicate key worked"));
    };
    ensure_equal!(error.kind(), ErrorKind::Integrity, "the first error is the one that is told: {error:?}");
    ensure_equal!(dones(&steps), [true, false, false], "steps that were done");
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the run");
    let rows = probe.rows("SELECT n FROM suite_steps_alone", &[]).await?;
    ensure_equal!(rows, [[Value::I64(1)]], "what ran before the error stays done, and nothing after it");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_sink_that_refuses_in_a_step_keeps_the_commit_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_steps_refusing");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_steps_refusing (n) VALUES (?)");
    let select = probe.statement("SELECT n FROM suite_steps_refusing");
    let (begin, values) = (BeginOptions::default(), integers(1..2));
    let (mut none, mut refusing) = (Discard, Stopping::new(Stop::FailAtRow(1)));
    let mut steps = [
        control(Control::Begin(&begin)),
        Step::new(StepKind::Fetch { statement: &insert, parameters: &values, sink: &mut none }),
        Step::new(StepKind::Fetch { statement: &select, parameters: &[], sink: &mut refusing }),
        control(Control::Commit),
    ];
    let Err(error) = probe.connection.run(&mut steps, &CallOptions::default()).await else {
        return Err(Failure::new("the refusal of the sink is lost"));
    };
    ensure_equal!(error.kind(), ErrorKind::Custom, "the sink's own error: {error:?}");
    ensure!(steps[3].done.is_none(), "the commit was done");
    probe.connection.reset().await?;
    ensure_equal!(probe.count("suite_steps_refusing").await?, 0, "rows after the reset");
    probe.ensure_usable().await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
