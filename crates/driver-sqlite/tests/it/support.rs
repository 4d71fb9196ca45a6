//! A folder for the files of one test, and short ways to run SQL.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aludel_driver::{
    BeginOptions, CallOptions, ColumnInfo, ConnectArguments, Connection, Control, Discard, Done, Driver,
    Error, Result, Row, Sink, Statement, Value,
};
use aludel_driver_sqlite::{SqliteConnection, SqliteDriver};
use aludel_sql_expression::Decode;

/// A folder that is gone when the test is.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("aludel-sqlite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Opens a file of the folder with options, as `[("mode", "ro")]`.
    pub(crate) async fn open(&self, name: &str, options: &[(&str, &str)]) -> Box<dyn Connection> {
        connect(Some(&self.file(name)), options).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn arguments(database: Option<&str>, options: &[(&str, &str)]) -> ConnectArguments {
    ConnectArguments {
        database: database.map(str::to_owned),
        options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Default::default()
    }
}

pub(crate) async fn connect(database: Option<&str>, options: &[(&str, &str)]) -> Result<Box<dyn Connection>> {
    SqliteDriver::new().connect(&arguments(database, options)).await
}

pub(crate) async fn memory() -> Box<dyn Connection> {
    connect(None, &[]).await.unwrap()
}

/// Keeps all that a sink is told.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) columns: Option<Arc<[ColumnInfo]>>,
    pub(crate) rows: Vec<Vec<Value>>,
    /// How many rows are enough.
    pub(crate) enough: Option<usize>,
}

impl Sink for Kept {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        assert!(self.columns.is_none(), "columns are told once");
        self.columns = Some(columns.clone());
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let row: std::result::Result<Vec<_>, _> =
            (0..row.len()).map(|at| Value::decode(row.cell(at)?)).collect();
        self.rows.push(row?);
        Ok(if self.enough == Some(self.rows.len()) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

impl Kept {
    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().flat_map(|columns| columns.iter()).map(|column| column.name.to_string()).collect()
    }
}

/// A sink that fails at its second row.
pub(crate) struct Failing(pub(crate) usize);

impl Sink for Failing {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &dyn Row) -> Result<ControlFlow<()>> {
        self.0 += 1;
        if self.0 == 2 {
            return Err(Error::custom("the second row is unfit"));
        }
        Ok(ControlFlow::Continue(()))
    }
}

pub(crate) async fn try_run(
    connection: &mut dyn Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Done> {
    connection.fetch(&Statement::new(sql), parameters, &CallOptions::default(), &mut Discard).await
}

pub(crate) async fn run(connection: &mut dyn Connection, sql: &str) -> Done {
    try_run(connection, sql, &[]).await.unwrap()
}

pub(crate) async fn fetch(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Kept {
    let mut kept = Kept::default();
    connection.fetch(&Statement::new(sql), parameters, &CallOptions::default(), &mut kept).await.unwrap();
    kept
}

/// The first cell of the first row.
pub(crate) async fn scalar(connection: &mut dyn Connection, sql: &str) -> Value {
    fetch(connection, sql, &[]).await.rows.remove(0).remove(0)
}

pub(crate) async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// A query that SQLite works on for some seconds without giving a row.
pub(crate) const HEAVY: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000) SELECT max(i) FROM n";

/// The driver's own connection.
pub(crate) fn own(connection: &mut Box<dyn Connection>) -> &mut SqliteConnection {
    connection.driver_mut().unwrap()
}

/// Opens a database in memory of a driver with something of its own.
pub(crate) async fn memory_of(driver: &SqliteDriver) -> Box<dyn Connection> {
    driver.connect(&arguments(None, &[])).await.unwrap()
}

/// The error of a statement that fails.
pub(crate) async fn failure(connection: &mut dyn Connection, sql: &str) -> Error {
    match try_run(connection, sql, &[]).await {
        Ok(done) => panic!("`{sql}` did {done:?}"),
        Err(error) => error,
    }
}
