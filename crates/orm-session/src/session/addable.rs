//! [`Addable`]: what `session.add` takes.

use std::sync::Arc;

use crate::{Instance, events::Occasion, graph::Graph, mapping::Mapped};

/// What `session.add` takes: a value, or a handle to an object that left its session or was to be deleted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a session",
    note = "add a mapped model, or an `Instance` of one"
)]
pub trait Addable {
    /// The model.
    type Model: Mapped;

    /// Adds it.
    #[doc(hidden)]
    fn add_to(self, graph: &Arc<Graph>) -> Instance<Self::Model>;

    /// Adds many.
    #[doc(hidden)]
    fn add_all_to(objects: Vec<Self>, graph: &Arc<Graph>) -> Vec<Instance<Self::Model>>
    where
        Self: Sized,
    {
        objects.into_iter().map(|object| object.add_to(graph)).collect()
    }
}

impl<M: Mapped> Addable for M {
    type Model = M;

    fn add_to(self, graph: &Arc<Graph>) -> Instance<M> {
        graph.add(self)
    }

    fn add_all_to(objects: Vec<M>, graph: &Arc<Graph>) -> Vec<Instance<M>> {
        graph.add_all(objects)
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
        if graph.audience().listens_to(Occasion::BeforeAttach) && !inner.closed {
            let coming = inner.to_be_admitted(slot.index());
            drop(inner);
            graph.before_attach(&coming);
            inner = graph.lock();
        }
        inner.readmit(&*slot);
        drop(inner);
        graph.tell();
        self.clone()
    }
}

impl<M: Mapped> Addable for Instance<M> {
    type Model = M;

    fn add_to(self, graph: &Arc<Graph>) -> Instance<M> {
        (&self).add_to(graph)
    }
}
