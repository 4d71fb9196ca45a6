//! The same mistake has the same kind.

use aludel_driver::{CallOptions, ErrorKind, Retry, Statement, Value};

use crate::server::{self, connect, execute, rows, text};

#[tokio::test]
async fn constraints() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(
        connection,
        "CREATE TEMP TABLE parent (id int PRIMARY KEY, name varchar(3) NOT NULL CONSTRAINT short CHECK (name <> 'no'));
         CREATE TEMP TABLE child (parent_id int CONSTRAINT fk_parent REFERENCES parent (id));
         INSERT INTO parent VALUES (1, 'a')",
    )
    .await;
    for (sql, code, constraint, words) in [
        ("INSERT INTO parent VALUES (1, 'b')", "23505", Some("parent_pkey"), "(id)=(1)"),
        ("INSERT INTO child VALUES (9)", "23503", Some("fk_parent"), "(parent_id)=(9)"),
        ("INSERT INTO parent VALUES (2, NULL)", "23502", None, "null value"),
        ("INSERT INTO parent VALUES (2, 'no')", "23514", Some("short"), "check constraint"),
    ] {
        let error = execute(connection, sql, &[]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Integrity, Some(code)), "{error}");
        assert_eq!(error.constraint(), constraint);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.is_disconnect());
    }
    let error = execute(connection, "INSERT INTO parent VALUES (2, NULL)", &[]).await.unwrap_err();
    let told = error.database_error().unwrap();
    assert_eq!((told.table.as_deref(), told.column.as_deref()), (Some("parent"), Some("name")));
}

#[tokio::test]
async fn kinds_by_code() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE short (name varchar(3), number int2)").await;
    for (sql, kind, code) in [
        ("SELEC 1", ErrorKind::Programming, "42601"),
        ("SELECT * FROM there_is_none", ErrorKind::Programming, "42P01"),
        ("SELECT nothing FROM short", ErrorKind::Programming, "42703"),
        ("SELECT nothing()", ErrorKind::Programming, "42883"),
        ("SELECT 1/0", ErrorKind::Data, "22012"),
        ("INSERT INTO short VALUES ('four', 1)", ErrorKind::Data, "22001"),
        ("INSERT INTO short VALUES ('a', 99999)", ErrorKind::Data, "22003"),
        ("SELECT 'x'::int4", ErrorKind::Data, "22P02"),
        ("SAVEPOINT a", ErrorKind::InvalidRequest, "25P01"),
        ("SELECT (SELECT 1 UNION SELECT 2)", ErrorKind::Programming, "21000"),
        ("SELECT 1 FROM short FOR UPDATE OF nobody", ErrorKind::Programming, "42P01"),
        ("SELECT name FROM short GROUP BY number FOR UPDATE", ErrorKind::NotSupported, "0A000"),
    ] {
        let error = rows(connection, sql, &[]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{sql}: {error}");
        connection.reset().await.unwrap();
    }
    // The place of a mistake is told.
    let error = rows(connection, "SELECT 1 FORM short", &[]).await.unwrap_err();
    assert!(error.message().contains("at character"), "{error}");
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("db error"));
}

#[tokio::test]
async fn a_wrong_number_of_parameters_is_told_before_sending() {
    let Some(mut connection) = connect().await else { return };
    let error = rows(&mut *connection, "SELECT $1::int4, $2::int4", &[Value::I64(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("has 2 parameters, and got 1"), "{error}");
    let many = vec![Value::I64(1); 65_536];
    let error = rows(&mut *connection, "SELECT $1::int4", &many).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(rows(&mut *connection, "SELECT 1", &[]).await.unwrap(), [[Value::I64(1)]]);
}

#[tokio::test]
async fn as_many_parameters_as_there_can_be() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE wide (a int4)").await;
    let places: Vec<String> = (1..=65_535).map(|number| format!("(${number}::int4)")).collect();
    let sql = format!("INSERT INTO wide VALUES {}", places.join(","));
    let numbers: Vec<Value> = (0..65_535).map(Value::I64).collect();
    assert_eq!(execute(connection, &sql, &numbers).await.unwrap().rows, 65_535);
}

#[tokio::test]
async fn what_cannot_be_sent_leaves_the_connection_usable() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let error = rows(connection, "SELECT '\0'", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    for sql in ["COPY pg_class TO STDOUT", "copy pg_class from stdin"] {
        let error = rows(connection, sql, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    }
    connection.ping().await.unwrap();
    assert!(!connection.is_broken());
}

#[tokio::test]
async fn a_script_that_copies_ends_the_connection_and_does_not_hang() {
    let Some(mut connection) = connect().await else { return };
    server::batch(&mut *connection, "CREATE TEMP TABLE copied (a int)").await;
    let error = connection.batch("COPY copied FROM STDIN", &CallOptions::default()).await.unwrap_err();
    assert!(error.is_disconnect(), "{error}");
    server::assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn lost_serialization_races_may_be_retried() {
    use aludel_driver::{BeginOptions, Control, IsolationLevel};

    let (Some(mut one), Some(mut other)) = (connect().await, connect().await) else { return };
    let table = format!("aludel_race_{}", std::process::id());
    server::batch(&mut *one, &format!("CREATE TABLE {table} (n int); INSERT INTO {table} VALUES (1)")).await;
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::RepeatableRead);
    let update = format!("UPDATE {table} SET n = n + 1");
    one.control(Control::Begin(&options)).await.unwrap();
    rows(&mut *one, &format!("SELECT n FROM {table}"), &[]).await.unwrap();
    execute(&mut *other, &update, &[]).await.unwrap();
    let error = execute(&mut *one, &update, &[]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("40001"), Retry::Transaction)
    );

    one.reset().await.unwrap();
    one.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    other.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(&mut *one, &update, &[]).await.unwrap();
    let error =
        rows(&mut *other, &format!("SELECT n FROM {table} FOR UPDATE NOWAIT"), &[]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("55P03"), Retry::Transaction)
    );
    other.reset().await.unwrap();
    // Outside of a transaction the statement alone can be sent again; its own limit makes no difference.
    server::batch(&mut *other, "SET lock_timeout = 20").await;
    let error = execute(&mut *other, &update, &[]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("55P03"), Retry::Statement)
    );
    one.reset().await.unwrap();
    server::batch(&mut *one, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn the_victim_of_a_deadlock_may_try_again() {
    use aludel_driver::{BeginOptions, Control};

    let (Some(mut one), Some(mut other)) = (connect().await, connect().await) else { return };
    let table = format!("aludel_deadlock_{}", std::process::id());
    let script = format!(
        "CREATE TABLE {table} (id int PRIMARY KEY, n int); INSERT INTO {table} VALUES (1, 0), (2, 0)"
    );
    server::batch(&mut *one, &script).await;
    let update = |id: i32| format!("UPDATE {table} SET n = n + 1 WHERE id = {id}");
    for (connection, id) in [(&mut one, 1), (&mut other, 2)] {
        connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
        execute(&mut **connection, &update(id), &[]).await.unwrap();
    }
    let (crosswise, back) = (update(2), update(1));
    let (first, second) = tokio::join!(execute(&mut *one, &crosswise, &[]), execute(&mut *other, &back, &[]));
    let error = first.and(second).unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.retry()),
        (ErrorKind::Operational, Some("40P01"), Retry::Transaction)
    );
    assert!(!error.is_disconnect());
    one.reset().await.unwrap();
    other.reset().await.unwrap();
    server::batch(&mut *one, &format!("DROP TABLE {table}")).await;
}

#[tokio::test]
async fn a_cancel_of_the_administrators_is_no_timeout() {
    let (Some(mut connection), Some(mut other)) = (connect().await, connect().await) else { return };
    let process = server::process(&mut *connection).await;
    let canceller = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        rows(&mut *other, "SELECT pg_cancel_backend($1)", &[Value::I64(process)]).await.unwrap();
    };
    let sql = Statement::new("SELECT pg_sleep(30)");
    let (options, mut sink) = (CallOptions::default(), server::Kept::default());
    let (answer, ()) = tokio::join!(connection.fetch(&sql, &[], &options, &mut sink), canceller);
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("57014")));
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn the_servers_own_limit_is_a_timeout() {
    let Some(mut connection) = server::connect_with(&[("statement_timeout", "50")]).await else { return };
    let error = rows(&mut *connection, "SELECT pg_sleep(30)", &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")));
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_ends_the_connection_in_mid_query() {
    let (Some(mut connection), Some(mut other)) = (connect().await, connect().await) else { return };
    let process = server::process(&mut *connection).await;
    let killer = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        rows(&mut *other, "SELECT pg_terminate_backend($1)", &[Value::I64(process)]).await.unwrap();
    };
    let sql = Statement::new("SELECT pg_sleep(30)");
    let (options, mut sink) = (CallOptions::default(), server::Kept::default());
    let (answer, ()) = tokio::join!(connection.fetch(&sql, &[], &options, &mut sink), killer);
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("57P01")));
    assert!(error.is_disconnect());
    server::assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn a_server_that_ends_an_idle_connection() {
    let (Some(mut connection), Some(mut other)) = (connect().await, connect().await) else { return };
    let process = server::process(&mut *connection).await;
    rows(&mut *other, "SELECT pg_terminate_backend($1)", &[Value::I64(process)]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    // Noticed without a round trip.
    assert!(connection.is_broken());
    let error = rows(&mut *connection, "SELECT $1", &[text("x")]).await.unwrap_err();
    assert!(error.is_disconnect());
    assert!(error.message().contains("administrator"), "the reason is told: {error}");
    server::assert_broken(&mut *connection).await;
}
