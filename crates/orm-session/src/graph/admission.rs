//! How objects leave the session, and come back.

use std::sync::Arc;

use aludel_sql_expression::Value;

use super::{AnySlot, Graph, Inner, State, identity::key_of};
use crate::{events::Occasion, mapping::Mapper};

impl Graph {
    /// Takes an object out of the session, and those that the `expunge` cascade leads to.
    pub(crate) fn expunge(self: &Arc<Self>, index: u32) {
        let mut inner = self.lock();
        let mut waiting = vec![index];
        while let Some(index) = waiting.pop() {
            let Some(entry) = inner.entry(index).filter(|entry| entry.is_alive()) else { continue };
            let cascades = |number: u16| entry.mapper().relationships()[usize::from(number)].cascade.expunge;
            let follow = entry.relations().filter(|(number, _)| cascades(*number));
            waiting.extend(follow.flat_map(|(_, relation)| relation.items.iter().flatten().copied()));
            inner.expunge(index);
        }
        drop(inner);
        self.tell();
    }
}

impl Inner {
    /// Takes an object out of the session: it stays readable through its handles.
    pub(crate) fn expunge(&mut self, index: u32) {
        let Some(entry) = self.entry_mut(index) else { return };
        let (slot, mapper) = (entry.slot.clone(), entry.mapper());
        // What becomes of its row with the end of the transaction, the object has to be told.
        let stays = entry.fresh || slot.state() == State::Persistent;
        let (touched, enlisted) = (std::mem::take(&mut entry.touched), entry.enlisted && !stays);
        entry.enlisted &= stays;
        entry.doomed = false;
        if touched {
            self.touched.retain(|other| *other != index);
        }
        if enlisted {
            self.in_transaction.retain(|other| *other != index);
        }
        match slot.state() {
            State::Persistent => {
                self.identity.remove(mapper, &key_of(&*slot, mapper), index);
                self.turn(index, State::Detached);
            }
            State::Pending => {
                self.turn(index, State::Transient);
                self.withdraw(index);
            }
            _ => {}
        }
    }

    /// Who stays in the session lets go of an object that leaves it without ever having had a row. The object itself
    /// remembers its links, in case it is added again.
    fn withdraw(&mut self, index: u32) {
        let Some(entry) = self.entry(index) else { return };
        let mapper = entry.mapper();
        let links: Vec<(u16, Vec<u32>)> = entry
            .relations()
            .filter_map(|(number, relation)| Some((mapper.back(number)?, relation.items.clone()?)))
            .collect();
        for (back, targets) in links {
            for target in targets {
                let Some(entry) = self.entry_mut(target).filter(|entry| entry.is_alive()) else { continue };
                entry.relation_mut(back).take(index);
                self.touch(target);
            }
        }
    }

    /// The row of a new object is there, under this key: the object is found by it from now on.
    pub(crate) fn register(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        let Self { identity, entries, .. } = self;
        if identity.find_or_insert(entries, mapper, key, index).is_some() {
            // The database gave out the key, so the row of whoever had it before was deleted behind the session's back.
            self.miss(mapper, key);
            self.identity.insert(mapper, key, index);
        }
        if let Some(entry) = self.entries.get_mut(index) {
            entry.fresh = true;
        }
    }

    /// The same for a key that is a number and that nobody else can have.
    #[inline]
    pub(crate) fn register_new_number(&mut self, mapper: &'static Mapper, number: i64, index: u32) {
        self.identity.insert_number(mapper, number, index);
        if let Some(entry) = self.entries.get_mut(index) {
            entry.fresh = true;
        }
    }

    /// The row of an object turned out to be gone: it was deleted behind the session's back.
    pub(crate) fn miss(&mut self, mapper: &'static Mapper, key: &[Value]) {
        let Some(index) = self.identity.find(&self.entries, mapper, key) else { return };
        self.identity.remove(mapper, key, index);
        self.turn(index, State::Deleted);
        self.enlist(index);
    }

    /// Takes an object in again that left the session, or was to be deleted; a new one with the new ones it is linked with.
    pub(crate) fn readmit(&mut self, slot: &dyn AnySlot) {
        let (index, mapper) = (slot.index(), slot.mapper());
        if self.closed {
            return;
        }
        match slot.state() {
            State::Transient => self.begin_again(index),
            State::Persistent => {
                if let Some(entry) = self.entry_mut(index) {
                    entry.doomed = false;
                }
            }
            State::Detached => {
                let key = key_of(slot, mapper);
                if self.entry(index).is_some_and(|entry| entry.gone) {
                    let message = format!(
                        "a {} was added whose row was deleted; add a new value in its place",
                        mapper.name()
                    );
                    self.foreign.push(message);
                } else if self.identity.find(&self.entries, mapper, &key).is_none() {
                    self.identity.insert(mapper, &key, index);
                    self.attach(index, State::Persistent);
                    let changed = self.entry(index).is_some_and(|entry| {
                        slot.is_changed() || entry.relations().any(|(_, relation)| relation.is_changed())
                    });
                    if changed {
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

    /// An object comes into the session.
    pub(super) fn attach(&mut self, index: u32, state: State) {
        if let Some(entry) = self.entries.get(index) {
            self.notices.note(Occasion::AfterAttach, &entry.slot);
        }
        self.turn(index, state);
    }

    /// The objects that come into the session when this one is added again.
    pub(crate) fn to_be_admitted(&self, index: u32) -> Vec<Arc<dyn AnySlot>> {
        let mut waiting = vec![index];
        let mut seen = hashbrown::HashSet::new();
        let mut coming = Vec::new();
        while let Some(index) = waiting.pop() {
            let Some(entry) = self.entry(index).filter(|_| seen.insert(index)) else { continue };
            match entry.slot.state() {
                State::Transient => {
                    let links = entry.relations().flat_map(|(_, relation)| relation.items.iter().flatten());
                    waiting.extend(links.copied());
                }
                State::Detached if coming.is_empty() && !entry.gone => {}
                _ => continue,
            }
            coming.push(entry.slot.clone());
        }
        coming
    }

    fn begin_again(&mut self, index: u32) {
        let mut waiting = vec![index];
        let mut admitted = Vec::new();
        while let Some(index) = waiting.pop() {
            let Some(entry) = self.entry_mut(index).filter(|entry| entry.slot.state() == State::Transient)
            else {
                continue;
            };
            entry.relations_mut().iter_mut().for_each(super::Relation::begin_again);
            waiting.extend(
                entry.relations().flat_map(|(_, relation)| relation.items.iter().flatten().rev().copied()),
            );
            self.attach(index, State::Pending);
            admitted.push(index);
            self.touch(index);
        }
        // What they lead to leads back to them, as when they were first linked.
        for index in admitted {
            let Some(entry) = self.entry(index) else { continue };
            let mapper = entry.mapper();
            let links: Vec<(u16, Vec<u32>)> = entry
                .relations()
                .map(|(number, relation)| (number, relation.items.clone().unwrap_or_default()))
                .collect();
            for (number, targets) in links {
                for target in targets {
                    if !mapper.relationships()[usize::from(number)].many {
                        self.connect(index, number, target);
                    } else if let Some(back) = mapper.back(number) {
                        self.point_back(target, back, index);
                    }
                }
            }
        }
    }
}
