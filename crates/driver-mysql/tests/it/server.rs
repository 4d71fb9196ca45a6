//! The server of the tests, and what they all need.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{
    CallOptions, ColumnInfo, ConnectArguments, Connection, DatabaseUrl, Done, Driver, Error, Result, Row,
    Sink, Statement, Value,
};
use aludel_driver_mysql::MySqlDriver;

/// What a connection to the test server is opened with; none where there is no server, and none is asked for.
pub fn arguments() -> Option<ConnectArguments> {
    match std::env::var("ALUDEL_TEST_MYSQL_URL") {
        Ok(url) => Some(DatabaseUrl::parse(&url).expect("ALUDEL_TEST_MYSQL_URL is a URL").arguments),
        Err(_) if std::env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_some() => {
            panic!("ALUDEL_TEST_MYSQL_URL is not set, and ALUDEL_TEST_REQUIRE_DATABASES asks for it")
        }
        Err(_) => {
            eprintln!("not run: ALUDEL_TEST_MYSQL_URL is not set");
            None
        }
    }
}

/// A new connection to the test server.
pub async fn connect() -> Option<Box<dyn Connection>> {
    connect_with(&[]).await
}

/// A new connection to the test server, with options.
pub async fn connect_with(options: &[(&str, &str)]) -> Option<Box<dyn Connection>> {
    let mut arguments = arguments()?;
    for (name, value) in options {
        arguments.options.insert((*name).to_owned(), (*value).to_owned());
    }
    Some(MySqlDriver::new().connect(&arguments).await.expect("the test server takes connections"))
}

/// Keeps what it is given, as text.
#[derive(Debug, Default)]
pub struct Kept {
    pub columns: Vec<(String, String)>,
    pub shapes: Vec<Arc<[ColumnInfo]>>,
    pub rows: Vec<Vec<String>>,
}

impl Sink for Kept {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.shapes.push(columns.clone());
        self.columns =
            columns.iter().map(|column| (column.name.to_string(), column.type_name.to_string())).collect();
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let cells = (0..row.len()).map(|position| Ok(format!("{:?}", row.cell(position)?)));
        self.rows.push(cells.collect::<Result<_>>()?);
        Ok(ControlFlow::Continue(()))
    }
}

/// Stops after some rows, or fails there.
pub struct Stopping {
    pub after: usize,
    pub failing: bool,
    pub seen: usize,
}

impl Sink for Stopping {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &dyn Row) -> Result<ControlFlow<()>> {
        self.seen += 1;
        match (self.seen >= self.after, self.failing) {
            (true, true) => Err(Error::custom("the sink has had enough")),
            (true, false) => Ok(ControlFlow::Break(())),
            (false, _) => Ok(ControlFlow::Continue(())),
        }
    }
}

pub async fn try_fetch(
    connection: &mut dyn Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<(Kept, Done)> {
    let mut kept = Kept::default();
    let done = connection.fetch(&Statement::new(sql), parameters, &CallOptions::default(), &mut kept).await?;
    Ok((kept, done))
}

/// The rows of a prepared statement.
pub async fn fetch(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Vec<Vec<String>> {
    try_fetch(connection, sql, parameters).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).0.rows
}

/// What a statement did.
pub async fn execute(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Done {
    try_fetch(connection, sql, parameters).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).1
}

/// The error of a statement.
pub async fn error(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Error {
    match try_fetch(connection, sql, parameters).await {
        Ok(_) => panic!("{sql} should have failed"),
        Err(error) => error,
    }
}

pub async fn batch(connection: &mut dyn Connection, script: &str) {
    connection
        .batch(script, &CallOptions::default())
        .await
        .unwrap_or_else(|error| panic!("{script}: {error:?}"));
}

/// That the connection answers what it is asked, and not what it was asked before.
pub async fn assert_answers(connection: &mut dyn Connection) {
    for number in [7, 8] {
        let rows = fetch(connection, "SELECT CAST(? AS SIGNED)", &[Value::I64(number)]).await;
        assert_eq!(rows, [[format!("I64({number})")]]);
    }
}

/// The number that the server knows the connection by.
pub async fn id(connection: &mut dyn Connection) -> u64 {
    let connection = connection.as_any_mut().downcast_mut::<aludel_driver_mysql::MySqlConnection>();
    connection.expect("the connection is ours").connection_id()
}

pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}
