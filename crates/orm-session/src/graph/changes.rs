//! What commit, rollback and the end of a session do to the objects.

use std::sync::Arc;

use super::{AnySlot, Graph, Inner, State, identity::key_of};

impl Graph {
    /// The transaction is committed: its changes are what a later rollback goes back to.
    pub(crate) fn commit(&self) {
        let mut inner = self.lock();
        for index in std::mem::take(&mut inner.in_transaction) {
            let Some(entry) = inner.entry_mut(index) else { continue };
            entry.enlisted = false;
            entry.fresh = false;
            entry.slot.commit();
            entry.relations_mut().iter_mut().for_each(|relation| relation.before = None);
            if entry.slot.state() == State::Deleted {
                entry.slot.set_state(State::Detached);
            }
        }
    }

    /// The transaction is rolled back: objects show the values from before it.
    pub(crate) fn rollback(&self) {
        let mut inner = self.lock();
        let mut indexes = std::mem::take(&mut inner.in_transaction);
        indexes.extend(std::mem::take(&mut inner.touched));
        inner.foreign.clear();
        for index in indexes {
            inner.restore(index);
        }
    }

    /// Marks all persistent objects as expired.
    pub(crate) fn expire_all(&self) {
        let inner = self.lock();
        for entry in inner.entries.iter().flatten().filter(|entry| entry.slot.state() == State::Persistent) {
            entry.slot.set_expired(true);
        }
    }

    /// Takes an object out of the session.
    pub(crate) fn expunge(&self, index: u32) {
        self.lock().expunge(index);
    }

    /// The session is gone: what no handle reaches is let go, what one reaches stays readable.
    pub(crate) fn close(self: &Arc<Self>) {
        let released = {
            let mut inner = self.lock();
            inner.closed = true;
            inner.identity.clear();
            inner.touched.clear();
            inner.in_transaction.clear();
            let reached = inner.reached();
            let mut released = Vec::new();
            for (index, entry) in inner.entries.iter_mut().enumerate() {
                match entry {
                    Some(_) if !reached[index] => released.extend(entry.take()),
                    Some(entry) => entry.slot.set_state(match entry.slot.state() {
                        State::Pending | State::Transient => State::Transient,
                        _ => State::Detached,
                    }),
                    None => {}
                }
            }
            released
        };
        // Models are dropped outside the lock: their drop may run user code.
        drop(released);
    }
}

impl Inner {
    /// Which objects are held by a handle, or linked from one that is.
    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.entries.len()];
        let held = (0u32..).zip(&self.entries).filter_map(|(index, entry)| {
            let entry = entry.as_ref()?;
            (Arc::strong_count(&entry.slot) > 1).then_some(index)
        });
        let mut waiting: Vec<u32> = held.collect();
        while let Some(index) = waiting.pop() {
            let Some(entry) = self.entry(index) else { continue };
            if !std::mem::replace(&mut reached[index as usize], true) {
                waiting.extend(
                    entry.relations().flat_map(|(_, relation)| relation.items.iter().flatten().copied()),
                );
            }
        }
        reached
    }

    /// Takes an object out of the session: it stays readable through its handles.
    pub(crate) fn expunge(&mut self, index: u32) {
        let Some(entry) = self.entry_mut(index) else { return };
        let (slot, mapper) = (entry.slot.clone(), entry.mapper);
        entry.touched = false;
        entry.enlisted = false;
        entry.doomed = false;
        self.touched.retain(|other| *other != index);
        self.in_transaction.retain(|other| *other != index);
        match slot.state() {
            State::Persistent => {
                self.identity.remove(mapper, &key_of(&*slot, mapper), index);
                slot.set_state(State::Detached);
            }
            State::Pending => slot.set_state(State::Transient),
            _ => {}
        }
    }

    /// Takes an object in again that left the session, or was to be deleted.
    pub(crate) fn readmit(&mut self, slot: &dyn AnySlot) {
        let (index, mapper) = (slot.index(), slot.mapper());
        match slot.state() {
            State::Transient => {
                slot.set_state(State::Pending);
                self.touch(index);
            }
            State::Persistent => {
                if let Some(entry) = self.entry_mut(index) {
                    entry.doomed = false;
                }
            }
            State::Detached => {
                let key = key_of(slot, mapper);
                if self.identity.find(&self.entries, mapper, &key).is_none() {
                    self.identity.insert(mapper, &key, index);
                    slot.set_state(State::Persistent);
                    if slot.is_changed() {
                        self.touch(index);
                    }
                } else {
                    let message = format!(
                        "there is already another {} with the key {key:?} in the session",
                        mapper.name()
                    );
                    self.foreign.push(message);
                }
            }
            State::Pending | State::Deleted => {}
        }
    }

    fn restore(&mut self, index: u32) {
        let Some(entry) = self.entry_mut(index) else { return };
        let (slot, mapper) = (entry.slot.clone(), entry.mapper);
        let (fresh, state) = (entry.fresh, slot.state());
        entry.touched = false;
        entry.enlisted = false;
        entry.doomed = false;
        entry.fresh = false;
        entry.relations_mut().iter_mut().for_each(super::Relation::rollback);
        let key = (state == State::Persistent).then(|| key_of(&*slot, mapper));
        slot.rollback();
        if fresh || state == State::Pending {
            // The row never came to be, so the object is a plain value again, under no key.
            if let Some(key) = key {
                self.identity.remove(mapper, &key, index);
            }
            slot.set_state(State::Transient);
            return;
        }
        let restored = key_of(&*slot, mapper);
        if let Some(key) = key.filter(|key| *key != restored) {
            self.identity.remove(mapper, &key, index);
            self.identity.insert(mapper, &restored, index);
        }
        if state == State::Deleted {
            slot.set_state(State::Persistent);
            self.identity.insert(mapper, &restored, index);
        }
    }
}

impl Inner {
    /// A flush is done: what was looked at is clean, unless it was changed meanwhile.
    pub(crate) fn settle(&mut self) {
        for index in std::mem::take(&mut self.touched) {
            let Some(entry) = self.entry_mut(index) else { continue };
            entry.touched = false;
            entry.doomed = false;
            let changed = entry.relations().any(|(_, relation)| relation.is_changed());
            entry.relations_mut().iter_mut().for_each(super::Relation::flushed);
            if changed {
                self.enlist(index);
            }
            if self
                .entry(index)
                .is_some_and(|entry| entry.slot.is_changed() || entry.slot.state() == State::Pending)
            {
                self.touch(index);
            }
        }
    }
}
