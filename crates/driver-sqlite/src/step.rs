//! Binds and steps statements, on whatever thread it is called.

use std::{ops::ControlFlow, time::Duration};

use aludel_driver::{Done, Error, ErrorKind, Result, Statement, Value};
use rusqlite::Connection;

use crate::{
    error,
    learned::Learned,
    outlet::Outlet,
    parameter,
    session::{Failure, Session},
    verb::Verb,
    watch::Watch,
};

/// How long sets of parameters are looped over before other tasks are let run.
pub(crate) const SLICE: Duration = Duration::from_millis(2);

/// How many sets run between two looks at the clock.
pub(crate) const SETS_BETWEEN_LOOKS: usize = 32;

impl Session {
    /// Prepares, binds and steps a statement to its end.
    pub(crate) fn run<O: Outlet>(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        outlet: &mut O,
    ) -> Result<Done, Failure> {
        let Self { database, watch, .. } = self;
        database.with(statement, |connection, prepared, learned| {
            run_prepared(connection, prepared, learned, parameters, watch, outlet)
        })
    }
}

/// Runs a statement that is bound, and says how many rows it gave or changed.
#[inline]
pub(crate) fn run_set(
    prepared: &mut rusqlite::Statement<'_>,
    has_columns: bool,
    watch: &Watch,
) -> Result<u64, Failure> {
    watch.changes.begin_statement();
    match count_of(prepared, has_columns) {
        Ok(count) => check_faults(watch, true).map(|()| count),
        Err(native) => {
            watch.changes.undo_statement();
            Err(Failure::Native(native))
        }
    }
}

#[inline]
fn count_of(prepared: &mut rusqlite::Statement<'_>, has_columns: bool) -> rusqlite::Result<u64> {
    if !has_columns {
        return Ok(prepared.raw_execute()? as u64);
    }
    let mut count = 0;
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// That the caller's own code did not fail where it could not tell SQLite.
#[inline]
pub(crate) fn check_faults(watch: &Watch, is_change: bool) -> Result<(), Failure> {
    if watch.faults.is_decisive() { Err(Failure::Fault { is_change }) } else { Ok(()) }
}

pub(crate) fn check_not_empty(verb: Verb) -> Result<()> {
    match verb {
        Verb::Empty => Err(Error::new(ErrorKind::Programming, "the statement is empty")),
        _ => Ok(()),
    }
}

/// Binds a statement, steps it to its end, and gives its rows out.
#[inline]
pub(crate) fn run_prepared<O: Outlet>(
    connection: &Connection,
    prepared: &mut rusqlite::Statement<'_>,
    learned: &mut Learned,
    parameters: &[Value],
    watch: &Watch,
    outlet: &mut O,
) -> Result<Done, Failure> {
    check_not_empty(learned.verb)?;
    parameter::check_count(learned.parameters, parameters.len())?;
    let is_large = parameter::bind_all(prepared, parameters)?;
    watch.changes.begin_statement();
    let mut outcome = step(connection, prepared, learned, watch, outlet);
    match outcome {
        Ok(_) => outcome = check_faults(watch, !learned.read_only).and(outcome),
        // A statement that writes is completed before its rows are given out.
        Err(Failure::Sink(_)) => {}
        Err(_) => watch.changes.undo_statement(),
    }
    if is_large {
        // A statement that is kept prepared would keep copies of them.
        prepared.clear_bindings();
    }
    outcome
}

#[inline]
fn step<O: Outlet>(
    connection: &Connection,
    prepared: &mut rusqlite::Statement<'_>,
    learned: &mut Learned,
    watch: &Watch,
    outlet: &mut O,
) -> Result<Done, Failure> {
    let read_only = learned.read_only;
    if !read_only {
        watch.keep_here();
    }
    if prepared.column_count() == 0 {
        let changed = prepared.raw_execute()? as u64;
        return Ok(learned.effect.done(connection, changed, false));
    }

    let wants_columns = outlet.wants_columns();
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
                    let columns = learned.columns(row.as_ref());
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
        let columns = learned.columns(prepared);
        enough = outlet.columns(columns, read_only).err().map(Err);
    }
    outlet.end();
    match enough {
        Some(Err(error)) => Err(Failure::Sink(error)),
        _ => Ok(learned.effect.done(connection, count, true)),
    }
}
