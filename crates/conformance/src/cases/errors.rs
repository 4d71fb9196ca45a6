//! The same mistake has the same kind.

use aludel_driver::{ErrorKind, Value};
use aludel_sql_expression::{
    schema::{CheckConstraint, Column, Table, UniqueConstraint},
    types::{BigInteger, Integer, Varchar},
};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, text, words},
};

pub(super) const CASES: &[Case] = &[
    case!(violated_constraints_are_integrity_errors),
    case!(wrong_statements_are_programming_errors),
    case!(wrong_values_are_data_errors),
    case!(several_statements_in_one_are_refused),
];

async fn violated_constraints_are_integrity_errors(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let parent = Table::unregistered("suite_parent")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("name", Varchar(20)).not_null())
        .column(Column::new("age", Integer))
        .unique(UniqueConstraint::new(["name"]).named("suite_parent_name"))
        .check(CheckConstraint::new("age >= 0").named("suite_parent_age"));
    let child = Table::unregistered("suite_child")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("parent_id", Integer).not_null().foreign_key("suite_parent.id"));
    probe.run(&aludel_sql_expression::drop_table(&child).if_exists()).await?;
    probe.create(&parent).await?;
    probe.create(&child).await?;
    let insert = "INSERT INTO suite_parent (id, name, age) VALUES (?, ?, ?)";
    let row = |id, name: &str, age| [Value::I64(id), text(name), Value::I64(age)];
    probe.execute(insert, &row(1, "one", 1)).await?;
    probe.execute("INSERT INTO suite_child (id, parent_id) VALUES (1, 1)", &[]).await?;
    let no_name = [Value::I64(2), Value::Null, Value::I64(1)];
    // Outside of a transaction and inside of one.
    for in_transaction in [false, true] {
        for (what, sql, parameters) in [
            ("primary key", insert, &row(1, "two", 1)[..]),
            ("unique", insert, &row(2, "one", 1)),
            ("not null", insert, &no_name),
            ("check", insert, &row(2, "two", -1)),
            ("foreign key", "INSERT INTO suite_child (id, parent_id) VALUES (2, 99)", &[]),
            ("foreign key of the referenced row", "DELETE FROM suite_parent WHERE id = 1", &[]),
            ("foreign key of a changed row", "UPDATE suite_child SET parent_id = 99", &[]),
        ] {
            if in_transaction {
                probe.begin().await?;
            }
            let error = probe.expect_error(sql, parameters, ErrorKind::Integrity).await;
            let error = error.map_err(|failure| failure.context(what))?;
            ensure!(error.code().is_some(), "{what}: the server's code is not told: {error:?}");
            if what == "check" {
                ensure_equal!(
                    error.constraint(),
                    Some("suite_parent_age"),
                    "{what}: the constraint: {error:?}"
                );
            }
            if in_transaction {
                probe.connection.reset().await?;
            }
            probe.ensure_usable().await?;
        }
    }
    ensure_equal!(probe.count("suite_parent").await?, 1, "rows after all that was refused");
    probe.drop(&child).await?;
    probe.drop(&parent).await?;
    probe.close().await?;
    Ok(())
}

async fn wrong_statements_are_programming_errors(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_wrong");
    probe.create(&table).await?;
    for sql in [
        "SELEKT 1",
        "SELECT FROM WHERE",
        "SELECT id FROM suite_no_such_table",
        "SELECT no_such_column FROM suite_wrong",
        "INSERT INTO suite_wrong (no_such_column) VALUES (1)",
        "UPDATE suite_no_such_table SET id = 1",
        "SELECT no_such_function(id) FROM suite_wrong",
        "CREATE TABLE suite_wrong (id INTEGER)",
        "DROP TABLE suite_no_such_table",
        "INSERT INTO suite_wrong (id, word) VALUES (1)",
    ] {
        // Twice: a statement that cannot be prepared must not be kept.
        for _ in 0..2 {
            probe.expect_error(sql, &[], ErrorKind::Programming).await?;
        }
        probe.ensure_usable().await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn wrong_values_are_data_errors(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = Table::unregistered("suite_wrong_value").column(Column::new("n", BigInteger));
    probe.create(&table).await?;
    let insert = "INSERT INTO suite_wrong_value (n) VALUES (?)";
    for _ in 0..2 {
        probe.expect_error(insert, &[Value::U64(u64::MAX)], ErrorKind::Data).await?;
        probe.ensure_usable().await?;
    }
    ensure_equal!(probe.count("suite_wrong_value").await?, 0, "rows after what was refused");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn several_statements_in_one_are_refused(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = words("suite_several");
    probe.create(&table).await?;
    let sql = "INSERT INTO suite_several (id) VALUES (1); INSERT INTO suite_several (id) VALUES (2)";
    probe.expect_error(sql, &[], ErrorKind::Programming).await?;
    ensure_equal!(probe.count("suite_several").await?, 0, "rows after what was refused");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
