//! What listeners are told of a flush.

use hashbrown::HashSet;

use super::work::Work;
use crate::{
    events::Told,
    graph::{Graph, State},
};

impl Work {
    /// The objects that listeners are told of. Changed are also those of which only relationships were changed, and those
    /// that only get another foreign key.
    pub(super) fn told(&self, graph: &Graph) -> Told {
        let mut updates = self.updates.clone();
        let mut seen: HashSet<u32> = updates.iter().map(|slot| slot.index()).collect();
        let inner = graph.lock();
        let linked = inner.touched.iter().filter_map(|index| inner.entry(*index));
        let linked = linked.filter(|entry| entry.relations().any(|(_, relation)| relation.is_changed()));
        let assigned = self.assignments.iter().filter_map(|assignment| inner.entry(assignment.child.index()));
        for entry in linked.chain(assigned) {
            if entry.slot.state() == State::Persistent && !entry.doomed && seen.insert(entry.slot.index()) {
                updates.push(entry.slot.clone());
            }
        }
        Told { inserts: self.inserts.clone(), updates, deletes: self.deletes.clone() }
    }
}
