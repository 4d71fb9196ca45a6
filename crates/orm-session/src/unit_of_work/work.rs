//! [`Work`]: what a flush has to do, sorted by kind.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Value, schema::Table};
use hashbrown::HashSet;

use crate::{
    graph::{AnySlot, Entry, Graph, HashedKey, Inner, State},
    mapping::{Direction, Mapper, RelationshipConfiguration, SecondaryConfiguration},
};

/// What a flush has to do.
#[derive(Default)]
pub(super) struct Work {
    /// Objects to be inserted, in the order in which they were added.
    pub(super) inserts: Vec<Arc<dyn AnySlot>>,
    /// Objects with changed columns, or that may get another foreign key.
    pub(super) updates: Vec<Arc<dyn AnySlot>>,
    /// Objects to be deleted.
    pub(super) deletes: Vec<Arc<dyn AnySlot>>,
    /// Foreign keys that follow from relationships.
    pub(super) assignments: Vec<Assignment>,
    /// Rows of secondary tables to be inserted.
    pub(super) links: Vec<LinkRow>,
    /// Rows of secondary tables to be deleted.
    pub(super) unlinks: Vec<LinkRow>,
    /// What stands in `links` and `unlinks` already: both sides of a relationship say the same.
    linked: HashSet<(Table, u32, u32)>,
    unlinked: HashSet<(Table, u32, u32)>,
    /// Objects all of whose rows in a secondary table go.
    pub(super) unlink_all: Vec<(&'static SecondaryConfiguration, Arc<dyn AnySlot>)>,
}

/// A foreign key that follows from a relationship.
pub(super) struct Assignment {
    pub(super) child: Arc<dyn AnySlot>,
    /// None: the key becomes NULL.
    pub(super) parent: Option<Arc<dyn AnySlot>>,
    pub(super) configuration: &'static RelationshipConfiguration,
    /// Whose relationship it is, for messages.
    pub(super) name: (&'static Mapper, u16),
    pub(super) post_update: bool,
}

/// A row of a secondary table.
pub(super) struct LinkRow {
    pub(super) secondary: &'static SecondaryConfiguration,
    pub(super) owner: Arc<dyn AnySlot>,
    pub(super) target: Arc<dyn AnySlot>,
}

impl Work {
    /// Sorts the touched objects.
    pub(super) fn collect(graph: &Graph) -> Result<Self> {
        let mut inner = graph.lock();
        if !inner.foreign.is_empty() {
            let messages = std::mem::take(&mut inner.foreign).join("; ");
            return Err(Error::new(ErrorKind::Flush, messages));
        }
        let mut work = Self::default();
        for index in &inner.touched {
            let Some(entry) = inner.entry(*index) else { continue };
            match (entry.slot.state(), entry.doomed) {
                (State::Pending, _) => work.inserts.push(entry.slot.clone()),
                (State::Persistent, true) => work.deletes.push(entry.slot.clone()),
                (State::Persistent, false) if entry.slot.is_changed() => {
                    work.updates.push(entry.slot.clone())
                }
                _ => {}
            }
        }
        for index in inner.touched.clone() {
            if let Some(entry) = inner.entry(index) {
                work.relationships(&inner, entry)?;
            }
        }
        Ok(work)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.updates.is_empty()
            && self.deletes.is_empty()
            && self.assignments.is_empty()
            && self.links.is_empty()
            && self.unlinks.is_empty()
    }

    fn relationships(&mut self, inner: &Inner, entry: &Entry) -> Result<()> {
        if !matches!(entry.slot.state(), State::Pending | State::Persistent) {
            return Ok(());
        }
        let configuration = entry.mapper.configuration()?;
        for (number, relation) in (0u16..).zip(&configuration.relationships) {
            match relation.direction {
                Direction::ManyToOne => self.many_to_one(inner, entry, number, relation)?,
                Direction::OneToMany => self.one_to_many(inner, entry, number, relation)?,
                Direction::ManyToMany => self.many_to_many(inner, entry, number, relation)?,
            }
        }
        Ok(())
    }

    fn many_to_one(
        &mut self,
        inner: &Inner,
        entry: &Entry,
        number: u16,
        configuration: &'static RelationshipConfiguration,
    ) -> Result<()> {
        let relation = entry.relation(number);
        if entry.doomed || !relation.is_changed() {
            return Ok(());
        }
        let parent = match relation.items.as_ref().and_then(|items| items.first()) {
            // What is deleted in the same flush is no parent any more.
            Some(index) => {
                Some(usable(inner, *index, entry, number)?).filter(|parent| !is_doomed(inner, parent))
            }
            None => None,
        };
        self.assign(entry.slot.clone(), parent, configuration, (entry.mapper, number));
        Ok(())
    }

    fn one_to_many(
        &mut self,
        inner: &Inner,
        entry: &Entry,
        number: u16,
        configuration: &'static RelationshipConfiguration,
    ) -> Result<()> {
        let relation = entry.relation(number);
        let name = (entry.mapper, number);
        if entry.doomed {
            // Children that stay lose their parent.
            for index in relation.items.iter().flatten() {
                if let Some(child) = inner.entry(*index).filter(|child| !child.doomed && is_alive(child)) {
                    self.assign(child.slot.clone(), None, configuration, name);
                }
            }
            return Ok(());
        }
        if !relation.is_changed() {
            return Ok(());
        }
        let (added, removed) = relation.difference();
        for index in added {
            let child = usable(inner, index, entry, number)?;
            self.assign(child, Some(entry.slot.clone()), configuration, name);
        }
        for index in removed {
            let Some(child) = inner.entry(index).filter(|child| !child.doomed && is_alive(child)) else {
                continue;
            };
            // A child that was given another parent gets its key from there.
            let elsewhere = configuration.back.is_some_and(|back| {
                child.relation(back).items.as_ref().is_some_and(|items| !items.is_empty())
            });
            if !elsewhere {
                self.assign(child.slot.clone(), None, configuration, name);
            }
        }
        Ok(())
    }

    fn many_to_many(
        &mut self,
        inner: &Inner,
        entry: &Entry,
        number: u16,
        configuration: &'static RelationshipConfiguration,
    ) -> Result<()> {
        let Some(secondary) = &configuration.secondary else { return Ok(()) };
        if entry.doomed {
            self.unlink_all.push((secondary, entry.slot.clone()));
            return Ok(());
        }
        let relation = entry.relation(number);
        if !relation.is_changed() {
            return Ok(());
        }
        let (added, removed) = relation.difference();
        for index in added {
            let target = usable(inner, index, entry, number)?;
            if !is_doomed(inner, &target) && self.linked.insert(pair(secondary, &entry.slot, &target)) {
                self.links.push(LinkRow { secondary, owner: entry.slot.clone(), target });
            }
        }
        for index in removed {
            let Some(target) = inner
                .entry(index)
                .filter(|target| target.slot.state() == State::Persistent && !target.doomed)
            else {
                continue;
            };
            if self.unlinked.insert(pair(secondary, &entry.slot, &target.slot)) {
                self.unlinks.push(LinkRow {
                    secondary,
                    owner: entry.slot.clone(),
                    target: target.slot.clone(),
                });
            }
        }
        Ok(())
    }

    fn assign(
        &mut self,
        child: Arc<dyn AnySlot>,
        parent: Option<Arc<dyn AnySlot>>,
        configuration: &'static RelationshipConfiguration,
        name: (&'static Mapper, u16),
    ) {
        let post_update = name.0.relationships()[usize::from(name.1)].post_update;
        // Both sides of a relationship say the same; the first that says it is enough.
        let known = self.assignments.iter().rev().take(16).any(|other| {
            Arc::ptr_eq(&other.child, &child)
                && other.configuration.pairs == configuration.pairs
                && same(other.parent.as_ref(), parent.as_ref())
        });
        if !known {
            self.assignments.push(Assignment { child, parent, configuration, name, post_update });
        }
    }

    /// Adds the objects that only an assignment touches, and checks what can be checked before anything is sent.
    pub(super) fn complete(&mut self, graph: &Graph) -> Result<()> {
        // A flush may hold any number of rows, so nothing here looks through a list for each of them.
        let assigned = Assigned::by(&self.assignments);
        self.check_keys(graph, &assigned)?;
        let mut updated: HashSet<u32> = self.updates.iter().map(|slot| slot.index()).collect();
        for assignment in &self.assignments {
            assignment.check()?;
            let child = &assignment.child;
            if child.state() == State::Persistent && updated.insert(child.index()) {
                self.updates.push(child.clone());
            }
        }
        for slot in &self.inserts {
            check_required(slot, &assigned)?;
        }
        Ok(())
    }
}

impl Work {
    /// Two objects with one primary key are reported by name, before the database finds them.
    fn check_keys(&self, graph: &Graph, assigned: &Assigned) -> Result<()> {
        let inner = graph.lock();
        let mut seen: HashSet<(*const Mapper, HashedKey)> = HashSet::new();
        for slot in &self.inserts {
            let mapper = slot.mapper();
            let key: Vec<Value> = mapper.key().iter().map(|column| slot.value(*column)).collect();
            // A key that the database or a relationship will give is not there yet.
            let is_assigned = |column: &u16| assigned.columns.contains(&(slot.index(), *column));
            if key.iter().any(is_unset) || mapper.key().iter().any(is_assigned) {
                continue;
            }
            let present = inner.find(mapper, &key).is_some_and(|entry| !entry.doomed);
            if !seen.insert((std::ptr::from_ref(mapper), HashedKey(key.clone()))) || present {
                let message = format!(
                    "two {} objects have the primary key {key:?}; change the one that is in the session, or give the new one \
                     another key",
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        }
        Ok(())
    }
}

fn same(left: Option<&Arc<dyn AnySlot>>, right: Option<&Arc<dyn AnySlot>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, None) => true,
        _ => false,
    }
}

fn is_alive(entry: &Entry) -> bool {
    matches!(entry.slot.state(), State::Pending | State::Persistent)
}

fn is_doomed(inner: &Inner, slot: &Arc<dyn AnySlot>) -> bool {
    inner.entry(slot.index()).is_some_and(|entry| entry.doomed)
}

/// A row of a secondary table, whichever side it is seen from.
fn pair(
    secondary: &SecondaryConfiguration,
    owner: &Arc<dyn AnySlot>,
    target: &Arc<dyn AnySlot>,
) -> (Table, u32, u32) {
    let (owner, target) = (owner.index(), target.index());
    (secondary.table.clone(), owner.min(target), owner.max(target))
}

/// The columns that assignments write: the child's number, and the column.
struct Assigned {
    columns: HashSet<(u32, u16)>,
    /// Those that get a parent's key, and not NULL.
    from_parents: HashSet<(u32, u16)>,
}

impl Assigned {
    fn by(assignments: &[Assignment]) -> Self {
        let (mut columns, mut from_parents) = (HashSet::new(), HashSet::new());
        for assignment in assignments {
            for (column, _) in &assignment.configuration.pairs {
                let place = (assignment.child.index(), *column);
                columns.insert(place);
                if assignment.parent.is_some() {
                    from_parents.insert(place);
                }
            }
        }
        Self { columns, from_parents }
    }
}

fn usable(inner: &Inner, index: u32, owner: &Entry, relationship: u16) -> Result<Arc<dyn AnySlot>> {
    let mapping = &owner.mapper.relationships()[usize::from(relationship)];
    let entry = inner.entry(index);
    match entry {
        Some(entry) if is_alive(entry) => Ok(entry.slot.clone()),
        _ => {
            let message = format!(
                "{}.{} leads to a {} that is not in the session any more; add it again, or take it out of the relationship",
                owner.mapper.name(),
                mapping.name,
                (mapping.target)().name()
            );
            Err(Error::new(ErrorKind::Flush, message))
        }
    }
}

impl Assignment {
    /// The foreign key's columns with their values, as far as the parent's key is known.
    pub(super) fn values(&self) -> Vec<(u16, Value)> {
        let pairs = self.configuration.pairs.iter();
        pairs
            .map(|(child, parent)| {
                (*child, self.parent.as_ref().map_or(Value::Null, |slot| slot.value(*parent)))
            })
            .collect()
    }

    /// Whether the parent has its key.
    fn is_key_known(&self) -> bool {
        self.parent.as_ref().is_none_or(|parent| parent.state() == State::Persistent)
    }

    /// Whether the foreign key in the database is another one.
    pub(super) fn changes(&self) -> bool {
        !self.is_key_known()
            || self.values().iter().any(|(column, value)| self.child.stored(*column) != *value)
    }

    fn check(&self) -> Result<()> {
        let mapper = self.child.mapper();
        for (column, _) in &self.configuration.pairs {
            let definition = &mapper.definition().columns[usize::from(*column)];
            if self.parent.is_none() && !definition.nullable && self.child.state() == State::Persistent {
                let (owner, number) = self.name;
                let message = format!(
                    "{} cannot become NULL, but {}.{} leaves it without a value; give the object another one, delete it, or \
                     let it be deleted by `cascade = \"all, delete-orphan\"`",
                    mapper.field(*column),
                    owner.name(),
                    owner.relationships()[usize::from(number)].name
                );
                return Err(Error::new(ErrorKind::Integrity, message));
            }
        }
        self.check_contradiction()
    }

    /// A foreign key and a relationship that were both set must say the same.
    fn check_contradiction(&self) -> Result<()> {
        if self.parent.is_none() || !self.is_key_known() {
            return Ok(());
        }
        let mapper = self.child.mapper();
        let pending = self.child.state() == State::Pending;
        for (column, value) in self.values() {
            let own = self.child.value(column);
            let given = if pending { !is_unset(&own) } else { self.child.changed().contains(&column) };
            if given && own != value {
                let (owner, number) = self.name;
                let message = format!(
                    "{} was set to {own:?}, but {}.{} says {value:?}; set only one of the two",
                    mapper.field(column),
                    owner.name(),
                    owner.relationships()[usize::from(number)].name
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        }
        Ok(())
    }
}

/// A value that a required foreign key has when nobody gave it one.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::I64(0) | Value::U64(0) => true,
        Value::Uuid(bytes) => bytes.iter().all(|byte| *byte == 0),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// A required foreign key that nobody gave is reported by name, before the database finds a zero.
fn check_required(slot: &Arc<dyn AnySlot>, assigned: &Assigned) -> Result<()> {
    let mapper = slot.mapper();
    let configuration = mapper.configuration()?;
    for (number, relation) in configuration.relationships.iter().enumerate() {
        if relation.direction != Direction::ManyToOne {
            continue;
        }
        let is_given = |column: u16| assigned.from_parents.contains(&(slot.index(), column));
        for (column, _) in &relation.pairs {
            let definition = &mapper.definition().columns[usize::from(*column)];
            let required = !definition.nullable && definition.server_default.is_none();
            if required && matches!(slot.value(*column), Value::I64(0) | Value::U64(0)) && !is_given(*column)
            {
                let relationship = mapper.relationships()[number].name;
                let message = format!(
                    "{} was never given: set it, or {}.{relationship}, before the {} is flushed",
                    mapper.field(*column),
                    mapper.name(),
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        }
    }
    Ok(())
}
