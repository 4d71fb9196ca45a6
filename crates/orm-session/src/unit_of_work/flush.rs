//! Sending the batches in few round trips, and taking the answers in.

use std::sync::Arc;

use aludel_driver::{Done, Error, ErrorKind, Result, Step, StepKind};
use aludel_engine_pool::Connection;
use aludel_sql_expression::{Name, SqlType, Value, schema::Table};
use hashbrown::{HashMap, HashSet};

use super::{
    cascade::cascade_deletes,
    operation::{Operation, Prepared, Purpose},
    order::{delete_levels, insert_levels},
    statements::{ColumnShape, StatementCache},
    work::{Assignment, LinkRow, Work},
};
use crate::{
    events::{Events, Moment},
    graph::{AnySlot, Graph, Slots, State, identity_key},
    mapping::{Mapper, SecondaryConfiguration},
};

/// What a flush needs of its session.
pub(crate) struct Flush<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) graph: &'a Arc<Graph>,
    pub(crate) statements: &'a StatementCache,
    pub(crate) events: &'a Events,
}

/// Writes everything that changed in the graph. With `commit`, the COMMIT may travel with the last batch; then true is
/// returned.
pub(crate) async fn flush(mut flush: Flush<'_>, commit: bool) -> Result<bool> {
    flush.graph.lock().doom_orphans();
    cascade_deletes(flush.connection, flush.graph).await?;
    let mut work = Work::collect(flush.graph)?;
    if work.is_empty() {
        flush.graph.lock().settle();
        return Ok(false);
    }
    flush.fire_before(&work).await?;
    if flush.events.listens_before() {
        // A listener may have changed objects, and links.
        work = Work::collect(flush.graph)?;
    }
    work.complete(flush.graph)?;
    let slots: Vec<Arc<dyn AnySlot>> = work.inserts.iter().chain(&work.updates).cloned().collect();
    slots.iter().for_each(|slot| slot.begin_flush());
    let committed = match flush.send(&work, commit).await {
        Ok(committed) => committed,
        Err(error) => {
            slots.iter().for_each(|slot| slot.abandon_flush());
            return Err(error);
        }
    };
    flush.fire_after(&work).await?;
    Ok(committed)
}

impl Flush<'_> {
    async fn send(&mut self, work: &Work, commit: bool) -> Result<bool> {
        apply_defaults(work)?;
        let levels = insert_levels(&work.inserts, &work.assignments)?;
        let highest = levels.values().copied().max();
        let mut by_level: Vec<Vec<Arc<dyn AnySlot>>> =
            vec![Vec::new(); highest.map_or(0, |highest| highest + 1)];
        for slot in &work.inserts {
            by_level[levels[&slot.index()]].push(slot.clone());
        }
        let mut flight = Vec::new();
        for level in by_level {
            // The keys of an earlier level are only needed where this one refers to them.
            let waiting = waiting(&flight);
            let here: HashSet<u32> = match waiting.is_empty() {
                true => HashSet::new(),
                false => level.iter().map(|slot| slot.index()).collect(),
            };
            let awaited = !waiting.is_empty()
                && work.assignments.iter().any(|assignment| {
                    here.contains(&assignment.child.index())
                        && assignment.parent.as_ref().is_some_and(|parent| waiting.contains(&parent.index()))
                });
            if awaited {
                self.fly(&mut flight).await?;
            }
            flight.extend(insert_operations(&level, &work.assignments)?);
        }
        let waiting = waiting(&flight);
        let assigned = work
            .assignments
            .iter()
            .filter(|assignment| !levels.contains_key(&assignment.child.index()) || assignment.post_update);
        let parents = assigned.filter_map(|assignment| assignment.parent.as_ref());
        let linked = work.links.iter().flat_map(|row| [&row.owner, &row.target]);
        if !waiting.is_empty() && parents.chain(linked).any(|slot| waiting.contains(&slot.index())) {
            self.fly(&mut flight).await?;
        }
        flight.extend(unlink_operations(work));
        flight.extend(link_operations(&work.links));
        flight.extend(update_operations(work)?);
        flight.extend(self.delete_operations(work)?);
        let committed = commit
            && !flight.is_empty()
            && !self.events.listens_after()
            && flight.iter().all(|operation| {
                matches!(operation.purpose, Purpose::Insert { .. } | Purpose::Link | Purpose::UnlinkAll)
            });
        if committed {
            self.fly_and_commit(&mut flight).await?;
        } else {
            self.fly(&mut flight).await?;
        }
        self.finish(work);
        Ok(committed)
    }

    /// Sends batches in one go, and takes their answers in.
    async fn fly(&mut self, flight: &mut Vec<Operation>) -> Result<()> {
        self.send_flight(flight, false).await
    }

    async fn fly_and_commit(&mut self, flight: &mut Vec<Operation>) -> Result<()> {
        self.send_flight(flight, true).await
    }

    async fn send_flight(&mut self, flight: &mut Vec<Operation>, commit: bool) -> Result<()> {
        if flight.is_empty() {
            return Ok(());
        }
        let dialect = self.connection.dialect().clone();
        let capabilities = self.connection.capabilities().clone();
        let mut prepared: Vec<Vec<Prepared>> = Vec::with_capacity(flight.len());
        for operation in flight.iter_mut() {
            prepared.push(operation.prepare(self.statements, &dialect, &capabilities)?);
        }
        run(self.connection, &mut prepared, commit).await?;
        for (operation, mut prepared) in flight.drain(..).zip(prepared) {
            operation.finish(&mut prepared)?;
            if let Purpose::Insert { mapper, slots, .. } = &operation.purpose {
                self.register(mapper, slots)?;
            }
        }
        Ok(())
    }

    /// New rows have their keys: their objects are persistent, and found by key.
    fn register(&self, mapper: &'static Mapper, slots: &[Arc<dyn AnySlot>]) -> Result<()> {
        let mut inner = self.graph.lock();
        for slot in slots {
            let key: Vec<Value> = mapper.key().iter().map(|column| slot.sending(*column)).collect();
            if inner.identity.find(&inner.entries, mapper, &key).is_some_and(|other| other != slot.index()) {
                let message = format!(
                    "there is already another {} with the key {key:?} in the session; change that one, or merge the two",
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
            slot.set_state(State::Persistent);
            slot.end_flush();
            let index = slot.index();
            inner.identity.insert(mapper, &key, index);
            if let Some(entry) = inner.entry_mut(index) {
                entry.fresh = true;
            }
            inner.enlist(index);
        }
        Ok(())
    }

    fn delete_operations(&self, work: &Work) -> Result<Vec<Operation>> {
        let levels = delete_levels(&work.deletes, &self.graph.lock())?;
        let mut batches: Vec<(usize, &'static Mapper, Slots)> = Vec::new();
        for slot in &work.deletes {
            let (level, mapper) = (levels[&slot.index()], slot.mapper());
            match batches.iter_mut().find(|(other, group, _)| *other == level && *group == mapper) {
                Some((_, _, slots)) => slots.push(slot.clone()),
                None => batches.push((level, mapper, vec![slot.clone()])),
            }
        }
        batches.sort_by_key(|(level, ..)| *level);
        Ok(batches
            .into_iter()
            .map(|(_, mapper, slots)| Operation {
                table: mapper.table().clone(),
                columns: Vec::new(),
                keys: shapes(mapper, mapper.key()),
                values: slots
                    .iter()
                    .flat_map(|slot| mapper.key().iter().map(|column| slot.stored(*column)))
                    .collect(),
                rows: slots.len(),
                purpose: Purpose::Delete { mapper, slots },
            })
            .collect())
    }

    /// What was sent is in the database.
    fn finish(&self, work: &Work) {
        let mut inner = self.graph.lock();
        // A key that was written by an UPDATE of its own was sent after its row was registered.
        work.inserts.iter().for_each(|slot| slot.end_flush());
        for slot in &work.updates {
            let (index, mapper) = (slot.index(), slot.mapper());
            let old = identity_key(&**slot, mapper);
            slot.end_flush();
            let new = identity_key(&**slot, mapper);
            if old != new {
                inner.identity.remove(mapper, &old, index);
                inner.identity.insert(mapper, &new, index);
            }
            inner.enlist(index);
        }
        for slot in &work.deletes {
            let (index, mapper) = (slot.index(), slot.mapper());
            inner.identity.remove(mapper, &identity_key(&**slot, mapper), index);
            slot.set_state(State::Deleted);
            inner.enlist(index);
        }
        inner.settle();
    }

    async fn fire_before(&mut self, work: &Work) -> Result<()> {
        if self.events.listens_before() {
            self.events.fire(Moment::BeforeInsert, self.connection, self.graph, &work.inserts).await?;
            self.events.fire(Moment::BeforeUpdate, self.connection, self.graph, &work.updates).await?;
            self.events.fire(Moment::BeforeDelete, self.connection, self.graph, &work.deletes).await?;
        }
        Ok(())
    }

    async fn fire_after(&mut self, work: &Work) -> Result<()> {
        if self.events.listens_after() {
            self.events.fire(Moment::AfterInsert, self.connection, self.graph, &work.inserts).await?;
            self.events.fire(Moment::AfterUpdate, self.connection, self.graph, &work.updates).await?;
            self.events.fire(Moment::AfterDelete, self.connection, self.graph, &work.deletes).await?;
        }
        Ok(())
    }
}

/// Takes in what each set of parameters did.
type Collector<'a> = Box<dyn FnMut(usize, Done) -> Result<()> + Send + 'a>;

/// Sends all statements in order, in one flight where the backend can.
async fn run(connection: &mut Connection, prepared: &mut [Vec<Prepared>], commit: bool) -> Result<()> {
    let mut collectors: Vec<Collector<'_>> = Vec::new();
    let mut fetches = Vec::new();
    for statement in prepared.iter_mut().flatten() {
        let Prepared { statement, parameters, sets, returned, identifiers, done, .. } = statement;
        fetches.push((statement, parameters, *sets, returned, done));
        collectors.push(Box::new(move |_, done: Done| {
            identifiers.extend(done.last_insert_id);
            Ok(())
        }));
    }
    let mut results = Vec::with_capacity(fetches.len());
    let mut steps: Vec<Step<'_>> = fetches
        .into_iter()
        .zip(&mut collectors)
        .map(|((statement, parameters, sets, returned, done), each)| {
            results.push(done);
            Step::new(if sets > 1 {
                let width = parameters.len().checked_div(sets).unwrap_or_default();
                let sets = aludel_driver::ParameterSets::new(parameters, width, sets);
                StepKind::ExecuteMany { statement, sets, each: &mut **each }
            } else {
                StepKind::Fetch { statement, parameters, sink: returned }
            })
        })
        .collect();
    let outcome = if commit {
        connection.commit_with(&mut steps).await
    } else {
        connection.run_steps(&mut steps).await
    };
    outcome?;
    let dones: Vec<Option<Done>> = steps.iter().map(|step| step.done).collect();
    drop(steps);
    drop(collectors);
    for (result, done) in results.into_iter().zip(&dones) {
        *result = done.unwrap_or_default();
    }
    // A single row has no collector: its generated key stands in what the step did.
    for (statement, done) in prepared.iter_mut().flatten().zip(dones) {
        if statement.sets == 1 && statement.identifiers.is_empty() {
            statement.identifiers.extend(done.and_then(|done| done.last_insert_id));
        }
    }
    Ok(())
}

/// The objects whose keys the database has not made yet.
fn waiting(operations: &[Operation]) -> HashSet<u32> {
    let mut waiting = HashSet::new();
    for operation in operations {
        if let Purpose::Insert { slots, fetch, mapper } = &operation.purpose
            && fetch.iter().any(|column| mapper.key().contains(column))
        {
            waiting.extend(slots.iter().map(|slot| slot.index()));
        }
    }
    waiting
}

/// Client-side defaults are put in where nothing was given.
fn apply_defaults(work: &Work) -> Result<()> {
    for slot in &work.inserts {
        let defaults = (0u16..).zip(slot.mapper().columns()).filter_map(|(number, column)| {
            let default = column.default?;
            slot.sending(number).is_null().then(|| (number, default()))
        });
        let values: Vec<_> = defaults.collect();
        if !values.is_empty() {
            slot.receive(&values)?;
        }
    }
    Ok(())
}

fn shape(mapper: &Mapper, column: u16) -> ColumnShape {
    let definition = &mapper.definition().columns[usize::from(column)];
    ColumnShape { name: definition.name.clone(), sql_type: definition.sql_type.clone() }
}

fn shapes(mapper: &Mapper, columns: &[u16]) -> Vec<ColumnShape> {
    columns.iter().map(|column| shape(mapper, *column)).collect()
}

/// The batches of one level: rows of one model with the same columns go together.
fn insert_operations(slots: &[Arc<dyn AnySlot>], assignments: &[Assignment]) -> Result<Vec<Operation>> {
    let mut by_child: HashMap<u32, Vec<&Assignment>> = HashMap::new();
    for assignment in assignments.iter().filter(|assignment| !assignment.post_update) {
        by_child.entry(assignment.child.index()).or_default().push(assignment);
    }
    let mut operations: Vec<Operation> = Vec::new();
    let mut masks: Vec<(&'static Mapper, Vec<u16>)> = Vec::new();
    for slot in slots {
        for assignment in by_child.get(&slot.index()).into_iter().flatten() {
            slot.receive(&assignment.values())?;
        }
        let mapper = slot.mapper();
        let (columns, fetch) = columns_of(&**slot, mapper)?;
        let place = masks.iter().position(|(other, mask)| *other == mapper && *mask == columns);
        let place = place.unwrap_or_else(|| {
            masks.push((mapper, columns.clone()));
            operations.push(Operation {
                table: mapper.table().clone(),
                columns: shapes(mapper, &columns),
                keys: shapes(mapper, &fetch),
                values: Vec::new(),
                rows: 0,
                purpose: Purpose::Insert { mapper, slots: Vec::new(), fetch },
            });
            operations.len() - 1
        });
        let operation = &mut operations[place];
        operation.values.extend(columns.iter().map(|column| slot.sending(*column)));
        operation.rows += 1;
        if let Purpose::Insert { slots, .. } = &mut operation.purpose {
            slots.push(slot.clone());
        }
    }
    Ok(operations)
}

/// The columns that an INSERT writes, and those that the database makes.
fn columns_of(slot: &dyn AnySlot, mapper: &'static Mapper) -> Result<(Vec<u16>, Vec<u16>)> {
    let autoincrement = mapper.configuration()?.autoincrement;
    let (mut columns, mut fetch) = (Vec::new(), Vec::new());
    for (number, definition) in (0u16..).zip(&mapper.definition().columns) {
        let value = slot.sending(number);
        let unset =
            Some(number) == autoincrement && matches!(value, Value::I64(0) | Value::U64(0) | Value::Null);
        if unset || (value.is_null() && definition.server_default.is_some()) {
            fetch.push(number);
        } else {
            columns.push(number);
        }
    }
    // Rows that come back are told apart by their key.
    if !fetch.is_empty() && !autoincrement.is_some_and(|number| fetch.contains(&number)) {
        fetch.extend(mapper.key().iter().filter(|key| !fetch.contains(key)).copied().collect::<Vec<_>>());
    }
    Ok((columns, fetch))
}

/// The batches of changed rows: those of one model with the same changed columns go together.
fn update_operations(work: &Work) -> Result<Vec<Operation>> {
    let mut assigned: HashMap<u32, Vec<&Assignment>> = HashMap::new();
    for assignment in work.assignments.iter().filter(|assignment| assignment.changes()) {
        assigned.entry(assignment.child.index()).or_default().push(assignment);
    }
    let posted = work.inserts.iter().filter(|slot| {
        assigned.get(&slot.index()).is_some_and(|list| list.iter().any(|assignment| assignment.post_update))
    });
    let mut operations: Vec<Operation> = Vec::new();
    let mut masks: Vec<(&'static Mapper, Vec<u16>)> = Vec::new();
    for slot in work.updates.iter().chain(posted) {
        let mapper = slot.mapper();
        let mut columns = slot.changed();
        for assignment in assigned.get(&slot.index()).into_iter().flatten() {
            let values = assignment.values();
            columns.extend(values.iter().map(|(column, _)| *column));
            slot.receive(&values)?;
        }
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() {
            continue;
        }
        let touched: Vec<(u16, Value)> = (0u16..)
            .zip(mapper.columns())
            .filter(|(number, _)| !columns.contains(number))
            .filter_map(|(number, column)| column.onupdate.map(|make| (number, make())))
            .collect();
        if !touched.is_empty() {
            columns.extend(touched.iter().map(|(number, _)| *number));
            slot.receive(&touched)?;
        }
        let place = masks.iter().position(|(other, mask)| *other == mapper && *mask == columns);
        let place = place.unwrap_or_else(|| {
            masks.push((mapper, columns.clone()));
            operations.push(Operation {
                table: mapper.table().clone(),
                columns: shapes(mapper, &columns),
                keys: shapes(mapper, mapper.key()),
                values: Vec::new(),
                rows: 0,
                purpose: Purpose::Update { mapper, slots: Vec::new() },
            });
            operations.len() - 1
        });
        let operation = &mut operations[place];
        operation.values.extend(columns.iter().map(|column| slot.sending(*column)));
        operation.values.extend(mapper.key().iter().map(|column| slot.stored(*column)));
        operation.rows += 1;
        if let Purpose::Update { slots, .. } = &mut operation.purpose {
            slots.push(slot.clone());
        }
    }
    Ok(operations)
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

fn link_values(row: &LinkRow) -> impl Iterator<Item = Value> + '_ {
    let own = row.secondary.to_own.iter().map(|(_, column)| row.owner.value(*column));
    own.chain(row.secondary.to_target.iter().map(|(_, column)| row.target.value(*column)))
}

fn link_operations(rows: &[LinkRow]) -> Vec<Operation> {
    let groups = by_secondary(rows).into_iter();
    groups
        .map(|(secondary, rows)| Operation {
            table: secondary.table.clone(),
            columns: link_shapes(secondary),
            keys: Vec::new(),
            values: rows.iter().flat_map(|row| link_values(row)).collect(),
            rows: rows.len(),
            purpose: Purpose::Link,
        })
        .collect()
}

fn unlink_operations(work: &Work) -> Vec<Operation> {
    let some = by_secondary(&work.unlinks).into_iter().map(|(secondary, rows)| Operation {
        table: secondary.table.clone(),
        columns: Vec::new(),
        keys: link_shapes(secondary),
        values: rows.iter().flat_map(|row| link_values(row)).collect(),
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
