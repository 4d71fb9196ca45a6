//! [`CopyIn`]: bytes on their way into a table.

use std::{fmt, pin::Pin};

use aludel_driver::{Connection as _, Error, ErrorKind, Result};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, Stream, StreamExt as _, pin_mut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_postgres::{CopyInSink, Error as Lower};

use super::{CopyStatement, Frame, columns::describe, output, statement::Direction};
use crate::PostgresConnection;

/// How many bytes of a reader are sent at once.
const CHUNK: usize = 64 * 1024;

/// Bytes on their way into a table, of [`PostgresConnection::copy_in`].
///
/// What the server finds wrong with them is told by [`finish`](Self::finish). Dropped before, nothing came in, and the
/// connection is closed; [`abort`](Self::abort) keeps it.
pub struct CopyIn<'c> {
    connection: &'c mut PostgresConnection,
    open: Option<Open>,
}

/// A COPY that the server has accepted.
pub(super) struct Open {
    pub(super) frame: Frame,
    pub(super) entry: Entry,
}

/// Where bytes go.
pub(super) struct Entry {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    /// A send is under way. Set while nobody sends: its future was dropped, and only some of its bytes may have gone.
    sending: bool,
}

impl<'c> CopyIn<'c> {
    pub(super) async fn open(
        connection: &'c mut PostgresConnection,
        statement: &CopyStatement,
    ) -> Result<Self> {
        let dialect = statement.dialect_on(connection.dialect());
        let sql = statement.sql(Direction::In, statement.byte_format(), &*dialect)?;
        let frame = Frame::open(connection, statement.subject(&*dialect)).await?;
        // Said before the COPY itself, what is wrong with the table costs no connection.
        if let Err(error) = describe(connection, statement, &*dialect).await {
            return Err(output::fail(frame, connection, error).await);
        }
        let open = Some(Entry::open(connection, frame, &sql).await?);
        Ok(Self { connection, open })
    }

    /// Sends bytes. They need not end where a row ends.
    ///
    /// # Errors
    /// A lost connection; [`ErrorKind::InvalidRequest`] after a send that was dropped.
    ///
    /// # Cancel safety
    /// A dropped future leaves a COPY that can only be dropped, which takes everything back.
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> Result<()> {
        let bytes = bytes.into();
        let Some(open) = &mut self.open else { return Err(closed()) };
        open.entry.send(self.connection, &open.frame, bytes).await
    }

    /// Sends what a reader gives, to its end, and tells how many bytes that was.
    ///
    /// # Errors
    /// As [`CopyIn::send`]; [`ErrorKind::Custom`] with the reader's error as its source.
    ///
    /// # Cancel safety
    /// As [`CopyIn::send`].
    pub async fn send_reader(&mut self, reader: &mut (dyn AsyncRead + Send + Unpin)) -> Result<u64> {
        let mut sent = 0;
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            let count = reader.read_buf(&mut chunk).await.map_err(unreadable)?;
            if count == 0 {
                return Ok(sent);
            }
            sent += count as u64;
            self.send(chunk.freeze()).await?;
        }
    }

    /// Sends what a stream gives, to its end, and tells how many bytes that was.
    ///
    /// # Errors
    /// As [`CopyIn::send`]; [`ErrorKind::Custom`] with the stream's error as its source.
    ///
    /// # Cancel safety
    /// As [`CopyIn::send`].
    pub async fn send_stream<S, B, E>(&mut self, stream: S) -> Result<u64>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Into<Bytes> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        pin_mut!(stream);
        let mut sent = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(unreadable)?.into();
            sent += chunk.len() as u64;
            self.send(chunk).await?;
        }
        Ok(sent)
    }

    /// Ends the COPY, and tells how many rows came in.
    ///
    /// # Errors
    /// What the server says of the bytes, with the line and the column that it tells; then nothing came in, and a
    /// transaction around it can only be rolled back.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed; outside of a transaction the rows may be in or not.
    pub async fn finish(mut self) -> Result<u64> {
        let Some(open) = self.open.take() else { return Err(closed()) };
        open.finish(self.connection).await
    }

    /// Takes everything back, and leaves the connection as it was; a transaction around it can only be rolled back.
    ///
    /// # Errors
    /// A lost connection.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    pub async fn abort(mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        open.abort(self.connection).await
    }
}

impl Entry {
    /// Has the server wait for bytes.
    pub(super) async fn open(connection: &mut PostgresConnection, frame: Frame, sql: &str) -> Result<Open> {
        match Self::begin(connection, &frame, sql).await {
            Ok(entry) => Ok(Open { frame, entry }),
            Err(error) => frame.close_failed(connection, Err(error)).await,
        }
    }

    /// The same, where somebody else closes the frame after an error.
    pub(super) async fn begin(connection: &mut PostgresConnection, frame: &Frame, sql: &str) -> Result<Self> {
        match connection.wire.client.copy_in(sql).await {
            Ok(sink) => Ok(Self { sink: Box::pin(sink), sending: false }),
            Err(lower) => Err(frame.explain(connection, lower)),
        }
    }

    pub(super) async fn send(
        &mut self,
        connection: &mut PostgresConnection,
        frame: &Frame,
        bytes: Bytes,
    ) -> Result<()> {
        self.check()?;
        self.sending = true;
        let sent = self.sink.feed(bytes).await;
        self.sending = false;
        sent.map_err(|lower| frame.explain(connection, lower))
    }

    /// Sends the end, and waits for the answer: the number of rows.
    pub(super) async fn end(&mut self) -> Result<u64, Lower> {
        self.sink.as_mut().finish().await
    }

    /// Looks whether all that was to be sent was sent.
    ///
    /// # Errors
    /// `InvalidRequest` after a send that was dropped.
    fn check(&self) -> Result<()> {
        if self.sending {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a send of this COPY was dropped before it was done, and only some of its bytes may have gone; nothing \
                 came in; begin anew",
            ));
        }
        Ok(())
    }
}

impl Open {
    /// Sends the end, and waits for the answer. After a send that was dropped everything is taken back.
    pub(super) async fn finish(self, connection: &mut PostgresConnection) -> Result<u64> {
        let Self { frame, mut entry } = self;
        let outcome = match entry.check() {
            Ok(()) => entry.end().await.map_err(|lower| frame.explain(connection, lower)),
            Err(error) => Err(error),
        };
        drop(entry);
        match outcome {
            Ok(rows) => frame.close(connection, Ok(rows)).await,
            Err(error) => frame.close_failed(connection, Err(error)).await,
        }
    }

    /// Takes everything back.
    pub(super) async fn abort(self, connection: &mut PostgresConnection) -> Result<()> {
        let Self { frame, entry } = self;
        // With it gone, the server is told that the COPY failed.
        drop(entry);
        frame.close_failed(connection, Ok(())).await
    }
}

#[cold]
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the COPY is over")
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::custom(error).context("what is to be copied could not be read")
}

impl fmt::Debug for CopyIn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CopyIn").field("connection", &self.connection).finish_non_exhaustive()
    }
}
