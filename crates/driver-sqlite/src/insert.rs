//! One INSERT of some rows, as bulk loads and sets of parameters send it.

use aludel_driver::{Statement, Value};

use crate::{
    parameter,
    session::{Failure, Session},
    step::run_set,
};

/// With so many bytes, rows are inserted without waiting for more: SQLite copies them all.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// What an INSERT did.
pub(crate) struct Inserted {
    /// How many rows it says that it inserted.
    pub(crate) rows: u64,
    /// How many rows have changed, by triggers too.
    pub(crate) changes: u64,
    /// The key of the last row.
    pub(crate) last_key: i64,
}

impl Session {
    /// Inserts rows, whose values are given one row after the other. An INSERT that fails is taken back by SQLite as a whole.
    pub(crate) fn insert_rows(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Inserted, Failure> {
        let Self { database, watch, .. } = self;
        database.with(statement, |connection, prepared, learned| {
            parameter::check_count(learned.parameters, values.len())?;
            watch.keep_here();
            let before = connection.total_changes();
            let is_copied = parameter::bind_all(prepared, values)?;
            let rows = run_set(prepared, false, watch);
            if is_copied {
                // A statement that is kept prepared would keep the copies.
                prepared.clear_bindings();
            }
            Ok(Inserted {
                rows: rows?,
                changes: connection.total_changes() - before,
                last_key: connection.last_insert_rowid(),
            })
        })
    }
}
