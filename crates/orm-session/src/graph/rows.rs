//! Rows of many objects of one model: what is done for each needs no look at its model.

use std::{any::Any, sync::Arc};

use aludel_driver::Result;
use aludel_sql_expression::{Value, value::Columns};

use super::{AnySlot, Slot};
use crate::mapping::Mapped;

/// Where the rows of new objects are written to.
pub(crate) enum Rows<'a> {
    /// One row after the other.
    Values(&'a mut Vec<Value>),
    /// Column by column.
    Columns(&'a mut Columns),
}

impl Rows<'_> {
    /// Adds the row of an object; `is_unnumbered`: without the numbered key.
    #[inline]
    pub(super) fn write<M: Mapped>(&mut self, model: &M, is_unnumbered: bool) {
        match self {
            Self::Values(values) if is_unnumbered => model.write_unnumbered(values),
            Self::Values(values) => model.write(values),
            Self::Columns(columns) => model.write_to(is_unnumbered, *columns),
        }
    }
}

/// A flush begins to send new objects, as long as they are of the model and alike: writes their rows, and says how many they
/// were. `is_numbered`: the
/// database numbers keys of the model; `is_unnumbered`: those of these rows are left to it.
pub(crate) fn write_new<M: Mapped>(
    slots: &[Arc<dyn AnySlot>],
    places: &[usize],
    is_numbered: bool,
    is_unnumbered: bool,
    mut rows: Rows<'_>,
) -> usize {
    for (count, place) in places.iter().enumerate() {
        let Some(slot) = typed::<M>(&slots[*place]) else { return count };
        if !slot.send_row(is_numbered, is_unnumbered, &mut rows) {
            return count;
        }
    }
    places.len()
}

/// The rows of new objects are in the database, and these are the numbers that it gave them: the flush of them is done, and
/// the transaction, too, when `is_committed`.
pub(crate) fn number_new<M: Mapped>(
    slots: &[Arc<dyn AnySlot>],
    places: &[usize],
    column: u16,
    numbers: &[i64],
    is_committed: bool,
) -> Result<()> {
    for (place, number) in places.iter().zip(numbers) {
        if let Some(slot) = typed::<M>(&slots[*place]) {
            slot.finish_numbered(column, *number, is_committed)?;
        }
    }
    Ok(())
}

/// How far objects were alike.
pub(crate) struct Alike {
    /// Of how many objects nobody has to look any more.
    pub(crate) looked_at: usize,
    /// How many rows were written for them; the others differ in nothing.
    pub(crate) written: usize,
}

/// Writes rows of changed objects as long as they are of the model and differ in these columns, or in none: the columns, and
/// those that find the row.
pub(crate) fn write_changed<M: Mapped>(
    slots: &[Arc<dyn AnySlot>],
    columns: &[u16],
    finding: &[u16],
    values: &mut Vec<Value>,
) -> Alike {
    let (mut written, mut changed) = (0, Vec::with_capacity(columns.len()));
    for (looked_at, slot) in slots.iter().enumerate() {
        let Some(slot) = typed::<M>(slot) else { return Alike { looked_at, written } };
        let start = values.len();
        changed.clear();
        slot.write_update(finding, &mut changed, values);
        if changed == columns {
            written += 1;
            continue;
        }
        values.truncate(start);
        if !changed.is_empty() {
            return Alike { looked_at, written };
        }
    }
    Alike { looked_at: slots.len(), written }
}

fn typed<M: Mapped>(slot: &Arc<dyn AnySlot>) -> Option<&Slot<M>> {
    let slot: &dyn Any = &**slot;
    slot.downcast_ref()
}
