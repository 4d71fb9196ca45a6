//! [`CopyRowsOut`]: rows on their way out of a table or query.

use std::{fmt, marker::PhantomData, ops::Range, sync::Arc};

use aludel_driver::{Cell, ColumnInfo, Connection as _, Error, ErrorKind, Result, Row};
use aludel_sql_expression::{FromRow, RowPlan};
use bytes::Bytes;
use postgres_types::Type;

use super::{
    CopyFormat, CopyStatement, Frame,
    columns::describe,
    output::{self, Exit},
    statement::Direction,
};
use crate::{PostgresConnection, row::Decoder};

/// What the binary form begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Rows on their way out of a table or query, of [`PostgresConnection::copy_rows_out`].
///
/// Dropped before its end, it has the server stop, and the connection closed; [`close`](Self::close) keeps it.
pub struct CopyRowsOut<'c, T> {
    rows: Rows<'c>,
    plan: RowPlan,
    row: PhantomData<fn() -> T>,
}

/// The same without the type of the rows.
struct Rows<'c> {
    connection: &'c mut PostgresConnection,
    /// None: read to its end, or failed.
    open: Option<(Frame, Exit)>,
    columns: Arc<[ColumnInfo]>,
    decoders: Box<[(Decoder, Type)]>,
    /// Whether what stands before the rows was read.
    has_begun: bool,
    /// The bytes of the present row, and where each value stands.
    bytes: Bytes,
    cells: Vec<Option<Range<usize>>>,
}

impl<'c, T: FromRow> CopyRowsOut<'c, T> {
    pub(super) async fn open(
        connection: &'c mut PostgresConnection,
        statement: &CopyStatement,
    ) -> Result<Self> {
        let rows = Rows::open(connection, statement).await?;
        match T::plan(&rows.columns) {
            Ok(plan) => Ok(Self { rows, plan, row: PhantomData }),
            Err(error) => {
                rows.close().await?;
                Err(error.into())
            }
        }
    }

    /// The columns, also when there are no rows.
    pub fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.rows.columns
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// What the server says; [`ErrorKind::Data`] for a row that cannot be read, after which the next can be.
    ///
    /// # Cancel safety
    /// Nothing is lost with a dropped future, but that of the call that sees the end: it leaves the connection to be closed.
    pub async fn next(&mut self) -> Result<Option<T>> {
        match self.rows.next().await? {
            true => Ok(Some(T::from_row(&self.rows, &self.plan)?)),
            false => Ok(None),
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As [`CopyRowsOut::next`].
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Ok(Some(row)) => all.push(row),
                Ok(None) => return Ok(all),
                Err(error) => {
                    self.close().await?;
                    return Err(error);
                }
            }
        }
    }

    /// Reads what is left and throws it away, which leaves the connection ready for the next statement.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn close(self) -> Result<()> {
        self.rows.close().await
    }
}

impl<'c> Rows<'c> {
    async fn open(connection: &'c mut PostgresConnection, statement: &CopyStatement) -> Result<Self> {
        statement.check_for_rows()?;
        let dialect = statement.dialect_on(connection.dialect());
        let frame = Frame::open(connection, statement.subject(&*dialect)).await?;
        let opened = async {
            let (columns, prepared) = describe(connection, statement, &*dialect).await?;
            let sql = statement.sql_of(Direction::Out, CopyFormat::Binary, &columns, &*dialect)?;
            let kinds = prepared.statement.columns().iter().map(|column| column.type_());
            let decoders = kinds.map(|kind| (Decoder::of(kind), kind.clone())).collect();
            let columns = prepared.columns.clone();
            // A pooler must see it closed within the transaction.
            drop(prepared);
            Ok((columns, decoders, Exit::open(connection, &frame, &sql).await?))
        };
        match opened.await {
            Ok((columns, decoders, exit)) => Ok(Self {
                connection,
                open: Some((frame, exit)),
                columns,
                decoders,
                has_begun: false,
                bytes: Bytes::new(),
                cells: Vec::new(),
            }),
            Err(error) => Err(output::fail(frame, connection, error).await),
        }
    }

    /// Goes to the next row; false at the end.
    async fn next(&mut self) -> Result<bool> {
        loop {
            let Some((frame, exit)) = &mut self.open else { return Ok(false) };
            let outcome = exit.next(self.connection, frame).await;
            match outcome {
                Ok(Some(bytes)) => {
                    if self.take(bytes)? {
                        return Ok(true);
                    }
                }
                outcome => {
                    let Some((frame, _)) = self.open.take() else { return Ok(false) };
                    return frame.close(self.connection, outcome).await.map(|_| false);
                }
            }
        }
    }

    /// Takes the bytes of a row apart; false for those that end the rows.
    fn take(&mut self, bytes: Bytes) -> Result<bool> {
        let mut reader = Reader { bytes: &bytes, at: 0 };
        if !self.has_begun {
            let signature = reader.take(SIGNATURE.len())?;
            let _flags = reader.number()?;
            let extension = reader.number()?;
            if bytes.get(signature) != Some(SIGNATURE) {
                return Err(malformed());
            }
            reader.take(usize::try_from(extension).map_err(|_error| malformed())?)?;
            self.has_begun = true;
        }
        let count = reader.take(2)?;
        let count = i16::from_be_bytes(bytes[count].try_into().map_err(|_error| malformed())?);
        self.cells.clear();
        if count == -1 {
            return Ok(false);
        }
        if usize::try_from(count).ok() != Some(self.decoders.len()) {
            return Err(malformed());
        }
        for _ in 0..count {
            let cell = match reader.number()? {
                -1 => None,
                length => Some(reader.take(usize::try_from(length).map_err(|_error| malformed())?)?),
            };
            self.cells.push(cell);
        }
        self.bytes = bytes;
        Ok(true)
    }

    async fn close(mut self) -> Result<()> {
        while let Some((frame, exit)) = &mut self.open {
            match exit.next(self.connection, frame).await {
                Ok(Some(_)) => {}
                outcome => {
                    if let Some((frame, _)) = self.open.take() {
                        frame.close(self.connection, outcome).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Bytes that are read from their beginning, by their places.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<Range<usize>> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len()).ok_or_else(malformed)?;
        let taken = self.at..end;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self) -> Result<i32> {
        let range = self.take(4)?;
        self.bytes[range].try_into().map(i32::from_be_bytes).map_err(|_error| malformed())
    }
}

impl Row for Rows<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        let Some(cell) = self.cells.get(position) else {
            return Err(crate::row::no_column(position, self.cells.len()));
        };
        match cell {
            Some(range) => {
                let (decoder, kind) = &self.decoders[position];
                decoder.cell(&self.bytes[range.clone()], kind)
            }
            None => Ok(Cell::Null),
        }
    }
}

#[cold]
fn malformed() -> Error {
    Error::new(
        ErrorKind::Internal,
        "what the server copies out is not in the binary form that it has promised",
    )
}

impl<T> fmt::Debug for CopyRowsOut<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CopyRowsOut")
            .field("connection", &self.rows.connection)
            .field("columns", &self.rows.columns)
            .finish_non_exhaustive()
    }
}
