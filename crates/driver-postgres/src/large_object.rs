//! [`LargeObject`]: values of up to four terabytes, read and written in pieces.

use std::{fmt, io::SeekFrom};

use aludel_driver::{Connection as _, Error, ErrorKind, Result, TransactionState, Value};
use aludel_sql_expression::Decode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::PostgresConnection;

/// How many bytes travel at once, where a reader or writer does not care.
const PIECE: usize = 256 * 1024;

/// The most bytes that are read at once: the server makes room for them beforehand.
const MOST: usize = 16 * 1024 * 1024;

/// What an object may be opened for, in the server's numbers.
mod mode {
    pub(super) const WRITE: i64 = 0x2_0000;
    pub(super) const READ: i64 = 0x4_0000;
}

/// What a [`LargeObject`] is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargeObjectMode {
    /// To be read, as it is at the beginning of the transaction or statement.
    Read,
    /// To be read and written.
    ReadWrite,
}

/// Large objects: they lie outside of tables, which know them by their number (`oid`), and are not deleted with the rows that
/// do. All of it belongs to the transaction that it is done in, and needs one.
impl PostgresConnection {
    /// Makes a large object, which is empty, and gives its number.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] outside of a transaction; what the server says.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn create_large_object(&mut self) -> Result<u32> {
        self.large_object_call("SELECT pg_catalog.lo_create(0)", &[]).await
    }

    /// Opens a large object, at its beginning.
    ///
    /// # Errors
    /// As [`PostgresConnection::create_large_object`]; [`ErrorKind::Programming`] when there is none of this number.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_driver::Result;
    /// # use aludel_driver_postgres::{LargeObjectMode, PostgresConnection};
    /// # async fn run(conn: &mut PostgresConnection, mut file: impl tokio::io::AsyncRead + Send + Unpin) -> Result<()> {
    /// // In a transaction:
    /// let oid = conn.create_large_object().await?;
    /// let mut object = conn.open_large_object(oid, LargeObjectMode::ReadWrite).await?;
    /// object.write_from(&mut file).await?;
    /// object.close().await?;
    /// # Ok(()) }
    /// ```
    pub async fn open_large_object(&mut self, oid: u32, mode: LargeObjectMode) -> Result<LargeObject<'_>> {
        let flags = match mode {
            LargeObjectMode::Read => mode::READ,
            LargeObjectMode::ReadWrite => mode::READ | mode::WRITE,
        };
        let parameters = [Value::I64(oid.into()), Value::I64(flags)];
        let descriptor = self.large_object_call("SELECT pg_catalog.lo_open($1, $2)", &parameters).await?;
        Ok(LargeObject { connection: self, oid, descriptor })
    }

    /// Deletes a large object.
    ///
    /// # Errors
    /// As [`PostgresConnection::open_large_object`].
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn unlink_large_object(&mut self, oid: u32) -> Result<()> {
        let parameters = [Value::I64(oid.into())];
        self.large_object_call::<i32>("SELECT pg_catalog.lo_unlink($1)", &parameters).await.map(drop)
    }

    async fn large_object_call<T: Decode + Send>(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
    ) -> Result<T> {
        if self.transaction_state() == TransactionState::Idle {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "large objects are read and written in a transaction: begin() one first",
            ));
        }
        let answer = self.column::<T>(sql, parameters).await?;
        answer.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a function of PostgreSQL for large objects gave no answer")
        })
    }
}

/// An open large object, of [`PostgresConnection::open_large_object`]. It has a place where the next bytes are read or
/// written.
///
/// Dropped, it is closed by the server at the end of the transaction; [`close`](Self::close) does it before.
pub struct LargeObject<'c> {
    connection: &'c mut PostgresConnection,
    oid: u32,
    descriptor: i32,
}

impl LargeObject<'_> {
    /// Its number.
    pub fn oid(&self) -> u32 {
        self.oid
    }

    /// Reads up to so many bytes, and never more than 16 MiB at once; none at the end.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn read(&mut self, most: usize) -> Result<Vec<u8>> {
        let most = i64::try_from(most.min(MOST)).unwrap_or_default();
        let parameters = [self.descriptor(), Value::I64(most)];
        self.connection.large_object_call("SELECT pg_catalog.loread($1, $2)", &parameters).await
    }

    /// Writes bytes, over those that are there and behind them.
    ///
    /// # Errors
    /// What the server says; [`ErrorKind::Data`] beyond its limit of four terabytes.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for piece in bytes.chunks(PIECE) {
            let parameters = [self.descriptor(), Value::Bytes(piece.to_vec())];
            let written: i32 =
                self.connection.large_object_call("SELECT pg_catalog.lowrite($1, $2)", &parameters).await?;
            if usize::try_from(written).ok() != Some(piece.len()) {
                let message = format!(
                    "only {written} of {} bytes were written to large object {}",
                    piece.len(),
                    self.oid
                );
                return Err(Error::new(ErrorKind::Operational, message));
            }
        }
        Ok(())
    }

    /// Goes to another place, and tells which that is, from the beginning. What is written behind the end leaves zeros between.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] for a place before the beginning or beyond the limit.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => (i64::try_from(offset).map_err(|_error| too_far())?, 0),
            SeekFrom::Current(offset) => (offset, 1),
            SeekFrom::End(offset) => (offset, 2),
        };
        let parameters = [self.descriptor(), Value::I64(offset), Value::I64(whence)];
        self.connection.large_object_call("SELECT pg_catalog.lo_lseek64($1, $2, $3)", &parameters).await
    }

    /// The place where the next bytes are read or written, from the beginning.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn position(&mut self) -> Result<u64> {
        let parameters = [self.descriptor()];
        self.connection.large_object_call("SELECT pg_catalog.lo_tell64($1)", &parameters).await
    }

    /// Cuts it off, or fills it up with zeros, to so many bytes.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn truncate(&mut self, length: u64) -> Result<()> {
        let length = i64::try_from(length).map_err(|_error| too_far())?;
        let parameters = [self.descriptor(), Value::I64(length)];
        let call =
            self.connection.large_object_call::<i32>("SELECT pg_catalog.lo_truncate64($1, $2)", &parameters);
        call.await.map(drop)
    }

    /// Reads from its place to the end into a writer, flushes it, and tells how many bytes that was.
    ///
    /// # Errors
    /// What the server says; [`ErrorKind::Custom`] with the writer's error as its source.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn read_to(&mut self, writer: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<u64> {
        let mut total = 0;
        loop {
            let piece = self.read(PIECE).await?;
            if piece.is_empty() {
                writer.flush().await.map_err(Error::custom)?;
                return Ok(total);
            }
            writer.write_all(&piece).await.map_err(Error::custom)?;
            total += piece.len() as u64;
        }
    }

    /// Writes all that a reader gives, and tells how many bytes that was.
    ///
    /// # Errors
    /// As [`LargeObject::write`]; [`ErrorKind::Custom`] with the reader's error as its source.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn write_from(&mut self, reader: &mut (dyn AsyncRead + Send + Unpin)) -> Result<u64> {
        let mut total = 0;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            (&mut *reader).take(PIECE as u64).read_to_end(&mut piece).await.map_err(Error::custom)?;
            if piece.is_empty() {
                return Ok(total);
            }
            self.write(&piece).await?;
            total += piece.len() as u64;
        }
    }

    /// Closes it.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    pub async fn close(self) -> Result<()> {
        let parameters = [self.descriptor()];
        let call = self.connection.large_object_call::<i32>("SELECT pg_catalog.lo_close($1)", &parameters);
        call.await.map(drop)
    }

    fn descriptor(&self) -> Value {
        Value::I64(self.descriptor.into())
    }
}

#[cold]
fn too_far() -> Error {
    Error::new(ErrorKind::Data, "a large object has no such place: it holds four terabytes at most")
}

impl fmt::Debug for LargeObject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LargeObject").field("oid", &self.oid).finish_non_exhaustive()
    }
}
