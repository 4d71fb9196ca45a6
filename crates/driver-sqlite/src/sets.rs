//! Many sets of parameters for one statement.

use std::time::Instant;

use aludel_driver::{Done, ParameterSets, Result, Statement, bulk::size_of_value};

use crate::{
    error,
    insert::MOST_BYTES,
    parameter,
    session::{Failure, Session},
    step::{SETS_BETWEEN_LOOKS, SLICE, check_not_empty, run_set},
};

/// Around an INSERT of many rows, which is undone where it did not do what so many single ones would have done.
pub(crate) const SAVEPOINT: [&str; 3] =
    ["SAVEPOINT aludel_many_rows", "RELEASE aludel_many_rows", "ROLLBACK TO aludel_many_rows"];

/// What is told of each set.
type Each<'a> = &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send);

impl Session {
    /// Runs sets of parameters from `position` on, for a few milliseconds; `position` and `total` tell how far it came.
    pub(crate) fn run_sets(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        position: &mut usize,
        total: &mut Done,
        each: Each<'_>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            if !self.run_many_rows(statement, sets, position, total, each)? {
                self.run_singly(statement, sets, position, total, each)?;
            }
            if *position >= sets.len() || started.elapsed() > SLICE {
                return Ok(());
            }
        }
    }

    /// Runs some sets one by one: only the first one, where the others may go together.
    fn run_singly(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        position: &mut usize,
        total: &mut Done,
        each: Each<'_>,
    ) -> Result<(), Failure> {
        let Self { database, watch, .. } = self;
        database.with(statement, |connection, prepared, learned| {
            check_not_empty(learned.verb)?;
            if !learned.read_only {
                watch.keep_here();
            }
            let has_columns = prepared.column_count() > 0;
            parameter::check_count(learned.parameters, sets.get(*position).len())
                .map_err(|error| in_set(error.into(), *position))?;
            let leads = *position == 0 && sets.len() > 1 && learned.many_rows(statement.sql()).is_some();
            let end = if leads { 1 } else { sets.len().min(*position + SETS_BETWEEN_LOOKS) };
            let mut is_copied = false;
            while *position < end {
                is_copied |= parameter::bind_all(prepared, sets.get(*position))
                    .map_err(|failure| in_set(failure, *position))?;
                let count = run_set(prepared, has_columns, watch)?;
                let done = learned.effect.done(connection, count, has_columns);
                total.rows += done.rows;
                total.last_insert_id = done.last_insert_id.or(total.last_insert_id);
                let finished = *position;
                *position += 1;
                each(finished, done).map_err(Failure::Sink)?;
            }
            if is_copied {
                prepared.clear_bindings();
            }
            Ok(())
        })
    }

    /// Inserts the next rows by one statement, after at least one went alone, and inside a transaction: outside of one each
    /// row is a transaction of its own. False: nothing was done.
    ///
    /// What single INSERTs would have done is told from numbers: so many rows changed, no trigger changed others, and the
    /// keys go on from the last one without a gap, as SQLite gives them out while the largest of all keys is not taken.
    /// Where they tell of anything else the rows are taken back, and go one by one.
    fn run_many_rows(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        position: &mut usize,
        total: &mut Done,
        each: Each<'_>,
    ) -> Result<bool, Failure> {
        let Some(last) = total.last_insert_id.filter(|_| *position > 0 && self.is_in_transaction()) else {
            return Ok(false);
        };
        let many_rows =
            self.database.learned(statement).and_then(|learned| learned.many_rows(statement.sql()));
        let Some((many, rows)) = many_rows
            .filter(|many| many.rows <= sets.len() - *position)
            .map(|many| (many.statement.clone(), many.rows))
        else {
            return Ok(false);
        };
        let values = sets.range(*position, rows);
        if values.iter().map(size_of_value).sum::<usize>() > MOST_BYTES {
            return Ok(false);
        }
        self.run_plain(SAVEPOINT[0])?;
        let inserted = self.insert_rows(&many, values).map(|inserted| {
            inserted.rows == rows as u64
                && inserted.changes == rows as u64
                && last.checked_add(rows as i64) == Some(inserted.last_key)
        });
        if let Ok(true) = inserted {
            self.run_plain(SAVEPOINT[1])?;
            total.rows += rows as u64;
            let first = *position;
            for (place, key) in (first..first + rows).zip(last + 1..) {
                let done = Done { rows: 1, last_insert_id: Some(key) };
                total.last_insert_id = done.last_insert_id;
                *position += 1;
                each(place, done).map_err(Failure::Sink)?;
            }
            return Ok(true);
        }
        self.watch.changes.undo_statement();
        if !self.is_in_transaction() {
            // SQLite undid the whole transaction.
            return inserted;
        }
        self.run_plain(SAVEPOINT[2])?;
        self.run_plain(SAVEPOINT[1])?;
        match inserted {
            Err(Failure::Native(native)) if error::is_busy(&native) || error::is_interrupt(&native) => {
                return Err(Failure::Native(native));
            }
            Err(Failure::Fault { is_change }) => return Err(Failure::Fault { is_change }),
            // Alone each says which of them fails, and why.
            Err(_) => {}
            Ok(_) => {
                if let Some(learned) = self.database.learned(statement) {
                    learned.forget_many_rows();
                }
            }
        }
        Ok(false)
    }
}

fn in_set(failure: Failure, position: usize) -> Failure {
    match failure {
        Failure::Other(error) => Failure::Other(error.context(format_args!("set {position} (from 0)"))),
        failure => failure,
    }
}
