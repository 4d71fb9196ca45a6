//! What commit, rollback and the end of a session do to the objects.

use std::sync::Arc;

use aludel_sql_expression::Value;
use hashbrown::HashSet;

use super::{AnySlot, Graph, Inner, Notices, State, identity::key_of};
use crate::events::Occasion;

impl Graph {
    /// The transaction is committed, with those inside it: its changes are what a later rollback goes back to.
    pub(crate) fn commit(&self) {
        while self.depth() > 0 {
            self.commit_nested();
        }
        let mut dropped = Vec::new();
        let mut locked = self.lock();
        let inner = &mut *locked;
        for index in std::mem::take(&mut inner.in_transaction) {
            let Some(entry) = inner.entries.get_mut(index) else { continue };
            entry.enlisted = false;
            entry.fresh = false;
            entry.relations_mut().iter_mut().for_each(super::Relation::committed);
            if entry.slot.state() == State::Deleted {
                entry.gone = true;
                inner.notices.turn(&entry.slot, State::Detached);
            }
            if let Some(old) = entry.slot.commit() {
                dropped.push(old);
            }
        }
        inner.end_transaction();
        drop(locked);
        // Old versions are dropped outside the lock: a drop may run user code.
        drop(dropped);
    }

    /// The transaction is rolled back, with those inside it: objects show the values from before it.
    pub(crate) fn rollback(&self) {
        while self.depth() > 0 {
            self.rollback_nested();
        }
        self.undo();
    }

    /// Ends with its transaction, which only read. Where nothing waited to be written either, there is nothing to be taken
    /// back, and what was read stays true.
    pub(crate) fn end_reading(&self) {
        let inner = self.lock();
        let is_clean = !inner.wrote
            && inner.touched.is_empty()
            && inner.in_transaction.is_empty()
            && inner.levels.is_empty()
            && inner.foreign.is_empty()
            && inner.refused.is_empty();
        drop(inner);
        if !is_clean {
            self.rollback();
        }
    }

    /// The innermost transaction is rolled back.
    pub(super) fn undo(&self) {
        let mut restored = self.lock().leave_transaction();
        let left = restored.extract_if(.., |it| it.state == State::Detached && !it.fresh);
        self.leave_as_they_are(left.collect());
        for Restored { slot, state, old, new, .. } in &mut restored {
            *old = (*state == State::Persistent).then(|| key_of(&**slot, slot.mapper()));
            slot.rollback();
            *new = key_of(&**slot, slot.mapper());
        }
        let mut inner = self.lock();
        for restored in &restored {
            inner.restore(restored);
        }
        for restored in &restored {
            inner.restore_links(restored.slot.index());
        }
        inner.expire_transaction();
        inner.end_transaction();
    }

    /// What was taken out of the session stays as it is, and says that it may be old. Should it come back before the
    /// transaction around this one ends, it goes back with that.
    fn leave_as_they_are(&self, left: Vec<Restored>) {
        let mut dropped = Vec::new();
        let mut inner = self.lock();
        let is_outermost = inner.levels.is_empty();
        for Restored { slot, .. } in left {
            slot.set_expired(true);
            if !is_outermost {
                inner.enlist(slot.index());
                continue;
            }
            dropped.extend(slot.commit());
            if let Some(entry) = inner.entry_mut(slot.index()) {
                entry.relations_mut().iter_mut().for_each(super::Relation::committed);
            }
        }
        drop(inner);
        // Old versions are dropped outside the lock: a drop may run user code.
        drop(dropped);
    }

    /// Marks all persistent objects as expired.
    pub(crate) fn expire_all(&self) {
        let inner = &mut *self.lock();
        for (_, entry) in inner.entries.iter_mut() {
            entry.expire(&mut inner.notices);
        }
    }

    /// Marks an object as expired, and what its cascades lead to.
    pub(crate) fn expire(&self, index: u32) {
        let mut inner = self.lock();
        inner.expire_one(index);
        inner.expire_along(index);
    }

    /// Its values are about to come anew: its links are old, and so is what its cascades lead to.
    pub(crate) fn expire_for_refresh(&self, index: u32) {
        let mut inner = self.lock();
        if let Some(entry) = inner.entry_mut(index) {
            entry.expire_relations();
        }
        inner.expire_along(index);
    }

    /// The session is gone: what no handle reaches is let go, what one reaches stays readable.
    pub(crate) fn close(self: &Arc<Self>) {
        let released = {
            let mut inner = self.lock();
            inner.closed = true;
            inner.identity.clear();
            inner.touched.clear();
            inner.in_transaction.clear();
            inner.mark(|_, entry| entry.is_held());
            let inner = &mut *inner;
            for (_, entry) in inner.entries.iter_mut() {
                let state = match entry.slot.state() {
                    State::Pending | State::Transient => State::Transient,
                    _ => State::Detached,
                };
                inner.notices.turn(&entry.slot, state);
            }
            inner.release_unmarked()
        };
        self.tell();
        // Models are dropped outside the lock: their drop may run user code.
        drop(released);
    }
}

/// An object on its way back to what it was before the transaction.
struct Restored {
    slot: Arc<dyn AnySlot>,
    state: State,
    fresh: bool,
    /// Its key in the transaction, where it had a row.
    old: Option<Vec<Value>>,
    /// Its key from before.
    new: Vec<Value>,
}

impl super::Entry {
    fn expire(&mut self, notices: &mut Notices) {
        if self.slot.state() == State::Persistent {
            if !self.slot.is_expired() {
                notices.note(Occasion::Expire, &self.slot);
            }
            self.slot.set_expired(true);
            self.expire_relations();
        }
    }

    /// Marks what it is linked with as old: it can be read, and the next load brings it anew.
    pub(crate) fn expire_relations(&mut self) {
        self.relations_mut().iter_mut().for_each(super::Relation::expire);
    }
}

impl Inner {
    fn expire_one(&mut self, index: u32) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.expire(&mut self.notices);
        }
    }

    /// Marks what the `refresh-expire` cascades of an object lead to as expired.
    fn expire_along(&mut self, index: u32) {
        let mut seen: HashSet<u32> = std::iter::once(index).collect();
        let mut waiting = vec![index];
        while let Some(index) = waiting.pop() {
            let Some(entry) = self.entry(index) else { continue };
            let relationships = entry.mapper().relationships();
            let cascading = entry
                .relations()
                .filter(|(number, _)| relationships[usize::from(*number)].cascade.refresh_expire)
                .flat_map(|(_, relation)| relation.items.iter().flatten().copied());
            let next: Vec<u32> = cascading.filter(|target| seen.insert(*target)).collect();
            for target in next {
                self.expire_one(target);
                waiting.push(target);
            }
        }
    }

    /// What tells the objects that were loaded in the present transaction.
    pub(crate) fn stamp(&self) -> u32 {
        self.transaction.wrapping_add(1)
    }

    /// A transaction begins: what was loaded until now was loaded outside of it.
    pub(crate) fn begin_transaction(&mut self) {
        self.transaction = self.transaction.wrapping_add(1);
        self.first_transaction = self.transaction;
    }

    fn end_transaction(&mut self) {
        self.begin_transaction();
        self.wrote = false;
    }

    /// Takes everything that a rollback has to look at from the lists.
    fn leave_transaction(&mut self) -> Vec<Restored> {
        let mut indexes = std::mem::take(&mut self.in_transaction);
        indexes.extend(std::mem::take(&mut self.touched));
        self.foreign.clear();
        self.left.clear();
        self.refused.clear();
        let mut restored = Vec::with_capacity(indexes.len());
        for index in indexes {
            let Some(entry) = self.entry_mut(index).filter(|entry| entry.touched || entry.enlisted) else {
                continue;
            };
            let fresh = std::mem::take(&mut entry.fresh);
            (entry.touched, entry.enlisted, entry.doomed) = (false, false, false);
            let (slot, state) = (entry.slot.clone(), entry.slot.state());
            restored.push(Restored { slot, state, fresh, old: None, new: Vec::new() });
        }
        restored
    }

    fn restore(&mut self, Restored { slot, state, fresh, old, new }: &Restored) {
        let (index, mapper) = (slot.index(), slot.mapper());
        if let Some(old) = old.as_ref().filter(|old| *fresh || **old != *new) {
            self.identity.remove(mapper, old, index);
        }
        if *fresh || *state == State::Pending {
            // The row never came to be, so the object is a plain value again, under no key.
            self.turn(index, State::Transient);
            return;
        }
        if let Some(entry) = self.entry_mut(index) {
            entry.relations_mut().iter_mut().for_each(super::Relation::rollback);
        }
        let moved = old.as_ref().is_some_and(|old| *old != *new);
        if *state == State::Deleted {
            self.turn(index, State::Persistent);
        }
        if *state == State::Deleted || moved {
            self.identity.insert(mapper, new, index);
        }
    }

    /// New objects keep their links to each other, so that they can be added again, but hold none that are at home
    /// elsewhere.
    fn restore_links(&mut self, index: u32) {
        let Some(entry) = self.entry(index).filter(|entry| entry.slot.state() == State::Transient) else {
            return;
        };
        let mapper = entry.mapper();
        for number in 0..mapper.relationships().len() as u16 {
            let held: Vec<u32> = entry_items(self, index, number);
            let held = held.into_iter().filter(|target| {
                let Some(target) = self.entry(*target) else { return false };
                match target.slot.state() {
                    State::Transient => mapper
                        .back(number)
                        .and_then(|back| target.items(back))
                        .is_none_or(|items| items.contains(&index)),
                    _ => !mapper.is_held_by_one(number),
                }
            });
            let held: Vec<u32> = held.collect();
            if let Some(entry) = self.entry_mut(index) {
                let relation = entry.relation_mut(number);
                if relation.items.is_some() {
                    relation.items = Some(held);
                }
                relation.begin_again();
            }
        }
    }

    /// What was first loaded or refreshed in the transaction may be old.
    fn expire_transaction(&mut self) {
        let (first, stamp) = (self.first_transaction.wrapping_add(1), self.stamp());
        let inside = stamp.wrapping_sub(first);
        for (_, entry) in self.entries.iter_mut() {
            if entry.loaded_in.wrapping_sub(first) <= inside {
                entry.expire(&mut self.notices);
            }
        }
    }

    /// A flush is done: what was sent is clean, unless it was changed meanwhile.
    pub(crate) fn settle(&mut self) {
        self.left.clear();
        for index in std::mem::take(&mut self.touched) {
            let Some(entry) = self.entry_mut(index) else { continue };
            entry.touched = false;
            if !entry.has_relations() {
                if entry.doomed || entry.slot.is_changed() || entry.slot.state() == State::Pending {
                    self.touch(index);
                }
                continue;
            }
            let sent = entry.relations().any(|(_, relation)| relation.is_sending());
            entry.relations_mut().iter_mut().for_each(super::Relation::flushed);
            let waits = entry.slot.is_changed()
                || entry.doomed
                || entry.slot.state() == State::Pending
                || entry.relations().any(|(_, relation)| relation.is_changed());
            if sent {
                self.enlist(index);
            }
            if waits {
                self.touch(index);
            }
        }
    }
}

fn entry_items(inner: &Inner, index: u32, relationship: u16) -> Vec<u32> {
    inner.entry(index).and_then(|entry| entry.items(relationship)).unwrap_or_default().to_vec()
}
