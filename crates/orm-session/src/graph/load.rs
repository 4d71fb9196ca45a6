//! Rows that become objects of the graph.

use std::sync::{Arc, MutexGuard, Weak};

use aludel_driver::Result;
use aludel_sql_expression::{Value, typed::RowReader};
use hashbrown::HashSet;

use super::{AnySlot, Entry, Graph, GroupId, Inner, Slot, State};
use crate::{
    events::Occasion,
    mapping::{Key, Mapped, Mapper, RelationshipConfiguration},
};

/// What a row does to an object that is in the session already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LoadMode {
    /// Nothing, unless it is expired.
    Keep,
    /// Takes the place of its values, unless some are changed and not written yet: the row is newer than them.
    Refresh,
    /// Takes the place of its values, also of changed ones.
    Overwrite,
}

/// Where rows are loaded to, and how.
pub(crate) struct Loader {
    graph: Arc<Graph>,
    weak: Weak<Graph>,
    mode: LoadMode,
}

impl Loader {
    pub(crate) fn new(graph: &Arc<Graph>, mode: LoadMode) -> Self {
        Self { graph: graph.clone(), weak: Arc::downgrade(graph), mode }
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Begins to take rows in.
    pub(crate) fn admission(&self) -> Admission<'_> {
        Admission { loader: self, inner: None }
    }
}

/// Takes rows into the graph, many under one lock.
///
/// No user code runs while the lock is held, so that rows are read before: see [`unlock`](Self::unlock).
pub(crate) struct Admission<'l> {
    loader: &'l Loader,
    inner: Option<MutexGuard<'l, Inner>>,
}

impl Admission<'_> {
    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.loader.graph
    }

    /// Lets the lock go until the next row is taken in.
    pub(crate) fn unlock(&mut self) {
        self.inner = None;
    }

    /// Takes a row in, and gives the one object that stands for it. A new one enters the group of its query, which begins
    /// with it.
    pub(crate) fn admit<M: Mapped>(
        &mut self,
        mut model: M,
        group: Option<&mut Option<GroupId>>,
    ) -> Arc<Slot<M>> {
        let loader = self.loader;
        let inner = self.inner.get_or_insert_with(|| loader.graph.lock());
        let mapper = M::mapper();
        let key = model.key().values();
        let Inner { entries, identity, peers, .. } = &mut **inner;
        let index = entries.next();
        if let Some(present) = identity.find_or_insert(entries, mapper, key.as_ref(), index)
            && let Some(slot) = entries.get(present).and_then(super::Entry::typed_slot)
        {
            self.meet(&slot, model);
            return slot;
        }
        // The links only get numbers here, so the lock can stay: nothing of the user's runs.
        model.links(&mut |relationship, cell| cell.attach_loaded(&loader.weak, index, relationship));
        let slot = Arc::new(Slot::loaded(index, model));
        let group = group.map(|group| *group.get_or_insert_with(|| peers.begin()));
        if let Some(group) = group {
            peers.enter(group);
        }
        let erased: Arc<dyn AnySlot> = slot.clone();
        inner.notices.note_load(&erased);
        let loaded_in = inner.stamp();
        inner.entries.push(Entry::loaded(erased, group, loaded_in));
        slot
    }

    /// A row comes for an object that is there already.
    fn meet<M: Mapped>(&mut self, slot: &Arc<Slot<M>>, mut model: M) {
        // The model is dropped, or takes the place of others, which runs what its drop does.
        self.unlock();
        let loader = self.loader;
        // What is changed and not written yet is only overwritten when that was asked for.
        let is_old = slot.expired() || loader.mode == LoadMode::Refresh;
        if loader.mode != LoadMode::Overwrite && (!is_old || slot.is_changed()) {
            return;
        }
        // What is not old was known, and is what a rollback goes back to.
        let is_known = loader.mode == LoadMode::Refresh && !slot.expired();
        if is_known {
            slot.remember();
        }
        let index = slot.index();
        model.links(&mut |relationship, cell| cell.attach_loaded(&loader.weak, index, relationship));
        slot.overwrite(model);
        let inner = &mut **self.inner.get_or_insert_with(|| loader.graph.lock());
        let stamp = inner.stamp();
        if let Some(entry) = inner.entries.get_mut(index) {
            if !is_known {
                entry.loaded_in = stamp;
            }
            inner.notices.note(Occasion::Refresh, &entry.slot);
        }
        inner.enlist(index);
    }
}

/// Reads a row of a model, and gives the number of the object that stands for it.
pub(crate) fn load_row<M: Mapped>(
    reader: &mut RowReader<'_>,
    admission: &mut Admission<'_>,
    group: Option<&mut Option<GroupId>>,
) -> Result<u32> {
    admission.unlock();
    let model = M::read(reader)?;
    Ok(admission.admit(model, group).index())
}

impl Inner {
    /// The object of a model with this key.
    pub(crate) fn find(&self, mapper: &'static Mapper, key: &[Value]) -> Option<&Entry> {
        self.entry(self.identity.find(&self.entries, mapper, key)?)
    }
}

/// The primary key that an object's foreign key leads to; none when it is NULL, or references no primary key.
pub(crate) fn referenced_key(
    target: &'static Mapper,
    configuration: &RelationshipConfiguration,
    value: impl Fn(u16) -> Value,
) -> Option<Vec<Value>> {
    let key = target.key().iter().map(|column| {
        let (own, _) = configuration.pairs.iter().find(|(_, parent)| parent == column)?;
        let value = value(*own);
        (!value.is_null()).then_some(value)
    });
    key.collect()
}

impl Inner {
    /// Takes over what a query found for a relationship. Whoever was in a collection that was replaced unseen loses it.
    pub(crate) fn fill(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, found: &[u32]) {
        let wrote = self.has_written();
        let mut items = found.to_vec();
        items.extend(self.hidden(mapper, relationship, owner, found));
        let Some(entry) = self.entry_mut(owner) else { return };
        let gone: HashSet<u32> = entry.relation_mut(relationship).fill(items, wrote).into_iter().collect();
        if wrote {
            self.enlist(owner);
        }
        for target in found {
            if gone.contains(target) {
                self.lose(mapper, relationship, owner, *target);
            } else {
                self.point_back_loaded(mapper, relationship, owner, *target);
            }
        }
    }

    /// What was deleted in this transaction stays where it is, unseen, and comes back with a rollback.
    fn hidden(&self, mapper: &'static Mapper, relationship: u16, owner: u32, found: &[u32]) -> Vec<u32> {
        let is_full = !mapper.relationships()[usize::from(relationship)].many && !found.is_empty();
        let items = self.entry(owner).and_then(|entry| entry.items(relationship));
        let Some(items) = items.filter(|_| !is_full) else { return Vec::new() };
        let is_hidden = |target: &&u32| {
            self.entry(**target).is_some_and(|target| !target.gone && target.slot.state() == State::Deleted)
        };
        items.iter().filter(is_hidden).copied().collect()
    }

    /// A relationship was loaded, so the one that leads back to its owner is known too, where it leads to one object.
    fn point_back_loaded(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, target: u32) {
        let Some(back) = mapper.back(relationship) else { return };
        let target_mapper = (mapper.relationships()[usize::from(relationship)].target)();
        let wrote = self.has_written();
        let Some(entry) = self.entry_mut(target) else { return };
        if target_mapper.relationships()[usize::from(back)].many {
            if entry.relation(back).added_unseen().contains(&owner) {
                entry.relation_mut(back).is_there(owner);
            }
            return;
        }
        let relation = entry.relation_mut(back);
        if relation.items.is_none() && !relation.is_changed() {
            relation.fill(vec![owner], wrote);
            if wrote {
                self.enlist(target);
            }
        }
    }
}
