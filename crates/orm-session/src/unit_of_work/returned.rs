//! [`Returned`]: the rows that came back, and whose they are.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Error, ErrorKind, Result, Row, Sink};
use aludel_sql_expression::{Cell, Decode, Value, typed::RowReader};
use hashbrown::HashMap;

use super::{operation::Operation, prepared::Prepared};
use crate::{
    graph::{AnySlot, HashedKey},
    mapping::Mapper,
};

/// The rows that a statement gave back.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) rows: Vec<Vec<Value>>,
    /// The rows where each is one number, and nothing else.
    pub(super) numbers: Vec<i64>,
    /// All numbers stand in one row, as an array.
    pub(super) is_list: bool,
    /// A COMMIT does not wait for the rows: what is wrong with them is kept until it is done.
    pub(super) is_trusted: bool,
    pub(super) failed: Option<Error>,
}

impl Returned {
    /// All rows, those of one number among them.
    pub(super) fn into_rows(self) -> impl Iterator<Item = Vec<Value>> {
        let numbers = self.numbers.into_iter().map(|number| vec![Value::I64(number)]);
        self.rows.into_iter().chain(numbers)
    }

    fn read(&mut self, row: &dyn Row) -> Result<()> {
        if row.len() == 1
            && self.rows.is_empty()
            && let Some(number) = row.integer(0)
        {
            self.numbers.push(number);
            return Ok(());
        }
        if self.is_list {
            if let Cell::Array(numbers) = row.cell(0)? {
                numbers.elements(&mut |number| {
                    self.numbers.push(match number {
                        Cell::I64(number) => number,
                        other => i64::decode(other)?,
                    });
                    Ok(())
                })?;
            }
            return Ok(());
        }
        // A kind of value that has no short way.
        self.rows.extend(self.numbers.drain(..).map(|number| vec![Value::I64(number)]));
        let mut reader = RowReader::new(row);
        let values = (0..row.len()).map(|_| reader.next()).collect::<aludel_sql_expression::Result<_>>()?;
        self.rows.push(values);
        Ok(())
    }
}

impl Sink for Returned {
    fn may_fail(&self) -> bool {
        !self.is_trusted
    }

    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        match self.read(row) {
            Err(error) if self.is_trusted => self.failed = self.failed.take().or(Some(error)),
            outcome => outcome?,
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Operation {
    /// Gives new rows what came back for them.
    pub(super) fn receive(
        &self,
        mapper: &'static Mapper,
        (slots, places): (&[Arc<dyn AnySlot>], &[usize]),
        fetch: &[u16],
        prepared: &mut [Prepared],
        is_committed: bool,
    ) -> Result<Vec<i64>> {
        if fetch.is_empty() {
            return Ok(Vec::new());
        }
        let mut identifiers = Vec::new();
        for statement in prepared.iter_mut() {
            // There is one, nearly always.
            match identifiers.is_empty() {
                true => identifiers = std::mem::take(&mut statement.identifiers),
                false => identifiers.append(&mut statement.identifiers),
            }
        }
        if identifiers.len() == places.len() && self.returns_key_alone() {
            // The same key twice is none that the second row was given.
            if identifiers.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(not_told(mapper, fetch[0], "a trigger may have kept a row back"));
            }
            (mapper.functions().number_new)(slots, places, fetch[0], &identifiers, is_committed)?;
            return Ok(identifiers);
        }
        let mut told = Vec::new();
        let mut remaining = places;
        for statement in prepared {
            let Returned { rows, numbers, failed, .. } = std::mem::take(&mut statement.returned);
            if let Some(error) = failed {
                return Err(error);
            }
            let (present, rest) = remaining.split_at(statement.rows.min(remaining.len()));
            remaining = rest;
            if rows.len() + numbers.len() != present.len() {
                let message = format!(
                    "INSERT into table `{}` told of {} rows for {} objects, so that it cannot be said which are which: a trigger \
                     or a rule may have kept some back; flush after each object to find it",
                    mapper.table().name(),
                    rows.len() + numbers.len(),
                    present.len()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
            if rows.is_empty() && self.returns_key_alone() {
                if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
                    let reason = "a trigger or a default makes them in another way";
                    return Err(not_told(mapper, fetch[0], reason));
                }
                (mapper.functions().number_new)(slots, present, fetch[0], &numbers, is_committed)?;
                told.extend(numbers);
                continue;
            }
            let rows = match numbers.is_empty() {
                true => rows,
                false => numbers.into_iter().map(|number| vec![Value::I64(number)]).collect(),
            };
            let present: Vec<_> = present.iter().map(|place| &slots[*place]).collect();
            match_rows(mapper, &present, fetch, rows)?;
        }
        Ok(told)
    }
}

/// Gives each object its row. The order of RETURNING is never trusted: numbered keys must grow in the order of the rows,
/// keys that the client gave are compared. Rows are not sorted by their numbers, because numbers that a trigger took from
/// the rows themselves would put them into a wrong order.
fn match_rows(
    mapper: &'static Mapper,
    slots: &[&Arc<dyn AnySlot>],
    fetch: &[u16],
    mut rows: Vec<Vec<Value>>,
) -> Result<()> {
    // Keys that the program gave need not grow.
    let is_numbered = slots.first().is_some_and(|slot| slot.is_key_unset());
    let autoincrement = mapper.configuration()?.autoincrement.filter(|_| is_numbered);
    let receive = |slot: &Arc<dyn AnySlot>, row: Vec<Value>| {
        slot.receive(&fetch.iter().copied().zip(row).collect::<Vec<_>>())
    };
    if slots.len() == 1 {
        return rows.pop().map_or(Ok(()), |row| receive(slots[0], row));
    }
    if let Some(at) = autoincrement.and_then(|number| fetch.iter().position(|column| *column == number)) {
        let number = |row: &[Value]| match row[at] {
            Value::I64(number) => Some(i128::from(number)),
            Value::U64(number) => Some(i128::from(number)),
            _ => None,
        };
        let grow =
            |pair: &[Vec<Value>]| matches!((number(&pair[0]), number(&pair[1])), (Some(a), Some(b)) if a < b);
        if !rows.windows(2).all(grow) {
            return Err(not_told(mapper, fetch[at], "a trigger or a default makes them in another way"));
        }
        return slots.iter().zip(rows).try_for_each(|(slot, row)| receive(slot, row));
    }
    // The database may show a key in another form than the field does: a UUID as text.
    let mut by_key: HashMap<HashedKey, Vec<Value>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = mapper.key().iter().map(|key| {
            let cell =
                fetch.iter().position(|column| column == key).map_or(Cell::Null, |at| row[at].as_cell());
            (mapper.functions().read_column)(*key, cell)
        });
        by_key.insert(HashedKey(key.collect::<aludel_sql_expression::Result<_>>()?), row);
    }
    for slot in slots {
        let key = HashedKey(mapper.key().iter().map(|key| slot.sending(*key)).collect());
        let row = by_key.remove(&key).ok_or_else(|| {
            let message = format!(
                "INSERT into table `{}` gave back no row with the key of an object",
                mapper.table().name()
            );
            Error::new(ErrorKind::Internal, message)
        })?;
        receive(slot, row)?;
    }
    Ok(())
}

/// The new rows cannot be told apart, so that no object may be given a key.
fn not_told(mapper: &Mapper, column: u16, reason: &str) -> Error {
    let message = format!(
        "the keys that came back for new rows of table `{}` do not grow in column {}, as numbers that the database gives out \
         in the order of the rows do: {reason}; give the objects their keys, or flush after each",
        mapper.table().name(),
        mapper.field(column)
    );
    Error::new(ErrorKind::Flush, message)
}
