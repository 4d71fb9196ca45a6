//! [`Backup`]: a copy of a live database, page by page.

use std::{
    fmt, fs,
    future::IntoFuture,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use aludel_driver::{BoxFuture, CallOptions, Error, ErrorKind, Result};
use rusqlite::{
    Connection, OpenFlags, TransactionState,
    backup::{Backup as Copying, StepResult},
    ffi,
};
use tokio::sync::mpsc;

use crate::{
    SqliteConnection,
    checkpoint::quoted,
    errand::Errand,
    error,
    patience::Patience,
    session::{Failure, Session},
    watch::Watch,
};

/// How many pages are copied at once, unless it is told: some milliseconds of work.
const PAGES: u32 = 256;

/// How many reports wait for the caller before the worker waits for him.
const WAITING_REPORTS: usize = 4;

/// A backup, or its way back, that has not begun: await it.
///
/// Made by [`SqliteConnection::backup`] and [`SqliteConnection::restore`].
#[must_use = "a backup begins when it is awaited"]
pub struct Backup<'c> {
    connection: &'c mut SqliteConnection,
    job: Job,
    progress: Option<Box<dyn FnMut(BackupProgress) + Send + 'c>>,
}

/// How far a backup has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupProgress {
    /// How many pages are still to be copied.
    pub remaining: u32,
    /// How many pages the database has.
    pub total: u32,
}

#[derive(Clone, Debug)]
struct Job {
    direction: Direction,
    schema: String,
    path: PathBuf,
    pages: u32,
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToFile,
    FromFile,
}

impl SqliteConnection {
    /// Copies the database into a file, while others go on reading and writing, on a worker thread. What is in the file is
    /// replaced, in one transaction.
    ///
    /// In write-ahead mode the copy is the database as it is now, whatever is written meanwhile. In the other modes the lock
    /// is given up after every step, and a step that finds the database changed by another connection begins anew.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the transaction of this connection has written; [`ErrorKind::Operational`] when the
    /// file cannot be written, and when others keep a lock for longer than the `busy_timeout`.
    ///
    /// # Cancel safety
    /// A dropped future stops the copy after its step. The file is then as it was before, or not there.
    ///
    /// # Examples
    /// ```
    /// # async fn run(connection: &mut aludel_driver_sqlite::SqliteConnection) -> aludel_driver::Result<()> {
    /// connection
    ///     .backup("copy.db")
    ///     .progress(|progress| println!("{} of {} pages are left", progress.remaining, progress.total))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn backup(&mut self, path: impl AsRef<Path>) -> Backup<'_> {
        Backup::new(self, Direction::ToFile, path.as_ref())
    }

    /// Replaces the database by the one in a file, in one transaction, on a worker thread.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction; [`ErrorKind::Operational`] when the file is not there or is no
    /// database, and when others keep a lock for longer than the `busy_timeout`.
    ///
    /// # Cancel safety
    /// A dropped future stops the copy after its step. The database is then as it was before.
    pub fn restore(&mut self, path: impl AsRef<Path>) -> Backup<'_> {
        Backup::new(self, Direction::FromFile, path.as_ref())
    }
}

impl<'c> Backup<'c> {
    fn new(connection: &'c mut SqliteConnection, direction: Direction, path: &Path) -> Self {
        let job = Job {
            direction,
            schema: "main".to_owned(),
            path: path.to_owned(),
            pages: PAGES,
            pause: Duration::ZERO,
        };
        Self { connection, job, progress: None }
    }

    /// Copies an attached database, or `temp`, in place of `main`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.job.schema = schema.into();
        self
    }

    /// How many pages are copied at once: 256. At least one is.
    pub fn pages_per_step(mut self, pages: u32) -> Self {
        self.job.pages = pages.max(1);
        self
    }

    /// How long to pause after each step, so that the disk is left to others: not at all.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.job.pause = pause;
        self
    }

    /// Has a function told after each step how far it has come.
    pub fn progress(mut self, progress: impl FnMut(BackupProgress) + Send + 'c) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    async fn run(self) -> Result<BackupProgress> {
        let Self { connection, job, mut progress } = self;
        let patience = connection.patience(&CallOptions::default());
        connection.ready()?;
        if job.direction == Direction::FromFile {
            connection.refuse_transaction("a database cannot be restored")?;
        }
        let (sender, mut reports) = mpsc::channel(WAITING_REPORTS);
        let explained = job.clone();
        let errand = Errand::start(connection, move |session| match job.direction {
            Direction::ToFile => session.copy_out(&job, patience, &sender),
            Direction::FromFile => session.copy_in(&job, patience, &sender),
        })?;
        while let Some(report) = reports.recv().await {
            if let Some(progress) = &mut progress {
                progress(report);
            }
        }
        let outcome = errand.finish().await?;
        outcome.map_err(|error| explained.explain(error))
    }
}

impl<'c> IntoFuture for Backup<'c> {
    type Output = Result<BackupProgress>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Backup<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Backup").field("job", &self.job).finish_non_exhaustive()
    }
}

impl Job {
    fn explain(&self, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::InvalidRequest | ErrorKind::Timeout => error,
            _ => error.with_kind(ErrorKind::Operational),
        };
        let (schema, path) = (&self.schema, self.path.display());
        match self.direction {
            Direction::ToFile => error.context(format_args!("cannot copy `{schema}` into the file `{path}`")),
            Direction::FromFile => {
                error.context(format_args!("cannot restore `{schema}` from the file `{path}`"))
            }
        }
    }
}

impl Session {
    fn copy_out(
        &mut self,
        job: &Job,
        patience: Patience,
        reports: &mpsc::Sender<BackupProgress>,
    ) -> Result<BackupProgress> {
        let state = self.database.connection().transaction_state(Some(&*job.schema));
        if state.map_err(error::translate)? == TransactionState::Write {
            let message = "the transaction of this connection has written; commit it or roll it back first";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        let is_new = !job.path.exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut target = open(&job.path, flags)?;
        let outcome = self.stand_still(&job.schema, |connection, watch| {
            let copying = Copying::new_with_names(connection, &*job.schema, &mut target, "main")?;
            copy(&copying, job, patience, watch, reports)
        });
        drop(target);
        if outcome.is_err() && is_new {
            // What was begun is of no use to anybody.
            let _ = fs::remove_file(&job.path);
        }
        outcome.map_err(own)
    }

    fn copy_in(
        &mut self,
        job: &Job,
        patience: Patience,
        reports: &mpsc::Sender<BackupProgress>,
    ) -> Result<BackupProgress> {
        let source = open(&job.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let Self { database, watch, .. } = self;
        let copying = Copying::new_with_names(&source, "main", database.connection_mut(), &*job.schema)
            .map_err(error::translate)?;
        copy(&copying, job, patience, watch, reports).map_err(own)
    }

    /// Keeps the state that a database in write-ahead mode is in, so that what others write does not matter.
    fn stand_still<T>(
        &mut self,
        schema: &str,
        work: impl FnOnce(&Connection, &Watch) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let name = quoted(schema);
        let mode = self.text(&format!("PRAGMA {name}.journal_mode"))?;
        let is_ours = mode.eq_ignore_ascii_case("wal") && !self.is_in_transaction();
        if is_ours {
            self.run_plain("BEGIN DEFERRED")?;
        }
        let outcome = match is_ours {
            true => self.run_plain(&format!("SELECT 1 FROM {name}.sqlite_schema LIMIT 1")),
            false => Ok(()),
        }
        .and_then(|()| work(self.database.connection(), &self.watch));
        if is_ours {
            self.run_plain("ROLLBACK")?;
        }
        outcome
    }
}

/// Copies step by step to the end.
fn copy(
    copying: &Copying<'_, '_>,
    job: &Job,
    mut patience: Patience,
    watch: &Watch,
    reports: &mpsc::Sender<BackupProgress>,
) -> Result<BackupProgress, Failure> {
    let pages = i32::try_from(job.pages).unwrap_or(i32::MAX);
    loop {
        if watch.is_given_up() {
            let message = "it was cancelled, and nothing was changed";
            return Err(Failure::Other(Error::new(ErrorKind::Operational, message)));
        }
        let code = match copying.step(pages)? {
            StepResult::Done => {
                let progress = progress(copying);
                let _ = reports.blocking_send(progress);
                return Ok(progress);
            }
            StepResult::Locked => ffi::SQLITE_LOCKED,
            StepResult::Busy => ffi::SQLITE_BUSY,
            // What else it may say one day is progress, too.
            _ => {
                // Nobody there to be told: the future was dropped.
                if reports.blocking_send(progress(copying)).is_err() {
                    watch.abandon();
                }
                patience.refresh();
                thread::sleep(job.pause);
                continue;
            }
        };
        let native = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        thread::sleep(patience.pause(native)?);
    }
}

fn progress(copying: &Copying<'_, '_>) -> BackupProgress {
    let progress = copying.progress();
    BackupProgress {
        remaining: u32::try_from(progress.remaining).unwrap_or_default(),
        total: u32::try_from(progress.pagecount).unwrap_or_default(),
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(error::translate)?;
    // Locks are waited for between the steps.
    connection.busy_timeout(Duration::ZERO).map_err(error::translate)?;
    Ok(connection)
}

fn own(failure: Failure) -> Error {
    match failure {
        Failure::Native(native) => error::translate(native),
        Failure::Other(error) | Failure::Sink(error) => error,
        Failure::Fault { .. } => error::rolled_back(),
    }
}
