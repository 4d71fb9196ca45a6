use std::time::Duration;

use aludel_driver::{CallOptions, Done, Error, ErrorKind, ParameterSets, Statement, TransactionState, Value};

use crate::support::{Folder, begin, fetch, memory, run, scalar};

#[tokio::test]
async fn one_statement_with_many_sets() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b)").await;
    let values: Vec<_> = (0..10_000)
        .flat_map(|number| [Value::Text(format!("row {number}").into()), Value::I64(number)])
        .collect();
    let statement = Statement::new("INSERT INTO t (a, b) VALUES (?, ?)");
    let mut next = 0;
    begin(&mut *connection).await;
    let total = connection
        .execute_many(
            &statement,
            ParameterSets::new(&values, 2, 10_000),
            &CallOptions::default(),
            &mut |position, done| {
                assert_eq!(position, next);
                next += 1;
                assert_eq!(done, Done { rows: 1, last_insert_id: Some(next as i64) });
                Ok(())
            },
        )
        .await
        .unwrap();
    assert_eq!(total, Done { rows: 10_000, last_insert_id: Some(10_000) });
    assert_eq!(next, 10_000);
    let rows = fetch(&mut *connection, "SELECT count(*), sum(b), max(a) FROM t", &[]).await.rows;
    assert_eq!(rows, [[Value::I64(10_000), Value::I64(49_995_000), Value::Text("row 9999".into())]]);

    let values: Vec<_> = (0..100).map(|number| Value::I64(number * 2)).collect();
    let update = Statement::new("UPDATE t SET a = 'even' WHERE b = ? OR b = -1");
    let mut rows = 0;
    let total = connection
        .execute_many(
            &update,
            ParameterSets::new(&values, 1, 100),
            &CallOptions::default(),
            &mut |_, done| {
                rows += done.rows;
                Ok(())
            },
        )
        .await
        .unwrap();
    assert_eq!((total, rows), (Done { rows: 100, last_insert_id: None }, 100));

    let delete = Statement::new("DELETE FROM t WHERE b = ? RETURNING id");
    let total = connection
        .execute_many(&delete, ParameterSets::new(&values, 1, 100), &CallOptions::default(), &mut |_, _| {
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(total.rows, 100);
    let none = connection
        .execute_many(&delete, ParameterSets::new(&[], 1, 0), &CallOptions::default(), &mut |_, _| {
            panic!("no set")
        })
        .await
        .unwrap();
    assert_eq!(none, Done::default());
}

#[tokio::test]
async fn many_sets_stop_at_the_first_error() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a UNIQUE)").await;
    let statement = Statement::new("INSERT INTO t VALUES (?)");
    let values = [1, 2, 2, 3].map(Value::I64);
    let mut told = 0;
    let error = connection
        .execute_many(&statement, ParameterSets::new(&values, 1, 4), &CallOptions::default(), &mut |_, _| {
            told += 1;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!((error.kind(), told), (ErrorKind::Integrity, 2));
    assert_eq!(error.statement(), Some("INSERT INTO t VALUES (?)"));
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(2));

    let values = [Value::I64(10), Value::F64(f64::NAN)];
    let error = connection
        .execute_many(&statement, ParameterSets::new(&values, 1, 2), &CallOptions::default(), &mut |_, _| {
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(error.message().contains("set 1") && error.message().contains("parameter 1"), "{error}");

    let values = [20, 21, 22].map(Value::I64);
    let error = connection
        .execute_many(
            &statement,
            ParameterSets::new(&values, 1, 3),
            &CallOptions::default(),
            &mut |position, _| {
                if position == 1 { Err(Error::custom("enough")) } else { Ok(()) }
            },
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    assert_eq!(scalar(&mut *connection, "SELECT max(a) FROM t").await, Value::I64(21));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
}

#[tokio::test]
async fn many_sets_let_other_tasks_run_and_keep_their_timeout() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    let values: Vec<_> = (0..400_000).map(Value::I64).collect();
    let statement = Statement::new("INSERT INTO t VALUES (?)");
    let ticks = std::cell::Cell::new(0);
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            ticks.set(ticks.get() + 1);
        }
    };
    let mut each = |_, _| Ok(());
    let options = CallOptions::default();
    let working = connection.execute_many(
        &statement,
        ParameterSets::new(&values, 1, values.len()),
        &options,
        &mut each,
    );
    tokio::select! {
        done = working => assert_eq!(done.unwrap().rows, 400_000),
        () = ticking => unreachable!(),
    }
    assert!(ticks.get() > 5, "{} ticks", ticks.get());

    let options = CallOptions { timeout: Some(Duration::from_millis(10)), ..Default::default() };
    let error = connection
        .execute_many(&statement, ParameterSets::new(&values, 1, values.len()), &options, &mut each)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}

#[tokio::test]
async fn scripts_keep_the_transaction_they_leave_open() {
    let mut connection = memory().await;
    connection
        .batch(
            "CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES ('a;b'); SELECT * FROM t; -- end",
            &CallOptions::default(),
        )
        .await
        .unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.reset().await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(0));
}

#[tokio::test]
async fn the_log_is_written_back() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[("wal_autocheckpoint", "50")]).await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    for _ in 0..30 {
        run(&mut *connection, "INSERT INTO t VALUES (randomblob(40000))").await;
    }
    let log = std::fs::metadata(folder.file("a.db-wal")).unwrap().len();
    let file = std::fs::metadata(folder.file("a.db")).unwrap().len();
    assert!(log < 600_000 && file > 900_000, "log {log}, file {file}");
    connection.close(Duration::from_secs(5)).await.unwrap();
    assert!(!std::path::Path::new(&folder.file("a.db-wal")).exists());
}

/// Inserts rows in a transaction, and gives the key of each.
async fn keys(
    connection: &mut dyn aludel_driver::Connection,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Option<i64>>, Error> {
    let mut keys = Vec::new();
    let width = sql.matches('?').count();
    let sets = ParameterSets::new(values, width, values.len() / width);
    connection
        .execute_many(&Statement::new(sql), sets, &CallOptions::default(), &mut |position, done| {
            assert_eq!((position, done.rows), (keys.len(), 1));
            keys.push(done.last_insert_id);
            Ok(())
        })
        .await?;
    Ok(keys)
}

fn numbers(range: std::ops::Range<i64>) -> Vec<Value> {
    range.map(Value::I64).collect()
}

#[tokio::test]
async fn rows_that_go_together_get_the_keys_that_they_would_get_alone() {
    let mut connection = memory().await;
    for schema in ["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"] {
        run(&mut *connection, &format!("CREATE TABLE t (id {schema}, a UNIQUE)")).await;
        run(&mut *connection, "INSERT INTO t VALUES (41, -1)").await;
        begin(&mut *connection).await;
        let found = keys(&mut *connection, "INSERT INTO t (a) VALUES (?)", &numbers(0..500)).await.unwrap();
        assert_eq!(found, (42..542).map(Some).collect::<Vec<_>>());
        let wrong = "SELECT count(*) FROM t WHERE a <> id - 42 AND a >= 0";
        assert_eq!(scalar(&mut *connection, wrong).await, Value::I64(0));
        run(&mut *connection, "COMMIT").await;
        run(&mut *connection, "DROP TABLE t").await;
    }
    // Keys that the program gives, in any order.
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    begin(&mut *connection).await;
    let given: Vec<Value> = (0..500).map(|number| Value::I64((number * 7919) % 1009)).collect();
    let found = keys(&mut *connection, "INSERT INTO t VALUES (?)", &given).await.unwrap();
    assert_eq!(found.into_iter().flatten().map(Value::I64).collect::<Vec<_>>(), given);
    // Once the largest of all keys is taken, SQLite looks for free ones by chance.
    run(&mut *connection, "INSERT INTO t VALUES (9223372036854775807)").await;
    run(&mut *connection, "CREATE TABLE u (id INTEGER PRIMARY KEY, a)").await;
    run(&mut *connection, "INSERT INTO u VALUES (9223372036854775807, -1)").await;
    let found = keys(&mut *connection, "INSERT INTO u (a) VALUES (?)", &numbers(0..300)).await.unwrap();
    for (a, key) in (0..).zip(found) {
        let row = fetch(&mut *connection, "SELECT a FROM u WHERE id = ?", &[Value::I64(key.unwrap())]).await;
        assert_eq!(row.rows, [[Value::I64(a)]]);
    }
}

#[tokio::test]
async fn triggers_do_to_many_rows_what_they_do_to_one() {
    for (body, kept) in [
        // Rows of the same table in between.
        ("AFTER INSERT ON t WHEN new.a >= 0 BEGIN INSERT INTO t (a) VALUES (-new.a - 1); END", 200),
        ("AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END", 200),
        ("AFTER INSERT ON t WHEN new.a = 150 BEGIN UPDATE t SET b = 1 WHERE a < 3; END", 200),
    ] {
        let mut connection = memory().await;
        run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)").await;
        run(&mut *connection, "CREATE TABLE log (a)").await;
        run(&mut *connection, &format!("CREATE TRIGGER r {body}")).await;
        begin(&mut *connection).await;
        let found = keys(&mut *connection, "INSERT INTO t (a) VALUES (?)", &numbers(0..200)).await.unwrap();
        assert_eq!(found.len(), kept);
        for (a, key) in (0..).zip(found) {
            let row =
                fetch(&mut *connection, "SELECT a FROM t WHERE id = ?", &[Value::I64(key.unwrap())]).await;
            assert_eq!(row.rows, [[Value::I64(a)]], "{body}");
        }
        let log = scalar(&mut *connection, "SELECT count(*) FROM log").await;
        assert_eq!(log, Value::I64(if body.contains("log") { 200 } else { 0 }));
        run(&mut *connection, "COMMIT").await;
    }
    // A row that a trigger keeps back.
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a)").await;
    let trigger = "CREATE TRIGGER r BEFORE INSERT ON t WHEN new.a = 100 BEGIN SELECT RAISE(IGNORE); END";
    run(&mut *connection, trigger).await;
    begin(&mut *connection).await;
    let mut kept_back = Vec::new();
    let values = numbers(0..200);
    connection
        .execute_many(
            &Statement::new("INSERT INTO t (a) VALUES (?)"),
            ParameterSets::new(&values, 1, 200),
            &CallOptions::default(),
            &mut |position, done| {
                if done.rows == 0 {
                    kept_back.push(position);
                }
                Ok(())
            },
        )
        .await
        .unwrap();
    assert_eq!(kept_back, [100]);
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(199));
}

#[tokio::test]
async fn a_row_among_many_says_what_is_wrong_with_it() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "SAVEPOINT aludel_many_rows").await;
    let mut values = numbers(0..300);
    values[200] = Value::F64(f64::NAN);
    let error = keys(&mut *connection, "INSERT INTO t (a) VALUES (?)", &values).await.unwrap_err();
    assert!(error.message().contains("set 200") && error.message().contains("parameter 1"), "{error}");
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(200));
    values[200] = Value::I64(150);
    run(&mut *connection, "DELETE FROM t").await;
    let error = keys(&mut *connection, "INSERT INTO t (a) VALUES (?)", &values).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.statement(), Some("INSERT INTO t (a) VALUES (?)"));
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(200));
    // The program's own savepoint of that name is as it was.
    run(&mut *connection, "ROLLBACK TO aludel_many_rows").await;
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(0));
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}
