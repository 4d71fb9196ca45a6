//! [`Blob`]: bytes of one value that are read and written piece by piece.

use std::{
    io::{self, SeekFrom},
    pin::Pin,
    task::{Context, Poll, ready},
};

use aludel_driver::{CallOptions, Error, ErrorKind, Result};
use tokio::{
    io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf},
    task::coop,
};

use crate::{SqliteConnection, error, patience::wait, session::Trouble};

/// How many bytes are read or written before other tasks are let run: some tens of microseconds.
const PIECE: usize = 256 * 1024;

/// Where a value stands: column and row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobAddress {
    /// `main`, `temp`, or the name of an attached database.
    pub schema: String,
    /// The table, which has a rowid.
    pub table: String,
    /// The column.
    pub column: String,
    /// The row's rowid, which is its primary key where that is one INTEGER.
    pub rowid: i64,
}

impl BlobAddress {
    /// A value of a table in `main`.
    pub fn new(table: impl Into<String>, column: impl Into<String>, rowid: i64) -> Self {
        Self { schema: "main".to_owned(), table: table.into(), column: column.into(), rowid }
    }

    /// The same in another schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }
}

/// Bytes (or text) of one value, read and written piece by piece: no more than a piece is in memory. It is as long as it was
/// made, and cannot grow: `zeroblob(length)` in an INSERT or UPDATE makes room.
///
/// It is a part of the transaction that its connection is in; alone, it is a transaction of its own until it is closed, which
/// sees the row as it was when it was opened.
///
/// It implements tokio's `AsyncRead`, `AsyncWrite` and `AsyncSeek`, so that it can be copied from and to files and sockets.
/// Its calls run on the thread that polls them: they take microseconds from SQLite's cache, and as long as the disk
/// otherwise.
#[derive(Debug)]
pub struct Blob<'c> {
    connection: &'c mut SqliteConnection,
    address: BlobAddress,
    length: usize,
    position: usize,
    is_writable: bool,
}

impl SqliteConnection {
    /// Opens a value to be read piece by piece.
    ///
    /// # Errors
    /// [`ErrorKind::Programming`] when there is no such table, column or row, and for values that are numbers or NULL;
    /// [`ErrorKind::Operational`] when others keep a lock for longer than the `busy_timeout`.
    ///
    /// # Examples
    /// ```
    /// use aludel_driver_sqlite::{BlobAddress, SqliteConnection};
    ///
    /// # async fn run(connection: &mut SqliteConnection) -> aludel_driver::Result<()> {
    /// let mut cover = connection.open_blob(&BlobAddress::new("album", "cover", 7)).await?;
    /// let mut start = [0; 16];
    /// let length = cover.read_at(0, &mut start).await?;
    /// # let _ = length;
    /// # Ok(()) }
    /// ```
    pub async fn open_blob(&mut self, address: &BlobAddress) -> Result<Blob<'_>> {
        self.open(address, false).await
    }

    /// Opens a value to be read and written piece by piece. Outside of a transaction the write lock is held until it is
    /// closed.
    ///
    /// # Errors
    /// As [`SqliteConnection::open_blob`]; [`ErrorKind::Programming`] also for a column of an index or a foreign key.
    pub async fn open_blob_mut(&mut self, address: &BlobAddress) -> Result<Blob<'_>> {
        self.open(address, true).await
    }

    async fn open(&mut self, address: &BlobAddress, is_writable: bool) -> Result<Blob<'_>> {
        let mut patience = self.patience(&CallOptions::default());
        self.ready()?;
        let explained = |error: Error| {
            let BlobAddress { schema, table, column, rowid } = address;
            error.context(format_args!("cannot open `{column}` of row {rowid} in `{schema}.{table}`"))
        };
        let length = loop {
            let (session, _) = self.parts()?;
            let native = match session.attempt(None, &patience, false, |session| {
                Ok(session.database.open_blob(address, is_writable)?)
            }) {
                Ok(length) => break length,
                Err(Trouble::Failed(error)) => return Err(explained(error)),
                Err(Trouble::Long) => return Err(error::lost(self.target())),
                Err(Trouble::Busy(native)) if session.watch.is_given_up() => {
                    return Err(explained(error::translate(native)));
                }
                Err(Trouble::Busy(native)) => native,
            };
            wait(patience.pause(native).map_err(explained)?).await;
        };
        Ok(Blob { connection: self, address: address.clone(), length, position: 0, is_writable })
    }
}

impl Blob<'_> {
    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Reads from an offset on, as much as fits and is there, and says how much that was: nothing at the end and beyond it.
    ///
    /// # Errors
    /// What SQLite says, such as [`ErrorKind::Operational`] when the file cannot be read.
    ///
    /// # Cancel safety
    /// A dropped future has filled some of the buffer.
    pub async fn read_at(&mut self, offset: usize, buffer: &mut [u8]) -> Result<usize> {
        let length = buffer.len().min(self.length.saturating_sub(offset));
        for (number, piece) in buffer[..length].chunks_mut(PIECE).enumerate() {
            if number > 0 {
                tokio::task::yield_now().await;
            }
            self.read_piece(offset + number * PIECE, piece)?;
        }
        coop::consume_budget().await;
        Ok(length)
    }

    /// Writes bytes from an offset on.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when they do not fit, since a value cannot grow here: nothing is written then;
    /// [`ErrorKind::InvalidRequest`] when it was opened to be read.
    ///
    /// # Cancel safety
    /// A dropped future has written some of it; outside of a transaction that stays.
    pub async fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.length.saturating_sub(offset) {
            let (length, end) = (self.length, offset.saturating_add(bytes.len()));
            let message = format!(
                "{end} bytes do not fit into a value of {length}, which cannot grow here; make it longer by an UPDATE with \
                 `zeroblob` or the bytes themselves"
            );
            return Err(self.explain(Error::new(ErrorKind::Data, message)));
        }
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            if number > 0 {
                tokio::task::yield_now().await;
            }
            self.write_piece(offset + number * PIECE, piece)?;
        }
        coop::consume_budget().await;
        Ok(())
    }

    /// Goes on with the same column of another row, which is quicker than to open it.
    ///
    /// # Errors
    /// As [`SqliteConnection::open_blob`]. It cannot be used any more then.
    pub fn reopen(&mut self, rowid: i64) -> Result<()> {
        self.address.rowid = rowid;
        self.position = 0;
        self.length = 0;
        let reopened = self.with(|blob| blob.reopen(rowid).map(|()| blob.len()))?;
        self.length = reopened;
        Ok(())
    }

    /// Closes it. Outside of a transaction that commits what was written; dropping it does the same, and tells no error.
    ///
    /// # Errors
    /// What SQLite says of the commit.
    pub async fn close(self) -> Result<()> {
        let (session, _) = self.connection.parts()?;
        let closed = session.database.close_blob();
        closed.map_err(|native| self.explain(error::translate(native)))?;
        self.connection.end_call().await;
        Ok(())
    }

    fn read_piece(&mut self, offset: usize, piece: &mut [u8]) -> Result<()> {
        self.with(|blob| blob.read_at(piece, offset).map(drop))
    }

    fn write_piece(&mut self, offset: usize, piece: &[u8]) -> Result<()> {
        if !self.is_writable {
            let message = "it was opened to be read; open it with `open_blob_mut`";
            return Err(self.explain(Error::new(ErrorKind::InvalidRequest, message)));
        }
        self.with(|blob| blob.write_at(piece, offset))
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut rusqlite::blob::Blob<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let outcome = self.connection.ready().and_then(|session| match session.database.with_blob(work) {
            Some(outcome) => outcome.map_err(error::translate),
            None => Err(Error::new(ErrorKind::Closed, "it is closed")),
        });
        outcome.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: Error) -> Error {
        let BlobAddress { schema, table, column, rowid } = &self.address;
        error.context(format_args!("`{column}` of row {rowid} in `{schema}.{table}`"))
    }
}

impl Drop for Blob<'_> {
    fn drop(&mut self) {
        if let Ok((session, _)) = self.connection.parts()
            && let Err(native) = session.database.close_blob()
        {
            tracing::warn!(target_database = %session.target, error = %native, "closing a blob failed");
        }
    }
}

impl AsyncRead for Blob<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let spent = ready!(coop::poll_proceed(context));
        let this = self.get_mut();
        let length = buffer.remaining().min(PIECE).min(this.length.saturating_sub(this.position));
        let position = this.position;
        this.read_piece(position, buffer.initialize_unfilled_to(length)).map_err(io::Error::other)?;
        buffer.advance(length);
        this.position += length;
        spent.made_progress();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Blob<'_> {
    /// Writes what fits; nothing at the end.
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let spent = ready!(coop::poll_proceed(context));
        let this = self.get_mut();
        let length = bytes.len().min(PIECE).min(this.length.saturating_sub(this.position));
        let position = this.position;
        this.write_piece(position, &bytes[..length]).map_err(io::Error::other)?;
        this.position += length;
        spent.made_progress();
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Blob<'_> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        let (start, by) = match position {
            SeekFrom::Start(position) => (0, i128::from(position)),
            SeekFrom::Current(by) => (this.position, i128::from(by)),
            SeekFrom::End(by) => (this.length, i128::from(by)),
        };
        this.position = usize::try_from(start as i128 + by).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("a position before the start: {error}"))
        })?;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position as u64))
    }
}
