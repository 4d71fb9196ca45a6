//! Rows, columns and what a statement did.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aludel_driver::{
    CallOptions, ColumnInfo, Done, Error, ErrorKind, ParameterSets, Result, Row, Sink, Statement,
    TransactionState, Value,
};

use crate::server::{Kept, Stopping, assert_answers, batch, connect, execute, fetch, text, try_fetch};

/// Several million rows, made by joining a table of digits with itself.
const MANY: &str = "WITH RECURSIVE digit (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digit WHERE n < 9) \
     SELECT a.n, b.n, c.n, d.n, e.n, f.n, 'some words' FROM digit a, digit b, digit c, digit d, digit e, digit f, digit g";

#[tokio::test]
async fn columns_come_also_without_rows() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(
        connection,
        "CREATE TEMPORARY TABLE no_rows (id BIGINT UNSIGNED, name VARCHAR(9), body TEXT, raw BLOB, price DECIMAL(5, 2),
         at TIMESTAMP NULL, size ENUM('s'))",
    )
    .await;
    let expected = [
        ("id", "bigint unsigned"),
        ("Name", "varchar"),
        ("body", "text"),
        ("raw", "blob"),
        ("price", "decimal"),
        ("at", "timestamp"),
        ("size", "enum"),
    ];
    let sql = "SELECT id, name AS `Name`, body, raw, price, at, size FROM no_rows";
    for statement in [Statement::new(sql), Statement::once(sql), Statement::new(sql)] {
        let mut kept = Kept::default();
        let done = connection.fetch(&statement, &[], &CallOptions::default(), &mut kept).await.unwrap();
        assert_eq!(done, Done::default());
        let columns: Vec<_> =
            kept.columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(columns, expected);
        assert_eq!((kept.shapes.len(), kept.rows.len()), (1, 0));
    }
    // Without columns, the sink is not told of any.
    let mut kept = Kept::default();
    connection.fetch(&Statement::new("DO 1"), &[], &CallOptions::default(), &mut kept).await.unwrap();
    assert_eq!(kept.shapes.len(), 0);
}

#[tokio::test]
async fn the_columns_of_a_prepared_statement_are_made_once() {
    let Some(mut connection) = connect().await else { return };
    let statement = Statement::new("SELECT ? AS first, 2 AS second");
    let mut kept = Kept::default();
    for number in 0..4 {
        connection
            .fetch(&statement, &[Value::I64(number)], &CallOptions::default(), &mut kept)
            .await
            .unwrap();
    }
    assert_eq!(kept.shapes.len(), 4);
    for shape in &kept.shapes {
        assert!(Arc::ptr_eq(shape, &kept.shapes[0]));
    }
}

#[tokio::test]
async fn columns_follow_the_parameters() {
    let Some(mut connection) = connect().await else { return };
    let moment = 1_709_211_900_000_000;
    let bytes = Value::Bytes(vec![1, 2]);
    // MySQL decides on the types of bare parameters when preparing.
    if connection.server().product != "MariaDB" {
        return;
    }
    for sql in ["SELECT ? AS n", "SELECT n FROM (SELECT ? AS n) t"] {
        for _ in 0..2 {
            for (value, expected) in [
                (Value::I64(1), "I64(1)"),
                (text("ab"), r#"Text("ab")"#),
                (Value::F64(0.5), "F64(0.5)"),
                (Value::Null, "Null"),
                (Value::I64(i64::MIN), "I64(-9223372036854775808)"),
                (Value::U64(u64::MAX), "U64(18446744073709551615)"),
                (Value::DateTime(moment), "DateTime(1709211900000000)"),
                (text("longer than the first"), r#"Text("longer than the first")"#),
                (bytes.clone(), r#"Text("\u{1}\u{2}")"#),
            ] {
                let rows = fetch(&mut *connection, sql, std::slice::from_ref(&value)).await;
                assert_eq!(rows, [[expected]], "{sql} with {value:?}");
            }
        }
    }
}

#[tokio::test]
async fn columns_follow_the_table() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS followed; CREATE TABLE followed (id INT, name VARCHAR(9)); INSERT INTO followed VALUES (1, 'x')").await;
    let sql = "SELECT * FROM followed";
    for _ in 0..2 {
        assert_eq!(fetch(connection, sql, &[]).await, [["I64(1)", r#"Text("x")"#]]);
    }
    // From this connection, and from another.
    execute(connection, "ALTER TABLE followed ADD COLUMN price DECIMAL(4, 1) DEFAULT 2.5 AFTER id", &[])
        .await;
    let (kept, _) = try_fetch(connection, sql, &[]).await.unwrap();
    assert_eq!(kept.rows, [["I64(1)", "Decimal(2.5)", r#"Text("x")"#]]);
    assert_eq!(kept.columns[1], ("price".to_owned(), "decimal".to_owned()));
    let mut other = connect().await.unwrap();
    execute(&mut *other, "ALTER TABLE followed DROP COLUMN id, MODIFY price DOUBLE", &[]).await;
    assert_eq!(fetch(connection, sql, &[]).await, [["F64(2.5)", r#"Text("x")"#]]);
    connection.clear_statements();
    assert_eq!(fetch(connection, sql, &[]).await, [["F64(2.5)", r#"Text("x")"#]]);
    batch(connection, "DROP TABLE followed").await;
}

#[tokio::test]
async fn what_was_done_is_counted() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "CREATE TEMPORARY TABLE counted (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(9))")
        .await;
    let done = |rows, last_insert_id| Done { rows, last_insert_id };
    assert_eq!(
        execute(connection, "INSERT INTO counted (name) VALUES (?)", &[text("a")]).await,
        done(1, Some(1))
    );
    // Of many, the first.
    let many = execute(connection, "INSERT INTO counted (name) VALUES ('b'), ('c'), ('d')", &[]).await;
    assert_eq!(many, done(3, Some(2)));
    // Rows that match count, also when nothing changes.
    assert_eq!(execute(connection, "UPDATE counted SET name = 'a' WHERE id = 1", &[]).await, done(1, None));
    assert_eq!(execute(connection, "UPDATE counted SET name = 'a' WHERE id = 99", &[]).await, done(0, None));
    assert_eq!(execute(connection, "SELECT * FROM counted", &[]).await, done(4, None));
    assert_eq!(execute(connection, "DELETE FROM counted WHERE id > 2", &[]).await, done(2, None));
    assert_eq!(execute(connection, "DO 1", &[]).await, done(0, None));
}

#[tokio::test]
async fn returning_gives_rows_where_the_server_has_it() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "CREATE TEMPORARY TABLE returned (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(9))")
        .await;
    let insert = "INSERT INTO returned (name) VALUES (?), (?) RETURNING id, name";
    let outcome = try_fetch(connection, insert, &[text("a"), text("b")]).await;
    if !connection.capabilities().returning.insert {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Programming);
        return;
    }
    let (kept, done) = outcome.unwrap();
    assert_eq!(kept.rows, [["I64(1)", r#"Text("a")"#], ["I64(2)", r#"Text("b")"#]]);
    assert_eq!(done.rows, 2);
    let (kept, done) =
        try_fetch(connection, "DELETE FROM returned WHERE id = ? RETURNING name", &[Value::I64(2)])
            .await
            .unwrap();
    assert_eq!((kept.rows, done.rows), (vec![vec![r#"Text("b")"#.to_owned()]], 1));
    // Stopping at the first row does not undo the rest.
    let mut stopping = Stopping { after: 1, failing: false, seen: 0 };
    let statement = Statement::new("INSERT INTO returned (name) SELECT seq FROM seq_1_to_5000 RETURNING id");
    connection.fetch(&statement, &[], &CallOptions::default(), &mut stopping).await.unwrap();
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM returned", &[]).await, [["I64(5001)"]]);
    let update = try_fetch(connection, "UPDATE returned SET name = 'x' RETURNING id", &[]).await;
    assert_eq!(update.unwrap_err().kind(), ErrorKind::Programming);
}

#[tokio::test]
async fn many_sets_run_one_after_the_other() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(
        connection,
        "CREATE TEMPORARY TABLE many (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(9) UNIQUE)",
    )
    .await;
    let insert = Statement::new("INSERT INTO many (name) VALUES (?)");
    let values: Vec<_> = ["a", "b", "c", "b", "e"].into_iter().map(text).collect();
    let options = CallOptions::default();
    let mut told = Vec::new();
    let sets = ParameterSets::new(&values[..3], 1, 3);
    let total = connection
        .execute_many(&insert, sets, &options, &mut |position, done| {
            told.push((position, done.rows, done.last_insert_id));
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(total, Done { rows: 3, last_insert_id: Some(3) });
    assert_eq!(told, [(0, 1, Some(1)), (1, 1, Some(2)), (2, 1, Some(3))]);

    let mut told = 0;
    let sets = ParameterSets::new(&values[3..], 1, 2);
    let mut tell = |_, _| {
        told += 1;
        Ok(())
    };
    let failed = connection.execute_many(&insert, sets, &options, &mut tell).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(told, 0);
    let sets = ParameterSets::new(&values[4..], 1, 1);
    let refused =
        connection.execute_many(&insert, sets, &options, &mut |_, _| Err(Error::custom("no more"))).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Custom);
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM many", &[]).await, [["I64(4)"]]);
}

#[tokio::test]
async fn a_sink_that_stops_or_fails_leaves_the_connection_usable() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let options = CallOptions::default();
    batch(connection, "DROP TABLE IF EXISTS stopped; CREATE TABLE stopped (id INT)").await;
    execute(connection, "START TRANSACTION", &[]).await;
    execute(connection, "INSERT INTO stopped VALUES (1)", &[]).await;
    for sql in ["SELECT 1 UNION SELECT 2 UNION SELECT 3", MANY] {
        for failing in [false, true] {
            for statement in [Statement::new(sql), Statement::once(sql)] {
                let mut sink = Stopping { after: 2, failing, seen: 0 };
                let begun = Instant::now();
                let outcome = connection.fetch(&statement, &[], &options, &mut sink).await;
                assert_eq!(sink.seen, 2);
                match outcome {
                    Ok(done) => assert_eq!((done.rows, failing), (2, false)),
                    Err(error) => assert_eq!((error.kind(), failing), (ErrorKind::Custom, true), "{error:?}"),
                }
                // Ten million rows would take longer.
                assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
                assert!(!connection.is_broken());
                assert_eq!(connection.transaction_state(), TransactionState::Active);
                assert_answers(connection).await;
            }
        }
    }
    // The transaction is still the same.
    assert_eq!(fetch(connection, "SELECT id FROM stopped", &[]).await, [["I64(1)"]]);
    connection.reset().await.unwrap();
    assert_eq!(fetch(connection, "SELECT id FROM stopped", &[]).await, [] as [Vec<String>; 0]);
    execute(connection, "DROP TABLE stopped", &[]).await;

    struct Picky;
    impl Sink for Picky {
        fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
            Err(Error::custom("these columns will not do"))
        }
        fn row(&mut self, _: &dyn Row) -> Result<std::ops::ControlFlow<()>> {
            panic!("no row may come after the columns were refused")
        }
    }
    let refused = connection.fetch(&Statement::new(MANY), &[], &options, &mut Picky).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Custom);
    assert_answers(connection).await;
}

#[tokio::test]
async fn a_row_names_the_position_that_it_does_not_have() {
    struct Beyond;
    impl Sink for Beyond {
        fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
            Ok(())
        }
        fn row(&mut self, row: &dyn Row) -> Result<std::ops::ControlFlow<()>> {
            assert!(row.cell(usize::MAX).is_err());
            row.cell(1)?;
            Ok(std::ops::ControlFlow::Continue(()))
        }
    }
    let Some(mut connection) = connect().await else { return };
    let outcome =
        connection.fetch(&Statement::new("SELECT 1"), &[], &CallOptions::default(), &mut Beyond).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Data);
}
