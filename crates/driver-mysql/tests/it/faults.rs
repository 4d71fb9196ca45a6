//! Killed connections, cancelled statements, and limits of time.

use std::time::{Duration, Instant};

use aludel_driver::{
    BeginOptions, CallOptions, Control, Discard, ErrorKind, Statement, TransactionState, Value,
};

use crate::server::{Kept, assert_answers, batch, connect, execute, fetch, id};

#[tokio::test]
async fn killed_while_idle() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    let number = id(&mut *first).await;
    assert_eq!(
        fetch(&mut *first, "SELECT CAST(CONNECTION_ID() AS CHAR)", &[]).await,
        [[format!("Text(\"{number}\")")]]
    );
    batch(&mut *second, &format!("KILL {number}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = first.ping().await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert!(first.is_broken());
    assert!(first.ping().await.unwrap_err().is_disconnect());
    assert_eq!(first.transaction_state(), TransactionState::Unknown);
    first.close(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn killed_in_mid_query() {
    for sql in ["SELECT SLEEP(20)", "SELECT a.n FROM (SELECT SLEEP(20) AS n) a, (SELECT 1) b"] {
        let Some(mut first) = connect().await else { return };
        let mut second = connect().await.unwrap();
        let number = id(&mut *first).await;
        let statement = Statement::new(sql);
        let options = CallOptions::default();
        let begun = Instant::now();
        let mut kept = Kept::default();
        let (outcome, ()) = tokio::join!(first.fetch(&statement, &[], &options, &mut kept), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            batch(&mut *second, &format!("KILL {number}")).await;
        });
        let error = outcome.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(error.kind(), ErrorKind::Operational, "{error:?}");
        assert!(error.is_disconnect() && first.is_broken(), "{error:?}");
        assert!(first.ping().await.unwrap_err().is_disconnect());
    }
}

#[tokio::test]
async fn killed_before_its_commit() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    first.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    let number = id(&mut *first).await;
    batch(&mut *second, &format!("KILL {number}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = first.control(Control::Commit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(error.is_disconnect() && first.is_broken());
}

#[tokio::test]
async fn a_statement_is_cancelled_from_elsewhere() {
    let Some(mut connection) = connect().await else { return };
    let cancel = connection.cancel_handle().unwrap();
    let statement = Statement::new("SELECT a.n FROM (SELECT 1 AS n) a WHERE SLEEP(20) = 0 FOR UPDATE");
    let options = CallOptions::default();
    let begun = Instant::now();
    let mut kept = Kept::default();
    let (outcome, ()) = tokio::join!(connection.fetch(&statement, &[], &options, &mut kept), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel().await;
    });
    assert!(begun.elapsed() < Duration::from_secs(10));
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("1317")));
    assert_answers(&mut *connection).await;
}

#[tokio::test]
async fn a_call_has_a_limit_of_time() {
    let Some(mut other) = connect().await else { return };
    let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    batch(&mut *other, "DROP TABLE IF EXISTS limited; CREATE TABLE limited (id INT)").await;
    for call in 0..3 {
        let mut connection = connect().await.unwrap();
        let number = id(&mut *connection).await;
        let begun = Instant::now();
        let outcome = match call {
            0 => connection
                .fetch(&Statement::new("SELECT SLEEP(20)"), &[], &limit, &mut Discard)
                .await
                .map(drop),
            1 => connection.batch("DO SLEEP(20); INSERT INTO limited VALUES (1)", &limit).await,
            _ => {
                let statement = Statement::new("SELECT SLEEP(20)");
                connection.cursor(&statement, &[], &limit).await.map(drop)
            }
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(!error.is_disconnect() && error.to_string().contains("its limit of 100ms"), "{error:?}");
        // The statement was cancelled, and the connection saved; but not that of a script, which would go on, and not that
        // of a cursor whose rows had begun.
        assert!(call != 0 || !connection.is_broken());
        assert!(call != 1 || connection.is_broken());
        if connection.is_broken() {
            assert!(connection.ping().await.unwrap_err().is_disconnect());
        } else {
            assert_answers(&mut *connection).await;
            assert_eq!(connection.transaction_state(), TransactionState::Idle);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let sql =
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ? AND info LIKE '%SLEEP(20)%'";
        let running = fetch(&mut *other, sql, &[Value::U64(number)]).await;
        assert_eq!(running, [["I64(0)"]], "call {call}");
    }
    assert_eq!(fetch(&mut *other, "SELECT COUNT(*) FROM limited", &[]).await, [["I64(0)"]]);
    execute(&mut *other, "DROP TABLE limited", &[]).await;
    // A call that is quick enough takes no harm.
    let limit = CallOptions { timeout: Some(Duration::from_secs(20)), ..CallOptions::default() };
    other.fetch(&Statement::new("SELECT 1"), &[], &limit, &mut Discard).await.unwrap();
    assert_answers(&mut *other).await;
}

#[tokio::test]
async fn a_limit_of_time_leaves_the_transaction_open() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    batch(
        connection,
        "DROP TABLE IF EXISTS limited_inside; CREATE TABLE limited_inside (id INT PRIMARY KEY)",
    )
    .await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(connection, "INSERT INTO limited_inside VALUES (1)", &[]).await;
    let slow = Statement::new("INSERT INTO limited_inside SELECT 2 FROM DUAL WHERE SLEEP(20) = 0");
    let error = connection.fetch(&slow, &[], &limit, &mut Discard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(fetch(connection, "SELECT id FROM limited_inside", &[]).await, [["I64(1)"]]);
    // A cursor whose rows do not come in time, and one that is stopped between its rows.
    let rows = Statement::new(
        "SELECT a.seq, SLEEP(0.05) FROM (SELECT 1 AS seq UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) a",
    );
    let mut kept = Kept::default();
    match connection.cursor(&rows, &[], &limit).await {
        Ok(mut cursor) => {
            let error = cursor.fetch(10, &mut kept).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}"),
    }
    if connection.is_broken() {
        assert!(connection.ping().await.unwrap_err().is_disconnect());
    } else {
        assert_answers(connection).await;
    }
}

#[tokio::test]
async fn the_servers_own_limit_of_time() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let (limit, query) = match connection.server().product {
        "MariaDB" => (
            "SET max_statement_time = 0.1",
            "SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq < 0",
        ),
        _ => (
            "SET max_execution_time = 100",
            "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c",
        ),
    };
    execute(connection, limit, &[]).await;
    let mut kept = Kept::default();
    let error =
        connection.fetch(&Statement::new(query), &[], &CallOptions::default(), &mut kept).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_answers(connection).await;
}

#[tokio::test]
async fn a_failure_in_the_middle_of_the_rows() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    // Rows that are sent as they are made, and then one that cannot be made.
    batch(connection, "DROP TABLE IF EXISTS midway; CREATE TABLE midway (id INT PRIMARY KEY, n INT)").await;
    batch(
        connection,
        "INSERT INTO midway SELECT n, 1 FROM (WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number \
         WHERE n < 900) SELECT n FROM number) t; UPDATE midway SET n = 9 WHERE id = 900",
    )
    .await;
    let sql = "SELECT id, IF(n = 9, (SELECT 1 UNION SELECT 2 FROM midway WHERE midway.n = outside.n), REPEAT('x', 1000)) \
               FROM midway outside ORDER BY id";
    for statement in [Statement::new(sql), Statement::once(sql), Statement::new(sql)] {
        let mut kept = Kept::default();
        let error = connection.fetch(&statement, &[], &CallOptions::default(), &mut kept).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Programming, Some("1242")), "{error:?}");
        assert!(!connection.is_broken());
        assert_answers(connection).await;
    }
    execute(connection, "DROP TABLE midway", &[]).await;
}

#[tokio::test]
async fn a_local_file_is_never_sent() {
    let Some(mut connection) = connect().await else { return };
    execute(&mut *connection, "CREATE TEMPORARY TABLE loaded (line TEXT)", &[]).await;
    let outcome = connection
        .batch("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE loaded", &CallOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(outcome.kind(), ErrorKind::NotSupported | ErrorKind::Programming), "{outcome:?}");
}

#[tokio::test]
async fn a_runtime_is_not_needed_to_drop_a_connection() {
    let Some(connection) = connect().await else { return };
    std::thread::spawn(move || drop(connection)).join().unwrap();
}
