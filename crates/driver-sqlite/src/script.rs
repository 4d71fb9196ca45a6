//! Runs scripts of several statements.

use std::{sync::Arc, thread};

use aludel_driver::{Error, Result};
use rusqlite::{Batch, fallible_iterator::FallibleIterator};

use crate::{
    error,
    patience::Patience,
    session::{Failure, Session, Trouble},
    step::check_faults,
    watch::Watch,
};

/// How much of a script is shown when it cannot be parsed any further.
const EXCERPT: usize = 200;

impl Session {
    /// Runs a script on a worker. Each of its statements waits for locks by itself: a statement that found the database
    /// locked did nothing.
    pub(crate) fn run_script(&mut self, script: &str, patience: &mut Patience) -> Result<()> {
        let first = patience.clone();
        let result = self.attempt(None, &first, false, |session| {
            let mut batch = Batch::new(session.database.connection(), script);
            let mut number = 1_u64;
            let wait = |native: rusqlite::Error, patience: &mut Patience| {
                if !error::is_busy(&native) || session.watch.is_given_up() {
                    return Err(Failure::Native(native));
                }
                thread::sleep(patience.pause(native)?);
                Ok(())
            };
            loop {
                patience.refresh();
                let mut prepared = loop {
                    match batch.next() {
                        Ok(Some(prepared)) => break prepared,
                        Ok(None) => return Ok(()),
                        Err(native) => {
                            let rest: String = match &native {
                                rusqlite::Error::SqlInputError { sql, .. } => {
                                    sql.trim_start().chars().take(EXCERPT).collect()
                                }
                                _ => String::new(),
                            };
                            let rest = rest.into();
                            wait(native, patience)
                                .map_err(|failure| in_script(failure, number, &rest, &session.watch))?;
                        }
                    }
                };
                loop {
                    session.watch.changes.begin_statement();
                    let outcome = {
                        let mut rows = prepared.raw_query();
                        loop {
                            match rows.next() {
                                Ok(Some(_)) => {}
                                Ok(None) => break Ok(()),
                                Err(native) => break Err(native),
                            }
                        }
                    };
                    match outcome {
                        Ok(()) => {
                            check_faults(&session.watch, !prepared.readonly()).map_err(|failure| {
                                let sql: Arc<str> = prepared.expanded_sql().unwrap_or_default().trim().into();
                                in_script(failure, number, &sql, &session.watch)
                            })?;
                            break;
                        }
                        Err(native) => {
                            session.watch.changes.undo_statement();
                            let sql: Arc<str> = prepared.expanded_sql().unwrap_or_default().trim().into();
                            wait(native, patience)
                                .map_err(|failure| in_script(failure, number, &sql, &session.watch))?;
                        }
                    }
                }
                number += 1;
            }
        });
        result.map_err(|trouble| match trouble {
            Trouble::Failed(error) => error,
            Trouble::Busy(native) => error::translate(native),
            Trouble::Long => error::lost(&self.target),
        })
    }
}

fn in_script(failure: Failure, number: u64, sql: &Arc<str>, watch: &Watch) -> Failure {
    let placed = |error: Error| {
        let error = error.context(format_args!("statement {number} of the script"));
        if sql.is_empty() { error } else { error.with_statement(sql, None) }
    };
    // What the caller's own code said is in the watch, and tells more than SQLite.
    if watch.faults.amend(placed) {
        return failure;
    }
    let error = match failure {
        // The watch knows why a statement was interrupted.
        Failure::Native(native) if error::is_interrupt(&native) => return Failure::Native(native),
        Failure::Fault { .. } => return failure,
        Failure::Native(native) => error::translate(native),
        Failure::Other(error) | Failure::Sink(error) => error,
    };
    Failure::Other(placed(error))
}
