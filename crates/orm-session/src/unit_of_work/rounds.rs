//! Rounds: a row that needs a unique value is written after the row that gives it up.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_sql_expression::Value;
use hashbrown::{HashMap, HashSet};

use super::{assignment::is_unset, key_change::key_waits, row_switch::RowSwitch, work::Work};
use crate::{
    graph::{AnySlot, Graph, HashedKey, State, referenced_key},
    mapping::{Direction, Mapper},
};

/// A unique value: of which model, of which of its sets of columns, and which one.
type UniqueValue = (*const Mapper, usize, HashedKey);

/// Splits the work into rounds, which are sent one after the other. Nearly always there is one.
pub(super) fn split_into_rounds(rounds: &mut Vec<Work>, graph: &Arc<Graph>) -> Result<()> {
    let Some(order) = rounds.last().map(|work| order(work, graph)).transpose()?.flatten() else {
        return Ok(());
    };
    let split: Vec<Work> = rounds.drain(..).flat_map(|work| split(work, &order)).collect();
    *rounds = split;
    Ok(())
}

/// What tells the round of each object.
struct Order {
    levels: HashMap<u32, usize>,
    /// Objects that get another key.
    moved: HashSet<u32>,
}

/// None: there is one round.
fn order(work: &Work, graph: &Arc<Graph>) -> Result<Option<Order>> {
    if work.deletes.is_empty()
        && work.switches.is_empty()
        && (work.updates.is_empty() || !changes_unique(work)?)
    {
        return Ok(None);
    }
    let values = Values::of(work);
    let freed = values.freed(work)?;
    let mut waits = values.waits(work, &freed)?;
    let (moved, key_waits) = key_waits(work, &values)?;
    waits.extend(key_waits);
    if waits.is_empty() && (moved.is_empty() || work.links.is_empty()) {
        return Ok(None);
    }
    waits.extend(dependents(work, graph)?);
    let objects = work.inserts.len() + work.updates.len() + work.deletes.len() + work.switches.len();
    Ok(Some(Order { levels: settle(&waits, objects), moved }))
}

/// Whether an update may give up a unique value. Most models have none that an update changes.
fn changes_unique(work: &Work) -> Result<bool> {
    for slot in &work.updates {
        let uniques = &slot.mapper().configuration()?.uniques;
        if uniques.len() > 1 || slot.is_key_changed() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The object that comes first, the one that waits for it, and whether it waits for the next round.
pub(super) type Wait = (u32, u32, bool);

/// The values that a flush writes, along with those that relationships give.
pub(super) struct Values {
    /// None: the value is not known before the flush.
    assigned: HashMap<(u32, u16), Option<Value>>,
}

impl Values {
    pub(super) fn of(work: &Work) -> Self {
        let mut assigned = HashMap::new();
        for assignment in &work.assignments {
            let pending = assignment.parent.as_ref().is_some_and(|parent| parent.state() == State::Pending);
            for (column, value) in assignment.values() {
                let known = (!pending || !is_unset(&value)).then_some(value);
                assigned.insert((assignment.child.index(), column), known);
            }
        }
        Self { assigned }
    }

    pub(super) fn value(&self, slot: &Arc<dyn AnySlot>, column: u16) -> Option<Value> {
        match self.assigned.get(&(slot.index(), column)) {
            Some(value) => value.clone(),
            None => Some(slot.sending(column)),
        }
    }

    /// The value of a set of unique columns. NULL is no value, and one that is not known cannot be taken by anybody.
    pub(super) fn unique(&self, slot: &Arc<dyn AnySlot>, columns: &[u16]) -> Option<HashedKey> {
        let values: Option<Vec<Value>> = columns.iter().map(|column| self.value(slot, *column)).collect();
        values.filter(|values| !values.iter().any(Value::is_null)).map(HashedKey)
    }

    pub(super) fn changes(&self, slot: &Arc<dyn AnySlot>, columns: &[u16]) -> bool {
        columns
            .iter()
            .any(|column| self.value(slot, *column).is_none_or(|value| value != slot.stored(*column)))
    }

    /// The unique values that are given up, and by whom.
    fn freed(&self, work: &Work) -> Result<HashMap<UniqueValue, u32>> {
        let mut freed = HashMap::new();
        let gone = work.deletes.iter().map(|slot| (slot, true));
        for (slot, deleted) in gone.chain(work.updates.iter().map(|slot| (slot, false))) {
            let mapper = slot.mapper();
            for (number, columns) in mapper.configuration()?.uniques.iter().enumerate() {
                if deleted || self.changes(slot, columns) {
                    let value = columns.iter().map(|column| slot.stored(*column)).collect();
                    freed.insert((std::ptr::from_ref(mapper), number, HashedKey(value)), slot.index());
                }
            }
        }
        // A row that is taken over gives up what its new object does not have.
        for RowSwitch { old, new } in &work.switches {
            let mapper = old.mapper();
            for (number, columns) in mapper.configuration()?.uniques.iter().enumerate().skip(1) {
                let value = HashedKey(columns.iter().map(|column| old.stored(*column)).collect());
                if self.unique(new, columns).as_ref() != Some(&value) {
                    freed.insert((std::ptr::from_ref(mapper), number, value), new.index());
                }
            }
        }
        Ok(freed)
    }

    /// Who takes a unique value that somebody gives up.
    fn waits(&self, work: &Work, freed: &HashMap<UniqueValue, u32>) -> Result<Vec<Wait>> {
        let mut waits = Vec::new();
        let new = work.inserts.iter().chain(work.switches.iter().map(|switch| &switch.new));
        let new = new.map(|slot| (slot, true));
        for (slot, inserted) in new.chain(work.updates.iter().map(|slot| (slot, false))) {
            let mapper = slot.mapper();
            for (number, columns) in mapper.configuration()?.uniques.iter().enumerate() {
                if !inserted && !self.changes(slot, columns) {
                    continue;
                }
                let Some(value) = self.unique(slot, columns) else { continue };
                if let Some(other) = freed.get(&(std::ptr::from_ref(mapper), number, value))
                    && *other != slot.index()
                {
                    waits.push((*other, slot.index(), true));
                }
            }
        }
        Ok(waits)
    }
}

/// Who comes after whom for other reasons: children after their parents, and deleted parents after their children.
fn dependents(work: &Work, graph: &Arc<Graph>) -> Result<Vec<Wait>> {
    let mut waits = Vec::new();
    for assignment in &work.assignments {
        if let Some(parent) = &assignment.parent {
            waits.push((parent.index(), assignment.child.index(), false));
        }
    }
    let inner = graph.lock();
    for slot in work.updates.iter().chain(&work.deletes) {
        let mapper = slot.mapper();
        for (number, relation) in mapper.configuration()?.relationships.iter().enumerate() {
            if relation.direction != Direction::ManyToOne || relation.post_update {
                continue;
            }
            let target = (mapper.relationships()[number].target)();
            let parent = referenced_key(target, relation, |column| slot.stored(column))
                .and_then(|key| inner.identity.find(&inner.entries, target, &key));
            if let Some(parent) = parent
                && parent != slot.index()
                && inner.entry(parent).is_some_and(|entry| entry.doomed)
            {
                waits.push((slot.index(), parent, false));
            }
        }
    }
    Ok(waits)
}

/// The round of each object. Where objects wait for each other in a circle there is no order: all go in one round, and the
/// database says what it thinks of it.
fn settle(waits: &[Wait], objects: usize) -> HashMap<u32, usize> {
    let mut levels: HashMap<u32, usize> = HashMap::new();
    for _ in 0..=objects {
        let mut moved = false;
        for (first, second, next) in waits {
            let least = levels.get(first).copied().unwrap_or_default() + usize::from(*next);
            let level = levels.entry(*second).or_default();
            if *level < least {
                *level = least;
                moved = true;
            }
        }
        if !moved {
            return levels;
        }
    }
    HashMap::new()
}

fn split(work: Work, Order { levels, moved }: &Order) -> Vec<Work> {
    let level = |slot: &Arc<dyn AnySlot>| levels.get(&slot.index()).copied().unwrap_or_default();
    // Rows of a secondary table come after the keys that they refer to.
    let end = |slot: &Arc<dyn AnySlot>| level(slot) + usize::from(moved.contains(&slot.index()));
    let linked = work.links.iter().map(|row| end(&row.owner).max(end(&row.target)));
    let highest = levels.values().copied().chain(linked).max().unwrap_or_default();
    let mut rounds: Vec<Work> = (0..=highest).map(|_| Work::default()).collect();
    for round in &mut rounds {
        (round.needs, round.expressions) = (work.needs, work.expressions.clone());
    }
    work.inserts.into_iter().for_each(|slot| rounds[level(&slot)].inserts.push(slot));
    work.updates.into_iter().for_each(|slot| rounds[level(&slot)].updates.push(slot));
    work.deletes.into_iter().for_each(|slot| rounds[level(&slot)].deletes.push(slot));
    work.assignments.into_iter().for_each(|it| rounds[level(&it.child)].assignments.push(it));
    work.switches.into_iter().for_each(|switch| rounds[level(&switch.new)].switches.push(switch));
    work.links.into_iter().for_each(|row| rounds[end(&row.owner).max(end(&row.target))].links.push(row));
    work.rekeyed.into_iter().for_each(|(table, slot)| rounds[level(&slot)].rekeyed.push((table, slot)));
    rounds[0].unlinks = work.unlinks;
    work.unlink_all.into_iter().for_each(|(table, slot)| rounds[level(&slot)].unlink_all.push((table, slot)));
    rounds
}
