//! A changed key reaches the rows that refer to it: by the database's ON UPDATE, or by UPDATEs of the session.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use aludel_sql_expression::{Value, schema::ReferentialAction};
use hashbrown::{HashMap, HashSet};

use super::{
    rounds::{Values, Wait},
    work::Work,
};
use crate::{
    graph::{AnySlot, Graph, HashedKey, Inner, Slots, State, identity_key, referenced_key},
    loading::load_relationship,
    mapping::{Direction, Mapper, Reference, RelationshipConfiguration, SecondaryConfiguration},
};

/// Rows of a secondary table whose foreign key has to follow: which side, and the object whose key changes.
pub(super) type Rekeyed = Vec<(&'static SecondaryConfiguration, Arc<dyn AnySlot>)>;

/// The objects whose keys change, where the session has to write the foreign keys that refer to them. Their collections
/// are loaded, because rows that nobody looked at have to follow, too.
pub(super) async fn look_up_referring(connection: &mut Connection, graph: &Arc<Graph>) -> Result<Slots> {
    let mut waiting = moving(graph);
    let mut seen: HashSet<u32> = waiting.iter().map(|slot| slot.index()).collect();
    let mut found = Slots::new();
    while let Some(slot) = waiting.pop() {
        let mapper = slot.mapper();
        for (number, relation) in (0u16..).zip(&mapper.configuration()?.relationships) {
            if relation.passive_updates || relation.direction != Direction::OneToMany {
                continue;
            }
            let slots = std::slice::from_ref(&slot);
            load_relationship(&mut *connection, graph, mapper, slots, number, Vec::new()).await?;
            // A key that holds the foreign key changes along with it.
            let target = (mapper.relationships()[usize::from(number)].target)();
            if relation.pairs.iter().any(|(child, _)| target.key().contains(child)) {
                let inner = graph.lock();
                let items =
                    inner.entry(slot.index()).and_then(|entry| entry.items(number)).unwrap_or_default();
                waiting.extend(
                    items
                        .iter()
                        .filter(|child| seen.insert(**child))
                        .filter_map(|child| inner.entry(*child))
                        .map(|entry| entry.slot.clone()),
                );
            }
        }
        found.push(slot);
    }
    Ok(found)
}

/// The objects whose keys were changed, or other columns that rows refer to.
fn moving(graph: &Arc<Graph>) -> Slots {
    let changed: Slots = {
        let inner = graph.lock();
        let entries = inner.touched.iter().filter_map(|index| inner.entry(*index));
        entries
            // Most models have no relationship that asks for it.
            .filter(|entry| entry.mapper().configuration().is_ok_and(|it| it.follows_keys))
            .filter(|entry| {
                entry.slot.state() == State::Persistent && !entry.doomed && entry.slot.is_changed()
            })
            .map(|entry| entry.slot.clone())
            .collect()
    };
    let is_moved =
        |slot: &Arc<dyn AnySlot>| slot.mapper().configuration().is_ok_and(|it| slot.differs(&it.referenced));
    changed.into_iter().filter(is_moved).collect()
}

/// The foreign keys that the session has to write are assigned, as if the objects had been put in anew.
pub(super) fn assign_referring(
    moving: &[Arc<dyn AnySlot>],
    work: &mut Work,
    graph: &Arc<Graph>,
) -> Result<()> {
    let inner = graph.lock();
    for slot in moving {
        let mapper = slot.mapper();
        let Some(entry) = inner.entry(slot.index()).filter(|entry| !entry.doomed) else { continue };
        for (number, relation) in (0u16..).zip(&mapper.configuration()?.relationships) {
            if relation.passive_updates {
                continue;
            }
            match (relation.direction, &relation.secondary) {
                (Direction::OneToMany, _) => {
                    let items = entry.items(number).unwrap_or_default();
                    for child in items.iter().filter_map(|child| inner.entry(*child)) {
                        if !child.doomed && child.is_alive() {
                            work.assign(child.slot.clone(), Some(slot.clone()), relation, (mapper, number));
                        }
                    }
                }
                (Direction::ManyToMany, Some(secondary)) => work.rekeyed.push((secondary, slot.clone())),
                _ => {}
            }
        }
        assign_one_sided(slot, work, &inner)?;
    }
    Ok(())
}

/// Rows that refer to the object by a relationship that leads back nowhere are only known as far as they are loaded.
fn assign_one_sided(slot: &Arc<dyn AnySlot>, work: &mut Work, inner: &Inner) -> Result<()> {
    let children = inner.entries.iter().map(|(_, child)| child);
    for child in children.filter(|child| child.is_alive() && !child.doomed) {
        for (number, relation) in (0u16..).zip(&child.mapper().configuration()?.relationships) {
            let target = (child.mapper().relationships()[usize::from(number)].target)();
            if relation.passive_updates
                || relation.direction != Direction::ManyToOne
                || relation.back.is_some()
                || target != slot.mapper()
            {
                continue;
            }
            if referenced_key(target, relation, |column| child.slot.stored(column))
                .is_some_and(|key| slot.is_key(&key))
            {
                work.assign(child.slot.clone(), Some(slot.clone()), relation, (child.mapper(), number));
            }
        }
    }
    Ok(())
}

/// The objects of a flush whose keys change, and who has to come before or after them.
pub(super) fn key_waits(work: &Work, values: &Values) -> Result<(HashSet<u32>, Vec<Wait>)> {
    let mut moved = HashSet::new();
    for slot in &work.updates {
        if values.changes(slot, &slot.mapper().configuration()?.referenced) {
            moved.insert(slot.index());
        }
    }
    let mut waits = Vec::new();
    if moved.is_empty() {
        return Ok((moved, waits));
    }
    let mut old: HashMap<(*const Mapper, HashedKey), u32> = HashMap::new();
    let mut new = old.clone();
    let rekeyed =
        |slot: &&Arc<dyn AnySlot>| moved.contains(&slot.index()) && values.changes(slot, slot.mapper().key());
    for slot in work.updates.iter().filter(rekeyed) {
        let mapper = slot.mapper();
        let place = |key| (std::ptr::from_ref(mapper), HashedKey(key));
        old.insert(place(identity_key(&**slot, mapper)), slot.index());
        if let Some(key) = values.unique(slot, mapper.key()) {
            new.insert(place(key.0), slot.index());
        }
    }
    // A row that is given the new key needs it to be there.
    for assignment in &work.assignments {
        let parent = assignment.parent.as_ref().map(|parent| parent.index());
        if let Some(parent) = parent.filter(|parent| moved.contains(parent)) {
            waits.push((parent, assignment.child.index(), true));
        }
    }
    let gone = work.deletes.iter().map(|slot| (slot, false, true));
    let written = work.updates.iter().map(|slot| (slot, true, true));
    let written = written.chain(work.inserts.iter().map(|slot| (slot, true, false)));
    for (slot, stays, was) in gone.chain(written) {
        let mapper = slot.mapper();
        for (number, relation) in mapper.configuration()?.relationships.iter().enumerate() {
            if relation.direction != Direction::ManyToOne {
                continue;
            }
            let target = (mapper.relationships()[number].target)();
            let find = |keys: &HashMap<_, u32>, value: &dyn Fn(u16) -> Value| {
                let key = referenced_key(target, relation, value)?;
                keys.get(&(std::ptr::from_ref(target), HashedKey(key))).copied()
            };
            let columns: Vec<u16> = relation.pairs.iter().map(|(child, _)| *child).collect();
            let before = if was { find(&old, &|column| slot.stored(column)) } else { None };
            let after = match stays {
                true => find(&new, &|column| values.value(slot, column).unwrap_or(Value::Null)),
                false => None,
            };
            match (before, after) {
                // It goes to the row under its new key, or stays with it, and its own key is another afterwards.
                (_, Some(parent)) if parent != slot.index() => waits.push((parent, slot.index(), true)),
                (Some(parent), _) if parent == slot.index() => {}
                (Some(parent), None) if !stays || values.changes(slot, &columns) => {
                    waits.push((slot.index(), parent, true));
                }
                (Some(parent), None) if columns.iter().any(|column| mapper.key().contains(column)) => {
                    waits.push((parent, slot.index(), true));
                }
                _ => {}
            }
        }
    }
    Ok((moved, waits))
}

/// An object whose key changed, or other columns that rows refer to: from what to what.
pub(super) struct Moved {
    pub(super) slot: Arc<dyn AnySlot>,
    /// The columns of `Configuration::referenced`: first those of the key.
    pub(super) old: Vec<Value>,
    pub(super) new: Vec<Value>,
}

impl Moved {
    /// What rows may refer to of an object, as it stands in the database.
    pub(super) fn values(slot: &dyn AnySlot) -> Result<Vec<Value>> {
        Ok(slot.mapper().configuration()?.referenced.iter().map(|column| slot.stored(*column)).collect())
    }

    pub(super) fn old_key(&self) -> &[Value] {
        &self.old[..self.slot.mapper().key().len()]
    }

    pub(super) fn new_key(&self) -> &[Value] {
        &self.new[..self.slot.mapper().key().len()]
    }

    pub(super) fn is_key_changed(&self) -> bool {
        self.old_key() != self.new_key()
    }
}

/// The database changed the foreign keys that referred to these rows: the objects of the session show it.
pub(super) fn adopt_keys(graph: &Arc<Graph>, mut moved: Vec<Moved>) -> Result<()> {
    let mut references = References::default();
    while let Some(parent) = moved.pop() {
        let children = referring(&graph.lock(), &parent, &mut references)?;
        for (child, values) in children {
            let Some(values) = values else {
                child.set_expired(true);
                if let Some(entry) = graph.lock().entry_mut(child.index()) {
                    entry.expire_relations();
                }
                continue;
            };
            let old = Moved::values(&*child)?;
            child.adopt(&values)?;
            let moved_child = Moved { new: Moved::values(&*child)?, slot: child, old };
            let mut inner = graph.lock();
            inner.enlist(moved_child.slot.index());
            if moved_child.is_key_changed() {
                let (mapper, index) = (moved_child.slot.mapper(), moved_child.slot.index());
                inner.identity.remove(mapper, moved_child.old_key(), index);
                inner.identity.insert(mapper, moved_child.new_key(), index);
            }
            drop(inner);
            if moved_child.old != moved_child.new {
                moved.push(moved_child);
            }
        }
    }
    Ok(())
}

/// A foreign key: its columns, which place of `Moved` each refers to, and what the database does.
type Followed = (Vec<(u16, usize)>, ReferentialAction);

/// The foreign keys from one model to another, found out once.
type References = HashMap<(*const Mapper, *const Mapper), Vec<Followed>>;

/// The objects that referred to what was there before, and what their foreign keys hold now; none: nobody knows.
type Referring = Vec<(Arc<dyn AnySlot>, Option<Vec<(u16, Value)>>)>;

fn referring(inner: &Inner, parent: &Moved, references: &mut References) -> Result<Referring> {
    let mapper = parent.slot.mapper();
    let mut found = Referring::new();
    for (_, entry) in inner.entries.iter() {
        if entry.slot.state() != State::Persistent {
            continue;
        }
        let place = (std::ptr::from_ref(entry.mapper()), std::ptr::from_ref(mapper));
        if !references.contains_key(&place) {
            references.insert(place, followed(entry.mapper(), mapper)?);
        }
        for (columns, action) in &references[&place] {
            if columns.iter().any(|(_, at)| parent.old[*at].is_null())
                || columns.iter().all(|(_, at)| parent.old[*at] == parent.new[*at])
                || !columns.iter().all(|(column, at)| entry.slot.stored(*column) == parent.old[*at])
            {
                continue;
            }
            let values = match action {
                ReferentialAction::Cascade => {
                    Some(columns.iter().map(|(column, at)| (*column, parent.new[*at].clone())).collect())
                }
                _ => None,
            };
            found.push((entry.slot.clone(), values));
        }
    }
    Ok(found)
}

/// The foreign keys that the database changes, and not the session.
fn followed(child: &'static Mapper, parent: &'static Mapper) -> Result<Vec<Followed>> {
    let referenced = &parent.configuration()?.referenced;
    let mut followed = Vec::new();
    for Reference { pairs, on_update, .. } in Reference::between(child, parent) {
        let place = |column: u16| referenced.iter().position(|other| *other == column);
        let columns = pairs.iter().map(|(own, other)| Some((*own, place(*other)?)));
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { continue };
        let written = |relation: &RelationshipConfiguration| {
            let is_its = |(own, _): &(u16, u16)| columns.iter().any(|(column, _)| own == column);
            !relation.passive_updates && relation.pairs.iter().any(is_its)
        };
        let own = child.configuration()?.relationships.iter();
        let other = parent.configuration()?.relationships.iter();
        let by_session = own
            .filter(|relation| relation.direction == Direction::ManyToOne)
            .chain(other.filter(|relation| relation.direction == Direction::OneToMany))
            .any(written);
        if !by_session {
            followed.push((columns, on_update));
        }
    }
    Ok(followed)
}
