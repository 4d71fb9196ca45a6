//! Statements and their rows.

use aludel_driver::{CallOptions, Discard, ErrorKind, Statement, Value};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    kept::{Kept, Stop, Stopping},
    probe::{Probe, integers, numbers, text, words},
};

pub(super) const CASES: &[Case] = &[
    case!(columns_come_also_without_rows),
    case!(rows_come_in_order_and_whole),
    case!(counts_are_of_rows_matched),
    case!(a_sink_that_has_enough_stops_the_rows),
    case!(a_sink_that_refuses_leaves_the_connection_usable),
    case!(a_wrong_number_of_parameters_is_told),
    case!(null_is_not_the_empty_text),
    case!(names_and_texts_are_unicode),
    case!(statements_run_the_same_kept_or_not),
    case!(prepared_statements_follow_a_changed_table),
    case!(scripts_run_statement_by_statement),
];

async fn columns_come_also_without_rows(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_columns");
    probe.create(&table).await?;
    // Twice: the second run may take another way, because the statement is known.
    for _ in 0..2 {
        let (kept, done) =
            probe.kept("SELECT id, word AS other FROM suite_columns WHERE id = ?", &[Value::I64(1)]).await?;
        ensure_equal!(kept.told, 1, "how often columns were told");
        ensure_equal!(kept.names(), ["id", "other"], "the columns of a result without rows");
        ensure_equal!((kept.rows.len(), done.rows), (0, 0), "the rows of an empty table");
        let insert = "INSERT INTO suite_columns (id, word) VALUES (?, ?)";
        let (kept, done) = probe.kept(insert, &[Value::I64(1), text("one")]).await?;
        ensure_equal!(kept.told, 0, "how often columns were told for an INSERT");
        ensure_equal!(done.rows, 1, "the rows that an INSERT made");
        let (kept, done) = probe.kept("DELETE FROM suite_columns", &[]).await?;
        ensure_equal!((kept.told, done.rows), (0, 1), "columns and rows of a DELETE");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn rows_come_in_order_and_whole(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_rows");
    probe.create(&table).await?;
    probe.begin().await?;
    probe.many("INSERT INTO suite_rows (n) VALUES (?)", 1, &integers(0..10_000)).await?;
    probe.control(aludel_driver::Control::Commit).await?;
    for _ in 0..2 {
        let (kept, done) = probe.kept("SELECT n, n * 2 AS twice FROM suite_rows ORDER BY n", &[]).await?;
        ensure_equal!(done.rows, 10_000, "the count of rows given");
        ensure_equal!(kept.rows.len(), 10_000, "the rows given");
        let wrong = kept.rows.iter().zip(0..).find(|(row, n)| **row != [Value::I64(*n), Value::I64(n * 2)]);
        ensure!(wrong.is_none(), "a row is wrong or out of order: {wrong:?}");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn counts_are_of_rows_matched(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_matched");
    probe.create(&table).await?;
    let insert = "INSERT INTO suite_matched (id, word) VALUES (1, 'a'), (2, 'a'), (3, 'b')";
    ensure_equal!(probe.execute(insert, &[]).await?.rows, 3, "INSERT of three rows");
    let update = "UPDATE suite_matched SET word = ? WHERE word = ?";
    ensure_equal!(probe.execute(update, &[text("c"), text("a")]).await?.rows, 2, "UPDATE of two rows");
    ensure_equal!(probe.execute(update, &[text("c"), text("c")]).await?.rows, 2, "UPDATE to the same value");
    ensure_equal!(probe.execute(update, &[text("c"), text("z")]).await?.rows, 0, "UPDATE of no row");
    let delete = "DELETE FROM suite_matched WHERE id >= ?";
    ensure_equal!(probe.execute(delete, &[Value::I64(2)]).await?.rows, 2, "DELETE of two rows");
    ensure_equal!(probe.execute(delete, &[Value::I64(2)]).await?.rows, 0, "DELETE of no row");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_sink_that_has_enough_stops_the_rows(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_enough");
    probe.create(&table).await?;
    probe.many("INSERT INTO suite_enough (n) VALUES (?)", 1, &integers(0..2_000)).await?;
    let statement = probe.statement("SELECT n FROM suite_enough ORDER BY n");
    for row in [1, 2, 1_500, 2_000] {
        let mut sink = Stopping::new(Stop::BreakAtRow(row));
        probe.connection.fetch(&statement, &[], &CallOptions::default(), &mut sink).await?;
        ensure_equal!(sink.seen, row, "rows given to a sink that had enough");
        probe.ensure_usable().await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_sink_that_refuses_leaves_the_connection_usable(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = numbers("suite_refusing");
    probe.create(&table).await?;
    probe.many("INSERT INTO suite_refusing (n) VALUES (?)", 1, &integers(0..2_000)).await?;
    let statement = probe.statement("SELECT n FROM suite_refusing ORDER BY n");
    for stop in [Stop::FailAtColumns, Stop::FailAtRow(1), Stop::FailAtRow(1_500), Stop::FailAtRow(2_000)] {
        let mut sink = Stopping::new(stop);
        let outcome = probe.connection.fetch(&statement, &[], &CallOptions::default(), &mut sink).await;
        let Err(error) = outcome else {
            return Err(Failure::new(format!("the refusal of the sink is lost ({stop:?})")));
        };
        ensure_equal!(error.kind(), ErrorKind::Custom, "the sink's own error ({stop:?}): {error:?}");
        ensure!(!error.is_disconnect(), "the sink's error counts as a lost connection: {error:?}");
        probe.ensure_usable().await?;
    }
    ensure_equal!(probe.count("suite_refusing").await?, 2_000, "rows in the table");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_wrong_number_of_parameters_is_told(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_parameters");
    probe.create(&table).await?;
    let sql = "SELECT id FROM suite_parameters WHERE id = ? AND word = ?";
    for _ in 0..2 {
        for parameters in [vec![], vec![Value::I64(1)], vec![Value::I64(1), text("a"), text("b")]] {
            probe.expect_error(sql, &parameters, ErrorKind::Argument).await?;
            probe.ensure_usable().await?;
        }
        probe.rows(sql, &[Value::I64(1), text("a")]).await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn null_is_not_the_empty_text(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_empty");
    probe.create(&table).await?;
    let values = [Value::I64(1), text(""), Value::I64(2), Value::Null];
    probe.many("INSERT INTO suite_empty (id, word) VALUES (?, ?)", 2, &values).await?;
    let rows = probe.rows("SELECT word FROM suite_empty ORDER BY id", &[]).await?;
    ensure_equal!(rows, [[text("")], [Value::Null]], "an empty text and NULL");
    ensure_equal!(
        probe.rows("SELECT id FROM suite_empty WHERE word IS NULL", &[]).await?,
        [[Value::I64(2)]],
        "IS NULL"
    );
    let none = probe.rows("SELECT id FROM suite_empty WHERE word = ?", &[Value::Null]).await?;
    ensure!(none.is_empty(), "something equals NULL: {none:?}");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn names_and_texts_are_unicode(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_unicode");
    probe.create(&table).await?;
    let words = [
        "Grüße, 世界",
        "🦀 \u{1f468}\u{200d}\u{1f469}",
        "' \" ` \\ %_ ; --",
        "line\r\nline\ttab",
        "e\u{301}",
    ];
    for (word, id) in words.iter().zip(1..) {
        let parameters = [Value::I64(id), text(word)];
        probe.execute("INSERT INTO suite_unicode (id, word) VALUES (?, ?)", &parameters).await?;
    }
    let sql = "SELECT word FROM suite_unicode WHERE word = ?";
    for word in words {
        ensure_equal!(probe.rows(sql, &[text(word)]).await?, [[text(word)]], "a text by itself");
    }
    let mut name = String::new();
    probe.dialect().write_quoted("größe \"%\" `x`", &mut name);
    let (kept, _) = probe.kept(&format!("SELECT id AS {name} FROM suite_unicode"), &[]).await?;
    ensure_equal!(kept.names(), ["größe \"%\" `x`"], "the name of a column");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn statements_run_the_same_kept_or_not(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_kept");
    probe.create(&table).await?;
    probe.execute("INSERT INTO suite_kept (id, word) VALUES (1, 'one'), (2, NULL)", &[]).await?;
    let sql = probe.placed("SELECT id, word FROM suite_kept WHERE id >= ? ORDER BY id");
    let parameters = [Value::I64(1)];
    let mut seen: Option<Kept> = None;
    for statement in
        [Statement::once(&*sql), Statement::new(&*sql), Statement::new(&*sql), Statement::once(&*sql)]
    {
        let mut kept = Kept::default();
        probe.connection.fetch(&statement, &parameters, &CallOptions::default(), &mut kept).await?;
        if let Some(seen) = &seen {
            ensure_equal!(kept.names(), seen.names(), "the columns of {statement:?}");
            ensure_equal!(kept.rows, seen.rows, "the rows of {statement:?}");
        }
        seen = Some(kept);
    }
    // More statements than any connection keeps.
    for number in 0..600 {
        let rows = probe.rows(&format!("SELECT {number} FROM suite_kept WHERE id = ?"), &parameters).await?;
        ensure_equal!(rows, [[Value::I64(number)]], "one of many statements");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn prepared_statements_follow_a_changed_table(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let mut other = Probe::open(&subject).await?;
    let table = numbers("suite_changed");
    probe.create(&table).await?;
    probe.execute("INSERT INTO suite_changed (n) VALUES (1)", &[]).await?;
    let select = "SELECT * FROM suite_changed";
    for _ in 0..3 {
        ensure_equal!(probe.rows(select, &[]).await?, [[Value::I64(1)]], "before the table was changed");
    }
    probe.execute("ALTER TABLE suite_changed ADD COLUMN later INTEGER", &[]).await?;
    probe.connection.clear_statements();
    let (kept, _) = probe.kept(select, &[]).await?;
    ensure_equal!(kept.names(), ["n", "later"], "the columns after the table was changed");
    ensure_equal!(kept.rows, [[Value::I64(1), Value::Null]], "the row after the table was changed");
    // Changed by somebody else, without a word to this connection.
    other.execute("ALTER TABLE suite_changed ADD COLUMN last INTEGER", &[]).await?;
    let (kept, _) = probe.kept(select, &[]).await?;
    ensure_equal!(
        kept.names(),
        ["n", "later", "last"],
        "the columns after another connection changed the table"
    );
    ensure_equal!(
        kept.rows,
        [[Value::I64(1), Value::Null, Value::Null]],
        "the row after another connection changed it"
    );
    probe.drop(&table).await?;
    probe.create(&table).await?;
    let rows = probe.rows(select, &[]).await?;
    ensure!(rows.is_empty(), "the rows of a table that was made anew: {rows:?}");
    probe.drop(&table).await?;
    probe.close().await?;
    other.close().await?;
    Ok(())
}

async fn scripts_run_statement_by_statement(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_script");
    probe.create(&table).await?;
    let options = CallOptions::default();
    let script = "INSERT INTO suite_script (id, word) VALUES (1, 'a; b');\n-- a comment; with a semicolon\n\
                  INSERT INTO suite_script (id, word) VALUES (2, 'c');\nSELECT id FROM suite_script;\n\
                  UPDATE suite_script SET word = 'd' WHERE id = 2;\n";
    probe.connection.batch(script, &options).await?;
    let rows = probe.rows("SELECT word FROM suite_script ORDER BY id", &[]).await?;
    ensure_equal!(rows, [[text("a; b")], [text("d")]], "what the script did");
    for script in ["", "  \n", "-- nothing"] {
        probe.connection.batch(script, &options).await?;
    }
    let script = "DELETE FROM suite_script WHERE id = 1; INSERT INTO suite_script (id) VALUES (2); \
                  DELETE FROM suite_script";
    let Err(error) = probe.connection.batch(script, &options).await else {
        return Err(Failure::new("a script that fails in the middle worked"));
    };
    ensure_equal!(error.kind(), ErrorKind::Integrity, "a script that fails in the middle: {error:?}");
    probe.connection.reset().await?;
    ensure!(probe.count("suite_script").await? > 0, "a statement behind the one that failed took effect");
    probe.ensure_usable().await?;
    probe.connection.fetch(&Statement::once("SELECT 1"), &[], &options, &mut Discard).await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
