//! What a backend says that it can do, and what it does.

use aludel_driver::{ErrorKind, Value};
use aludel_sql_expression::{
    CompiledCache, Executable, SqlType, delete, insert,
    schema::{Column, Table},
    types::{Integer, Varchar},
    update,
    value::ArrayValue,
};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, integers, text},
};

pub(super) const CASES: &[Case] = &[
    case!(a_connection_can_do_what_its_driver_says),
    case!(returning_works_or_is_refused_by_name),
    case!(generated_keys_are_told_where_it_is_said),
    case!(arrays_are_refused_where_there_are_none if |capabilities| !capabilities.arrays),
    case!(a_cancel_handle_is_there_where_it_is_said),
    case!(as_many_parameters_as_are_said_and_no_more),
];

async fn a_connection_can_do_what_its_driver_says(subject: Subject) -> Result<(), Failure> {
    let probe = Probe::open(&subject).await?;
    let (said, has) = (subject.driver().capabilities(), probe.connection.capabilities());
    for (what, said, has) in [
        ("INSERT .. RETURNING", said.returning.insert, has.returning.insert),
        ("UPDATE .. RETURNING", said.returning.update, has.returning.update),
        ("DELETE .. RETURNING", said.returning.delete, has.returning.delete),
        ("savepoints", said.savepoints, has.savepoints),
        ("two-phase transactions", said.two_phase, has.two_phase),
        ("streaming", said.streaming, has.streaming),
        ("arrays", said.arrays, has.arrays),
        ("transactional DDL", said.transactional_ddl, has.transactional_ddl),
        ("cancelling", said.cancel, has.cancel),
    ] {
        ensure!(has || !said, "the driver says that it has {what}, and the connection says that it has not");
    }
    ensure!(has.max_parameters >= said.max_parameters.min(999), "too few parameters: {}", has.max_parameters);
    let features = probe.dialect();
    let features = features.features();
    ensure_equal!(
        (features.insert_returning, features.update_returning, features.delete_returning),
        (has.returning.insert, has.returning.update, has.returning.delete),
        "RETURNING of INSERT, UPDATE and DELETE, as the dialect of the connection sees it"
    );
    ensure!(
        features.max_parameters <= has.max_parameters,
        "the dialect writes {} parameters, and the connection takes {}",
        features.max_parameters,
        has.max_parameters
    );
    ensure!(
        has.arrays || !features.array_parameters,
        "the dialect writes arrays, and the connection takes none"
    );
    probe.close().await?;
    Ok(())
}

fn keyed(name: &'static str) -> Table {
    Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("word", Varchar(50)))
}

async fn returning_works_or_is_refused_by_name(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = keyed("suite_returning");
    probe.create(&table).await?;
    let can = probe.connection.capabilities().returning;
    let insert = insert(&table).value("word", "a").returning((table.c("id"), table.c("word")));
    returns(&mut probe, "INSERT", can.insert, &insert, &[Value::I64(1), text("a")]).await?;
    if !can.insert {
        probe.execute("INSERT INTO suite_returning (word) VALUES ('a')", &[]).await?;
    }
    let update = update(&table).set("word", "b").returning((table.c("id"), table.c("word")));
    returns(&mut probe, "UPDATE", can.update, &update, &[Value::I64(1), text("b")]).await?;
    if !can.update {
        probe.execute("UPDATE suite_returning SET word = 'b'", &[]).await?;
    }
    let delete = delete(&table).returning((table.c("id"), table.c("word")));
    returns(&mut probe, "DELETE", can.delete, &delete, &[Value::I64(1), text("b")]).await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn returns(
    probe: &mut Probe,
    verb: &str,
    can: bool,
    statement: &impl Executable,
    row: &[Value],
) -> Result<(), Failure> {
    if can {
        let kept = probe.run(statement).await?;
        ensure_equal!(kept.names(), ["id", "word"], "the columns of {verb} .. RETURNING");
        ensure_equal!(kept.rows, [row], "the rows of {verb} .. RETURNING");
        return Ok(());
    }
    match CompiledCache::new(0).render(&statement.node(), &probe.dialect()) {
        Ok(_) => {
            Err(Failure::new(format!("{verb} .. RETURNING is written for a server that does not have it")))
        }
        Err(error) => {
            ensure!(error.to_string().contains("RETURNING"), "the error does not name RETURNING: {error}");
            Ok(())
        }
    }
}

async fn generated_keys_are_told_where_it_is_said(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = keyed("suite_generated");
    probe.create(&table).await?;
    let told = probe.connection.capabilities().last_insert_id;
    for expected in 1..=3 {
        let done = probe.execute("INSERT INTO suite_generated (word) VALUES (?)", &[text("a")]).await?;
        ensure_equal!(done.last_insert_id, told.then_some(expected), "the key that the database made");
    }
    let done = probe.execute("UPDATE suite_generated SET word = 'b'", &[]).await?;
    ensure_equal!((done.rows, done.last_insert_id), (3, None), "an UPDATE makes no key");
    let done = probe.execute("SELECT id FROM suite_generated", &[]).await?;
    ensure_equal!(done.last_insert_id, None, "a SELECT makes no key");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn arrays_are_refused_where_there_are_none(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = keyed("suite_no_array");
    probe.create(&table).await?;
    let array =
        Value::Array(Box::new(ArrayValue { element: SqlType::Integer, values: integers(1..3).into() }));
    let sql = "SELECT id FROM suite_no_array WHERE id = ?";
    probe.expect_error(sql, &[array], ErrorKind::NotSupported).await?;
    probe.ensure_usable().await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn a_cancel_handle_is_there_where_it_is_said(subject: Subject) -> Result<(), Failure> {
    let probe = Probe::open(&subject).await?;
    let can = probe.connection.capabilities().cancel;
    ensure_equal!(probe.connection.cancel_handle().is_some(), can, "a handle to cancel by");
    probe.close().await?;
    Ok(())
}

async fn as_many_parameters_as_are_said_and_no_more(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = keyed("suite_most_parameters");
    probe.create(&table).await?;
    probe.execute("INSERT INTO suite_most_parameters (word) VALUES ('a')", &[]).await?;
    // A backend without a limit of its own is asked for as many as any other takes.
    let most = probe.connection.capabilities().max_parameters.min(100_000);
    let sql = |count: usize| {
        let places = vec!["?"; count].join(", ");
        format!("SELECT word FROM suite_most_parameters WHERE id IN ({places})")
    };
    let rows = probe.rows(&sql(most), &integers(1..most as i64 + 1)).await?;
    ensure_equal!(rows, [[text("a")]], "a statement with {most} parameters");
    if most < 100_000 {
        let error = probe.error(&sql(most + 1), &integers(1..most as i64 + 2)).await?;
        ensure!(
            matches!(error.kind(), ErrorKind::Argument | ErrorKind::Programming | ErrorKind::Data),
            "one parameter too many: {error:?}"
        );
        ensure!(!error.is_disconnect(), "one parameter too many ends the connection: {error:?}");
        probe.ensure_usable().await?;
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
