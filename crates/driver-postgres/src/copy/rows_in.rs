//! [`CopyRowsIn`]: rows on their way into a table.

use std::{fmt, sync::Arc};

use aludel_driver::{Connection as _, Error, ErrorKind, Result, Value};
use aludel_sql_expression::{
    Dialect, Name,
    statement::{InsertRow, RowWriter},
};

use super::{
    CopyStatement, Frame,
    columns::describe,
    encoder::RowEncoder,
    input::{Entry, Open, closed},
    output,
    statement::Direction,
};
use crate::PostgresConnection;

/// Rows on their way into a table, of [`PostgresConnection::copy_rows_in`].
///
/// What the server finds wrong with them is told by [`finish`](Self::finish). Dropped before, nothing came in, and where rows
/// were sent the connection is closed; [`abort`](Self::abort) keeps it.
pub struct CopyRowsIn<'c> {
    connection: &'c mut PostgresConnection,
    statement: CopyStatement,
    dialect: Arc<dyn Dialect>,
    columns: Vec<Name>,
    encoder: RowEncoder,
    /// Those of the last row, whose room is used again.
    values: Vec<Value>,
    state: State,
}

/// How far it has come.
enum State {
    /// No row was sent.
    Waiting(Frame),
    /// The server takes rows.
    Open(Open),
    /// The server was being asked to; set while nobody asks: its future was dropped.
    Asking,
    Over,
}

impl<'c> CopyRowsIn<'c> {
    pub(super) async fn open(
        connection: &'c mut PostgresConnection,
        statement: &CopyStatement,
    ) -> Result<Self> {
        statement.check_for_rows()?;
        let dialect = statement.dialect_on(connection.dialect());
        // Looked at before anything is sent.
        statement.sql(Direction::In, statement.byte_format(), &*dialect)?;
        let frame = Frame::open(connection, statement.subject(&*dialect)).await?;
        match describe(connection, statement, &*dialect).await {
            Ok((columns, described)) => Ok(Self {
                encoder: RowEncoder::new(&described.statement, statement.asked_format()),
                connection,
                statement: statement.clone(),
                dialect,
                columns,
                values: Vec::new(),
                state: State::Waiting(frame),
            }),
            Err(error) => Err(output::fail(frame, connection, error).await),
        }
    }

    /// The columns, in the order of the values of a row.
    pub fn columns(&self) -> &[Name] {
        &self.columns
    }

    /// Writes a row: a tuple of values in the order of the columns, a model, or a list of names with values.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a row of other columns, or with an expression in it; [`ErrorKind::Data`] for a value that
    /// its column cannot take, by its row and column. Such a row leaves no trace, and the COPY can go on. A lost connection.
    ///
    /// # Cancel safety
    /// A dropped future leaves a COPY that can only be dropped, which takes everything back.
    pub async fn row(&mut self, row: impl InsertRow + Send) -> Result<()> {
        match self.push(row)? {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Writes a row of values, in the order of the columns.
    ///
    /// # Errors
    /// As [`CopyRowsIn::row`].
    ///
    /// # Cancel safety
    /// As [`CopyRowsIn::row`].
    pub async fn values(&mut self, values: &[Value]) -> Result<()> {
        self.encoder.push(values)?;
        match self.encoder.is_full() {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Ends the COPY, and tells how many rows came in.
    ///
    /// # Errors
    /// What the server says of the rows, with the line (the row's number) and the column that it tells; then nothing came in,
    /// and a transaction around it can only be rolled back.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed; outside of a transaction the rows may be in or not.
    pub async fn finish(mut self) -> Result<u64> {
        if self.encoder.rows() > 0 {
            self.encoder.end();
            self.flush().await?;
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Open(open) => open.finish(self.connection).await,
            State::Waiting(frame) => frame.close(self.connection, Ok(0)).await,
            State::Asking | State::Over => Err(closed()),
        }
    }

    /// Takes everything back, and leaves the connection as it was; a transaction in which rows were sent can only be rolled
    /// back.
    ///
    /// # Errors
    /// A lost connection.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn abort(mut self) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Open(open) => open.abort(self.connection).await,
            State::Waiting(frame) => frame.close(self.connection, Ok(())).await,
            State::Asking | State::Over => Ok(()),
        }
    }

    /// Writes a row into the buffer, and tells whether that is to be sent.
    pub(super) fn push(&mut self, row: impl InsertRow) -> Result<bool> {
        if !row.has_columns(Some(&self.columns))
            || row.columns().is_some_and(|columns| columns != self.columns)
        {
            return Err(self.other_columns(row.columns()));
        }
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        let mut writer = RowWriter::behind(values);
        row.write(&mut writer);
        let Some(values) = writer.into_values() else {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "row {} holds an expression, and COPY takes nothing but values; insert it",
                    self.encoder.rows() + 1
                ),
            ));
        };
        self.values = values;
        self.encoder.push(&self.values)?;
        Ok(self.encoder.is_full())
    }

    /// Sends what was written.
    pub(super) async fn flush(&mut self) -> Result<()> {
        let bytes = self.encoder.take();
        if let State::Waiting(_) = self.state {
            self.begin().await?;
        }
        let State::Open(open) = &mut self.state else { return Err(closed()) };
        open.entry.send(self.connection, &open.frame, bytes).await
    }

    /// Has the server take rows.
    async fn begin(&mut self) -> Result<()> {
        let Some(format) = self.encoder.format() else { return Ok(()) };
        let sql = self.statement.sql_of(Direction::In, format, &self.columns, &*self.dialect)?;
        let State::Waiting(frame) = std::mem::replace(&mut self.state, State::Asking) else {
            return Err(closed());
        };
        match Entry::open(self.connection, frame, &sql).await {
            Ok(open) => {
                self.state = State::Open(open);
                Ok(())
            }
            Err(error) => {
                self.state = State::Over;
                Err(error)
            }
        }
    }

    #[cold]
    fn other_columns(&self, columns: Option<Vec<Name>>) -> Error {
        let list = |names: &[Name]| names.iter().map(|name| &**name).collect::<Vec<&str>>().join(", ");
        Error::new(
            ErrorKind::Argument,
            format!(
                "row {} has the columns {}, but {} are copied; name the columns of the statement, and copy rows of one \
                 shape together",
                self.encoder.rows() + 1,
                list(&columns.unwrap_or_default()),
                list(&self.columns),
            ),
        )
    }
}

impl Drop for CopyRowsIn<'_> {
    fn drop(&mut self) {
        if let State::Waiting(frame) = std::mem::replace(&mut self.state, State::Over) {
            frame.leave_alone(self.connection);
        }
    }
}

impl fmt::Debug for CopyRowsIn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CopyRowsIn")
            .field("statement", &self.statement)
            .field("rows", &self.encoder.rows())
            .finish_non_exhaustive()
    }
}
