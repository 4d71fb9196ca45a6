//! What statements that the session did not write row by row do to the objects.

use std::sync::Arc;

use aludel_sql_expression::{Value, schema::Table};
use hashbrown::HashSet;

use super::{AnySlot, Graph, Inner, Slots, State, identity::key_of};
use crate::{
    events::Occasion,
    mapping::{Direction, Mapper},
};

/// The new values of an object's row.
pub(crate) struct Rewrite {
    pub(crate) slot: Arc<dyn AnySlot>,
    pub(crate) values: Vec<(u16, Value)>,
    /// The columns whose new values are not known.
    pub(crate) unknown: Vec<u16>,
}

impl Graph {
    /// The mapper of a table, where the session has persistent objects of it, or of a model that is linked with it.
    pub(crate) fn mapper_of(&self, table: &Table) -> Option<&'static Mapper> {
        let inner = self.lock();
        let mut seen = HashSet::new();
        for (_, entry) in inner.entries.iter() {
            if entry.slot.state() != State::Persistent || !seen.insert(entry.mapper()) {
                continue;
            }
            let linked = entry.mapper().relationships().iter().map(|mapping| (mapping.target)());
            if let Some(found) =
                std::iter::once(entry.mapper()).chain(linked).find(|mapper| mapper.table() == table)
            {
                return Some(found);
            }
        }
        None
    }

    /// All persistent objects of a model.
    pub(crate) fn persistent_of(&self, mapper: &'static Mapper) -> Slots {
        let inner = self.lock();
        let entries = inner.entries.iter().map(|(_, entry)| entry);
        let meant =
            entries.filter(|entry| entry.mapper() == mapper && entry.slot.state() == State::Persistent);
        meant.map(|entry| entry.slot.clone()).collect()
    }

    /// The objects with these keys, as far as they are in the session.
    pub(crate) fn find_all(&self, mapper: &'static Mapper, keys: &[Vec<Value>]) -> Slots {
        let inner = self.lock();
        keys.iter().filter_map(|key| inner.find(mapper, key)).map(|entry| entry.slot.clone()).collect()
    }

    /// The object with this key, where it is in the session.
    pub(crate) fn find_one(&self, mapper: &'static Mapper, key: &[Value]) -> Option<Arc<dyn AnySlot>> {
        self.lock().find(mapper, key).map(|entry| entry.slot.clone())
    }

    /// The rows of these objects are gone.
    pub(crate) fn were_deleted(&self, mapper: &'static Mapper, slots: &[Arc<dyn AnySlot>]) {
        let keys: Vec<Vec<Value>> = slots.iter().map(|slot| key_of(&**slot, mapper)).collect();
        let mut inner = self.lock();
        for (slot, key) in slots.iter().zip(keys) {
            if slot.state() != State::Persistent {
                continue;
            }
            let index = slot.index();
            inner.identity.remove(mapper, &key, index);
            inner.turn(index, State::Deleted);
            if let Some(entry) = inner.entry_mut(index) {
                entry.doomed = false;
            }
            inner.enlist(index);
        }
    }

    /// The rows of these objects, the first of which has this number, were made in this transaction: a rollback takes them
    /// away again.
    pub(crate) fn were_inserted(&self, slots: &[Arc<dyn AnySlot>], first: u32) {
        let mut inner = self.lock();
        for slot in slots.iter().filter(|slot| slot.index() >= first) {
            if let Some(entry) = inner.entry_mut(slot.index()) {
                entry.fresh = true;
            }
            inner.enlist(slot.index());
        }
    }

    /// The number that the next object gets.
    pub(crate) fn next_number(&self) -> u32 {
        self.lock().entries.next()
    }

    /// Puts new values of their rows into the objects. Gives those of which not all values are known.
    pub(crate) fn were_rewritten(&self, mapper: &'static Mapper, rewrites: Vec<Rewrite>) -> Slots {
        let mut unsure = Slots::new();
        let mut moved = Vec::new();
        for Rewrite { slot, values, unknown } in &rewrites {
            let moves = values.iter().any(|(column, _)| mapper.key().contains(column));
            let old = if moves { key_of(&**slot, mapper) } else { Vec::new() };
            let columns: Vec<u16> =
                values.iter().map(|(column, _)| *column).chain(unknown.iter().copied()).collect();
            self.forget_expressions_of(&**slot, &columns);
            if !slot.rewrite(values, unknown) {
                unsure.push(slot.clone());
            }
            if moves {
                moved.push((slot.index(), old, key_of(&**slot, mapper)));
            }
        }
        let mut inner = self.lock();
        // All leave their places before one of them takes another's.
        moved.iter().for_each(|(index, old, _)| inner.identity.remove(mapper, old, *index));
        moved.iter().for_each(|(index, _, new)| inner.identity.insert(mapper, new, *index));
        rewrites.iter().for_each(|rewrite| inner.enlist(rewrite.slot.index()));
        unsure
    }

    /// Gives up the unflushed changes of some columns of an object.
    pub(crate) fn forget_changes(&self, slot: &Arc<dyn AnySlot>, columns: &[u16]) {
        if slot.is_changed() {
            self.forget_expressions_of(&**slot, columns);
            slot.rewrite(&[], columns);
            self.lock().enlist(slot.index());
        }
    }

    /// What columns were to be computed by is written over.
    fn forget_expressions_of(&self, slot: &dyn AnySlot, columns: &[u16]) {
        match slot.mark_expressions(true) {
            true => self.forget_expressions(slot, |column| columns.contains(&column)),
            false => {
                slot.mark_expressions(false);
            }
        }
    }

    /// Values of an object's row were read: after a rollback they may be old.
    pub(crate) fn were_read(
        &self,
        mapper: &'static Mapper,
        slot: Arc<dyn AnySlot>,
        values: Vec<(u16, Value)>,
    ) {
        let index = slot.index();
        let unsure = self.were_rewritten(mapper, vec![Rewrite { slot, values, unknown: Vec::new() }]);
        self.may_be_old(&unsure);
        let mut inner = self.lock();
        let stamp = inner.stamp();
        if let Some(entry) = inner.entry_mut(index) {
            entry.loaded_in = stamp;
        }
    }

    /// Nobody knows what the rows of these objects hold now.
    pub(crate) fn may_be_old(&self, slots: &[Arc<dyn AnySlot>]) {
        let mut inner = self.lock();
        for slot in slots.iter().filter(|slot| slot.state() == State::Persistent) {
            if !slot.is_expired() {
                inner.notices.note(Occasion::Expire, slot);
            }
            slot.set_expired(true);
        }
    }

    /// Foreign keys among these columns were written for objects: the links that follow them are old, on both sides.
    pub(crate) fn links_may_be_old(
        &self,
        mapper: &'static Mapper,
        slots: &[Arc<dyn AnySlot>],
        columns: &[u16],
    ) {
        let Ok(configuration) = mapper.configuration() else { return };
        if slots.is_empty() {
            return;
        }
        for (number, relation) in (0u16..).zip(&configuration.relationships) {
            let follows = relation.pairs.iter().any(|(own, _)| columns.contains(own));
            if relation.direction != Direction::ManyToOne || !follows {
                continue;
            }
            let target = (mapper.relationships()[usize::from(number)].target)();
            let inner = &mut *self.lock();
            for slot in slots {
                inner.expire_link(slot.index(), number);
            }
            if let Some(back) = relation.back {
                let owners = inner.entries.iter().filter(|(_, entry)| entry.mapper() == target);
                let owners: Vec<u32> = owners.map(|(index, _)| index).collect();
                owners.into_iter().for_each(|index| inner.expire_link(index, back));
            }
        }
    }
}

impl Inner {
    /// What a relationship leads to is old, unless it is about to be written itself.
    fn expire_link(&mut self, index: u32, relationship: u16) {
        if let Some(entry) = self.entry_mut(index)
            && entry.relation(relationship).is_loaded()
            && !entry.relation(relationship).is_changed()
        {
            entry.relation_mut(relationship).expire();
        }
    }
}
