//! [`CopyOut`]: bytes on their way out of a table or query.

use std::{fmt, pin::Pin};

use aludel_driver::{Connection as _, Error, ErrorKind, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_postgres::CopyOutStream;

use super::{CopyStatement, Frame, statement::Direction};
use crate::PostgresConnection;

/// Bytes on their way out of a table or query, of [`PostgresConnection::copy_out`].
///
/// Only so much is read ahead as the sockets hold. Dropped before its end, it has the server stop, and the connection closed;
/// [`close`](Self::close) reads the rest and keeps the connection.
pub struct CopyOut<'c> {
    connection: &'c mut PostgresConnection,
    /// None: read to its end, or failed.
    open: Option<(Frame, Exit)>,
}

/// Where bytes come from.
pub(super) struct Exit {
    stream: Pin<Box<CopyOutStream>>,
    /// All bytes came.
    at_end: bool,
}

impl<'c> CopyOut<'c> {
    pub(super) async fn open(
        connection: &'c mut PostgresConnection,
        statement: &CopyStatement,
    ) -> Result<Self> {
        let dialect = statement.dialect_on(connection.dialect());
        let sql = statement.sql(Direction::Out, statement.byte_format(), &*dialect)?;
        let frame = Frame::open(connection, statement.subject(&*dialect)).await?;
        match Exit::open(connection, &frame, &sql).await {
            Ok(exit) => Ok(Self { connection, open: Some((frame, exit)) }),
            Err(error) => Err(fail(frame, connection, error).await),
        }
    }

    /// The next bytes: in text and CSV a whole line. None at the end.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// Nothing is lost with a dropped future, but that of the call that sees the end: it leaves the connection to be closed.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some((frame, exit)) = &mut self.open else { return Ok(None) };
        match exit.next(self.connection, frame).await {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            outcome => {
                let Some((frame, _)) = self.open.take() else { return Ok(None) };
                frame.close(self.connection, outcome).await
            }
        }
    }

    /// Writes everything that is left to a writer, flushes it, and tells how many bytes that was.
    ///
    /// # Errors
    /// What the server says; [`ErrorKind::Custom`] with the writer's error as its source. The connection is then closed,
    /// unless the COPY was at its end.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn write_to(mut self, writer: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<u64> {
        let mut written = 0;
        while let Some(bytes) = self.next().await? {
            writer.write_all(&bytes).await.map_err(unwritable)?;
            written += bytes.len() as u64;
        }
        writer.flush().await.map_err(unwritable)?;
        Ok(written)
    }

    /// The rest as a stream. It ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send + 'c {
        stream::try_unfold(self, async |mut copy| Ok(copy.next().await?.map(|bytes| (bytes, copy))))
    }

    /// Reads what is left and throws it away, which leaves the connection ready for the next statement.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn close(mut self) -> Result<()> {
        while self.next().await?.is_some() {}
        Ok(())
    }
}

impl Exit {
    /// Has the server send bytes.
    pub(super) async fn open(connection: &mut PostgresConnection, frame: &Frame, sql: &str) -> Result<Self> {
        match connection.wire.client.copy_out(sql).await {
            Ok(stream) => Ok(Self { stream: Box::pin(stream), at_end: false }),
            Err(lower) => Err(frame.explain(connection, lower)),
        }
    }

    /// The next bytes; none at the end.
    pub(super) async fn next(
        &mut self,
        connection: &mut PostgresConnection,
        frame: &Frame,
    ) -> Result<Option<Bytes>> {
        if !self.at_end {
            match self.stream.next().await {
                Some(Ok(bytes)) => return Ok(Some(bytes)),
                Some(Err(lower)) => return Err(frame.explain(connection, lower)),
                None => self.at_end = true,
            }
        }
        // Behind the last row the statement may still fail, by a trigger of the DML that gave the rows. What tells that it is
        // done is, to the stream below, a message that it does not expect.
        match self.stream.next().await {
            Some(Err(lower)) if lower.as_db_error().is_some() || lower.is_closed() => {
                Err(frame.explain(connection, lower))
            }
            _ => Ok(None),
        }
    }
}

/// Ends what was begun for a COPY that the server refused.
pub(super) async fn fail(frame: Frame, connection: &mut PostgresConnection, error: Error) -> Error {
    match frame.close::<()>(connection, Err(error)).await {
        Err(error) => error,
        Ok(()) => unreachable!("invariant: an error stays one"),
    }
}

fn unwritable(error: std::io::Error) -> Error {
    Error::custom(error).context("what was copied could not be written").with_kind(ErrorKind::Custom)
}

impl fmt::Debug for CopyOut<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CopyOut").field("connection", &self.connection).finish_non_exhaustive()
    }
}
