//! COPY: the fastest way in and out, as bytes in the server's formats, and as rows.

pub(crate) mod bulk;
mod columns;
mod encoder;
mod frame;
mod input;
mod output;
mod rows_in;
mod rows_out;
mod statement;

use aludel_driver::Result;
use aludel_sql_expression::{FromRow, statement::InsertRow};

use self::frame::Frame;
pub use self::{
    input::CopyIn,
    output::CopyOut,
    rows_in::CopyRowsIn,
    rows_out::CopyRowsOut,
    statement::{CopyFormat, CopyStatement},
};
use crate::PostgresConnection;

/// COPY. Outside of a transaction each COPY is one by itself: all of its rows come in, or none.
///
/// From an engine's connection: `conn.driver_mut::<PostgresConnection>().await?`. Call `begin()` on it before, where the COPY
/// is to be part of a transaction.
impl PostgresConnection {
    /// Begins to copy bytes into a table, in the form that the statement says (default: text). [`CopyIn::finish`] ends it.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](aludel_driver::ErrorKind::Argument) for a statement that copies out of a query; what the
    /// server says of the table and its columns.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_driver::Result;
    /// # use aludel_driver_postgres::{CopyStatement, PostgresConnection};
    /// # async fn run(conn: &mut PostgresConnection, mut file: impl tokio::io::AsyncRead + Send + Unpin) -> Result<()> {
    /// let statement = CopyStatement::named("author").columns(["id", "name"]).csv().header();
    /// let mut copy = conn.copy_in(&statement).await?; // COPY author (id, name) FROM STDIN WITH (FORMAT csv, HEADER true)
    /// copy.send("id,name\n1,Eco\n").await?;
    /// copy.send_reader(&mut file).await?;
    /// let rows = copy.finish().await?;
    /// # let _ = rows;
    /// # Ok(()) }
    /// ```
    pub async fn copy_in(&mut self, statement: &CopyStatement) -> Result<CopyIn<'_>> {
        CopyIn::open(self, statement).await
    }

    /// Begins to copy rows into a table. [`CopyRowsIn::finish`] ends it.
    ///
    /// Nothing is sent before the first row, which settles the form: binary where each of its values has such a form here,
    /// else text. A statement that names a form has its way.
    ///
    /// # Errors
    /// As [`PostgresConnection::copy_in`]; [`ErrorKind::Argument`](aludel_driver::ErrorKind::Argument) for a statement with
    /// delimiters of its own.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn copy_rows_in(&mut self, statement: &CopyStatement) -> Result<CopyRowsIn<'_>> {
        CopyRowsIn::open(self, statement).await
    }

    /// Copies rows into a table: tuples, models, or lists of names with values. Gives how many came in. When one of them
    /// fails, none does.
    ///
    /// # Errors
    /// As [`CopyRowsIn::row`] and [`CopyRowsIn::finish`].
    ///
    /// # Cancel safety
    /// As [`CopyRowsIn`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_driver::Result;
    /// # use aludel_driver_postgres::{CopyStatement, PostgresConnection};
    /// # async fn run(conn: &mut PostgresConnection) -> Result<()> {
    /// let statement = CopyStatement::named("author").columns(["id", "name"]);
    /// let rows = (0..1_000_000_i64).map(|id| (id, format!("Author {id}")));
    /// assert_eq!(conn.copy_all_in(&statement, rows).await?, 1_000_000);
    /// # Ok(()) }
    /// ```
    pub async fn copy_all_in<I>(&mut self, statement: &CopyStatement, rows: I) -> Result<u64>
    where
        I: IntoIterator<Item: InsertRow + Send, IntoIter: Send> + Send,
    {
        let mut rows = rows.into_iter().peekable();
        let named = rows.peek().and_then(InsertRow::columns).filter(|_| !statement.has_columns());
        let named = named.map(|names| statement.clone().columns(names));
        let mut copy = self.copy_rows_in(named.as_ref().unwrap_or(statement)).await?;
        for row in rows {
            let pushed = copy.push(row);
            match pushed {
                Ok(false) => {}
                Ok(true) => copy.flush().await?,
                Err(error) => {
                    copy.abort().await?;
                    return Err(error);
                }
            }
        }
        copy.finish().await
    }

    /// Begins to copy a table, or what a query gives, out as bytes, in the form that the statement says (default: text).
    ///
    /// # Errors
    /// What the server says of the table or the query.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_driver::Result;
    /// # use aludel_driver_postgres::{CopyStatement, PostgresConnection};
    /// # use aludel_sql_expression::text;
    /// # async fn run(conn: &mut PostgresConnection, mut file: impl tokio::io::AsyncWrite + Send + Unpin) -> Result<()> {
    /// let statement = CopyStatement::query(text("SELECT id, name FROM author ORDER BY id")).csv().header();
    /// let bytes = conn.copy_out(&statement).await?.write_to(&mut file).await?;
    /// # let _ = bytes;
    /// # Ok(()) }
    /// ```
    pub async fn copy_out(&mut self, statement: &CopyStatement) -> Result<CopyOut<'_>> {
        CopyOut::open(self, statement).await
    }

    /// Begins to copy a table, or what a query gives, out as rows: tuples by position, derived structs by name, or
    /// `Vec<Value>`. They travel in binary, whatever the statement says.
    ///
    /// # Errors
    /// As [`PostgresConnection::copy_out`]; [`ErrorKind::Argument`](aludel_driver::ErrorKind::Argument) when the columns do
    /// not fit.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_driver::Result;
    /// # use aludel_driver_postgres::{CopyStatement, PostgresConnection};
    /// # async fn run(conn: &mut PostgresConnection) -> Result<()> {
    /// let statement = CopyStatement::named("author").columns(["id", "name"]);
    /// let mut rows = conn.copy_rows_out::<(i64, String)>(&statement).await?;
    /// while let Some((id, name)) = rows.next().await? {
    ///     println!("{id}: {name}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn copy_rows_out<T: FromRow>(
        &mut self,
        statement: &CopyStatement,
    ) -> Result<CopyRowsOut<'_, T>> {
        CopyRowsOut::open(self, statement).await
    }
}
