//! [`Notices`]: what listeners are told of once the graph's lock is open.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use super::{AnySlot, Graph, Inner, Relation, State};
use crate::events::{AnyInstance, Audience, Occasion};

/// What listeners are to be told of. It is noted under the lock, in order, and told when the lock is open.
#[derive(Default)]
pub(crate) struct Notices {
    audience: Arc<Audience>,
    waiting: VecDeque<Notice>,
}

/// Something that happened to an object.
pub(crate) enum Notice {
    Object { occasion: Occasion, slot: Arc<dyn AnySlot> },
    Link { removed: bool, owner: Arc<dyn AnySlot>, relationship: u16, target: Arc<dyn AnySlot> },
}

impl Notices {
    pub(super) fn new(audience: Arc<Audience>) -> Self {
        Self { audience, waiting: VecDeque::new() }
    }

    /// Notes what happened to an object, if somebody listens to that.
    #[inline]
    pub(crate) fn note(&mut self, occasion: Occasion, slot: &Arc<dyn AnySlot>) {
        if self.audience.listens_to(occasion) {
            self.waiting.push_back(Notice::Object { occasion, slot: slot.clone() });
        }
    }

    /// Notes that an object was loaded. Nearly always nobody listens, which is asked once for both that is told.
    #[inline]
    pub(crate) fn note_load(&mut self, slot: &Arc<dyn AnySlot>) {
        if self.audience.listens_to_loads() {
            self.note(Occasion::Load, slot);
            self.note(Occasion::LoadedAsPersistent, slot);
        }
    }

    /// Puts an object into another state, and notes it.
    pub(crate) fn turn(&mut self, slot: &Arc<dyn AnySlot>, state: State) {
        if let Some(occasion) = Occasion::between(slot.state(), state) {
            self.note(occasion, slot);
        }
        slot.set_state(state);
    }
}

/// Notices wait until this is dropped.
pub(crate) struct Held(Arc<Graph>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Release);
    }
}

impl Graph {
    /// Lets notices wait, lest listeners of a flush that change objects hear of half of it.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        self.held.store(true, Ordering::Release);
        Held(self.clone())
    }

    /// Tells what was noted, unless somebody is telling already: that one goes on with it.
    pub(crate) fn tell(self: &Arc<Self>) {
        // A listener that panics in the midst of a panic ends the program.
        if !self.audience().listens_to_objects()
            || self.held.load(Ordering::Acquire)
            || std::thread::panicking()
        {
            return;
        }
        while !self.telling.swap(true, Ordering::AcqRel) {
            let telling = Telling(self);
            loop {
                let notice = self.lock().notices.waiting.pop_front();
                let Some(notice) = notice else { break };
                self.audience().tell(notice, self);
            }
            drop(telling);
            // What was noted since then was left to this one.
            if self.lock().notices.waiting.is_empty() {
                break;
            }
        }
    }

    /// Asks whether objects may come into the session; a refusal is reported by the next flush.
    pub(crate) fn before_attach(self: &Arc<Self>, slots: &[Arc<dyn AnySlot>]) {
        for slot in slots {
            let object = AnyInstance::new(slot.clone(), self.clone());
            if let Err(error) = self.audience().tell_object(Occasion::BeforeAttach, &object) {
                let error = error.context(format_args!("while a {} was added", slot.mapper().name()));
                self.lock().refused.push(error);
            }
        }
    }
}

struct Telling<'g>(&'g Graph);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.telling.store(false, Ordering::Release);
    }
}

impl Inner {
    /// Puts an object into another state, and notes it.
    pub(crate) fn turn(&mut self, index: u32, state: State) {
        if let Some(entry) = self.entries.get(index) {
            self.notices.turn(&entry.slot, state);
        }
    }

    /// Changes a relationship of an object, and notes what was put in and taken out.
    pub(super) fn change(&mut self, index: u32, relationship: u16, change: impl FnOnce(&mut Relation)) {
        let listens = self.notices.audience.listens_to_links();
        let Some(entry) = self.entry_mut(index) else { return };
        if !listens {
            change(entry.relation_mut(relationship));
        } else {
            let owner = entry.slot.clone();
            let relation = entry.relation_mut(relationship);
            let before = relation.held();
            change(relation);
            let after = relation.held();
            let removed = before.missing_in(&after);
            let added = after.missing_in(&before);
            for (removed, target) in removed
                .into_iter()
                .map(|target| (true, target))
                .chain(added.into_iter().map(|target| (false, target)))
            {
                let Some(target) = self.entry(target).map(|entry| entry.slot.clone()) else { continue };
                let owner = owner.clone();
                self.notices.waiting.push_back(Notice::Link { removed, owner, relationship, target });
            }
        }
        self.touch(index);
    }
}
