//! Rows that become objects of the graph.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock, Weak},
};

use aludel_driver::Result;
use aludel_sql_expression::{Value, typed::RowReader};

use super::{AnySlot, Entry, Graph, Inner, Slot, State};
use crate::mapping::{Key, Mapped, Mapper, RelationshipConfiguration};

/// The objects that came from the same query: what `session.load` loads for one of them it loads for all.
#[derive(Default)]
pub(crate) struct Peers(OnceLock<Box<[Weak<dyn AnySlot>]>>);

impl Peers {
    pub(crate) fn set(&self, slots: &[Arc<dyn AnySlot>]) {
        let _ = self.0.set(slots.iter().map(Arc::downgrade).collect());
    }

    pub(crate) fn indexes(&self) -> impl Iterator<Item = u32> {
        self.0.get().into_iter().flatten().filter_map(Weak::upgrade).map(|slot| slot.index())
    }
}

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

/// What rows are loaded with.
pub(crate) struct LoadRow<'a> {
    pub(crate) graph: &'a Arc<Graph>,
    pub(crate) peers: Option<&'a Arc<Peers>>,
    pub(crate) mode: LoadMode,
}

/// Reads a row of a model, and gives the one object that stands for it.
pub(crate) fn load_row<M: Mapped>(
    reader: &mut RowReader<'_>,
    load: &LoadRow<'_>,
) -> Result<Arc<dyn AnySlot>> {
    load_typed::<M>(reader, load).map(|slot| slot as Arc<dyn AnySlot>)
}

pub(crate) fn load_typed<M: Mapped>(reader: &mut RowReader<'_>, load: &LoadRow<'_>) -> Result<Arc<Slot<M>>> {
    let mut model = M::read(reader)?;
    let mapper = M::mapper();
    let key = model.key().values();
    let weak = Arc::downgrade(load.graph);
    let mut inner = load.graph.lock();
    let hash = inner.identity.hash(mapper, key.as_ref());
    if let Some(index) = inner.identity.find_hashed(&inner.entries, mapper, key.as_ref(), hash)
        && let Some(slot) = inner.typed_slot::<M>(index)
    {
        // What is changed and not written yet is only overwritten when that was asked for.
        let is_old = slot.expired() || load.mode == LoadMode::Refresh;
        if load.mode == LoadMode::Overwrite || (is_old && !slot.is_changed()) {
            drop(inner);
            // What is not old was known, and is what a rollback goes back to.
            let is_known = load.mode == LoadMode::Refresh && !slot.expired();
            if is_known {
                slot.remember();
            }
            model.links(&mut |relationship, cell| drop(cell.attach(&weak, index, relationship)));
            slot.overwrite(model);
            let mut inner = load.graph.lock();
            let stamp = inner.stamp();
            if let Some(entry) = inner.entry_mut(index).filter(|_| !is_known) {
                entry.loaded_in = stamp;
            }
            inner.enlist(index);
        }
        return Ok(slot);
    }
    // The links only get numbers here, so the lock can stay: nothing of the user's runs.
    let index = inner.reserve();
    model.links(&mut |relationship, cell| drop(cell.attach(&weak, index, relationship)));
    let slot = Arc::new(Slot::new(index, State::Persistent, model));
    let mut entry = Entry::loaded(slot.clone(), mapper, load.peers.cloned());
    entry.loaded_in = inner.stamp();
    inner.entries[index as usize] = Some(entry);
    inner.identity.insert_hashed(hash, index);
    Ok(slot)
}

impl Inner {
    pub(crate) fn typed_slot<M: Mapped>(&self, index: u32) -> Option<Arc<Slot<M>>> {
        self.entry(index)?.slot.clone().into_any().downcast().ok()
    }

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
        let wrote = self.wrote;
        let Some(entry) = self.entry_mut(owner) else { return };
        let gone: HashSet<u32> =
            entry.relation_mut(relationship).fill(found.to_vec(), wrote).into_iter().collect();
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

    /// A relationship was loaded, so the one that leads back to its owner is known too, where it leads to one object.
    fn point_back_loaded(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, target: u32) {
        let Some(back) = mapper.back(relationship) else { return };
        let target_mapper = (mapper.relationships()[usize::from(relationship)].target)();
        let wrote = self.wrote;
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
