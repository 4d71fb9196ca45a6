//! Statements that are kept prepared.

use std::sync::Arc;

use aludel_driver::{CallOptions, ErrorKind, Statement, Value};

use crate::support::{Kept, connect, fetch, memory, run};

#[tokio::test]
async fn more_statements_than_are_kept_give_the_right_rows() {
    for size in ["0", "1", "2", "3", "18446744073709551615"] {
        let mut connection = connect(None, &[("statement_cache_size", size)]).await.unwrap();
        for round in 0..3 {
            for number in 0..4_i64 {
                let sql = format!("SELECT ? + {number}");
                let rows = fetch(&mut *connection, &sql, &[Value::I64(round)]).await.rows;
                assert_eq!(rows, [[Value::I64(round + number)]], "{size} kept");
            }
        }
    }
}

#[tokio::test]
async fn equal_keys_of_different_texts_are_told_apart() {
    let mut connection = memory().await;
    for _ in 0..3 {
        for (sql, expected) in [("SELECT 1", 1), ("SELECT 2", 2)] {
            let statement = Statement::with_key(Arc::from(sql), 7, true);
            let mut rows = Kept::default();
            connection.fetch(&statement, &[], &CallOptions::default(), &mut rows).await.unwrap();
            assert_eq!(rows.rows, [[Value::I64(expected)]]);
        }
    }
}

#[tokio::test]
async fn a_kept_statement_follows_changes_of_the_schema() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    for _ in 0..2 {
        assert_eq!(fetch(&mut *connection, "SELECT * FROM t", &[]).await.columns.unwrap().len(), 1);
    }
    run(&mut *connection, "ALTER TABLE t ADD b DEFAULT 2").await;
    for _ in 0..2 {
        let found = fetch(&mut *connection, "SELECT * FROM t", &[]).await;
        assert_eq!(&*found.columns.unwrap()[1].name, "b");
        assert_eq!(found.rows, [[Value::I64(1), Value::I64(2)]]);
    }
    run(&mut *connection, "DROP TABLE t").await;
    let mut rows = Kept::default();
    let statement = Statement::new("SELECT * FROM t");
    let error = connection.fetch(&statement, &[], &CallOptions::default(), &mut rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
    run(&mut *connection, "CREATE TABLE t (c)").await;
    assert_eq!(fetch(&mut *connection, "SELECT * FROM t", &[]).await.rows.len(), 0);
}

#[tokio::test]
async fn a_kept_statement_that_failed_works_again() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    let insert = Statement::new("INSERT INTO t VALUES (?) RETURNING id");
    let options = CallOptions::default();
    for (id, works) in [(1, true), (2, true), (1, false), (3, true), (3, false), (4, true)] {
        let mut rows = Kept::default();
        let outcome = connection.fetch(&insert, &[Value::I64(id)], &options, &mut rows).await;
        assert_eq!(outcome.is_ok(), works, "{id}");
        assert_eq!(rows.rows.len(), usize::from(works));
    }
    // Too many parameters are found out before anything is bound, also with a statement that is kept.
    let mut rows = Kept::default();
    let error =
        connection.fetch(&insert, &[Value::I64(5), Value::Null], &options, &mut rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    assert_eq!(fetch(&mut *connection, "SELECT count(*) FROM t", &[]).await.rows, [[Value::I64(4)]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_statements_move_between_threads_with_their_connection() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)").await;
    for number in 0..50_i64 {
        connection = tokio::spawn(async move {
            let insert = Statement::new("INSERT INTO t (name) VALUES (?)");
            let name = [Value::Text(format!("name {number}").into())];
            let options = CallOptions::default();
            connection.fetch(&insert, &name, &options, &mut Kept::default()).await.unwrap();
            // A cursor hands the connection to a worker thread, statements and all.
            let all = Statement::new("SELECT id FROM t");
            let mut cursor = connection.cursor(&all, &[], &options).await.unwrap();
            let mut rows = Kept::default();
            while cursor.fetch(10, &mut rows).await.unwrap() {}
            cursor.close().await.unwrap();
            assert_eq!(rows.rows.len() as i64, number + 1);
            connection
        })
        .await
        .unwrap();
    }
    let found = fetch(&mut *connection, "SELECT name FROM t WHERE id = ?", &[Value::I64(50)]).await;
    assert_eq!(found.rows, [[Value::Text("name 49".into())]]);
}

#[cfg(feature = "rusqlite-0_41")]
#[tokio::test]
async fn raw_access_alone_comes_between_kept_statements() {
    use aludel_driver_sqlite::SqliteConnection;

    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    for round in 1..4_i64 {
        fetch(&mut *connection, "SELECT count(*) FROM t", &[]).await;
        let raw = connection.as_any_mut().downcast_mut::<SqliteConnection>().unwrap().rusqlite().unwrap();
        let transaction = raw.transaction().unwrap();
        transaction.execute("INSERT INTO t VALUES (NULL)", []).unwrap();
        transaction.commit().unwrap();
        let rows = fetch(&mut *connection, "SELECT count(*) FROM t", &[]).await.rows;
        assert_eq!(rows, [[Value::I64(round)]]);
    }
}
