//! [`Entry`]: an object in the graph.

use std::sync::Arc;

use super::{AnySlot, GroupId, Relation, Slot, State, relation::UNKNOWN};
use crate::mapping::{Mapped, Mapper};

/// An object in the graph.
pub(crate) struct Entry {
    pub(crate) slot: Arc<dyn AnySlot>,
    /// Empty until one of them is known.
    relations: Box<[Relation]>,
    /// The objects that came from the same query.
    pub(crate) peers: Option<GroupId>,
    /// On the list of what a flush looks at.
    pub(crate) touched: bool,
    /// On the list of what a commit or rollback looks at.
    pub(crate) enlisted: bool,
    /// To be deleted by the next flush.
    pub(crate) doomed: bool,
    /// Inserted in this transaction.
    pub(crate) fresh: bool,
    /// Its row was deleted, and the deletion committed: no link shows it any more.
    pub(crate) gone: bool,
    /// Whether it is kept by whoever looks which objects are needed.
    pub(crate) reached: bool,
    /// Tells the transaction in which its values came from the database.
    pub(crate) loaded_in: u32,
}

impl Entry {
    #[inline]
    pub(crate) fn new(slot: Arc<dyn AnySlot>) -> Self {
        let mut entry = Self::loaded(slot, None, 0);
        if entry.mapper().relationships().is_empty() {
            return entry;
        }
        // No row can refer to a new object yet, so its collections are known to be empty.
        entry.relations = entry
            .mapper()
            .relationships()
            .iter()
            .map(|mapping| if mapping.many { Relation::empty() } else { Relation::default() })
            .collect();
        entry
    }

    #[inline]
    pub(crate) fn loaded(slot: Arc<dyn AnySlot>, peers: Option<GroupId>, loaded_in: u32) -> Self {
        Self {
            slot,
            relations: Box::default(),
            peers,
            touched: false,
            enlisted: false,
            doomed: false,
            fresh: false,
            gone: false,
            reached: false,
            loaded_in,
        }
    }

    pub(crate) fn mapper(&self) -> &'static Mapper {
        self.slot.mapper()
    }

    pub(crate) fn typed_slot<M: Mapped>(&self) -> Option<Arc<Slot<M>>> {
        self.slot.clone().into_any().downcast().ok()
    }

    /// The same with another slot, for a graph that is thrown away.
    pub(super) fn fork(&self, slot: Arc<dyn AnySlot>) -> Self {
        Self {
            slot,
            relations: self.relations.clone(),
            peers: None,
            touched: self.touched,
            enlisted: self.enlisted,
            doomed: self.doomed,
            fresh: self.fresh,
            gone: self.gone,
            reached: false,
            loaded_in: self.loaded_in,
        }
    }

    pub(crate) fn relation(&self, relationship: u16) -> &Relation {
        self.relations.get(usize::from(relationship)).unwrap_or(&UNKNOWN)
    }

    pub(crate) fn relation_mut(&mut self, relationship: u16) -> &mut Relation {
        if self.relations.is_empty() {
            self.relations = self.mapper().relationships().iter().map(|_| Relation::default()).collect();
        }
        &mut self.relations[usize::from(relationship)]
    }

    /// Whether one of its relationships is known.
    pub(crate) fn has_relations(&self) -> bool {
        !self.relations.is_empty()
    }

    pub(crate) fn relations(&self) -> impl Iterator<Item = (u16, &Relation)> {
        (0u16..).zip(self.relations.iter())
    }

    pub(crate) fn relations_mut(&mut self) -> &mut [Relation] {
        &mut self.relations
    }

    /// Whether a link to it shows it.
    pub(crate) fn is_shown(&self) -> bool {
        !self.gone && self.slot.state() != State::Deleted
    }

    /// Whether the session works on it.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.slot.state(), State::Pending | State::Persistent)
    }

    pub(crate) fn items(&self, relationship: u16) -> Option<&[u32]> {
        self.relation(relationship).items.as_deref()
    }
}
