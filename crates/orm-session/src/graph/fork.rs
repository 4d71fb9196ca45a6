//! A graph once more, to try things on.

use std::sync::{Arc, Mutex};

use super::{Graph, Inner, Peers, notices::Notices};

impl Graph {
    /// The same objects once more, with the same numbers, links and versions: whatever is done to them is not done to
    /// these. No handle leads there.
    pub(crate) fn fork(&self) -> Arc<Self> {
        let inner = self.lock();
        let fork = Inner {
            entries: inner.entries.fork(),
            identity: inner.identity.clone(),
            peers: Peers::default(),
            touched: inner.touched.clone(),
            in_transaction: inner.in_transaction.clone(),
            expressions: inner.expressions.clone(),
            foreign: inner.foreign.clone(),
            transaction: inner.transaction,
            first_transaction: inner.first_transaction,
            levels: Vec::new(),
            wrote: inner.wrote,
            closed: inner.closed,
            refused: inner.refused.clone(),
            notices: Notices::default(),
        };
        // Nobody is told of what happens here.
        Arc::new(Self { inner: Mutex::new(fork), session: self.session, ..Self::default() })
    }
}
