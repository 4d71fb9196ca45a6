//! [`Addable`]: what `session.add` takes.

use std::sync::Arc;

use crate::{
    Instance,
    graph::{Graph, State, identity_key},
    mapping::Mapped,
};

/// What `session.add` takes: a value, or a handle to an object that left its session or was to be deleted.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be added to a session", note = "add a mapped model, or an `Instance` of one")]
pub trait Addable {
    /// The model.
    type Model: Mapped;

    /// Adds it.
    #[doc(hidden)]
    fn add_to(self, graph: &Arc<Graph>) -> Instance<Self::Model>;
}

impl<M: Mapped> Addable for M {
    type Model = M;

    fn add_to(self, graph: &Arc<Graph>) -> Instance<M> {
        graph.add(self)
    }
}

impl<M: Mapped> Addable for &Instance<M> {
    type Model = M;

    fn add_to(self, graph: &Arc<Graph>) -> Instance<M> {
        let slot = self.erased();
        let mut inner = graph.lock();
        if !Arc::ptr_eq(self.graph(), graph) {
            let message = format!(
                "an object of {} was added that belongs to another session; take it over with `merge`, or load it in this one",
                M::NAME
            );
            inner.foreign.push(message);
            return self.clone();
        }
        let index = slot.index();
        match slot.state() {
            State::Transient => {
                slot.set_state(State::Pending);
                inner.touch(index);
            }
            State::Persistent => {
                if let Some(entry) = inner.entry_mut(index) {
                    entry.doomed = false;
                }
            }
            State::Detached => {
                let key = identity_key(&*slot, M::mapper());
                if inner.identity.find(&inner.entries, M::mapper(), &key).is_none() {
                    inner.identity.insert(M::mapper(), &key, index);
                    slot.set_state(State::Persistent);
                } else {
                    inner.foreign.push(format!("there is already another {} with the key {key:?} in the session", M::NAME));
                }
            }
            State::Pending | State::Deleted => {}
        }
        drop(inner);
        self.clone()
    }
}

impl<M: Mapped> Addable for Instance<M> {
    type Model = M;

    fn add_to(self, graph: &Arc<Graph>) -> Instance<M> {
        (&self).add_to(graph)
    }
}
