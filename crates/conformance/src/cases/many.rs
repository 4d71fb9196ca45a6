//! One statement with many sets of parameters.

use aludel_driver::{CallOptions, Control, Done, Error, ErrorKind, ParameterSets, Value};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, integers, numbers, text, words},
};

pub(super) const CASES: &[Case] = &[
    case!(many_sets_are_told_one_by_one),
    case!(many_sets_stop_at_the_first_error),
    case!(many_sets_stop_when_they_are_told_to),
];

async fn many_sets_are_told_one_by_one(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_many");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_many (id, word) VALUES (?, ?)");
    let values: Vec<Value> =
        (0..3_000).flat_map(|id| [Value::I64(id), text(&format!("word {id}"))]).collect();
    let options = CallOptions::default();
    let mut told = Vec::new();
    let mut each = |position, done: Done| {
        told.push((position, done.rows));
        Ok(())
    };
    probe.begin().await?;
    let sets = ParameterSets::new(&values, 2, 3_000);
    let done = probe.connection.execute_many(&insert, sets, &options, &mut each).await?;
    ensure_equal!(done.rows, 3_000, "the sum of the rows");
    let expected: Vec<_> = (0..3_000).map(|position| (position, 1)).collect();
    ensure!(
        told == expected,
        "sets are not told in order, once each: {:?} ..",
        told.iter().take(5).collect::<Vec<_>>()
    );
    probe.control(Control::Commit).await?;
    let rows = probe.rows("SELECT count(*), min(word), max(id) FROM suite_many", &[]).await?;
    ensure_equal!(rows, [[Value::I64(3_000), text("word 0"), Value::I64(2_999)]], "the table");

    // Three sets of which two match.
    let update = probe.statement("UPDATE suite_many SET word = ? WHERE id = ?");
    let values = [text("x"), Value::I64(1), text("x"), Value::I64(-1), text("x"), Value::I64(2)];
    let mut told = Vec::new();
    let mut each = |_, done: Done| {
        told.push(done.rows);
        Ok(())
    };
    let sets = ParameterSets::new(&values, 2, 3);
    let done = probe.connection.execute_many(&update, sets, &options, &mut each).await?;
    ensure_equal!((done.rows, told), (2, vec![1, 0, 1]), "rows matched, in sum and for each set");

    let none = ParameterSets::new(&[], 2, 0);
    let mut asked = false;
    let mut each = |_, _| {
        asked = true;
        Ok(())
    };
    let done = probe.connection.execute_many(&update, none, &options, &mut each).await?;
    ensure_equal!((done, asked), (Done::default(), false), "no sets at all");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn many_sets_stop_at_the_first_error(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_many_failing");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_many_failing (n) VALUES (?)");
    let options = CallOptions::default();
    let values: Vec<Value> =
        integers(0..1_500).into_iter().chain([Value::I64(3)]).chain(integers(2_000..2_500)).collect();
    for in_transaction in [true, false] {
        if in_transaction {
            probe.begin().await?;
        }
        let mut told = 0;
        let mut each = |_, _| {
            told += 1;
            Ok(())
        };
        let sets = ParameterSets::new(&values, 1, values.len());
        let Err(error) = probe.connection.execute_many(&insert, sets, &options, &mut each).await else {
            return Err(Failure::new("a duplicate among many sets was taken"));
        };
        ensure_equal!(error.kind(), ErrorKind::Integrity, "a duplicate among many sets: {error:?}");
        ensure_equal!(told, 1_500, "sets told before the one that failed");
        if in_transaction {
            probe.control(Control::Rollback).await?;
            ensure_equal!(probe.count("suite_many_failing").await?, 0, "rows after the rollback");
        }
    }
    let rows = probe.rows("SELECT count(*), max(n) FROM suite_many_failing", &[]).await?;
    ensure_equal!(
        rows,
        [[Value::I64(1_500), Value::I64(1_499)]],
        "outside a transaction, what ran before stays done"
    );
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn many_sets_stop_when_they_are_told_to(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_many_told");
    probe.create(&table).await?;
    let insert = probe.statement("INSERT INTO suite_many_told (n) VALUES (?)");
    let values = integers(0..1_000);
    probe.begin().await?;
    let mut each = |position, _| if position == 500 { Err(Error::custom("enough")) } else { Ok(()) };
    let sets = ParameterSets::new(&values, 1, 1_000);
    let outcome = probe.connection.execute_many(&insert, sets, &CallOptions::default(), &mut each).await;
    let Err(error) = outcome else { return Err(Failure::new("what `each` returned is lost")) };
    ensure_equal!(error.kind(), ErrorKind::Custom, "what `each` returned: {error:?}");
    probe.connection.reset().await?;
    ensure_equal!(probe.count("suite_many_told").await?, 0, "rows after the reset");
    probe.ensure_usable().await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
