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
