//! Prepared statements: kept, dropped, and repaired when the schema has changed.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, ParameterSets, Retry, Statement, Value,
};

use crate::server::{self, Kept, connect, connect_with, execute, rows, scalar, text};

async fn prepared(connection: &mut dyn Connection) -> i64 {
    let mut kept = Kept::default();
    // Not kept itself, but there while it counts.
    let sql = Statement::once("SELECT count(*) - 1 FROM pg_prepared_statements");
    connection.fetch(&sql, &[], &CallOptions::default(), &mut kept).await.unwrap();
    match kept.rows[0][0] {
        Value::I64(number) => number,
        ref other => panic!("{other:?} is no number"),
    }
}

#[tokio::test]
async fn statements_are_prepared_once_and_kept_within_bounds() {
    let Some(mut connection) = connect_with(&[("statement_cache_size", "3")]).await else { return };
    let connection = &mut *connection;
    for _ in 0..5 {
        assert_eq!(scalar(connection, "SELECT $1::int4", &[Value::I64(1)]).await.unwrap(), Value::I64(1));
    }
    assert_eq!(prepared(connection).await, 1);
    for number in 0..10 {
        scalar(connection, &format!("SELECT {number}"), &[]).await.unwrap();
    }
    assert_eq!(prepared(connection).await, 3);
    connection.clear_statements();
    assert_eq!(prepared(connection).await, 0);
    assert_eq!(scalar(connection, "SELECT $1::int4", &[Value::I64(2)]).await.unwrap(), Value::I64(2));
}

#[tokio::test]
async fn nothing_is_kept_when_nothing_is_to_be_kept() {
    let Some(mut connection) = connect_with(&[("statement_cache_size", "0")]).await else { return };
    scalar(&mut *connection, "SELECT 1", &[]).await.unwrap();
    assert_eq!(prepared(&mut *connection).await, 0);
}

#[tokio::test]
async fn equal_keys_of_different_texts_do_no_harm() {
    let Some(mut connection) = connect().await else { return };
    let mut kept = Kept::default();
    let options = CallOptions::default();
    let one = Statement::with_key("SELECT 1".into(), 7, true);
    let other = Statement::with_key("SELECT 'two', 2".into(), 7, true);
    connection.fetch(&one, &[], &options, &mut kept).await.unwrap();
    for statement in [&other, &one, &other] {
        kept.columns = None;
        connection.fetch(statement, &[], &options, &mut kept).await.unwrap();
    }
    assert_eq!(kept.rows[1], [text("two"), Value::I64(2)]);
    assert_eq!(kept.rows[2], [Value::I64(1)]);
}

#[tokio::test]
async fn a_changed_table_is_noticed_outside_a_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE changing (a int4); INSERT INTO changing VALUES (1)").await;
    let sql = "SELECT * FROM changing";
    assert_eq!(rows(connection, sql, &[]).await.unwrap(), [[Value::I64(1)]]);
    server::batch(connection, HIDDEN).await;
    assert_eq!(rows(connection, sql, &[]).await.unwrap(), [[Value::I64(1), Value::Null]]);
    server::batch(connection, "DO 'BEGIN ALTER TABLE changing ALTER COLUMN a TYPE text; END'").await;
    assert_eq!(rows(connection, sql, &[]).await.unwrap(), [[text("1"), Value::Null]]);
    // The statements are gone from the server.
    server::batch(connection, "DEALLOCATE ALL").await;
    assert_eq!(rows(connection, sql, &[]).await.unwrap().len(), 1);
    server::batch(connection, "DROP TABLE changing").await;
    assert_eq!(rows(connection, sql, &[]).await.unwrap_err().code(), Some("42P01"));
}

/// A change that the connection does not see as one, as if another had made it.
const HIDDEN: &str = "DO 'BEGIN ALTER TABLE changing ADD COLUMN hidden text; END'";

#[tokio::test]
async fn its_own_change_of_a_table_does_not_fail_the_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE changing (a int4)").await;
    let sql = "SELECT * FROM changing";
    for change in ["ALTER TABLE changing ADD COLUMN b text", "-- first\n alter table changing drop column b"]
    {
        rows(connection, sql, &[]).await.unwrap();
        connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
        rows(connection, sql, &[]).await.unwrap();
        let once = Statement::once(change);
        connection.fetch(&once, &[], &CallOptions::default(), &mut Kept::default()).await.unwrap();
        rows(connection, sql, &[]).await.unwrap();
        connection.control(Control::Commit).await.unwrap();
    }
}

#[tokio::test]
async fn a_changed_table_fails_the_transaction_once() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE changing (a int4); INSERT INTO changing VALUES (1)").await;
    let sql = "SELECT * FROM changing";
    rows(connection, sql, &[]).await.unwrap();
    server::batch(connection, HIDDEN).await;
    let begin = BeginOptions::default();
    connection.control(Control::Begin(&begin)).await.unwrap();
    let error = rows(connection, sql, &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::NotSupported, Retry::Transaction));
    connection.control(Control::Rollback).await.unwrap();
    connection.control(Control::Begin(&begin)).await.unwrap();
    assert_eq!(rows(connection, sql, &[]).await.unwrap(), [[Value::I64(1), Value::Null]]);
    connection.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn many_sets_outside_a_transaction_stay_done_up_to_the_failure() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE kept (id int4 PRIMARY KEY)").await;
    for insert in
        [Statement::new("INSERT INTO kept VALUES ($1)"), Statement::once("INSERT INTO kept VALUES ($1)")]
    {
        let values = [1, 2, 2, 3].map(Value::I64);
        let mut told = Vec::new();
        let mut each = |position, done: aludel_driver::Done| {
            told.push((position, done.rows));
            Ok(())
        };
        let sets = ParameterSets::new(&values, 1, 4);
        let error =
            connection.execute_many(&insert, sets, &CallOptions::default(), &mut each).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(told, [(0, 1), (1, 1)]);
        assert_eq!(execute(connection, "DELETE FROM kept", &[]).await.unwrap().rows, 2);
        let sets = ParameterSets::new(&values[..2], 1, 2);
        let done = connection
            .execute_many(&insert, sets, &CallOptions::default(), &mut |_, _| Ok(()))
            .await
            .unwrap();
        assert_eq!(done.rows, 2);
        execute(connection, "DELETE FROM kept", &[]).await.unwrap();
    }
}

#[tokio::test]
async fn statements_that_run_once_leave_nothing_behind() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let options = CallOptions::default();
    for sql in
        ["CREATE TEMP TABLE fleeting (id int)", "SELECT 1", "INSERT INTO fleeting VALUES (1) RETURNING id"]
    {
        connection.fetch(&Statement::once(sql), &[], &options, &mut Kept::default()).await.unwrap();
    }
    assert_eq!(prepared(connection).await, 0);
    let done = connection
        .fetch(
            &Statement::once("CREATE TEMP TABLE copied AS SELECT * FROM fleeting"),
            &[],
            &options,
            &mut Kept::default(),
        )
        .await
        .unwrap();
    assert_eq!(done.rows, 1);
    // It cannot run inside a transaction, so it shows that none is put around it.
    connection.fetch(&Statement::once("VACUUM fleeting"), &[], &options, &mut Kept::default()).await.unwrap();
}
