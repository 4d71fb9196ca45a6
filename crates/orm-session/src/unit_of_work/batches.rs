//! The batches of a flush: rows of one shape go together.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Name, SqlType, Value, expression::Node, schema::Table};
use hashbrown::HashMap;

use super::{
    assignment::{Assignment, is_unset},
    made::{Made, named},
    operation::{Operation, Purpose},
    order::{DeleteOrder, delete_order},
    row_switch::RowSwitch,
    statements::ColumnShape,
    work::{LinkRow, Work},
};
use crate::{
    graph::{AnySlot, Inner, Slots},
    mapping::{Mapper, SecondaryConfiguration, VersionId},
};

/// Client-side defaults are put in where nothing was given, and versions begin to count.
pub(super) fn apply_defaults(work: &Work) -> Result<()> {
    for slot in &work.inserts {
        let configuration = slot.mapper().configuration()?;
        let key = slot.mapper().key();
        let unset = configuration.defaults.iter().filter(|(number, _)| match key.contains(number) {
            true => is_unset(&slot.sending(*number)),
            false => slot.sending(*number).is_null(),
        });
        let mut values: Vec<_> = unset.map(|(number, default)| (*number, default())).collect();
        let version = configuration.version.filter(|version| is_unset(&slot.sending(*version)));
        values.extend(
            version.and_then(|version| Some((version, next_version(configuration.version_id, None)?))),
        );
        if !values.is_empty() {
            slot.receive(&values)?;
        }
    }
    Ok(())
}

/// The version after another; none: the session makes none.
pub(crate) fn next_version(kind: VersionId, version: Option<Value>) -> Option<Value> {
    match (kind, version) {
        (VersionId::Counter, Some(Value::I64(number))) => Some(Value::I64(number.wrapping_add(1))),
        (VersionId::Counter, Some(Value::U64(number))) => Some(Value::U64(number.wrapping_add(1))),
        (VersionId::Counter, _) => Some(Value::I64(1)),
        (VersionId::Generator(make), _) => Some(make()),
        (VersionId::Server, _) => None,
    }
}

/// The columns that find a row: its key, and its version where it has one.
pub(super) fn finding(mapper: &'static Mapper) -> Result<Vec<u16>> {
    Ok(mapper.key().iter().copied().chain(mapper.configuration()?.version).collect())
}

pub(super) fn shape(mapper: &Mapper, column: u16) -> ColumnShape {
    let definition = &mapper.definition().columns[usize::from(column)];
    ColumnShape { name: definition.name.clone(), sql_type: definition.sql_type.clone() }
}

pub(super) fn shapes(mapper: &Mapper, columns: &[u16]) -> Vec<ColumnShape> {
    columns.iter().map(|column| shape(mapper, *column)).collect()
}

/// The foreign keys that are written along with a new row, by its number.
pub(super) type ByChild<'a> = HashMap<u32, Vec<&'a Assignment>>;

pub(super) fn by_child(assignments: &[Assignment]) -> ByChild<'_> {
    let mut by_child = ByChild::new();
    for assignment in assignments.iter().filter(|assignment| !assignment.post_update) {
        by_child.entry(assignment.child.index()).or_default().push(assignment);
    }
    by_child
}

/// The batches of one level: rows of one model with the same columns go together.
pub(super) fn insert_operations(
    work: &Work,
    level: &[usize],
    by_child: &ByChild<'_>,
) -> Result<Vec<Operation>> {
    let mut batches =
        InsertBatches { shapes: Vec::new(), operations: Vec::new(), last: 0, rest: level.len() };
    for place in level {
        let slot = &work.inserts[*place];
        if !by_child.is_empty() {
            for assignment in by_child.get(&slot.index()).into_iter().flatten() {
                slot.receive(&assignment.values())?;
            }
        }
        batches.add(*place, slot, work.computed(&**slot))?;
        batches.rest -= 1;
    }
    Ok(batches.operations)
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

struct InsertBatches {
    shapes: Vec<InsertShape>,
    operations: Vec<Operation>,
    /// Where the last row went, which is where the next one goes nearly always.
    last: usize,
    /// How many rows there are still to come, with the present one.
    rest: usize,
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
    fn add(&mut self, row: usize, slot: &Arc<dyn AnySlot>, expressions: &[(u16, Node)]) -> Result<()> {
        let mapper = slot.mapper();
        let is_numbered = mapper.configuration()?.autoincrement.is_some();
        let left_out = left_out(&**slot, expressions)?;
        if left_out.is_empty()
            && let Some(last) = self.shapes.get(self.last)
            && last.mapper == mapper
            && last.left_out.is_empty()
        {
            // Nearly always it is like the one before, so it is written first and looked at after.
            let values = &mut self.operations[self.last].values;
            let start = values.len();
            if slot.write_insert(is_numbered, values) == last.is_unnumbered {
                self.count(self.last, row);
                return Ok(());
            }
            values.truncate(start);
        }
        let is_unnumbered = is_numbered && slot.is_key_unset();
        let alone = (!expressions.is_empty()).then_some(row);
        let shape = InsertShape { mapper, is_unnumbered, left_out, alone };
        let columns = shape.columns()?;
        let place = self.place(shape, expressions)?;
        slot.write_sending(&columns, &mut self.operations[place].values);
        self.count(place, row);
        Ok(())
    }

    fn count(&mut self, place: usize, row: usize) {
        self.last = place;
        let operation = &mut self.operations[place];
        operation.rows += 1;
        if let Purpose::Insert { places, .. } = &mut operation.purpose {
            places.push(row);
        }
    }

    /// The batch of a shape.
    fn place(&mut self, shape: InsertShape, expressions: &[(u16, Node)]) -> Result<usize> {
        if let Some(place) = self.shapes.iter().position(|other| *other == shape) {
            return Ok(place);
        }
        let mapper = shape.mapper;
        let (columns, (fetch, expires)) = (shape.columns()?, shape.fetch()?);
        check_computed(mapper, &[], expressions)?;
        let made = Made { expressions: named(mapper, expressions), expires, ..Made::default() };
        self.operations.push(Operation {
            table: mapper.table().clone(),
            columns: shapes(mapper, &columns),
            keys: shapes(mapper, &fetch),
            values: Vec::with_capacity(columns.len() * self.rest),
            rows: 0,
            purpose: Purpose::Insert { mapper, places: Vec::with_capacity(self.rest), fetch, made },
        });
        self.shapes.push(shape);
        Ok(self.shapes.len() - 1)
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

/// The batches of changed rows: those of one model with the same changed columns go together.
///
/// Says too whether one of them changes a key, or what else others refer to.
pub(super) fn update_operations(work: &Work) -> Result<(Vec<Operation>, bool)> {
    let mut assigned = ByChild::new();
    for assignment in work.assignments.iter().filter(|assignment| assignment.changes()) {
        assigned.entry(assignment.child.index()).or_default().push(assignment);
    }
    let posted = work.inserts.iter().filter(|slot| {
        assigned.get(&slot.index()).is_some_and(|list| list.iter().any(|assignment| assignment.post_update))
    });
    let mut batches = UpdateBatches { shapes: Vec::new(), operations: Vec::new(), last: 0 };
    let mut changed = Vec::new();
    let written = work.updates.iter().chain(posted).map(|slot| (slot, slot));
    let switched = work.switches.iter().map(|switch| (&switch.new, &switch.old));
    for (slot, row) in written.chain(switched) {
        let mapper = slot.mapper();
        let configuration = mapper.configuration()?;
        let expressions = work.computed(&**slot);
        let is_completed = !expressions.is_empty()
            || !configuration.onupdates.is_empty()
            || configuration.version.is_some()
            || !Arc::ptr_eq(slot, row)
            || (!assigned.is_empty() && assigned.contains_key(&slot.index()));
        if !is_completed && batches.add_like_last(slot, &mut changed) {
            continue;
        }
        let mut columns = if Arc::ptr_eq(slot, row) { slot.changed_sending() } else { Vec::new() };
        for assignment in assigned.get(&slot.index()).into_iter().flatten() {
            let values = assignment.values();
            columns.extend(values.iter().map(|(column, _)| *column));
            slot.receive(&values)?;
        }
        if !Arc::ptr_eq(slot, row) {
            columns = RowSwitch { old: row.clone(), new: slot.clone() }.differing()?;
        }
        columns.sort_unstable();
        columns.dedup();
        let is_computed = |column: &u16| expressions.iter().any(|(other, _)| other == column);
        columns.retain(|column| !is_computed(column));
        if columns.is_empty() && expressions.is_empty() {
            continue;
        }
        let is_set = |column: &u16| columns.contains(column) || is_computed(column);
        let unset = configuration.onupdates.iter().filter(|(number, _)| !is_set(number));
        let mut touched: Vec<(u16, Value)> = unset.map(|(number, make)| (*number, make())).collect();
        // A version that was set by hand is taken as it is.
        let version = configuration.version.filter(|version| !is_set(version));
        touched.extend(version.and_then(|version| {
            Some((version, next_version(configuration.version_id, Some(row.stored(version)))?))
        }));
        if !touched.is_empty() {
            columns.extend(touched.iter().map(|(number, _)| *number));
            slot.receive(&touched)?;
        }
        batches.add(slot, row, columns, expressions)?;
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
}

struct UpdateBatches {
    shapes: Vec<UpdateShape>,
    operations: Vec<Operation>,
    /// Where the last row went, which is where the next one goes nearly always.
    last: usize,
}

impl UpdateBatches {
    /// Adds a row that has what the last one has, or has nothing to be written. False: it is another one.
    fn add_like_last(&mut self, slot: &Arc<dyn AnySlot>, changed: &mut Vec<u16>) -> bool {
        let Some(shape) =
            self.shapes.get(self.last).filter(|shape| shape.mapper == slot.mapper() && !shape.alone)
        else {
            return false;
        };
        let values = &mut self.operations[self.last].values;
        let start = values.len();
        changed.clear();
        slot.write_update(&shape.finding, changed, values);
        if *changed == shape.columns {
            self.count(self.last, slot);
            return true;
        }
        values.truncate(start);
        changed.is_empty()
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
                self.operations.push(Operation {
                    table: mapper.table().clone(),
                    columns: shapes(mapper, &columns),
                    keys: shapes(mapper, &finding),
                    values: Vec::new(),
                    rows: 0,
                    purpose: Purpose::Update { mapper, slots: Vec::new(), made },
                });
                self.shapes.push(UpdateShape { mapper, columns, finding, alone });
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
        if let Purpose::Update { slots, .. } = &mut operation.purpose {
            slots.push(slot.clone());
        }
    }
}

/// What the database computes is written by nobody else.
fn check_computed(mapper: &'static Mapper, columns: &[u16], expressions: &[(u16, Node)]) -> Result<()> {
    let computed = &mapper.configuration()?.computed;
    let mut written = columns.iter().chain(expressions.iter().map(|(column, _)| column));
    written.find(|column| computed.contains(column)).map_or(Ok(()), |column| {
        let message = format!(
            "{} was set, but the database computes it from other columns; set those",
            mapper.field(*column)
        );
        Err(Error::new(ErrorKind::Flush, message))
    })
}

/// The rows of secondary tables that follow keys which the session changed.
pub(super) fn rekey_operations(work: &Work) -> Vec<Operation> {
    let operations = work.rekeyed.iter().map(|(secondary, slot)| {
        let shapes: Vec<ColumnShape> =
            secondary.to_own.iter().map(|(name, _)| secondary_shape(&secondary.table, name)).collect();
        let new = secondary.to_own.iter().map(|(_, column)| slot.sending(*column));
        let old = secondary.to_own.iter().map(|(_, column)| slot.stored(*column));
        Operation {
            table: secondary.table.clone(),
            columns: shapes.clone(),
            keys: shapes,
            values: new.chain(old).collect(),
            rows: 1,
            purpose: Purpose::Rekey,
        }
    });
    operations.collect()
}

fn secondary_shape(table: &Table, name: &Name) -> ColumnShape {
    let sql_type = table.definition().find(name).map_or(SqlType::Unknown, |column| column.sql_type.clone());
    ColumnShape { name: name.clone(), sql_type }
}

/// Rows of one secondary table, seen from one side, in batches.
fn by_secondary(rows: &[LinkRow]) -> Vec<(&'static SecondaryConfiguration, Vec<&LinkRow>)> {
    let mut groups: Vec<(&'static SecondaryConfiguration, Vec<&LinkRow>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(secondary, _)| std::ptr::eq(*secondary, row.secondary)) {
            Some((_, group)) => group.push(row),
            None => groups.push((row.secondary, vec![row])),
        }
    }
    groups
}

fn link_shapes(secondary: &SecondaryConfiguration) -> Vec<ColumnShape> {
    let names = secondary.to_own.iter().chain(&secondary.to_target);
    names.map(|(name, _)| secondary_shape(&secondary.table, name)).collect()
}

/// The row of the secondary table; one to be deleted is found by the keys as they stand in the database.
fn link_values(row: &LinkRow, stored: bool) -> impl Iterator<Item = Value> + '_ {
    let value = move |slot: &Arc<dyn AnySlot>, column| match stored {
        true => slot.stored(column),
        false => slot.value(column),
    };
    let own = row.secondary.to_own.iter().map(move |(_, column)| value(&row.owner, *column));
    own.chain(row.secondary.to_target.iter().map(move |(_, column)| value(&row.target, *column)))
}

pub(super) fn link_operations(rows: &[LinkRow]) -> Vec<Operation> {
    let groups = by_secondary(rows).into_iter();
    groups
        .map(|(secondary, rows)| Operation {
            table: secondary.table.clone(),
            columns: link_shapes(secondary),
            keys: Vec::new(),
            values: rows.iter().flat_map(|row| link_values(row, false)).collect(),
            rows: rows.len(),
            purpose: Purpose::Link,
        })
        .collect()
}

pub(super) fn unlink_operations(work: &Work) -> Vec<Operation> {
    let some = by_secondary(&work.unlinks).into_iter().map(|(secondary, rows)| Operation {
        table: secondary.table.clone(),
        columns: Vec::new(),
        keys: link_shapes(secondary),
        values: rows.iter().flat_map(|row| link_values(row, true)).collect(),
        rows: rows.len(),
        purpose: Purpose::Unlink,
    });
    let mut operations: Vec<Operation> = some.collect();
    let mut groups: Vec<(&'static SecondaryConfiguration, Vec<&Arc<dyn AnySlot>>)> = Vec::new();
    for (secondary, slot) in &work.unlink_all {
        match groups.iter_mut().find(|(other, _)| std::ptr::eq(*other, *secondary)) {
            Some((_, slots)) => slots.push(slot),
            None => groups.push((secondary, vec![slot])),
        }
    }
    operations.extend(groups.into_iter().map(|(secondary, slots)| {
        Operation {
            table: secondary.table.clone(),
            columns: Vec::new(),
            keys: secondary.to_own.iter().map(|(name, _)| secondary_shape(&secondary.table, name)).collect(),
            values: slots
                .iter()
                .flat_map(|slot| secondary.to_own.iter().map(|(_, column)| slot.stored(*column)))
                .collect(),
            rows: slots.len(),
            purpose: Purpose::UnlinkAll,
        }
    }));
    operations
}

/// The batches of rows to be deleted, children first. Keys that close a circle become NULL before.
pub(super) fn delete_operations(work: &Work, inner: &Inner) -> Result<Vec<Operation>> {
    let DeleteOrder { levels, cuts } = delete_order(&work.deletes, inner)?;
    let mut operations: Vec<Operation> = Vec::new();
    for (slot, columns) in cuts {
        let mapper = slot.mapper();
        let keys = mapper.key().iter().map(|column| slot.stored(*column));
        operations.push(Operation {
            table: mapper.table().clone(),
            columns: shapes(mapper, &columns),
            keys: shapes(mapper, mapper.key()),
            values: columns.iter().map(|_| Value::Null).chain(keys).collect(),
            rows: 1,
            purpose: Purpose::Cut,
        });
    }
    let mut batches: Vec<(usize, &'static Mapper, Slots)> = Vec::new();
    let mut places: HashMap<(usize, &'static Mapper), usize> = HashMap::new();
    for (slot, level) in work.deletes.iter().zip(levels) {
        let mapper = slot.mapper();
        let place = *places.entry((level, mapper)).or_insert_with(|| {
            batches.push((level, mapper, Vec::new()));
            batches.len() - 1
        });
        batches[place].2.push(slot.clone());
    }
    batches.sort_by_key(|(level, ..)| *level);
    for (_, mapper, slots) in batches {
        let finding = finding(mapper)?;
        operations.push(Operation {
            table: mapper.table().clone(),
            columns: Vec::new(),
            keys: shapes(mapper, &finding),
            values: slots.iter().flat_map(|slot| finding.iter().map(|column| slot.stored(*column))).collect(),
            rows: slots.len(),
            purpose: Purpose::Delete { mapper, slots },
        });
    }
    Ok(operations)
}
