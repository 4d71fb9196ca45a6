//! Two-phase transactions, and what is known of isolation levels.

use aludel_driver::{BeginOptions, Control, ErrorKind, IsolationLevel, TransactionState, Value};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(a_prepared_transaction_outlives_its_connection if |capabilities| capabilities.two_phase),
    case!(an_unprepared_one_ends_as_any_other if |capabilities| capabilities.two_phase),
    case!(a_prepared_one_is_not_ended_inside_another if |capabilities| capabilities.two_phase),
    case!(two_phase_is_refused_by_name if |capabilities| !capabilities.two_phase),
    case!(the_isolation_level_is_told if |capabilities| !capabilities.isolation_levels.is_empty()),
    case!(a_declared_cursor_leaves_the_connection_free if |capabilities| capabilities.declared_cursors),
];

/// A name that no other run of the suite uses at the same time.
fn name(what: &str) -> String {
    format!("suite 'quoted' {what} {}", std::process::id())
}

async fn begin(probe: &mut Probe, name: &str) -> Result<(), Failure> {
    Ok(probe.control(Control::BeginTwoPhase(&BeginOptions::default(), name)).await?)
}

async fn insert(probe: &mut Probe, table: &str, number: i64) -> Result<(), Failure> {
    probe.execute(&format!("INSERT INTO {table} (n) VALUES (?)"), &[Value::I64(number)]).await?;
    Ok(())
}

async fn a_prepared_transaction_outlives_its_connection(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_prepared");
    probe.create(&table).await?;
    let mut expected = 0;
    for (number, end) in [(1, "commit"), (2, "rollback")] {
        let name = name(end);
        let mut first = Probe::open(&subject).await?;
        begin(&mut first, &name).await?;
        ensure_equal!(first.connection.transaction_state(), TransactionState::Active, "after BEGIN");
        insert(&mut first, "suite_prepared", number).await?;
        first.control(Control::Prepare(&name)).await?;
        // `Unknown` where the server ties it to its connection until that is closed.
        let state = first.connection.transaction_state();
        ensure!(
            state != TransactionState::Active,
            "the connection is still in the transaction after PREPARE"
        );
        first.close().await?;
        ensure_equal!(probe.count("suite_prepared").await?, expected, "rows while it is prepared");
        let prepared = probe.connection.prepared_transactions().await?;
        ensure!(prepared.contains(&name), "`{name}` is not among the prepared ones: {prepared:?}");
        if end == "commit" {
            probe.control(Control::CommitPrepared(&name)).await?;
            expected += 1;
        } else {
            probe.control(Control::RollbackPrepared(&name)).await?;
        }
        ensure_equal!(probe.count("suite_prepared").await?, expected, "rows after the {end}");
        let prepared = probe.connection.prepared_transactions().await?;
        ensure!(!prepared.contains(&name), "`{name}` is still prepared: {prepared:?}");
        // A name that is not there is an error, and the connection goes on.
        match probe.connection.control(Control::CommitPrepared(&name)).await {
            Ok(()) => return Err(Failure::new("a transaction that is not there was committed")),
            Err(error) => ensure!(!error.is_disconnect(), "an unknown name ends the connection: {error:?}"),
        }
        probe.ensure_usable().await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn an_unprepared_one_ends_as_any_other(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_unprepared");
    probe.create(&table).await?;
    for (number, end, expected) in [(1, Control::Rollback, 0), (2, Control::Commit, 1)] {
        begin(&mut probe, &name("unprepared")).await?;
        insert(&mut probe, "suite_unprepared", number).await?;
        probe.control(end).await?;
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after {end:?}");
        ensure_equal!(probe.count("suite_unprepared").await?, expected, "rows after {end:?}");
    }
    // What is left open is rolled back by a reset.
    begin(&mut probe, &name("reset")).await?;
    insert(&mut probe, "suite_unprepared", 3).await?;
    probe.connection.reset().await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after a reset");
    ensure_equal!(probe.count("suite_unprepared").await?, 1, "rows after a reset");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_prepared_one_is_not_ended_inside_another(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    probe.begin().await?;
    for control in [Control::CommitPrepared("x"), Control::RollbackPrepared("x")] {
        match probe.connection.control(control).await {
            Ok(()) => return Err(Failure::new(format!("{control:?} was done inside a transaction"))),
            Err(error) => ensure_equal!(error.kind(), ErrorKind::InvalidRequest, "{control:?}: {error:?}"),
        }
    }
    probe.control(Control::Rollback).await?;
    probe.ensure_usable().await?;
    probe.close().await?;
    Ok(())
}

async fn two_phase_is_refused_by_name(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let product = probe.connection.server().product;
    let options = BeginOptions::default();
    for control in
        [Control::BeginTwoPhase(&options, "x"), Control::CommitPrepared("x"), Control::RollbackPrepared("x")]
    {
        match probe.connection.control(control).await {
            Ok(()) => {
                return Err(Failure::new(format!("{control:?} is done, though it is said not to be there")));
            }
            Err(error) => {
                ensure_equal!(error.kind(), ErrorKind::NotSupported, "{control:?}: {error:?}");
                ensure!(error.message().contains(product), "the error does not name {product}: {error}");
            }
        }
    }
    match probe.connection.prepared_transactions().await {
        Ok(names) => return Err(Failure::new(format!("prepared transactions are told: {names:?}"))),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::NotSupported, "{error:?}"),
    }
    probe.ensure_usable().await?;
    probe.close().await?;
    Ok(())
}

async fn the_isolation_level_is_told(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_isolation");
    probe.create(&table).await?;
    let known = probe.connection.capabilities().isolation_levels;
    let usual = probe.connection.isolation_level().await?;
    ensure!(known.contains(&usual), "the usual level {usual} is not among those that are said: {known:?}");
    for level in [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ] {
        let options = BeginOptions::new().isolation(level);
        if !known.contains(&level) {
            match probe.connection.control(Control::Begin(&options)).await {
                Ok(()) => return Err(Failure::new(format!("{level} is taken, though it is not said"))),
                Err(error) => {
                    ensure_equal!(error.kind(), ErrorKind::NotSupported, "{level}: {error:?}");
                    ensure!(
                        error.message().contains(level.as_sql()),
                        "the error does not name {level}: {error}"
                    );
                }
            }
            continue;
        }
        probe.control(Control::Begin(&options)).await?;
        insert(&mut probe, "suite_isolation", 1).await?;
        ensure_equal!(probe.connection.isolation_level().await?, level, "the level inside the transaction");
        probe.control(Control::Rollback).await?;
        ensure_equal!(probe.connection.isolation_level().await?, usual, "the level after {level}");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_declared_cursor_leaves_the_connection_free(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_declared");
    probe.create(&table).await?;
    for number in 1..=5 {
        insert(&mut probe, "suite_declared", number).await?;
    }
    probe.begin().await?;
    let least = [Value::I64(2)];
    let declare = "DECLARE suite_cursor CURSOR FOR SELECT n FROM suite_declared WHERE n >= ? ORDER BY n";
    probe.execute(declare, &least).await?;
    let first = probe.rows("FETCH FORWARD 2 FROM suite_cursor", &[]).await?;
    ensure_equal!(first, [[Value::I64(2)], [Value::I64(3)]], "the first batch");
    ensure_equal!(probe.count("suite_declared").await?, 5, "a statement between two batches");
    let rest = probe.rows("FETCH FORWARD 9 FROM suite_cursor", &[]).await?;
    ensure_equal!(rest, [[Value::I64(4)], [Value::I64(5)]], "the second batch");
    probe.execute("CLOSE suite_cursor", &[]).await?;
    probe.control(Control::Commit).await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
