//! Transactions and savepoints.

use aludel_driver::{BeginOptions, CallOptions, Control, ErrorKind, IsolationLevel, TransactionState, Value};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, in_time, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(transactions_commit_and_roll_back),
    case!(a_second_begin_is_refused),
    case!(savepoints_are_released_and_rolled_back if |capabilities| capabilities.savepoints),
    case!(savepoints_take_any_name if |capabilities| capabilities.savepoints),
    case!(savepoints_are_refused_where_there_are_none if |capabilities| !capabilities.savepoints),
    case!(an_error_fails_the_transaction if |capabilities| capabilities.aborts_on_error),
    case!(an_error_leaves_the_transaction if |capabilities| !capabilities.aborts_on_error),
    case!(ddl_is_rolled_back if |capabilities| capabilities.transactional_ddl),
    case!(a_reset_rolls_back),
    case!(a_reset_in_a_drop_rolls_back),
    case!(a_script_that_begins_is_noticed),
    case!(isolation_levels_are_taken_or_refused),
    case!(read_only_transactions_do_not_write),
];

const INSERT: &str = "INSERT INTO {} (n) VALUES (?)";

fn insert(table: &str) -> String {
    INSERT.replace("{}", table)
}

async fn transactions_commit_and_roll_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_transaction");
    probe.create(&table).await?;
    let insert = insert("suite_transaction");
    for (number, end, expected) in
        [(1, Control::Rollback, 0), (2, Control::Commit, 1), (3, Control::Rollback, 1)]
    {
        probe.begin().await?;
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after BEGIN");
        probe.execute(&insert, &[Value::I64(number)]).await?;
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after an INSERT");
        ensure_equal!(
            probe.count("suite_transaction").await?,
            expected + i64::from(end != Control::Commit),
            "inside"
        );
        probe.control(end).await?;
        ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after {end:?}");
        let mut other = Probe::open(&subject).await?;
        ensure_equal!(other.count("suite_transaction").await?, expected, "rows after {end:?}");
        other.close().await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_second_begin_is_refused(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_begin");
    probe.create(&table).await?;
    probe.begin().await?;
    probe.execute(&insert("suite_begin"), &[Value::I64(1)]).await?;
    match probe.begin().await {
        Ok(()) => return Err(Failure::new("a transaction begins inside a transaction")),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::InvalidRequest, "a second BEGIN: {error:?}"),
    }
    probe.control(Control::Rollback).await?;
    ensure_equal!(probe.count("suite_begin").await?, 0, "the second BEGIN must not commit the first");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn savepoints_are_released_and_rolled_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_savepoint");
    probe.create(&table).await?;
    let insert = insert("suite_savepoint");
    probe.begin().await?;
    probe.execute(&insert, &[Value::I64(1)]).await?;
    probe.control(Control::Savepoint("outer")).await?;
    probe.execute(&insert, &[Value::I64(2)]).await?;
    probe.control(Control::Savepoint("inner")).await?;
    probe.execute(&insert, &[Value::I64(3)]).await?;
    probe.control(Control::RollbackTo("inner")).await?;
    ensure_equal!(probe.count("suite_savepoint").await?, 2, "after the inner one was rolled back");
    // It still stands after it was rolled back to.
    probe.execute(&insert, &[Value::I64(4)]).await?;
    probe.control(Control::RollbackTo("inner")).await?;
    probe.control(Control::Release("inner")).await?;
    probe.control(Control::Release("outer")).await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after the release");
    // An error inside a savepoint is healed by it.
    probe.control(Control::Savepoint("healing")).await?;
    probe.expect_error(&insert, &[Value::I64(1)], ErrorKind::Integrity).await?;
    probe.control(Control::RollbackTo("healing")).await?;
    probe.execute(&insert, &[Value::I64(5)]).await?;
    probe.control(Control::Commit).await?;
    let rows = probe.rows("SELECT n FROM suite_savepoint ORDER BY n", &[]).await?;
    ensure_equal!(rows, [[Value::I64(1)], [Value::I64(2)], [Value::I64(5)]], "what was committed");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn savepoints_take_any_name(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_savepoint_name");
    probe.create(&table).await?;
    for name in ["select", "With Space", "quote ' \" ` ;", "größe"] {
        probe.begin().await?;
        probe.control(Control::Savepoint(name)).await?;
        probe.execute(&insert("suite_savepoint_name"), &[Value::I64(1)]).await?;
        probe.control(Control::RollbackTo(name)).await?;
        probe.control(Control::Release(name)).await?;
        probe.control(Control::Commit).await?;
        ensure_equal!(probe.count("suite_savepoint_name").await?, 0, "rows after the rollback to {name}");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn savepoints_are_refused_where_there_are_none(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    probe.begin().await?;
    match probe.control(Control::Savepoint("s")).await {
        Ok(()) => return Err(Failure::new("a savepoint was made by a backend that says it has none")),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::NotSupported, "SAVEPOINT: {error:?}"),
    }
    probe.connection.reset().await?;
    probe.close().await?;
    Ok(())
}

async fn an_error_fails_the_transaction(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_aborted");
    probe.create(&table).await?;
    let insert = insert("suite_aborted");
    probe.begin().await?;
    probe.execute(&insert, &[Value::I64(1)]).await?;
    probe.expect_error(&insert, &[Value::I64(1)], ErrorKind::Integrity).await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after the error");
    probe.expect_error(&insert, &[Value::I64(2)], ErrorKind::PendingRollback).await?;
    // A COMMIT that the server answers by rolling back must not look like one.
    match probe.control(Control::Commit).await {
        Ok(()) => return Err(Failure::new("COMMIT of a failed transaction says that it worked")),
        Err(error) => ensure!(!error.is_disconnect(), "COMMIT of a failed transaction: {error:?}"),
    }
    probe.connection.reset().await?;
    ensure_equal!(probe.count("suite_aborted").await?, 0, "rows of the failed transaction");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn an_error_leaves_the_transaction(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_going_on");
    probe.create(&table).await?;
    let insert = insert("suite_going_on");
    probe.begin().await?;
    probe.execute(&insert, &[Value::I64(1)]).await?;
    probe.expect_error(&insert, &[Value::I64(1)], ErrorKind::Integrity).await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after the error");
    probe.execute(&insert, &[Value::I64(2)]).await?;
    probe.control(Control::Commit).await?;
    ensure_equal!(probe.count("suite_going_on").await?, 2, "rows of the transaction");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn ddl_is_rolled_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_ddl");
    probe.create(&table).await?;
    probe.drop(&table).await?;
    probe.begin().await?;
    probe.create(&table).await?;
    probe.execute(&insert("suite_ddl"), &[Value::I64(1)]).await?;
    probe.control(Control::Rollback).await?;
    probe.expect_error("SELECT n FROM suite_ddl", &[], ErrorKind::Programming).await?;
    probe.close().await?;
    Ok(())
}

async fn a_reset_rolls_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_reset");
    probe.create(&table).await?;
    probe.begin().await?;
    probe.execute(&insert("suite_reset"), &[Value::I64(1)]).await?;
    probe.connection.reset().await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the reset");
    ensure_equal!(probe.count("suite_reset").await?, 0, "rows after the reset");
    probe.execute(&insert("suite_reset"), &[Value::I64(2)]).await?;
    probe.connection.reset().await?;
    ensure_equal!(probe.count("suite_reset").await?, 1, "a reset outside of a transaction undoes nothing");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_reset_in_a_drop_rolls_back(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_drop");
    probe.create(&table).await?;
    ensure!(probe.connection.reset_on_drop(), "there is nothing to roll back, and yet it cannot be done");
    probe.begin().await?;
    probe.execute(&insert("suite_drop"), &[Value::I64(1)]).await?;
    if !probe.connection.reset_on_drop() {
        probe.connection.reset().await?;
    }
    ensure_equal!(probe.count("suite_drop").await?, 0, "rows after the reset");
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the reset");
    // Nothing may be locked any more.
    let mut other = Probe::open(&subject).await?;
    in_time("an INSERT after the reset", other.execute(&insert("suite_drop"), &[Value::I64(1)])).await??;
    ensure_equal!(probe.count("suite_drop").await?, 1, "rows that another connection made");
    probe.drop(&table).await?;
    probe.close().await?;
    other.close().await?;
    Ok(())
}

async fn a_script_that_begins_is_noticed(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_script_begin");
    probe.create(&table).await?;
    let script = "BEGIN; INSERT INTO suite_script_begin (n) VALUES (1)";
    probe.connection.batch(script, &CallOptions::default()).await?;
    ensure!(
        probe.connection.transaction_state() != TransactionState::Idle,
        "a script has begun a transaction, and the state says idle"
    );
    probe.connection.reset().await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after the reset");
    ensure_equal!(probe.count("suite_script_begin").await?, 0, "rows after the reset");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn isolation_levels_are_taken_or_refused(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let mut taken = 0;
    for level in [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ] {
        let mut options = BeginOptions::default();
        options.isolation = Some(level);
        match probe.control(Control::Begin(&options)).await {
            Ok(()) => {
                taken += 1;
                ensure_equal!(
                    probe.connection.transaction_state(),
                    TransactionState::Active,
                    "after BEGIN {level}"
                );
                probe.ensure_usable().await?;
                probe.control(Control::Rollback).await?;
            }
            Err(error) => {
                ensure_equal!(error.kind(), ErrorKind::NotSupported, "BEGIN {level}: {error:?}");
                ensure_equal!(
                    probe.connection.transaction_state(),
                    TransactionState::Idle,
                    "after a refused BEGIN"
                );
            }
        }
    }
    ensure!(taken > 0, "no isolation level at all is taken");
    probe.begin().await?;
    probe.control(Control::Commit).await?;
    probe.close().await?;
    Ok(())
}

async fn read_only_transactions_do_not_write(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_read_only");
    probe.create(&table).await?;
    let insert = insert("suite_read_only");
    let mut options = BeginOptions::default();
    options.read_only = true;
    match probe.control(Control::Begin(&options)).await {
        Ok(()) => {
            ensure_equal!(probe.count("suite_read_only").await?, 0, "reading in a read-only transaction");
            let error = probe.error(&insert, &[Value::I64(1)]).await?;
            ensure!(!error.is_disconnect(), "writing in a read-only transaction: {error:?}");
            probe.connection.reset().await?;
        }
        Err(error) => ensure_equal!(error.kind(), ErrorKind::NotSupported, "a read-only BEGIN: {error:?}"),
    }
    // The next transaction is none of it.
    probe.begin().await?;
    probe.execute(&insert, &[Value::I64(1)]).await?;
    probe.control(Control::Commit).await?;
    ensure_equal!(probe.count("suite_read_only").await?, 1, "rows after a transaction that may write");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
