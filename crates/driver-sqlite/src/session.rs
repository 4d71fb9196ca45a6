//! [`Session`]: prepares, binds and steps, on whatever thread it is called.

use std::{
    ops::ControlFlow,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use aludel_driver::{
    Done, Error, ErrorKind, ParameterSets, Result, Retry, Sink, Statement, TransactionState, Value,
};
use rusqlite::{Connection, StatementStatus, wal::CheckpointMode};

use crate::{
    error,
    learned::{Learned, Pace},
    outlet::{Collected, Direct, Outlet},
    parameter,
    patience::Patience,
    settings::Settings,
    verb::{Verb, mentions_insert},
    watch::{Verdict, Watch},
};

/// How long sets of parameters are looped over before other tasks are let run.
const SLICE: Duration = Duration::from_millis(2);

/// How many sets run between two looks at the clock.
const SETS_BETWEEN_LOOKS: usize = 32;

/// A connection of SQLite with all that belongs to it; synchronous, and moved to a worker thread as a whole.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) watch: Arc<Watch>,
    learned: Learned,
    /// SQLite undid the transaction by itself, and nobody has rolled back yet.
    rolled_back: bool,
    checkpoint_pages: i32,
    checkpoint_at: i32,
    pub(crate) target: Arc<str>,
    is_private: bool,
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
            connection,
            watch,
            learned: Learned::with_capacity(settings.statement_cache_size),
            rolled_back: false,
            checkpoint_pages: settings.checkpoint_pages,
            checkpoint_at: settings.checkpoint_pages,
            target: target.into(),
            is_private: settings.is_private(),
        })
    }

    /// Whether nobody else can see the database, and it ends with this connection.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private
    }

    /// Whether the connection stands in a transaction, as SQLite itself sees it.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
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
        self.connection.flush_prepared_statement_cache();
        self.learned.clear();
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
        result.map_err(|failure| self.trouble(failure, sql, patience, was_in_transaction))
    }

    #[cold]
    fn trouble(
        &mut self,
        failure: Failure,
        sql: Option<&Arc<str>>,
        patience: &Patience,
        was_in_transaction: bool,
    ) -> Trouble {
        let undone = was_in_transaction && !self.is_in_transaction();
        self.rolled_back |= undone;
        let mut error = match failure {
            Failure::Sink(error) => return Trouble::Failed(error),
            Failure::Other(error) => error,
            Failure::Native(native) if error::is_busy(&native) && !undone => return Trouble::Busy(native),
            Failure::Native(native) if error::is_interrupt(&native) => match self.watch.verdict() {
                Verdict::Long => return Trouble::Long,
                Verdict::Deadline => {
                    let timeout = patience.timeout().unwrap_or_default();
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
        let (verb, pace) = self.learned.kind(statement);
        if verb == Verb::Schema || pace == Pace::Long {
            return Err(Trouble::Long);
        }
        if pace == Pace::New && matches!(verb, Verb::Query | Verb::With) {
            return self.fetch_first(statement, parameters, verb, patience, sink);
        }
        let result = self.fetch_direct(statement, parameters, verb, patience, sink);
        if pace == Pace::New && result.is_ok() && !self.watch.was_long() {
            self.learned.set_pace(statement, verb, Pace::Short);
        }
        result
    }

    fn fetch_direct(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        verb: Verb,
        patience: &Patience,
        sink: &mut dyn Sink,
    ) -> Result<Done, Trouble> {
        let result = self.attempt(Some(statement.sql()), patience, true, |session| {
            session.run(statement, parameters, verb, &mut Direct { sink })
        });
        if self.watch.was_long() {
            self.learned.set_pace(statement, verb, Pace::Long);
        }
        result
    }

    /// Runs a statement on the caller's thread, where it is known to be short and leaves nothing to be done afterwards.
    /// None: nothing was done.
    pub(crate) fn fetch_short(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        patience: &Patience,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done, Trouble>> {
        let (verb, pace) = self.learned.kind(statement);
        if pace != Pace::Short || self.is_log_long() {
            return None;
        }
        Some(self.fetch_direct(statement, parameters, verb, patience, sink))
    }

    /// The first run of a query: its rows are given out when it has ended, so that it can still be moved.
    fn fetch_first(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        verb: Verb,
        patience: &Patience,
        sink: &mut dyn Sink,
    ) -> Result<Done, Trouble> {
        let mut collected = Collected::default();
        let result = self.attempt(Some(statement.sql()), patience, true, |session| {
            session.run(statement, parameters, verb, &mut collected)
        });
        let pace = if self.watch.was_long() { Pace::Long } else { Pace::Short };
        if result.is_ok() || pace == Pace::Long {
            self.learned.set_pace(statement, verb, pace);
        }
        let done = result?;
        collected.give(sink).map_err(Trouble::Failed)?;
        Ok(done)
    }

    /// Remembers how long a statement took on a worker.
    pub(crate) fn learn_pace(&mut self, statement: &Statement, verb: Verb, pace: Pace) {
        self.learned.set_pace(statement, verb, pace);
    }

    /// Prepares, binds and steps a statement to its end.
    pub(crate) fn run<O: Outlet>(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        verb: Verb,
        outlet: &mut O,
    ) -> Result<Done, Failure> {
        if verb == Verb::Empty {
            return Err(Failure::Other(Error::new(ErrorKind::Programming, "the statement is empty")));
        }
        let Self { connection, learned, watch, .. } = self;
        let (mut cached, mut single);
        let prepared: &mut rusqlite::Statement<'_> = if statement.is_cacheable() {
            cached = connection.prepare_cached(statement.sql())?;
            &mut cached
        } else {
            single = connection.prepare(statement.sql())?;
            &mut single
        };
        parameter::bind(prepared, parameters)?;
        let read_only = prepared.readonly();
        if !read_only {
            watch.keep_here();
        }
        if prepared.column_count() == 0 {
            let changed = prepared.raw_execute()? as u64;
            return Ok(Effect::of(verb, statement.sql(), read_only).done(connection, changed, false));
        }

        let wants_columns = outlet.wants_columns();
        // The count is zero again when the cache had to prepare the statement anew.
        let fresh = wants_columns && prepared.get_status(StatementStatus::Run) == 0;
        let mut rows = prepared.raw_query();
        let mut count = 0;
        let mut width = None;
        let mut enough = None;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                // Starting again would give rows twice.
                Err(native) if width.is_some() && error::is_busy(&native) => {
                    return Err(Failure::Other(error::translate(native)));
                }
                Err(native) => return Err(Failure::Native(native)),
            };
            count += 1;
            let known_width = match width {
                Some(width) => width,
                None => {
                    if !O::RESTARTABLE {
                        watch.keep_here();
                    }
                    if wants_columns {
                        // Only now: the first step prepares the statement anew after a change of the schema.
                        let columns = learned.columns(statement, verb, row.as_ref(), fresh);
                        enough = outlet.columns(columns, read_only).err().map(Err);
                        *width.insert(columns.len())
                    } else {
                        *width.insert(row.as_ref().column_count())
                    }
                }
            };
            if enough.is_none() {
                enough = match outlet.row(row, known_width) {
                    Ok(ControlFlow::Continue(())) => None,
                    Ok(ControlFlow::Break(())) => Some(Ok(())),
                    Err(error) => Some(Err(error)),
                };
            }
            // A statement that writes is stepped to its end all the same, as only that completes it.
            if enough.is_some() && read_only {
                break;
            }
        }
        drop(rows);
        if width.is_none() && wants_columns {
            let columns = learned.columns(statement, verb, prepared, fresh);
            enough = outlet.columns(columns, read_only).err().map(Err);
        }
        outlet.end();
        match enough {
            Some(Err(error)) => Err(Failure::Sink(error)),
            _ => Ok(Effect::of(verb, statement.sql(), read_only).done(connection, count, true)),
        }
    }

    /// Runs sets of parameters from `position` on, for a few milliseconds; `position` and `total` tell how far it came.
    pub(crate) fn run_sets(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        position: &mut usize,
        total: &mut Done,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<(), Failure> {
        let verb = Verb::of(statement.sql());
        if verb == Verb::Empty {
            return Err(Failure::Other(Error::new(ErrorKind::Programming, "the statement is empty")));
        }
        let connection = &self.connection;
        let mut prepared = connection.prepare_cached(statement.sql())?;
        let read_only = prepared.readonly();
        if !read_only {
            self.watch.keep_here();
        }
        let has_columns = prepared.column_count() > 0;
        let effect = Effect::of(verb, statement.sql(), read_only);
        parameter::check_count(&prepared, sets.get(*position).len())
            .map_err(|error| in_set(error.into(), *position))?;
        let started = Instant::now();
        while *position < sets.len() {
            parameter::bind_all(&mut prepared, sets.get(*position))
                .map_err(|failure| in_set(failure, *position))?;
            let count = if has_columns {
                let mut count = 0;
                let mut rows = prepared.raw_query();
                while rows.next()?.is_some() {
                    count += 1;
                }
                count
            } else {
                prepared.raw_execute()? as u64
            };
            let done = effect.done(connection, count, has_columns);
            total.rows += done.rows;
            total.last_insert_id = done.last_insert_id.or(total.last_insert_id);
            let finished = *position;
            *position += 1;
            each(finished, done).map_err(Failure::Sink)?;
            if position.is_multiple_of(SETS_BETWEEN_LOOKS) && started.elapsed() > SLICE {
                break;
            }
        }
        Ok(())
    }

    /// Runs a statement without parameters, whose rows nobody wants: BEGIN, PRAGMA.
    pub(crate) fn run_plain(&mut self, sql: &str) -> Result<(), Failure> {
        let mut prepared = self.connection.prepare_cached(sql)?;
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    }

    /// Whether the write-ahead log has grown so long that it should be written back.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.watch.take_log_pages(self.checkpoint_at).is_some()
    }

    /// The same, without having it seen to.
    pub(crate) fn is_log_long(&self) -> bool {
        self.watch.log_pages() >= self.checkpoint_at
    }

    /// Writes the log back into the file, as far as readers allow.
    pub(crate) fn checkpoint(&mut self) {
        match self.connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
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
        self.connection.close().map_err(|(_, native)| {
            error::translate(native).context(format_args!("cannot close the SQLite database `{target}`"))
        })
    }
}

/// What a statement does to rows, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Inserts,
    Changes,
    None,
}

impl Effect {
    #[inline]
    fn of(verb: Verb, sql: &str, read_only: bool) -> Self {
        match verb {
            Verb::Insert => Self::Inserts,
            Verb::Change => Self::Changes,
            Verb::With if !read_only && mentions_insert(sql) => Self::Inserts,
            Verb::With if !read_only => Self::Changes,
            _ => Self::None,
        }
    }

    /// What a run did: so many rows were given, or else changed. SQLite's own counts belong to whatever changed rows last.
    #[inline]
    fn done(self, connection: &Connection, count: u64, given: bool) -> Done {
        match self {
            Self::Inserts => {
                Done { rows: count, last_insert_id: (count > 0).then(|| connection.last_insert_rowid()) }
            }
            Self::Changes => Done { rows: count, last_insert_id: None },
            Self::None => Done { rows: if given { count } else { 0 }, last_insert_id: None },
        }
    }
}

fn in_set(failure: Failure, position: usize) -> Failure {
    match failure {
        Failure::Other(error) => Failure::Other(error.context(format_args!("set {position} (from 0)"))),
        failure => failure,
    }
}
