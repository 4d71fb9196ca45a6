//! Rows in batches.

use aludel_driver::{BeginOptions, CallOptions, Control, ErrorKind, TransactionState, Value};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    kept::{Kept, Stop, Stopping},
    probe::{Probe, integers, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(cursors_give_every_row_once_in_batches),
    case!(cursors_know_their_columns_without_rows),
    case!(cursors_can_be_closed_early),
    case!(cursors_that_are_dropped_leave_no_wrong_answers),
    case!(cursors_work_inside_a_transaction),
    case!(cursors_pass_on_the_refusal_of_a_sink),
    case!(cursors_tell_of_wrong_statements),
];

const ROWS: i64 = 5_000;

async fn probe_with_rows(subject: &Subject, name: &'static str) -> Result<Probe, Failure> {
    let mut probe = Probe::open(subject).await?;
    probe.create(&numbers(name)).await?;
    probe.begin().await?;
    probe.many(&format!("INSERT INTO {name} (n) VALUES (?)"), 1, &integers(0..ROWS)).await?;
    probe.control(Control::Commit).await?;
    Ok(probe)
}

async fn drop_rows(mut probe: Probe, name: &'static str) -> Result<(), Failure> {
    probe.drop(&numbers(name)).await?;
    probe.close().await?;
    Ok(())
}

fn ordered(name: &str) -> String {
    format!("SELECT n FROM {name} WHERE n >= ? ORDER BY n")
}

async fn cursors_give_every_row_once_in_batches(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let options = CallOptions::default();
    let parameters = [Value::I64(0)];
    for batch in [1_000, 1, 700, 5_000, 10_000] {
        let mut kept = Kept::default();
        let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
        let names: Vec<&str> = cursor.columns().iter().map(|column| &*column.name).collect();
        ensure_equal!(names, ["n"], "the columns of a cursor");
        loop {
            let before = kept.rows.len();
            let more = cursor.fetch(batch, &mut kept).await?;
            let given = kept.rows.len() - before;
            ensure!(given <= batch, "a batch of {batch} has {given} rows");
            ensure!(!more || given == batch, "a batch of {batch} has {given} rows, and there are more");
            if !more {
                break;
            }
            if batch == 1 && kept.rows.len() == 10 {
                break;
            }
        }
        cursor.close().await?;
        ensure_equal!(kept.told, 0, "columns are not told to the sink of a batch");
        let expected = if batch == 1 { 10 } else { ROWS };
        ensure_equal!(kept.rows.len() as i64, expected, "rows in batches of {batch}");
        let wrong = kept.rows.iter().zip(0..).find(|(row, n)| **row != [Value::I64(*n)]);
        ensure!(wrong.is_none(), "a row in batches of {batch} is wrong: {wrong:?}");
        probe.ensure_usable().await?;
    }
    drop_rows(probe, name).await
}

async fn cursors_know_their_columns_without_rows(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor_empty";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let (options, parameters) = (CallOptions::default(), [Value::I64(ROWS)]);
    for _ in 0..2 {
        let mut kept = Kept::default();
        let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
        ensure_equal!(cursor.columns().len(), 1, "the columns of a cursor without rows");
        ensure!(!cursor.fetch(10, &mut kept).await?, "a cursor without rows says that there are more");
        cursor.close().await?;
        ensure!(kept.rows.is_empty(), "rows where there are none: {:?}", kept.rows);
    }
    probe.ensure_usable().await?;
    drop_rows(probe, name).await
}

async fn cursors_can_be_closed_early(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor_closed";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let (options, parameters) = (CallOptions::default(), [Value::I64(0)]);
    for fetched in [0, 1, 10, 4_999] {
        let mut kept = Kept::default();
        let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
        if fetched > 0 {
            cursor.fetch(fetched, &mut kept).await?;
        }
        cursor.close().await?;
        ensure_equal!(kept.rows.len(), fetched, "rows before the cursor was closed");
        ensure_equal!(
            probe.connection.transaction_state(),
            TransactionState::Idle,
            "after the cursor was closed"
        );
        probe.ensure_usable().await?;
    }
    drop_rows(probe, name).await
}

async fn cursors_that_are_dropped_leave_no_wrong_answers(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor_dropped";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let (options, parameters) = (CallOptions::default(), [Value::I64(0)]);
    for fetched in [0, 10] {
        let mut kept = Kept::default();
        let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
        if fetched > 0 {
            cursor.fetch(fetched, &mut kept).await?;
        }
        drop(cursor);
        probe.ensure_usable_or_broken().await?;
        if probe.connection.is_broken() {
            drop(probe);
            probe = Probe::open(&subject).await?;
        }
    }
    drop_rows(probe, name).await
}

async fn cursors_work_inside_a_transaction(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor_inside";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let (options, parameters) = (CallOptions::default(), [Value::I64(0)]);
    probe.control(Control::Begin(&BeginOptions::default())).await?;
    probe.execute(&format!("DELETE FROM {name} WHERE n >= 100"), &[]).await?;
    let mut kept = Kept::default();
    let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
    while cursor.fetch(30, &mut kept).await? {}
    cursor.close().await?;
    ensure_equal!(kept.rows.len(), 100, "rows that the cursor of a transaction sees");
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Active, "after the cursor");
    let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
    cursor.fetch(30, &mut kept).await?;
    cursor.close().await?;
    ensure_equal!(
        probe.connection.transaction_state(),
        TransactionState::Active,
        "after a cursor that was closed early"
    );
    probe.control(Control::Rollback).await?;
    ensure_equal!(probe.count(name).await?, ROWS, "rows after the rollback");
    drop_rows(probe, name).await
}

async fn cursors_pass_on_the_refusal_of_a_sink(subject: Subject) -> Result<(), Failure> {
    let name = "suite_cursor_refusing";
    let mut probe = probe_with_rows(&subject, name).await?;
    let statement = probe.statement(&ordered(name));
    let (options, parameters) = (CallOptions::default(), [Value::I64(0)]);
    let mut sink = Stopping::new(Stop::FailAtRow(20));
    let mut cursor = probe.connection.cursor(&statement, &parameters, &options).await?;
    match cursor.fetch(100, &mut sink).await {
        Ok(_) => return Err(Failure::new("the refusal of the sink is lost")),
        Err(error) => ensure_equal!(error.kind(), ErrorKind::Custom, "the sink's own error: {error:?}"),
    }
    cursor.close().await?;
    probe.ensure_usable().await?;
    drop_rows(probe, name).await
}

async fn cursors_tell_of_wrong_statements(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let statement = probe.statement("SELECT n FROM suite_no_such_table");
    let options = CallOptions::default();
    for _ in 0..2 {
        let outcome = match probe.connection.cursor(&statement, &[], &options).await {
            Ok(mut cursor) => cursor.fetch(1, &mut Kept::default()).await.map(drop),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => return Err(Failure::new("a cursor over a table that is not there worked")),
            Err(error) => ensure_equal!(error.kind(), ErrorKind::Programming, "an unknown table: {error:?}"),
        }
        probe.ensure_usable().await?;
    }
    probe.close().await?;
    Ok(())
}
