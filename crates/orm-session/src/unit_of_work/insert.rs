//! The batches of new rows: those of one model with the same columns go together.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_sql_expression::{
    expression::Node,
    value::{Columns, ValueSink as _},
};

use super::{
    assignment::{ByChild, is_unset},
    columns::{check_computed, is_array, shapes},
    made::{Made, named},
    operation::{Operation, Purpose},
    work::Work,
};
use crate::{
    graph::{AnySlot, Rows},
    mapping::{Mapper, VersionId},
};

/// The batches of one level: rows of one model with the same columns go together. `arrays`: the database takes arrays, so
/// that their values are packed.
pub(super) fn insert_operations(
    work: &Work,
    level: &[usize],
    by_child: &ByChild<'_>,
    arrays: bool,
) -> Result<Vec<Operation>> {
    let mut batches = InsertBatches { batches: Vec::new(), rest: level.len(), arrays };
    let is_plain = by_child.is_empty() && work.expressions.is_empty();
    let mut rest = level;
    while let Some((place, others)) = rest.split_first() {
        let slot = &work.inserts[*place];
        if is_plain {
            let written = batches.add_alike(&work.inserts, rest)?;
            if written > 0 {
                rest = &rest[written..];
                continue;
            }
        }
        rest = others;
        if !by_child.is_empty() {
            for assignment in by_child.get(&slot.index()).into_iter().flatten() {
                slot.receive(&assignment.values())?;
            }
        }
        batches.add(*place, slot, work.computed(&**slot))?;
    }
    Ok(batches.batches.into_iter().map(|batch| batch.operation).collect())
}

/// What rows of an INSERT have in common.
#[derive(PartialEq)]
struct InsertShape {
    mapper: &'static Mapper,
    /// The database numbers the key.
    is_unnumbered: bool,
    /// The columns that the database makes a value for.
    left_out: Vec<u16>,
    /// A row with expressions in it is written alone.
    alone: Option<usize>,
}

struct InsertBatch {
    shape: InsertShape,
    /// The columns that it writes.
    columns: Vec<u16>,
    operation: Operation,
}

struct InsertBatches {
    batches: Vec<InsertBatch>,
    /// How many rows there are still to come, with the present one.
    rest: usize,
    arrays: bool,
}

/// Whether the database makes some of the values of a new row.
pub(super) fn leaves_columns_to_the_database(slot: &dyn AnySlot) -> Result<bool> {
    let is_numbered = slot.mapper().configuration()?.autoincrement.is_some();
    Ok((is_numbered && slot.is_key_unset()) || !left_out(slot, &[])?.is_empty())
}

/// The columns for which the database makes a value: those without one that have a default there, and those that it
/// computes.
fn left_out(slot: &dyn AnySlot, expressions: &[(u16, Node)]) -> Result<Vec<u16>> {
    let configuration = slot.mapper().configuration()?;
    let defaults = configuration.server_defaults.iter().copied();
    let mut columns: Vec<u16> = defaults.filter(|column| slot.sending(*column).is_null()).collect();
    let by_server = configuration.version.filter(|_| matches!(configuration.version_id, VersionId::Server));
    let version = by_server.filter(|version| is_unset(&slot.sending(*version)));
    if version.is_none() && configuration.computed.is_empty() && expressions.is_empty() {
        return Ok(columns);
    }
    columns.extend(version);
    columns.extend(configuration.computed.iter().chain(expressions.iter().map(|(column, _)| column)));
    columns.sort_unstable();
    columns.dedup();
    Ok(columns)
}

impl InsertBatches {
    /// Adds the first of some rows and those after it that are like it, where the database makes none of their values but a
    /// number, and says how many they were.
    fn add_alike(&mut self, slots: &[Arc<dyn AnySlot>], places: &[usize]) -> Result<usize> {
        let Some(first) = places.first().map(|place| &slots[*place]) else { return Ok(0) };
        let mapper = first.mapper();
        let configuration = mapper.configuration()?;
        if configuration.leaves_columns_out() {
            return Ok(0);
        }
        let is_numbered = configuration.autoincrement.is_some();
        let is_unnumbered = is_numbered && first.is_key_unset();
        let place =
            self.place(InsertShape { mapper, is_unnumbered, left_out: Vec::new(), alone: None }, &[])?;
        let Operation { values, purpose, .. } = &mut self.batches[place].operation;
        let rows = match purpose {
            Purpose::Insert { packed: Some(columns), .. } => Rows::Columns(columns),
            _ => Rows::Values(values),
        };
        let written = (mapper.functions().write_new)(slots, places, is_numbered, is_unnumbered, rows);
        self.count(place, &places[..written]);
        Ok(written)
    }

    fn add(&mut self, row: usize, slot: &Arc<dyn AnySlot>, expressions: &[(u16, Node)]) -> Result<()> {
        let mapper = slot.mapper();
        let is_numbered = mapper.configuration()?.autoincrement.is_some();
        let left_out = left_out(&**slot, expressions)?;
        let is_unnumbered = is_numbered && slot.is_key_unset();
        let alone = (!expressions.is_empty()).then_some(row);
        let place = self.place(InsertShape { mapper, is_unnumbered, left_out, alone }, expressions)?;
        let InsertBatch { columns, operation, .. } = &mut self.batches[place];
        slot.write_sending(columns, &mut operation.values);
        if let Purpose::Insert { packed: Some(packed), .. } = &mut operation.purpose {
            operation.values.drain(..).for_each(|value| packed.value(value));
        }
        self.count(place, &[row]);
        Ok(())
    }

    fn count(&mut self, place: usize, rows: &[usize]) {
        self.rest -= rows.len();
        let operation = &mut self.batches[place].operation;
        operation.rows += rows.len();
        if let Purpose::Insert { places, .. } = &mut operation.purpose {
            places.extend_from_slice(rows);
        }
    }

    /// The batch of a shape.
    fn place(&mut self, shape: InsertShape, expressions: &[(u16, Node)]) -> Result<usize> {
        if let Some(place) = self.batches.iter().position(|batch| batch.shape == shape) {
            return Ok(place);
        }
        let mapper = shape.mapper;
        let (columns, (fetch, expires)) = (shape.columns()?, shape.fetch()?);
        check_computed(mapper, &[], expressions)?;
        let made = Made { expressions: named(mapper, expressions), expires, ..Made::default() };
        let (written, keys) = (shapes(mapper, &columns), shapes(mapper, &fetch));
        // A row alone is sent as it is, and arrays of arrays are not packed.
        let packs = self.arrays && self.rest > 1 && expressions.is_empty() && !written.iter().any(is_array);
        let packed = packs.then(|| Columns::new(columns.len(), self.rest));
        let values = if packs { Vec::new() } else { Vec::with_capacity(columns.len() * self.rest) };
        let places = Vec::with_capacity(self.rest);
        let operation = Operation {
            table: mapper.table().clone(),
            columns: written,
            keys,
            values,
            rows: 0,
            purpose: Purpose::Insert { mapper, places, fetch, made, packed },
        };
        self.batches.push(InsertBatch { shape, columns, operation });
        Ok(self.batches.len() - 1)
    }
}

impl InsertShape {
    /// The columns that the INSERT writes.
    fn columns(&self) -> Result<Vec<u16>> {
        let unnumbered = self.mapper.configuration()?.autoincrement.filter(|_| self.is_unnumbered);
        let columns = (0u16..).zip(self.mapper.columns()).map(|(number, _)| number);
        let is_written = |number: &u16| Some(*number) != unnumbered && !self.left_out.contains(number);
        Ok(columns.filter(is_written).collect())
    }

    /// The columns that the database makes and that come back, and whether there are others, which do not.
    fn fetch(&self) -> Result<(Vec<u16>, bool)> {
        let unnumbered = self.mapper.configuration()?.autoincrement.filter(|_| self.is_unnumbered);
        let mut fetch: Vec<u16> = unnumbered.into_iter().chain(self.left_out.iter().copied()).collect();
        fetch.sort_unstable();
        let made = fetch.len();
        if !self.mapper.is_eager() {
            fetch.retain(|column| self.mapper.key().contains(column));
        }
        let expires = fetch.len() < made;
        // Rows that come back are told apart by their key.
        if !fetch.is_empty() && unnumbered.is_none() {
            fetch.extend(self.mapper.key().iter().filter(|key| !self.left_out.contains(key)));
        }
        Ok((fetch, expires))
    }
}
