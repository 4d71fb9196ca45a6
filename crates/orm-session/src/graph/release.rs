//! How objects that nobody needs any more leave the graph.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Entry, Graph, Inner, State, identity::key_of};

impl Graph {
    /// Releases the clean objects that no handle reaches, of those with a number from `first` on, and says how many these
    /// were.
    pub(crate) fn release_unheld(self: &Arc<Self>, first: u32) -> usize {
        let released = {
            let mut inner = self.lock();
            inner.mark(|number, entry| number < first || !entry.may_be_released());
            let released = inner.release_unmarked();
            for entry in &released {
                if entry.slot.state() == State::Persistent {
                    inner.identity.remove(
                        entry.mapper(),
                        &key_of(&*entry.slot, entry.mapper()),
                        entry.slot.index(),
                    );
                    inner.notices.turn(&entry.slot, State::Detached);
                }
            }
            if !released.is_empty() {
                let Inner { entries, in_transaction, .. } = &mut *inner;
                in_transaction.retain(|index| entries.get(*index).is_some());
            }
            released
        };
        self.tell();
        // Models are dropped outside the lock: their drop may run user code.
        released.len()
    }
}

impl Entry {
    /// Whether a handle, or what waits for it, holds the object.
    pub(super) fn is_held(&self) -> bool {
        Arc::strong_count(&self.slot) > 1
    }

    /// Whether nothing is lost with the object: it can be loaded again as it is.
    fn may_be_released(&self) -> bool {
        !self.touched
            && !self.doomed
            && !self.is_held()
            && matches!(self.slot.state(), State::Persistent | State::Detached)
    }
}

impl Inner {
    /// Marks the objects that are to be kept, and all that are linked from one of them.
    pub(super) fn mark(&mut self, is_kept: impl Fn(u32, &Entry) -> bool) {
        // Most sessions that end hold few objects.
        let mut waiting = SmallVec::<[u32; 16]>::new();
        for (number, entry) in self.entries.iter_mut() {
            entry.reached = false;
            if is_kept(number, entry) {
                waiting.push(number);
            }
        }
        while let Some(number) = waiting.pop() {
            let Some(entry) = self.entry_mut(number) else { continue };
            if !std::mem::replace(&mut entry.reached, true) {
                entry.relations().for_each(|(_, relation)| relation.leads_to(&mut waiting));
            }
        }
    }

    /// Takes the others out. The caller drops them outside the lock.
    pub(super) fn release_unmarked(&mut self) -> Vec<Entry> {
        let unmarked = self.entries.iter().filter(|(_, entry)| !entry.reached);
        let unmarked: Vec<u32> = unmarked.map(|(number, _)| number).collect();
        unmarked.into_iter().filter_map(|number| self.release(number)).collect()
    }
}

/// Releases what was loaded since some time and is held by nobody, whenever there is twice as much as the time before.
///
/// Looking for it costs as much as there are objects, so that each is looked at twice on average.
pub(crate) struct Sweeper {
    first: u32,
    limit: usize,
    least: usize,
}

impl Sweeper {
    /// Begins now; fewer than `least` objects are not looked at.
    pub(crate) fn new(graph: &Graph, least: usize) -> Self {
        let inner = graph.lock();
        Self { first: inner.entries.next(), limit: inner.entries.len() + least, least }
    }

    /// Releases, if it is time.
    pub(crate) fn sweep(&mut self, graph: &Arc<Graph>) {
        if graph.lock().entries.len() < self.limit {
            return;
        }
        graph.release_unheld(self.first);
        let left = graph.lock().entries.len();
        self.limit = left + left.max(self.least);
    }
}
