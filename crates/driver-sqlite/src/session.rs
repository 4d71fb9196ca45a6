//! [`Session`]: a connection with all that belongs to it, on whatever thread it is called.

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::{Duration, Instant},
};

use aludel_driver::{Done, Error, ErrorKind, Result, Retry, Sink, Statement, TransactionState, Value};
use rusqlite::{Connection, hooks::Action, wal::CheckpointMode};

use crate::{
    attach::FileSettings,
    change::ChangeKind,
    database::Database,
    error,
    learned::Pace,
    outlet::{Collected, Direct},
    patience::Patience,
    sets::SAVEPOINT,
    settings::Settings,
    step::run_prepared,
    verb::Verb,
    watch::{Verdict, Watch},
};

/// A connection of SQLite with all that belongs to it; synchronous, and moved to a worker thread as a whole.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) database: Database,
    pub(crate) watch: Arc<Watch>,
    /// SQLite undid the transaction by itself, and nobody has rolled back yet.
    rolled_back: bool,
    checkpoint_pages: i32,
    checkpoint_at: i32,
    pub(crate) target: Arc<str>,
    is_private: bool,
    file_settings: FileSettings,
    hears_commits: bool,
    hears_changes: bool,
}

/// What begins and ends most transactions, so that it stays prepared with what is sent in between.
static TRANSACTION: LazyLock<[Statement; 7]> = LazyLock::new(|| {
    let [savepoint, release, back] = SAVEPOINT;
    ["BEGIN DEFERRED", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", savepoint, release, back].map(Statement::new)
});

fn run_through(prepared: &mut rusqlite::Statement<'_>) -> Result<(), Failure> {
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// Why a piece of work stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite says so.
    Native(rusqlite::Error),
    /// The call or its parameters are wrong.
    Other(Error),
    /// The sink says so: its error goes back as it is.
    Sink(Error),
    /// A collation or a listener of the caller's says so, and the watch has its error. SQLite itself takes the statement for
    /// done.
    Fault {
        /// Whether it changed something.
        is_change: bool,
    },
}

impl From<rusqlite::Error> for Failure {
    fn from(native: rusqlite::Error) -> Self {
        Self::Native(native)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// What to do about a [`Failure`].
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Wait, and try again: nothing was done.
    Busy(rusqlite::Error),
    /// Try again on a worker: nothing was given out.
    Long,
    /// Give up.
    Failed(Error),
}

impl Session {
    /// Takes over a connection that is set up.
    pub(crate) fn new(
        mut connection: Connection,
        settings: &Settings,
        target: &str,
    ) -> rusqlite::Result<Self> {
        let watch = Watch::install(&mut connection)?;
        Ok(Self {
            database: Database::new(connection, settings.statement_cache_size),
            watch,
            rolled_back: false,
            checkpoint_pages: settings.checkpoint_pages,
            checkpoint_at: settings.checkpoint_pages,
            target: target.into(),
            is_private: settings.is_private(),
            file_settings: settings.file_settings(),
            hears_commits: false,
            hears_changes: false,
        })
    }

    /// What holds for the file of each database that is attached.
    pub(crate) fn file_settings(&self) -> FileSettings {
        self.file_settings
    }

    /// Has SQLite ask before it commits: a transaction is not, whose rows may be in the wrong order.
    pub(crate) fn listen_for_commits(&mut self) -> Result<()> {
        if self.hears_commits {
            return Ok(());
        }
        let connection = self.database.connection_mut();
        let (committing, rolling_back) = (self.watch.clone(), self.watch.clone());
        let veto = move || {
            let is_vetoed = committing.faults.is_decisive();
            if !is_vetoed {
                committing.changes.commit();
            }
            is_vetoed
        };
        connection.commit_hook(Some(veto)).map_err(error::translate)?;
        connection.rollback_hook(Some(move || rolling_back.changes.roll_back())).map_err(error::translate)?;
        self.hears_commits = true;
        Ok(())
    }

    /// Has SQLite tell of each row that is changed.
    pub(crate) fn listen_for_changes(&mut self) -> Result<()> {
        self.listen_for_commits()?;
        if self.hears_changes {
            return Ok(());
        }
        let watch = self.watch.clone();
        let listener = move |action: Action, schema: &str, table: &str, rowid: i64| {
            let kind = match action {
                Action::SQLITE_INSERT => ChangeKind::Insert,
                Action::SQLITE_DELETE => ChangeKind::Delete,
                _ => ChangeKind::Update,
            };
            watch.changes.record(kind, schema, table, rowid, &watch.faults);
        };
        self.database.connection_mut().update_hook(Some(listener)).map_err(error::translate)?;
        self.hears_changes = true;
        Ok(())
    }

    /// Whether nobody else can see the database, and it ends with this connection.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private
    }

    /// Whether the connection stands in a transaction, as SQLite itself sees it.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.database.connection().is_autocommit()
    }

    /// Whether SQLite undid a transaction that nobody has rolled back yet.
    pub(crate) fn was_rolled_back(&self) -> bool {
        self.rolled_back
    }

    /// The caller knows now that the transaction was undone.
    pub(crate) fn forget_rollback(&mut self) {
        self.rolled_back = false;
    }

    /// The state for the pool: a transaction that was undone behind the caller's back counts as unknown, so that it is
    /// rolled back before anyone else gets the connection.
    pub(crate) fn transaction_state(&self) -> TransactionState {
        if self.rolled_back {
            TransactionState::Unknown
        } else if self.is_in_transaction() {
            TransactionState::Active
        } else {
            TransactionState::Idle
        }
    }

    /// Forgets prepared statements and what was learned of them.
    pub(crate) fn clear_statements(&mut self) {
        self.database.clear();
        self.database.connection().flush_prepared_statement_cache();
    }

    /// Does a piece of work once, under watch. A movable piece is stopped when it takes long.
    pub(crate) fn attempt<T>(
        &mut self,
        sql: Option<&Arc<str>>,
        patience: &Patience,
        movable: bool,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        let was_in_transaction = self.is_in_transaction();
        self.watch.arm(patience.deadline(), movable);
        let result = work(self);
        self.watch.disarm();
        self.watch.changes.deliver();
        result.map_err(|failure| self.trouble(failure, sql, patience.timeout(), was_in_transaction))
    }

    #[cold]
    fn trouble(
        &mut self,
        failure: Failure,
        sql: Option<&Arc<str>>,
        timeout: Option<Duration>,
        was_in_transaction: bool,
    ) -> Trouble {
        let fault = self.watch.faults.take();
        if let Failure::Fault { is_change: true } = failure
            && self.is_in_transaction()
        {
            // Rows may be in the wrong place, or a listener does not know of them.
            let _ = self.run_plain("ROLLBACK");
        }
        let undone = was_in_transaction && !self.is_in_transaction();
        self.rolled_back |= undone;
        let mut error = match failure {
            Failure::Sink(error) => return Trouble::Failed(error),
            Failure::Native(_) | Failure::Fault { .. } if fault.is_some() => {
                fault.unwrap_or_else(error::rolled_back)
            }
            Failure::Fault { .. } => error::rolled_back(),
            Failure::Other(error) => error,
            Failure::Native(native) if error::is_busy(&native) && !undone => return Trouble::Busy(native),
            Failure::Native(native) if error::is_interrupt(&native) => match self.watch.verdict() {
                Verdict::Long => return Trouble::Long,
                Verdict::Deadline => {
                    let timeout = timeout.unwrap_or_default();
                    error::translate(native)
                        .with_kind(ErrorKind::Timeout)
                        .context(format_args!("the statement took longer than its timeout of {timeout:?}"))
                }
                Verdict::None | Verdict::Abandoned => error::translate(native),
            },
            Failure::Native(native) => error::translate(native),
        };
        if undone {
            error = error.with_retry(Retry::Transaction).context("SQLite rolled the whole transaction back");
        }
        Trouble::Failed(match sql {
            Some(sql) => error.with_statement(sql, None),
            None => error,
        })
    }

    /// Does a piece of work on a worker thread, which may block while the database is locked.
    pub(crate) fn insist<T>(
        &mut self,
        sql: Option<&Arc<str>>,
        patience: &mut Patience,
        mut work: impl FnMut(&mut Self) -> Result<T, Failure>,
    ) -> Result<T> {
        loop {
            match self.attempt(sql, patience, false, &mut work) {
                Ok(done) => return Ok(done),
                Err(Trouble::Busy(native)) if self.watch.is_given_up() => {
                    return Err(error::translate(native));
                }
                Err(Trouble::Busy(native)) => {
                    thread::sleep(patience.pause(native).map_err(|error| match sql {
                        Some(sql) => error.with_statement(sql, None),
                        None => error,
                    })?)
                }
                Err(Trouble::Failed(error)) => return Err(error),
                Err(Trouble::Long) => return Err(error::lost(&self.target)),
            }
        }
    }

    /// Runs a statement on the caller's thread, once. `Trouble::Long` asks for a worker: no row was given out.
    pub(crate) fn fetch_here(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        patience: &Patience,
        sink: &mut dyn Sink,
    ) -> Result<Done, Trouble> {
        let (verb, pace) = match self.database.learned(statement) {
            Some(learned) => (learned.verb, learned.pace),
            None => (Verb::of(statement.sql()), Pace::New),
        };
        if matches!(verb, Verb::Schema | Verb::Cursor) || pace == Pace::Long {
            return Err(Trouble::Long);
        }
        if pace == Pace::New && matches!(verb, Verb::Query | Verb::With) {
            return self.fetch_first(statement, parameters, patience, sink);
        }
        let result = self.attempt(Some(statement.sql()), patience, true, |session| {
            session.run(statement, parameters, &mut Direct { sink })
        });
        if self.watch.was_long() {
            self.learn_pace(statement, Pace::Long);
        } else if pace == Pace::New && result.is_ok() {
            self.learn_pace(statement, Pace::Short);
        }
        result
    }

    /// Runs a statement on the caller's thread, where it is known to be short and leaves nothing to be done afterwards.
    /// None: nothing was done.
    pub(crate) fn fetch_short(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        timeout: Option<Duration>,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done, Trouble>> {
        if self.is_log_long() {
            return None;
        }
        let was_in_transaction = self.is_in_transaction();
        let Self { database, watch, .. } = self;
        let result = database.with_short(statement, |connection, prepared, learned| {
            watch.arm(timeout.and_then(|timeout| Instant::now().checked_add(timeout)), true);
            let result = run_prepared(connection, prepared, learned, parameters, watch, &mut Direct { sink });
            watch.disarm();
            watch.changes.deliver();
            if watch.was_long() {
                learned.pace = Pace::Long;
            }
            result
        })?;
        Some(
            result
                .map_err(|failure| self.trouble(failure, Some(statement.sql()), timeout, was_in_transaction)),
        )
    }

    /// The first run of a query: its rows are given out when it has ended, so that it can still be moved.
    fn fetch_first(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        patience: &Patience,
        sink: &mut dyn Sink,
    ) -> Result<Done, Trouble> {
        let mut collected = Collected::default();
        let result = self.attempt(Some(statement.sql()), patience, true, |session| {
            session.run(statement, parameters, &mut collected)
        });
        let pace = if self.watch.was_long() { Pace::Long } else { Pace::Short };
        if result.is_ok() || pace == Pace::Long {
            self.learn_pace(statement, pace);
        }
        let done = result?;
        collected.give(sink).map_err(Trouble::Failed)?;
        Ok(done)
    }

    /// Remembers how long a statement took.
    pub(crate) fn learn_pace(&mut self, statement: &Statement, pace: Pace) {
        if let Some(learned) = self.database.learned(statement) {
            learned.pace = pace;
        }
    }

    /// Runs a statement without parameters, whose rows nobody wants: BEGIN, PRAGMA.
    pub(crate) fn run_plain(&mut self, sql: &str) -> Result<(), Failure> {
        match TRANSACTION.iter().find(|statement| **statement.sql() == *sql) {
            Some(statement) => self.database.with(statement, |_, prepared, _| run_through(prepared)),
            None => {
                let mut prepared = self.database.connection().prepare_cached(sql)?;
                run_through(&mut prepared)
            }
        }
    }

    /// Whether the write-ahead log has grown so long that it should be written back.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.watch.take_log_pages(self.checkpoint_at).is_some()
    }

    /// The same, without having it seen to.
    pub(crate) fn is_log_long(&self) -> bool {
        self.watch.log_pages() >= self.checkpoint_at
    }

    /// After how many pages the log is written back.
    pub(crate) fn set_checkpoint_pages(&mut self, pages: i32) {
        self.checkpoint_pages = pages;
        self.checkpoint_at = pages;
    }

    /// Writes the log back into the file, as far as readers allow.
    pub(crate) fn checkpoint(&mut self) {
        match self.database.connection().wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
            // Readers keep a part of the log alive: try again when it has grown by as much again.
            Ok((in_log, written)) if written < in_log => {
                self.checkpoint_at = in_log.saturating_add(self.checkpoint_pages)
            }
            Ok(_) => self.checkpoint_at = self.checkpoint_pages,
            Err(native) => {
                tracing::debug!(target_database = %self.target, error = %native, "the checkpoint failed")
            }
        }
    }

    /// Closes the connection.
    pub(crate) fn close(self) -> Result<()> {
        let target = self.target;
        self.database.close().map_err(|native| {
            error::translate(native).context(format_args!("cannot close the SQLite database `{target}`"))
        })
    }
}
