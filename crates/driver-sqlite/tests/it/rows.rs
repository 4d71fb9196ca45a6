use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{
    CallOptions, ColumnInfo, Control, Error, ErrorKind, Result, Row, Sink, Statement, Value,
};

use crate::support::{Failing, Folder, Kept, begin, connect, fetch, memory, run, scalar, text, try_run};

async fn library() -> Box<dyn aludel_driver::Connection> {
    let mut connection = memory().await;
    run(
        &mut *connection,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL, born DATE)",
    )
    .await;
    run(
        &mut *connection,
        "INSERT INTO author (name, born) VALUES ('Orwell', '1903-06-25'), ('Le Guin', NULL), ('Lem', NULL)",
    )
    .await;
    connection
}

#[tokio::test]
async fn columns_have_names_and_types() {
    let mut connection = library().await;
    for _ in 0..3 {
        let kept = fetch(
            &mut *connection,
            "SELECT id, name AS \"who\", born, count(*) OVER () FROM author ORDER BY id",
            &[],
        )
        .await;
        let columns = kept.columns.unwrap();
        let columns: Vec<_> = columns.iter().map(|column| (&*column.name, &*column.type_name)).collect();
        let expected =
            [("id", "INTEGER"), ("who", "VARCHAR(120)"), ("born", "DATE"), ("count(*) OVER ()", "")];
        assert_eq!(columns, expected);
        assert_eq!(kept.rows[1], [Value::I64(2), text("Le Guin"), Value::Null, Value::I64(3)]);
        assert_eq!(kept.rows.len(), 3);
    }
}

#[tokio::test]
async fn an_empty_result_has_columns() {
    let mut connection = library().await;
    for _ in 0..3 {
        let kept = fetch(&mut *connection, "SELECT id, name FROM author WHERE id < 0", &[]).await;
        assert_eq!((kept.names(), kept.rows.len()), (vec!["id".to_owned(), "name".to_owned()], 0));
        let kept = fetch(&mut *connection, "DELETE FROM author WHERE id < 0 RETURNING name", &[]).await;
        assert_eq!((kept.names(), kept.rows.len()), (vec!["name".to_owned()], 0));
        let kept = fetch(&mut *connection, "DELETE FROM author WHERE id < 0", &[]).await;
        assert!(kept.columns.is_none());
    }
}

#[tokio::test]
async fn a_repeated_statement_shares_its_columns() {
    let mut connection = library().await;
    let first = fetch(&mut *connection, "SELECT name FROM author", &[]).await.columns.unwrap();
    let second = fetch(&mut *connection, "SELECT name FROM author", &[]).await.columns.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn what_a_statement_did() {
    let mut connection = library().await;
    let done = run(&mut *connection, "INSERT INTO author (name) VALUES ('A'), ('B')").await;
    assert_eq!((done.rows, done.last_insert_id), (2, Some(5)));
    let done =
        run(&mut *connection, "  /* kept */ -- and this\n UPDATE author SET name = name WHERE id > 3").await;
    assert_eq!((done.rows, done.last_insert_id), (2, None));
    let done = run(&mut *connection, "CREATE TABLE other (a)").await;
    assert_eq!((done.rows, done.last_insert_id), (0, None));
    let done = run(&mut *connection, "SELECT * FROM author").await;
    assert_eq!((done.rows, done.last_insert_id), (5, None));
    let done = run(&mut *connection, "DELETE FROM author WHERE id = 99").await;
    assert_eq!((done.rows, done.last_insert_id), (0, None));
    let done = run(&mut *connection, "INSERT OR IGNORE INTO author (id, name) VALUES (1, 'twice')").await;
    assert_eq!((done.rows, done.last_insert_id), (0, None));
    let done =
        run(&mut *connection, "WITH n(a) AS (VALUES ('C')) INSERT INTO author (name) SELECT a FROM n").await;
    assert_eq!((done.rows, done.last_insert_id), (1, Some(6)));
    let kept =
        fetch(&mut *connection, "INSERT INTO author (name) VALUES ('D'), ('E') RETURNING id, name", &[])
            .await;
    assert_eq!(kept.rows, [[Value::I64(7), text("D")], [Value::I64(8), text("E")]]);
    let kept = fetch(&mut *connection, "UPDATE author SET name = 'F' WHERE id = 8 RETURNING name", &[]).await;
    assert_eq!(kept.rows, [[text("F")]]);
}

#[tokio::test]
async fn a_schema_change_renews_cached_statements() {
    let mut connection = library().await;
    let select = "SELECT * FROM author WHERE id = ?";
    for _ in 0..2 {
        let kept = fetch(&mut *connection, select, &[Value::I64(1)]).await;
        assert_eq!(kept.names(), ["id", "name", "born"]);
    }
    run(&mut *connection, "ALTER TABLE author ADD COLUMN email TEXT DEFAULT 'none'").await;
    let kept = fetch(&mut *connection, select, &[Value::I64(1)]).await;
    assert_eq!(kept.names(), ["id", "name", "born", "email"]);
    assert_eq!(kept.rows[0].last(), Some(&text("none")));
    run(&mut *connection, "ALTER TABLE author RENAME COLUMN name TO full_name").await;
    assert_eq!(
        fetch(&mut *connection, select, &[Value::I64(-1)]).await.names(),
        ["id", "full_name", "born", "email"]
    );
    run(&mut *connection, "DROP TABLE author").await;
    assert_eq!(
        try_run(&mut *connection, select, &[Value::I64(1)]).await.unwrap_err().kind(),
        ErrorKind::Programming
    );
    run(&mut *connection, "CREATE TABLE author (id TEXT, x BLOB)").await;
    let kept = fetch(&mut *connection, select, &[Value::I64(1)]).await;
    let columns = kept.columns.unwrap();
    assert_eq!((&*columns[0].type_name, &*columns[1].type_name), ("TEXT", "BLOB"));
}

#[tokio::test]
async fn a_schema_change_elsewhere_renews_them_too() {
    let folder = Folder::new();
    let (mut first, mut second) = (folder.open("a.db", &[]).await, folder.open("a.db", &[]).await);
    run(&mut *first, "CREATE TABLE t (a INTEGER)").await;
    let columns = fetch(&mut *first, "SELECT * FROM t", &[]).await.columns.unwrap();
    assert_eq!(&*columns[0].type_name, "INTEGER");
    second.batch("DROP TABLE t; CREATE TABLE t (a TEXT)", &CallOptions::default()).await.unwrap();
    let columns = fetch(&mut *first, "SELECT * FROM t", &[]).await.columns.unwrap();
    assert_eq!(&*columns[0].type_name, "TEXT");
}

#[tokio::test]
async fn a_statement_that_was_pushed_out_of_the_cache_is_looked_at_again() {
    let mut connection = connect(None, &[("statement_cache_size", "2")]).await.unwrap();
    connection.batch("CREATE TABLE t (a INTEGER)", &CallOptions::default()).await.unwrap();
    let columns = fetch(&mut *connection, "SELECT * FROM t", &[]).await.columns.unwrap();
    assert_eq!(&*columns[0].type_name, "INTEGER");
    // Two statements that give no columns push it out; only the type differs afterwards.
    begin(&mut *connection).await;
    connection.control(Control::Rollback).await.unwrap();
    connection.batch("DROP TABLE t; CREATE TABLE t (a TEXT)", &CallOptions::default()).await.unwrap();
    let columns = fetch(&mut *connection, "SELECT * FROM t", &[]).await.columns.unwrap();
    assert_eq!(&*columns[0].type_name, "TEXT");
}

#[tokio::test]
async fn clearing_statements_keeps_the_connection() {
    let mut connection = library().await;
    let before = fetch(&mut *connection, "SELECT * FROM author", &[]).await;
    connection.clear_statements();
    assert_eq!(fetch(&mut *connection, "SELECT * FROM author", &[]).await.rows, before.rows);
}

#[tokio::test]
async fn a_sink_that_fails_leaves_the_connection_usable() {
    let mut connection = library().await;
    for sql in [
        "SELECT * FROM author",
        "SELECT * FROM author",
        "INSERT INTO author (name) VALUES ('A'), ('B'), ('C') RETURNING id",
    ] {
        let error = connection
            .fetch(&Statement::new(sql), &[], &CallOptions::default(), &mut Failing(0))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Custom);
        assert!(!connection.is_broken());
        assert_eq!(connection.transaction_state(), aludel_driver::TransactionState::Idle);
    }
    // The statement that writes was completed.
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM author").await, Value::I64(6));
}

#[tokio::test]
async fn a_sink_can_refuse_the_columns() {
    struct Refusing;
    impl Sink for Refusing {
        fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
            Err(Error::custom("unfit"))
        }
        fn row(&mut self, _: &dyn Row) -> Result<ControlFlow<()>> {
            panic!("no row after refused columns")
        }
    }
    let mut connection = library().await;
    for sql in ["SELECT * FROM author", "SELECT * FROM author", "SELECT * FROM author WHERE id < 0"] {
        let result =
            connection.fetch(&Statement::new(sql), &[], &CallOptions::default(), &mut Refusing).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Custom);
    }
}

#[tokio::test]
async fn a_sink_can_have_enough() {
    let mut connection = library().await;
    for _ in 0..2 {
        let mut kept = Kept { enough: Some(1), ..Default::default() };
        let statement = Statement::new("SELECT id FROM author ORDER BY id");
        connection.fetch(&statement, &[], &CallOptions::default(), &mut kept).await.unwrap();
        assert_eq!(kept.rows, [[Value::I64(1)]]);
    }
    let mut kept = Kept { enough: Some(1), ..Default::default() };
    let statement = Statement::new("DELETE FROM author RETURNING id");
    let done = connection.fetch(&statement, &[], &CallOptions::default(), &mut kept).await.unwrap();
    assert_eq!((kept.rows.len(), done.rows), (1, 3));
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM author").await, Value::I64(0));
}

#[tokio::test]
async fn a_cell_that_is_not_there_is_an_error() {
    struct Beyond;
    impl Sink for Beyond {
        fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
            Ok(())
        }
        fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
            row.cell(row.len())?;
            Ok(ControlFlow::Continue(()))
        }
    }
    let mut connection = memory().await;
    for _ in 0..2 {
        let error = connection
            .fetch(&Statement::new("SELECT 1, 2"), &[], &CallOptions::default(), &mut Beyond)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.message().contains("no column 2"), "{error}");
    }
}
