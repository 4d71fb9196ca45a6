//! The server under test, and a sink that keeps what it gets.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{
    CallOptions, Cell, ColumnInfo, ConnectArguments, Connection, DatabaseUrl, Done, Driver, Error, ErrorKind,
    Result, Row, Sink, Statement, Value,
};
use aludel_driver_postgres::PostgresDriver;
use aludel_sql_expression::Decode;

const URL: &str = "ALUDEL_TEST_POSTGRES_URL";

/// Where the server is; none when the test is not to be run.
pub(crate) fn arguments() -> Option<ConnectArguments> {
    match std::env::var(URL) {
        Ok(url) => Some(DatabaseUrl::parse(&url).unwrap().arguments),
        Err(_) if std::env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_some() => panic!("{URL} is not set"),
        Err(_) => {
            eprintln!("not run: {URL} is not set");
            None
        }
    }
}

/// A connection of its own; none when the test is not to be run.
pub(crate) async fn connect() -> Option<Box<dyn Connection>> {
    Some(PostgresDriver::new().connect(&arguments()?).await.unwrap())
}

/// The same with options.
pub(crate) async fn connect_with(options: &[(&str, &str)]) -> Option<Box<dyn Connection>> {
    let mut arguments = arguments()?;
    arguments.options.extend(options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Some(PostgresDriver::new().connect(&arguments).await.unwrap())
}

/// A sink that keeps what it gets.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) columns: Option<Arc<[ColumnInfo]>>,
    pub(crate) rows: Vec<Vec<Value>>,
    /// Break after so many rows.
    pub(crate) stop_after: Option<usize>,
    /// Fail at the row with this number.
    pub(crate) fail_at: Option<usize>,
    pub(crate) fail_at_columns: bool,
}

impl Sink for Kept {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        assert!(self.columns.is_none(), "the columns are told once");
        self.columns = Some(columns.clone());
        if self.fail_at_columns { Err(refusal()) } else { Ok(()) }
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        if self.fail_at == Some(self.rows.len()) {
            return Err(refusal());
        }
        let mut values = Vec::new();
        for position in 0..row.len() {
            values.push(match row.cell(position)? {
                Cell::Other { type_name, bytes } => {
                    Value::Text(format!("{type_name} of {} bytes", bytes.len()).into())
                }
                cell => Value::decode(cell)?,
            });
        }
        self.rows.push(values);
        if self.stop_after == Some(self.rows.len()) {
            Ok(ControlFlow::Break(()))
        } else {
            Ok(ControlFlow::Continue(()))
        }
    }
}

fn refusal() -> Error {
    Error::new(ErrorKind::Custom, "the sink does not want it")
}

/// Sends a statement, and keeps its rows.
pub(crate) async fn rows(
    connection: &mut dyn Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<Vec<Value>>> {
    let mut kept = Kept::default();
    connection.fetch(&Statement::new(sql), parameters, &CallOptions::default(), &mut kept).await?;
    Ok(kept.rows)
}

/// Sends a statement, and gives the only cell of its only row.
pub(crate) async fn scalar(
    connection: &mut dyn Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Value> {
    let mut rows = rows(connection, sql, parameters).await?;
    assert_eq!((rows.len(), rows[0].len()), (1, 1), "one cell is expected of {sql}");
    Ok(rows.remove(0).remove(0))
}

/// Sends a statement, and tells what it did.
pub(crate) async fn execute(
    connection: &mut dyn Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Done> {
    let mut kept = Kept::default();
    connection.fetch(&Statement::new(sql), parameters, &CallOptions::default(), &mut kept).await
}

/// Runs a script.
pub(crate) async fn batch(connection: &mut dyn Connection, script: &str) {
    connection.batch(script, &CallOptions::default()).await.unwrap();
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// The process that serves a connection.
pub(crate) async fn process(connection: &mut dyn Connection) -> i64 {
    match scalar(connection, "SELECT pg_backend_pid()", &[]).await.unwrap() {
        Value::I64(number) => number,
        other => panic!("{other:?} is no process"),
    }
}

/// Asserts that a connection is of no use any more, and says so.
pub(crate) async fn assert_broken(connection: &mut dyn Connection) {
    assert!(connection.is_broken());
    assert!(!connection.reset_on_drop());
    let error = rows(connection, "SELECT 1", &[]).await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Operational);
    let error = connection.ping().await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    let error = connection.reset().await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
}
