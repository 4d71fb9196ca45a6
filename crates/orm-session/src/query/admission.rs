//! [`RowAdmission`]: rows on their way into the session.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::{
    Instance,
    graph::{Admission, AnySlot, Graph, GroupId, Loader},
    mapping::{Mapped, Mapper},
};

/// Takes what was read from rows into the session.
#[doc(hidden)]
pub struct RowAdmission<'a> {
    pub(super) admission: Admission<'a>,
    roots: &'a mut [Root],
    /// Which of the roots is the next in the present row.
    next: usize,
}

/// A model whose rows become objects.
pub(super) struct Root {
    pub(super) mapper: &'static Mapper,
    /// What came from this query, once a new object did.
    group: Option<GroupId>,
    /// The objects, where somebody may ask for them: those of a model with relationships can be asked for more.
    loaded: Vec<u32>,
    keeps: bool,
    /// The object of the present row.
    present: Option<u32>,
    has_relationships: bool,
}

impl Root {
    pub(super) fn new(mapper: &'static Mapper) -> Self {
        let has_relationships = !mapper.relationships().is_empty();
        Self {
            mapper,
            group: None,
            loaded: Vec::new(),
            keeps: has_relationships,
            present: None,
            has_relationships,
        }
    }

    /// Somebody is going to ask for the objects.
    pub(super) fn keep_all(&mut self) {
        self.keeps = true;
    }

    /// The query is done. Gives its objects, where they are wanted.
    pub(super) fn end(self, graph: &Graph, wanted: bool) -> Vec<Arc<dyn AnySlot>> {
        let mut inner = graph.lock();
        let mut objects = Vec::new();
        if wanted {
            let entries = self.loaded.iter().filter_map(|index| inner.entry(*index));
            objects.extend(entries.map(|entry| entry.slot.clone()));
        }
        if let Some(group) = self.group {
            inner.peers.end(group, self.loaded);
        }
        objects
    }
}

impl<'a> RowAdmission<'a> {
    pub(super) fn new(loader: &'a Loader, roots: &'a mut [Root]) -> Self {
        Self { admission: loader.admission(), roots, next: 0 }
    }

    pub(super) fn begin_row(&mut self) {
        self.next = 0;
    }

    pub(crate) fn admit<M: Mapped>(&mut self, model: M) -> Instance<M> {
        let root = &mut self.roots[self.next];
        self.next += 1;
        let slot = self.admission.admit(model, root.has_relationships.then_some(&mut root.group));
        root.present = Some(slot.index());
        if root.keeps {
            root.loaded.push(slot.index());
        }
        Instance::new(slot, self.admission.graph().clone())
    }

    pub(crate) fn miss(&mut self) {
        self.roots[self.next].present = None;
        self.next += 1;
    }

    /// The object of a root in the present row.
    pub(super) fn present(&self, root: usize) -> Option<u32> {
        self.roots.get(root)?.present
    }

    /// Whether the present row brings something that no row before it brought; else it counts no more.
    pub(super) fn is_new(&mut self, seen: &mut HashSet<u32>) -> bool {
        let mut is_new = true;
        for root in self.roots.iter_mut() {
            let Some(index) = root.present else { continue };
            is_new = seen.insert(index);
            if !is_new {
                root.loaded.pop_if(|last| *last == index);
            }
        }
        is_new
    }
}

impl std::fmt::Debug for RowAdmission<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RowAdmission")
    }
}
