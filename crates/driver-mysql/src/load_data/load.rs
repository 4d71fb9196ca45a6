//! Bytes of a reader or a stream, on their way into a table.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Poll, ready},
};

use aludel_driver::{Connection as _, Control, Error, ErrorKind, Result, TransactionState};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::mpsc::Sender,
};

use super::LoadData;
use crate::{connection::MySqlConnection, infile::Sent};

/// How many bytes of a reader are sent at once.
const CHUNK: usize = 64 * 1024;

/// The savepoint around a load that is part of a transaction.
const SAVEPOINT: &str = "aludel_load_data";

/// What LOAD DATA did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedData {
    bytes: u64,
    records: u64,
    deleted: u64,
    skipped: u64,
    warnings: u64,
}

impl LoadedData {
    /// How many bytes were sent.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many rows are in: those that were read, less those that were passed over.
    pub fn rowcount(&self) -> u64 {
        self.records.saturating_sub(self.skipped)
    }

    /// How many rows had to go for a row with their key, by [`LoadData::replace`].
    pub fn deleted(&self) -> u64 {
        self.deleted
    }

    /// How many rows were passed over because their key was there, by [`LoadData::ignore`].
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many warnings there were: at most 65535 are counted. `SHOW WARNINGS` tells the first ones.
    pub fn warnings(&self) -> u64 {
        self.warnings
    }

    /// What the server says: `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`.
    fn read(info: &str, bytes: u64, warnings: u16) -> Self {
        let number = |word: &str| {
            let text = info.split_once(word)?.1.trim_start();
            text.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
        };
        Self {
            bytes,
            records: number("Records:").unwrap_or_default(),
            deleted: number("Deleted:").unwrap_or_default(),
            skipped: number("Skipped:").unwrap_or_default(),
            warnings: u64::from(warnings),
        }
    }
}

impl MySqlConnection {
    /// Loads what a reader gives, to its end, by LOAD DATA LOCAL INFILE. All of it is loaded, or nothing: within a transaction
    /// it is put into a savepoint, else into a transaction of its own.
    ///
    /// Where the server takes a value only by bending it, or passes over a row, the load fails as an INSERT would have, unless
    /// [`LoadData`] says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the server's `local_infile` is off; [`ErrorKind::Custom`] with the reader's error as
    /// its source; what the server says of the first row that it did not take. That the server has ended the connection is
    /// noticed within a few seconds, by asking it on a second one when it takes no bytes.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed, and nothing loaded.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(connection: &mut aludel_driver_mysql::MySqlConnection) -> aludel_driver::Result<()> {
    /// use aludel_driver_mysql::LoadData;
    ///
    /// let mut lines: &[u8] = b"name,people\nOslo,709\n\"Stockholm, Gamla stan\",3\n";
    /// let loaded = connection.load_data(&LoadData::named("city").csv().header(), &mut lines).await?;
    /// assert_eq!(loaded.rowcount(), 2);
    /// # Ok(()) }
    /// ```
    pub async fn load_data(
        &mut self,
        load: &LoadData,
        reader: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<LoadedData> {
        self.load_pieces(load, Read { reader }).await
    }

    /// The same with the bytes of a stream. They need not end where a line ends.
    ///
    /// # Errors
    /// As [`MySqlConnection::load_data`], with the stream's error.
    ///
    /// # Cancel safety
    /// As [`MySqlConnection::load_data`].
    pub async fn load_data_stream<S, B, E>(&mut self, load: &LoadData, stream: S) -> Result<LoadedData>
    where
        S: Stream<Item = std::result::Result<B, E>> + Send,
        B: Into<Bytes> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        self.load_pieces(load, Streamed { stream: pin!(stream) }).await
    }

    async fn load_pieces(&mut self, load: &LoadData, source: impl Source) -> Result<LoadedData> {
        let sql = load.sql(&**self.dialect())?;
        let is_alone = self.transaction_state() == TransactionState::Idle;
        match is_alone {
            true => self.command("START TRANSACTION").await?,
            false => self.control(Control::Savepoint(SAVEPOINT)).await?,
        }
        let outcome = self.load_inside(load, &sql, source).await;
        if self.is_in_doubt() {
            return outcome;
        }
        match (&outcome, is_alone) {
            (Ok(_), true) => self.control(Control::Commit).await?,
            (Ok(_), false) => self.control(Control::Release(SAVEPOINT)).await?,
            (Err(_), true) => self.control(Control::Rollback).await?,
            // A deadlock has ended the transaction, and the savepoint with it.
            (Err(_), false) if self.transaction_state() == TransactionState::Active => {
                self.control(Control::RollbackTo(SAVEPOINT)).await?;
                self.control(Control::Release(SAVEPOINT)).await?;
            }
            (Err(_), false) => {}
        }
        outcome
    }

    async fn load_inside(&mut self, load: &LoadData, sql: &str, source: impl Source) -> Result<LoadedData> {
        self.hide_notes().await?;
        let outcome = match self.send_infile(sql, |sender| forward(source, sender)).await {
            Ok(Sent::All(sent)) => self.look_at(load, sent).await,
            Ok(Sent::Refused(error)) => Err(match error.code() {
                Some("1148" | "3948" | "4166") => error.with_kind(ErrorKind::NotSupported).context(
                    "the server takes no LOAD DATA LOCAL; set its variable `local_infile`, or insert rows",
                ),
                _ => error,
            }),
            Err(error) => Err(error),
        };
        let shown = self.show_notes().await;
        outcome.and_then(|loaded| shown.map(|()| loaded))
    }

    async fn look_at(&mut self, load: &LoadData, sent: Result<u64>) -> Result<LoadedData> {
        let loaded = LoadedData::read(&self.wire.info(), sent?, self.wire.warnings());
        if load.takes_warnings_of_rows() || (loaded.warnings == 0 && loaded.skipped == 0) {
            return Ok(loaded);
        }
        Err(match self.first_warning().await? {
            Some((error, _)) => error,
            None => Error::new(
                ErrorKind::Operational,
                format!("LOAD DATA passed over {} rows, and the server does not say why", loaded.skipped),
            ),
        })
    }
}

/// Where bytes come from.
trait Source: Send {
    /// The next ones; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;
}

async fn forward(mut source: impl Source, sender: Sender<Bytes>) -> Result<u64> {
    let mut sent = 0;
    while let Some(bytes) = source.next().await? {
        sent += bytes.len() as u64;
        if sender.send(bytes).await.is_err() {
            // The statement has ended, and says why.
            break;
        }
    }
    Ok(sent)
}

struct Read<'r> {
    reader: &'r mut (dyn AsyncRead + Send + Unpin),
}

impl Source for Read<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut bytes = BytesMut::zeroed(CHUNK);
        let filled = poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut *self.reader).poll_read(context, &mut buffer))?;
            Poll::Ready(Ok::<_, std::io::Error>(buffer.filled().len()))
        });
        let filled = filled.await.map_err(unreadable)?;
        bytes.truncate(filled);
        Ok((filled > 0).then(|| bytes.freeze()))
    }
}

struct Streamed<'s, S> {
    stream: Pin<&'s mut S>,
}

impl<S, B, E> Source for Streamed<'_, S>
where
    S: Stream<Item = std::result::Result<B, E>> + Send,
    B: Into<Bytes> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match poll_fn(|context| self.stream.as_mut().poll_next(context)).await {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes.into())),
            Some(Err(error)) => Err(unreadable(error)),
        }
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::custom(error).context("the bytes for LOAD DATA could not be read")
}
