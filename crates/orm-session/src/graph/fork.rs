//! A graph once more, to try things on.

use std::sync::Arc;

use super::{Graph, Inner, Peers, Slots, notices::Notices};

impl Graph {
    /// The same objects once more, with the same numbers, links and versions: whatever is done to them is not done to
    /// these. No handle leads there.
    pub(crate) fn fork(&self) -> Arc<Self> {
        let (inner, slots) = loop {
            // What lies in the objects is copied, which runs user code: outside the lock.
            let slots: Slots = self.lock().entries.iter().map(|(_, entry)| entry.slot.clone()).collect();
            let forks: Slots = slots.iter().map(|slot| slot.fork()).collect();
            let inner = self.lock();
            let are_same = {
                let mut entries = inner.entries.iter();
                let mut is_next =
                    |slot: &_| entries.next().is_some_and(|(_, entry)| Arc::ptr_eq(&entry.slot, slot));
                slots.iter().all(&mut is_next) && entries.next().is_none()
            };
            if are_same {
                break (inner, forks);
            }
        };
        let fork = Inner {
            entries: inner.entries.fork(&mut slots.into_iter()),
            identity: inner.identity.clone(),
            peers: Peers::default(),
            touched: inner.touched.clone(),
            in_transaction: inner.in_transaction.clone(),
            expressions: inner.expressions.clone(),
            foreign: inner.foreign.clone(),
            left: inner.left.clone(),
            transaction: inner.transaction,
            first_transaction: inner.first_transaction,
            levels: Vec::new(),
            wrote: inner.wrote,
            closed: inner.closed,
            refused: inner.refused.clone(),
            notices: Notices::default(),
        };
        // Nobody is told of what happens here.
        Arc::new(Self::holding(fork, self.session, Arc::default()))
    }
}
