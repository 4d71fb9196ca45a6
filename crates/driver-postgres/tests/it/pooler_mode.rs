//! `prepare_mode=unnamed`: nothing prepared outlives its transaction.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, ErrorKind, ParameterSets, Statement, TransactionState,
    Value,
};

use crate::server::{self, Kept, connect_with, execute, rows, scalar, text};

async fn connect() -> Option<Box<dyn Connection>> {
    connect_with(&[("prepare_mode", "unnamed")]).await
}

async fn assert_nothing_left(connection: &mut dyn Connection) {
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    let sql =
        "SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%'";
    assert_eq!(scalar(connection, sql, &[]).await.unwrap(), Value::I64(0));
    // Had a transaction stayed open, this could not run.
    let once = Statement::once("VACUUM pg_class");
    connection.fetch(&once, &[], &CallOptions::default(), &mut Kept::default()).await.unwrap();
}

#[tokio::test]
async fn statements_outside_a_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE kept (id int4 PRIMARY KEY, name text)").await;
    let insert = "INSERT INTO kept VALUES ($1, $2) RETURNING id";
    assert_eq!(scalar(connection, insert, &[Value::I64(1), text("a")]).await.unwrap(), Value::I64(1));
    let error = execute(connection, insert, &[Value::I64(1), text("b")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_nothing_left(connection).await;
    assert_eq!(execute(connection, "SELEC 1", &[]).await.unwrap_err().kind(), ErrorKind::Programming);
    let error = execute(connection, insert, &[Value::I64(2), Value::I64(1), Value::Null]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let error = execute(connection, insert, &[Value::Bool(true), Value::Null]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_nothing_left(connection).await;
    // A sink that fails does not undo what the statement did, as nowhere outside a transaction.
    let mut sink = Kept { fail_at: Some(0), ..Kept::default() };
    let parameters = [Value::I64(2), Value::Null];
    let error = connection
        .fetch(&Statement::new(insert), &parameters, &CallOptions::default(), &mut sink)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    assert_eq!(rows(connection, "SELECT id FROM kept", &[]).await.unwrap().len(), 2);
    let sets = [3, 4].map(Value::I64);
    let many = Statement::new("INSERT INTO kept VALUES ($1)");
    let sets = ParameterSets::new(&sets, 1, 2);
    assert_eq!(
        connection.execute_many(&many, sets, &CallOptions::default(), &mut |_, _| Ok(())).await.unwrap().rows,
        2
    );
    assert_nothing_left(connection).await;
}

#[tokio::test]
async fn cursors_outside_a_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let sql = Statement::new("SELECT generate_series(1, $1::int4)");
    let (options, parameters) = (CallOptions::default(), [Value::I64(10)]);
    let mut cursor = connection.cursor(&sql, &parameters, &options).await.unwrap();
    assert!(!cursor.fetch(100, &mut Kept::default()).await.unwrap());
    drop(cursor);
    assert_nothing_left(connection).await;
    let mut cursor = connection.cursor(&sql, &parameters, &options).await.unwrap();
    assert!(cursor.fetch(1, &mut Kept::default()).await.unwrap());
    cursor.close().await.unwrap();
    assert_nothing_left(connection).await;
}

#[tokio::test]
async fn statements_inside_a_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE kept (id int4)").await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    for number in 0..3 {
        execute(connection, "INSERT INTO kept VALUES ($1)", &[Value::I64(number)]).await.unwrap();
    }
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(scalar(connection, "SELECT count(*) FROM kept", &[]).await.unwrap(), Value::I64(3));
    assert_nothing_left(connection).await;
}
