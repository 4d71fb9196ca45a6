//! The batches of changed rows: those of one model with the same changed columns go together.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_sql_expression::{Value, expression::Node};

use super::{
    assignment::{ByChild, OfChild},
    columns::{check_computed, finding, shapes},
    defaults::next_version,
    made::Made,
    operation::{Operation, Purpose},
    row_switch::RowSwitch,
    work::Work,
};
use crate::{graph::AnySlot, mapping::Mapper};

/// The batches of changed rows: those of one model with the same changed columns go together.
///
/// Says too whether one of them changes a key, or what else others refer to.
pub(super) fn update_operations(work: &Work) -> Result<(Vec<Operation>, bool)> {
    let mut assigned = ByChild::new();
    for assignment in work.assignments.iter().filter(|assignment| assignment.changes()) {
        assigned.entry(assignment.child.index()).or_default().push(assignment);
    }
    let mut batches =
        UpdateBatches { shapes: Vec::new(), operations: Vec::new(), last: 0, rest: work.updates.len() };
    let is_plain = assigned.is_empty() && work.expressions.is_empty();
    let mut rest = work.updates.as_slice();
    while let Some((slot, others)) = rest.split_first() {
        let alike = if is_plain { batches.add_alike(rest) } else { 0 };
        if alike > 0 {
            rest = &rest[alike..];
        } else {
            batches.change(work, slot, slot, assigned.get(&slot.index()))?;
            rest = others;
        }
        batches.rest = rest.len();
    }
    if !assigned.is_empty() {
        for slot in &work.inserts {
            let assignments = assigned.get(&slot.index());
            if assignments.is_some_and(|list| list.iter().any(|assignment| assignment.post_update)) {
                batches.change(work, slot, slot, assignments)?;
            }
        }
    }
    for switch in &work.switches {
        batches.change(work, &switch.new, &switch.old, assigned.get(&switch.new.index()))?;
    }
    let mut shapes = batches.shapes.iter();
    let moves = shapes.any(|shape| {
        let is_referenced =
            |column| shape.mapper.configuration().is_ok_and(|it| it.referenced.contains(column));
        shape.columns.iter().any(is_referenced)
    });
    Ok((batches.operations, moves))
}

/// What rows of an UPDATE have in common.
struct UpdateShape {
    mapper: &'static Mapper,
    columns: Vec<u16>,
    finding: Vec<u16>,
    /// A row with expressions in it is written alone.
    alone: bool,
    /// Only what differs is written, and nothing has to be told to the objects afterwards.
    is_plain: bool,
}

struct UpdateBatches {
    shapes: Vec<UpdateShape>,
    operations: Vec<Operation>,
    /// Where the last row went, which is where the next one goes nearly always.
    last: usize,
    /// How many rows there are still to come, with the present one.
    rest: usize,
}

impl UpdateBatches {
    /// Adds objects that differ in what the last one differed in, or in nothing, and says how many they were.
    fn add_alike(&mut self, slots: &[Arc<dyn AnySlot>]) -> usize {
        let Some(shape) = self.shapes.get(self.last).filter(|shape| shape.is_plain) else { return 0 };
        let operation = &mut self.operations[self.last];
        let UpdateShape { mapper, columns, finding, .. } = shape;
        let alike = (mapper.functions().write_changed)(slots, columns, finding, &mut operation.values);
        operation.rows += alike.written;
        alike.looked_at
    }

    /// Adds a row with what the session makes for it; `row` is the object that has it in the database.
    fn change(
        &mut self,
        work: &Work,
        slot: &Arc<dyn AnySlot>,
        row: &Arc<dyn AnySlot>,
        assigned: Option<&OfChild<'_>>,
    ) -> Result<()> {
        let configuration = slot.mapper().configuration()?;
        let expressions = work.computed(&**slot);
        let mut columns = if Arc::ptr_eq(slot, row) { slot.changed_sending() } else { Vec::new() };
        for assignment in assigned.into_iter().flatten() {
            let values = assignment.values();
            for (column, value) in &values {
                // What goes back to what it was is not written.
                columns.retain(|other| other != column);
                if slot.stored(*column) != *value {
                    columns.push(*column);
                }
            }
            slot.receive(&values)?;
        }
        if !Arc::ptr_eq(slot, row) {
            columns = RowSwitch { old: row.clone(), new: slot.clone() }.columns()?;
        }
        columns.sort_unstable();
        columns.dedup();
        let is_computed = |column: &u16| expressions.iter().any(|(other, _)| other == column);
        columns.retain(|column| !is_computed(column));
        if columns.is_empty() && expressions.is_empty() {
            return Ok(());
        }
        let is_set = |column: &u16| columns.contains(column) || is_computed(column);
        let unset = configuration.onupdates.iter().filter(|(number, _)| !is_set(number));
        let mut touched: Vec<(u16, Value)> = unset.map(|(number, make)| (*number, make.value())).collect();
        // A version that was set by hand is taken as it is.
        let version = configuration.version.filter(|version| !is_set(version));
        touched.extend(version.and_then(|version| {
            Some((version, next_version(configuration.version_id, Some(row.stored(version)))?))
        }));
        if !touched.is_empty() {
            columns.extend(touched.iter().map(|(number, _)| *number));
            slot.receive(&touched)?;
        }
        self.add(slot, row, columns, expressions)
    }

    /// Adds a row; `row` is the object that has it in the database.
    fn add(
        &mut self,
        slot: &Arc<dyn AnySlot>,
        row: &Arc<dyn AnySlot>,
        columns: Vec<u16>,
        expressions: &[(u16, Node)],
    ) -> Result<()> {
        let mapper = slot.mapper();
        let alone = !expressions.is_empty();
        let is_like =
            |shape: &UpdateShape| shape.mapper == mapper && !shape.alone && shape.columns == columns;
        let place = if alone { None } else { self.shapes.iter().position(is_like) };
        let place = match place {
            Some(place) => place,
            None => {
                let finding = finding(mapper)?;
                check_computed(mapper, &columns, expressions)?;
                let made = Made::by_update(mapper, &columns, expressions)?;
                let configuration = mapper.configuration()?;
                let is_plain = !alone
                    && !made.concerns_objects()
                    && configuration.onupdates.is_empty()
                    && configuration.version.is_none();
                self.operations.push(Operation {
                    table: mapper.table().clone(),
                    columns: shapes(mapper, &columns),
                    keys: shapes(mapper, &finding),
                    values: Vec::with_capacity((columns.len() + finding.len()) * self.rest),
                    rows: 0,
                    purpose: Purpose::Update { mapper, slots: Vec::new(), made },
                });
                self.shapes.push(UpdateShape { mapper, columns, finding, alone, is_plain });
                self.shapes.len() - 1
            }
        };
        let (shape, values) = (&self.shapes[place], &mut self.operations[place].values);
        slot.write_sending(&shape.columns, values);
        row.write_stored(&shape.finding, values);
        self.count(place, slot);
        Ok(())
    }

    fn count(&mut self, place: usize, slot: &Arc<dyn AnySlot>) {
        self.last = place;
        let operation = &mut self.operations[place];
        operation.rows += 1;
        if let Purpose::Update { slots, made, .. } = &mut operation.purpose
            && made.concerns_objects()
        {
            slots.push(slot.clone());
        }
    }
}
