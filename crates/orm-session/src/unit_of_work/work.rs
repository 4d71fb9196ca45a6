//! [`Work`]: what a flush has to do, sorted by kind.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Value, expression::Node, schema::Table};
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use super::{
    assignment::{Assigned, Assignment, check_required, is_unset},
    key_change::Rekeyed,
    needs::Needs,
    row_switch::RowSwitch,
};
use crate::{
    graph::{AnySlot, Entry, Expressions, Graph, HashedKey, Inner, Relation, State},
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
    /// Where the assignments of a child stand in `assignments`.
    assigned: HashMap<u32, SmallVec<[usize; 2]>>,
    /// Objects all of whose rows in a secondary table go.
    pub(super) unlink_all: Vec<(&'static SecondaryConfiguration, Arc<dyn AnySlot>)>,
    /// What the database has to compute for columns of objects.
    pub(super) expressions: Arc<Expressions>,
    /// Deleted objects whose rows new ones take over.
    pub(super) switches: Vec<RowSwitch>,
    /// Objects with another key, which rows of a secondary table have to follow.
    pub(super) rekeyed: Rekeyed,
    pub(super) needs: Needs,
    /// Its objects are on the list of what a commit or rollback looks at.
    is_enlisted: bool,
}

/// A row of a secondary table.
#[derive(Clone)]
pub(super) struct LinkRow {
    pub(super) secondary: &'static SecondaryConfiguration,
    pub(super) owner: Arc<dyn AnySlot>,
    pub(super) target: Arc<dyn AnySlot>,
    /// Whether it is known that a row to be inserted is missing, or that one to be deleted is there.
    pub(super) is_known: bool,
}

impl Work {
    /// What the database has to compute for columns of an object.
    pub(super) fn computed(&self, slot: &dyn AnySlot) -> &[(u16, Node)] {
        match self.expressions.is_empty() {
            true => &[],
            false => self.expressions.get(&slot.index()).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Sorts the touched objects where nothing is deleted, linked or let go, and no key is followed: in one go, as nearly
    /// always. None: there is more to be looked at.
    pub(super) fn collect_plain(graph: &Graph) -> Result<Option<Self>> {
        let mut locked = graph.lock();
        let Inner { entries, touched, in_transaction, foreign, .. } = &mut *locked;
        if !foreign.is_empty() {
            return Ok(None);
        }
        let mut work = Self { is_enlisted: true, ..Self::default() };
        let mut last = None;
        in_transaction.reserve(touched.len());
        for index in touched.iter() {
            let Some(entry) = entries.get_mut(*index) else { continue };
            if entry.doomed || entry.has_relations() {
                return Ok(None);
            }
            if last != Some(entry.mapper()) {
                work.needs.add(entry.mapper())?;
                last = Some(entry.mapper());
                if work.needs.follows_keys {
                    return Ok(None);
                }
            }
            match entry.slot.state() {
                State::Pending => {
                    if work.inserts.is_empty() {
                        work.inserts.reserve(touched.len());
                    }
                    work.inserts.push(entry.slot.clone());
                }
                State::Persistent if entry.slot.is_changed() => {
                    if work.updates.is_empty() {
                        work.updates.reserve(touched.len());
                    }
                    work.updates.push(entry.slot.clone());
                }
                _ => continue,
            }
            // Should the flush fail before anything is sent, a rollback looks at it in vain.
            if !std::mem::replace(&mut entry.enlisted, true) {
                in_transaction.push(*index);
            }
        }
        Ok(Some(work))
    }

    /// A flush begins to write the objects: whatever comes of it, a commit or rollback looks at them.
    pub(super) fn enlist(&self, inner: &mut Inner) {
        inner.wrote = true;
        if self.is_enlisted {
            return;
        }
        self.sent().chain(&self.deletes).for_each(|slot| inner.enlist(slot.index()));
    }

    /// Sorts the touched objects.
    pub(super) fn collect(graph: &Graph) -> Result<Self> {
        let mut inner = graph.lock();
        if !inner.foreign.is_empty() {
            let messages = std::mem::take(&mut inner.foreign).join("; ");
            return Err(Error::new(ErrorKind::Flush, messages));
        }
        let mut work = Self::default();
        let touched = std::mem::take(&mut inner.touched);
        let (mut linked, mut last) = (Vec::new(), None);
        for index in &touched {
            let Some(entry) = inner.entry_mut(*index) else { continue };
            let state = entry.slot.state();
            if !matches!(state, State::Pending | State::Persistent) {
                continue;
            }
            if last != Some(entry.mapper()) {
                work.needs.add(entry.mapper())?;
                last = Some(entry.mapper());
            }
            // What is changed from here on is for the next flush.
            entry.relations_mut().iter_mut().for_each(Relation::begin_flush);
            if !entry.mapper().relationships().is_empty() {
                linked.push(*index);
            }
            match (state, entry.doomed) {
                (State::Pending, _) => work.inserts.push(entry.slot.clone()),
                (State::Persistent, true) => work.deletes.push(entry.slot.clone()),
                (State::Persistent, false) if entry.slot.is_changed() => {
                    work.updates.push(entry.slot.clone())
                }
                _ => {}
            }
        }
        inner.touched = touched;
        for index in linked {
            if let Some(entry) = inner.entry(index) {
                work.relationships(&inner, entry)?;
            }
        }
        Ok(work)
    }

    /// Refuses objects of views, by name.
    pub(super) fn refuse_views(&self) -> Result<()> {
        let mut last: Option<&'static Mapper> = None;
        for slot in self.inserts.iter().chain(&self.updates).chain(&self.deletes) {
            let mapper = slot.mapper();
            if last == Some(mapper) {
                continue;
            }
            last = Some(mapper);
            if mapper.configuration()?.is_view {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "{} is read from the view `{}`, which a flush does not write to: change the tables behind it",
                        mapper.name(),
                        mapper.table().name()
                    ),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.updates.is_empty()
            && self.deletes.is_empty()
            && self.assignments.is_empty()
            && self.links.is_empty()
            && self.unlinks.is_empty()
    }

    /// The objects of which versions are sent.
    pub(super) fn sent(&self) -> impl Iterator<Item = &Arc<dyn AnySlot>> {
        let switched = self.switches.iter().map(|switch| &switch.new);
        self.inserts.iter().chain(&self.updates).chain(switched)
    }

    fn relationships(&mut self, inner: &Inner, entry: &Entry) -> Result<()> {
        let configuration = entry.mapper().configuration()?;
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
        self.assign(entry.slot.clone(), parent, configuration, (entry.mapper(), number));
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
        let name = (entry.mapper(), number);
        if !entry.doomed && !relation.is_changed() {
            return Ok(());
        }
        let (mut added, mut removed) = relation.difference();
        if entry.doomed {
            // Children that stay lose their parent.
            removed.append(&mut added);
            removed.extend(relation.items.iter().flatten());
        }
        for index in added {
            let child = usable(inner, index, entry, number)?;
            if !is_doomed(inner, &child) {
                self.assign(child, Some(entry.slot.clone()), configuration, name);
            }
        }
        for index in removed {
            let Some(child) = inner.entry(index).filter(|child| !child.doomed && child.is_alive()) else {
                continue;
            };
            // A child that was given another parent gets its key from there.
            let elsewhere = configuration.back.is_some_and(|back| {
                child
                    .items(back)
                    .is_some_and(|items| items.iter().any(|parent| *parent != entry.slot.index()))
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
                let is_seen = |back| inner.entry(index).is_some_and(|target| target.items(back).is_some());
                let is_known = relation.items.is_some() || configuration.back.is_some_and(is_seen);
                self.links.push(LinkRow { secondary, owner: entry.slot.clone(), target, is_known });
            }
        }
        let withdrawn = relation.withdrawn().iter().map(|index| (*index, false));
        for (index, is_known) in removed.into_iter().map(|index| (index, true)).chain(withdrawn) {
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
                    is_known,
                });
            }
        }
        Ok(())
    }

    pub(super) fn assign(
        &mut self,
        child: Arc<dyn AnySlot>,
        parent: Option<Arc<dyn AnySlot>>,
        configuration: &'static RelationshipConfiguration,
        name: (&'static Mapper, u16),
    ) {
        // A new row whose key cannot be NULL keeps the key that it was given, if any.
        let required =
            |(column, _): &(u16, u16)| !child.mapper().definition().columns[usize::from(*column)].nullable;
        if parent.is_none() && child.state() == State::Pending && configuration.pairs.iter().any(required) {
            return;
        }
        let assigned = self.assigned.entry(child.index()).or_default();
        let known = assigned
            .iter()
            .find(|place| self.assignments[**place].configuration.pairs == configuration.pairs);
        // Both sides of a relationship say the same; and whoever lets go says less than who takes.
        if let Some(place) = known {
            let known = &mut self.assignments[*place];
            if known.parent.is_none() && parent.is_some() {
                (known.parent, known.name) = (parent, name);
            }
            return;
        }
        assigned.push(self.assignments.len());
        let post_update = configuration.post_update;
        self.assignments.push(Assignment { child, parent, configuration, name, post_update });
    }

    /// Whether nobody looks at new objects between here and the writing of their rows, which then begins to send them.
    pub(super) fn sends_rows_at_once(&self) -> bool {
        let Needs { fills, refers, validates, leaves_out, .. } = self.needs;
        let is_plain = self.is_enlisted && self.updates.is_empty() && self.expressions.is_empty();
        is_plain && !(fills || refers || validates || leaves_out)
    }

    /// What is written are the present versions. Gives the places of the new objects that were given a key.
    pub(super) fn begin_flush(&self) -> Vec<usize> {
        if self.sends_rows_at_once() {
            return Vec::new();
        }
        for slot in &self.updates {
            slot.begin_flush();
        }
        let mut keyed = Vec::new();
        for (place, slot) in self.inserts.iter().enumerate() {
            if !slot.begin_flush() {
                keyed.push(place);
            }
        }
        keyed
    }

    /// Adds the objects that only an assignment touches, and checks what can be checked before anything is sent.
    pub(super) fn complete(&mut self, graph: &Graph, keyed: &[usize]) -> Result<()> {
        // A flush may hold any number of rows, so nothing here looks through a list for each of them.
        let assigned = Assigned::by(&self.assignments);
        self.check_keys(graph, keyed, &assigned)?;
        if !self.assignments.is_empty() {
            let mut updated: HashSet<u32> = self.updates.iter().map(|slot| slot.index()).collect();
            let left = graph.lock().left.clone();
            for assignment in &self.assignments {
                assignment.check(&left)?;
                let child = &assignment.child;
                if child.state() == State::Persistent && updated.insert(child.index()) {
                    child.begin_flush();
                    self.updates.push(child.clone());
                }
            }
        }
        if self.needs.refers {
            self.inserts.iter().try_for_each(|slot| check_required(slot, &assigned))?;
        }
        Ok(())
    }
}

impl Work {
    /// Two objects with one primary key are reported by name, before the database finds them.
    pub(super) fn check_keys(&self, graph: &Graph, keyed: &[usize], assigned: &Assigned) -> Result<()> {
        if keyed.is_empty() {
            return Ok(());
        }
        let inner = graph.lock();
        let mut seen: HashSet<(*const Mapper, HashedKey)> = HashSet::new();
        for slot in keyed.iter().map(|place| &self.inserts[*place]) {
            let mapper = slot.mapper();
            let key: Vec<Value> = mapper.key().iter().map(|column| slot.value(*column)).collect();
            // A key that the database or a relationship will give is not there yet.
            let is_assigned = |column: &u16| assigned.columns.contains(&(slot.index(), *column));
            if key.iter().any(is_unset) || mapper.key().iter().any(is_assigned) {
                continue;
            }
            // Whoever gives the key up in this flush is not in its way.
            let keeps = |slot: &Arc<dyn AnySlot>| {
                mapper.key().iter().zip(&key).all(|(column, value)| slot.value(*column) == *value)
            };
            // Of one that is expired the database knows: its row may be gone.
            let is_in_the_way =
                |entry: &Entry| !entry.doomed && !entry.slot.is_expired() && keeps(&entry.slot);
            let present = inner.find(mapper, &key).is_some_and(is_in_the_way);
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

fn is_doomed(inner: &Inner, slot: &Arc<dyn AnySlot>) -> bool {
    inner.entry(slot.index()).is_some_and(|entry| entry.doomed)
}

/// A row of a secondary table, whichever side it is seen from. Where both sides are one model, a row and the one that
/// leads the other way are two.
fn pair(
    secondary: &SecondaryConfiguration,
    owner: &Arc<dyn AnySlot>,
    target: &Arc<dyn AnySlot>,
) -> (Table, u32, u32) {
    let (owner, target) = (owner.index(), target.index());
    let (first, second) = match secondary.is_turned() {
        true => (target, owner),
        false => (owner, target),
    };
    (secondary.table.clone(), first, second)
}

fn usable(inner: &Inner, index: u32, owner: &Entry, relationship: u16) -> Result<Arc<dyn AnySlot>> {
    let mapping = &owner.mapper().relationships()[usize::from(relationship)];
    let entry = inner.entry(index);
    match entry {
        Some(entry) if entry.is_alive() => Ok(entry.slot.clone()),
        _ => {
            let message = format!(
                "{}.{} leads to a {} that is not in the session any more; add it again, or take it out of the relationship",
                owner.mapper().name(),
                mapping.name,
                (mapping.target)().name()
            );
            Err(Error::new(ErrorKind::Flush, message))
        }
    }
}
