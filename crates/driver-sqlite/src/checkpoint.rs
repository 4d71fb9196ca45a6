//! [`Checkpoint`]: writing the write-ahead log back into the file, and [`JournalMode`]: whether there is one.

use std::{fmt, thread};

use aludel_driver::{CallOptions, Error, ErrorKind, Result};
use rusqlite::ffi;

use crate::{
    SqliteConnection,
    errand::Errand,
    error,
    open::set_pragma,
    session::{Failure, Session},
};

/// How far a checkpoint goes, and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckpointMode {
    /// Does nothing, and tells how long the log is.
    Noop,
    /// Writes back what can be written without waiting for anybody.
    #[default]
    Passive,
    /// Waits for those who write, and for those who read what is older than the log's end, and writes everything back.
    Full,
    /// The same, and waits for those who read from the log, so that the next one who writes begins it anew.
    Restart,
    /// The same, and cuts the log's file to nothing.
    Truncate,
}

impl CheckpointMode {
    fn word(self) -> &'static str {
        match self {
            Self::Noop => "NOOP",
            Self::Passive => "PASSIVE",
            Self::Full => "FULL",
            Self::Restart => "RESTART",
            Self::Truncate => "TRUNCATE",
        }
    }
}

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whether somebody who reads, writes or makes a checkpoint kept it from going as far as its mode says, for longer than
    /// the `busy_timeout`.
    pub is_busy: bool,
    /// How many pages the log has; none where the database is not in write-ahead mode.
    pub log_pages: Option<u64>,
    /// How many of these are in the file by now, written by this checkpoint or before; none as above.
    pub written_pages: Option<u64>,
}

impl Checkpoint {
    /// Whether all of the log is in the file.
    pub fn is_complete(&self) -> bool {
        !self.is_busy && self.log_pages == self.written_pages
    }
}

/// How SQLite keeps a transaction whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalMode {
    /// A write-ahead log: those who read and the one who writes do not wait for each other.
    Wal,
    /// A rollback journal that is deleted after each transaction.
    Delete,
    /// A rollback journal that is cut to nothing.
    Truncate,
    /// A rollback journal whose head is wiped.
    Persist,
    /// A rollback journal in memory: a program that dies in a transaction leaves a damaged file.
    Memory,
    /// No journal: nothing can be rolled back.
    Off,
}

impl JournalMode {
    const ALL: [Self; 6] = [Self::Wal, Self::Delete, Self::Truncate, Self::Persist, Self::Memory, Self::Off];

    fn word(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Persist => "persist",
            Self::Memory => "memory",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for JournalMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl SqliteConnection {
    /// Writes the write-ahead log back into the file, of this database and of all that are attached, on a worker thread; the
    /// numbers are those of this database.
    ///
    /// Nobody has to: the driver does it by itself when the log has grown (`wal_autocheckpoint`). It serves before a file is
    /// copied, and to free the room of a log that readers kept long.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction; what SQLite says. That others are in the way is no error: the
    /// answer says so, after they were waited for up to the `busy_timeout`.
    ///
    /// # Cancel safety
    /// A dropped future leaves the log written back as far as it came.
    ///
    /// # Examples
    /// ```
    /// use aludel_driver_sqlite::{CheckpointMode, SqliteConnection};
    ///
    /// # async fn shrink(connection: &mut SqliteConnection) -> aludel_driver::Result<()> {
    /// let done = connection.checkpoint(CheckpointMode::Truncate).await?;
    /// if done.is_busy {
    ///     println!("{:?} of {:?} pages are written", done.written_pages, done.log_pages);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn checkpoint(&mut self, mode: CheckpointMode) -> Result<Checkpoint> {
        self.run_checkpoint(format!("PRAGMA wal_checkpoint({})", mode.word()), mode).await
    }

    /// The same for `main` or an attached database alone.
    ///
    /// # Errors
    /// As [`SqliteConnection::checkpoint`]; [`ErrorKind::Programming`] when no database of this name is attached.
    ///
    /// # Cancel safety
    /// As [`SqliteConnection::checkpoint`].
    pub async fn checkpoint_schema(&mut self, schema: &str, mode: CheckpointMode) -> Result<Checkpoint> {
        let pragma = format!("PRAGMA {}.wal_checkpoint({})", quoted(schema), mode.word());
        self.run_checkpoint(pragma, mode).await
    }

    /// After how many pages of its log the driver makes a checkpoint on a worker: 1000, or what the URL says as
    /// `wal_autocheckpoint`. None: never by itself.
    ///
    /// # Errors
    /// A disconnect error when the connection is lost.
    pub fn set_wal_autocheckpoint(&mut self, pages: Option<u32>) -> Result<()> {
        let pages = pages.map_or(i32::MAX, |pages| i32::try_from(pages).unwrap_or(i32::MAX).max(1));
        self.parts()?.0.set_checkpoint_pages(pages);
        Ok(())
    }

    /// How the database keeps its transactions whole.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn journal_mode(&mut self) -> Result<JournalMode> {
        let text = self.on_worker(|session| session.text("PRAGMA journal_mode")).await?;
        mode_of(&text)
    }

    /// Changes that. Write-ahead mode is kept in the file, for all programs; the others hold for this connection.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction; [`ErrorKind::Operational`] when others use the file for longer
    /// than the `busy_timeout`, and where SQLite keeps the mode as it is, as write-ahead mode cannot be had in memory.
    pub async fn set_journal_mode(&mut self, mode: JournalMode) -> Result<()> {
        self.refuse_transaction("the journal mode cannot be changed")?;
        let found = self
            .on_worker(move |session| {
                // Who has kept a statement open keeps a lock.
                session.clear_statements();
                Ok(set_pragma(session.database.connection(), "journal_mode", mode.word())?)
            })
            .await?;
        if mode_of(&found)? == mode {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Operational,
            format!("the journal mode of `{}` stays {found} where {mode} was asked for", self.target()),
        ))
    }

    /// Does something on a worker, and waits while the database is locked.
    pub(crate) async fn on_worker<T: Send + 'static>(
        &mut self,
        work: impl FnMut(&mut Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let mut patience = self.patience(&CallOptions::default());
        self.ready()?;
        let done =
            Errand::start(self, move |session| session.insist(None, &mut patience, work))?.finish().await??;
        self.end_call().await;
        Ok(done)
    }

    /// That no transaction is open.
    pub(crate) fn refuse_transaction(&mut self, what: &str) -> Result<()> {
        if self.ready()?.is_in_transaction() {
            let message = format!("{what} inside a transaction; commit it or roll it back first");
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        Ok(())
    }

    async fn run_checkpoint(&mut self, pragma: String, mode: CheckpointMode) -> Result<Checkpoint> {
        self.refuse_transaction("the log cannot be written back")?;
        let mut patience = self.patience(&CallOptions::default());
        let is_patient = !matches!(mode, CheckpointMode::Noop | CheckpointMode::Passive);
        let work = move |session: &mut Session| loop {
            let mut once = patience.clone();
            let found = session.insist(None, &mut once, |session| session.ask_checkpoint(&pragma))?;
            if !found.is_busy || !is_patient || session.watch.is_given_up() {
                return Ok(found);
            }
            let busy = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None);
            match patience.pause(busy) {
                Ok(pause) => thread::sleep(pause),
                // Waited long enough.
                Err(_) => return Ok(found),
            }
        };
        let done = Errand::start(self, work)?.finish().await?;
        self.end_call().await;
        done.map_err(|error: Error| {
            error.context(format_args!("cannot write back the log of `{}`", self.target()))
        })
    }
}

impl Session {
    fn ask_checkpoint(&mut self, pragma: &str) -> Result<Checkpoint, Failure> {
        let mut prepared = self.database.connection().prepare(pragma)?;
        let (is_busy, log, written): (bool, i64, i64) =
            prepared.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        // Both are -1 where there is no log.
        Ok(Checkpoint {
            is_busy,
            log_pages: u64::try_from(log).ok(),
            written_pages: u64::try_from(written).ok(),
        })
    }

    /// The first value of the first row of a statement.
    pub(crate) fn text(&mut self, sql: &str) -> Result<String, Failure> {
        Ok(self.database.connection().query_row(sql, [], |row| row.get(0))?)
    }
}

/// A name between quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn mode_of(text: &str) -> Result<JournalMode> {
    JournalMode::ALL.into_iter().find(|mode| mode.word().eq_ignore_ascii_case(text)).ok_or_else(|| {
        error::translate(rusqlite::Error::InvalidQuery)
            .context(format_args!("SQLite names a journal mode `{text}` that is not known"))
    })
}
