//! [`Operation`]: a batch of rows of one shape, and what its statements have to have done.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Value, schema::Table, value::Columns};

use super::{
    columns::ColumnShape,
    made::{Made, receive_made},
    prepared::Prepared,
    work::Work,
};
use crate::{graph::AnySlot, mapping::Mapper};

/// A batch of rows of one shape.
pub(super) struct Operation {
    pub(super) purpose: Purpose,
    pub(super) table: Table,
    pub(super) columns: Vec<ColumnShape>,
    pub(super) keys: Vec<ColumnShape>,
    /// Row by row: the columns, then the keys (not for INSERT).
    pub(super) values: Vec<Value>,
    pub(super) rows: usize,
}

/// What a batch is for.
pub(super) enum Purpose {
    /// New rows, by their places in the work; the keys are the columns that come back. Where arrays are going to be made of
    /// the values, they are packed.
    Insert {
        mapper: &'static Mapper,
        places: Vec<usize>,
        fetch: Vec<u16>,
        made: Made,
        packed: Option<Columns>,
    },
    /// Changed rows; their objects where something comes back for them, or goes out of date.
    Update { mapper: &'static Mapper, slots: Vec<Arc<dyn AnySlot>>, made: Made },
    /// A row to be deleted whose foreign key becomes NULL before, since it closes a circle.
    Cut,
    /// Rows of a secondary table that follow a changed key: their number is not known.
    Rekey,
    /// Rows to be deleted.
    Delete { mapper: &'static Mapper, slots: Vec<Arc<dyn AnySlot>> },
    /// New rows of a secondary table. Where that they are missing is not known, those that are there stay as they are.
    Link { is_known: bool },
    /// Rows of a secondary table to be deleted. Where that they are there is not known, they may be missing.
    Unlink { is_known: bool },
    /// All rows of a secondary table that belong to deleted objects: their number is not known.
    UnlinkAll,
}

impl Operation {
    /// Takes in what the database answered; `is_committed`: to a COMMIT, too. Gives the numbers of new rows, where they got
    /// nothing else.
    pub(super) fn finish(
        &self,
        work: &Work,
        prepared: &mut [Prepared],
        is_committed: bool,
    ) -> Result<Vec<i64>> {
        let written = prepared.iter().filter(|statement| !statement.selects);
        let matched: u64 = written.map(|statement| statement.done.rows).sum();
        match &self.purpose {
            Purpose::Insert { mapper, places, fetch, made, .. } => {
                let numbers = self.receive(mapper, (&work.inserts, places), fetch, prepared, is_committed)?;
                made.expire(places.iter().map(|place| &work.inserts[*place]));
                return Ok(numbers);
            }
            Purpose::Update { mapper, slots, made } if !made.fetch.is_empty() => {
                let returns = !prepared.iter().any(|statement| statement.selects);
                let rows =
                    prepared.iter_mut().flat_map(|statement| std::mem::take(&mut statement.returned.rows));
                let rows: Vec<_> = rows.collect();
                let matched = if returns { rows.len() as u64 } else { matched };
                if matched != self.rows as u64 {
                    return Err(stale("UPDATE", mapper, self.rows, matched));
                }
                receive_made(mapper, slots, &made.fetch, rows)?;
            }
            Purpose::Update { mapper, .. } if matched != self.rows as u64 => {
                return Err(stale("UPDATE", mapper, self.rows, matched));
            }
            Purpose::Update { slots, made, .. } => {
                made.expire(slots.iter());
            }
            Purpose::Delete { mapper, slots }
                if matched != slots.len() as u64 && mapper.configuration()?.version.is_some() =>
            {
                return Err(stale("DELETE", mapper, slots.len(), matched));
            }
            Purpose::Delete { mapper, slots } if matched != slots.len() as u64 => {
                tracing::warn!(
                    table = %mapper.table().name(),
                    "DELETE was expected to delete {} rows, but {matched} were there",
                    slots.len()
                );
            }
            Purpose::Unlink { is_known: true } if matched != self.rows as u64 => {
                let message = format!(
                    "DELETE from table `{}` was expected to delete {} rows, but {matched} were there: somebody else changed \
                     the relationship; refresh it and try again",
                    self.table.name(),
                    self.rows
                );
                return Err(Error::new(ErrorKind::StaleData, message));
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    /// The column that a parameter of the batch's statement is for; the first has number 1. Whether rows are written out or
    /// turned into arrays, the columns stand in the same order.
    pub(super) fn column_of_parameter(&self, number: usize) -> Option<String> {
        let position = number.checked_sub(1)?.checked_rem(self.written().count())?;
        let column = self.written().nth(position)?;
        Some(format!("{}.{}", self.table.name(), column.name))
    }
}

pub(super) fn stale(verb: &str, mapper: &Mapper, expected: usize, matched: u64) -> Error {
    let message = format!(
        "{verb} of table `{}` was expected to match {expected} rows, but {matched} were there: somebody else changed or \
         deleted them; refresh the objects and try again",
        mapper.table().name()
    );
    Error::new(ErrorKind::StaleData, message)
}
