//! [`Entry`]: an object in the graph, and [`Relation`]: one of its links.

use std::sync::Arc;

use super::{AnySlot, Peers};
use crate::mapping::Mapper;

/// An object in the graph.
pub(crate) struct Entry {
    pub(crate) slot: Arc<dyn AnySlot>,
    pub(crate) mapper: &'static Mapper,
    /// Empty until one of them is known.
    relations: Box<[Relation]>,
    /// The objects that came from the same query.
    pub(crate) peers: Option<Arc<Peers>>,
    /// On the list of what a flush looks at.
    pub(crate) touched: bool,
    /// On the list of what a commit or rollback looks at.
    pub(crate) enlisted: bool,
    /// To be deleted by the next flush.
    pub(crate) doomed: bool,
    /// Inserted in this transaction.
    pub(crate) fresh: bool,
}

/// One link of an object.
#[derive(Clone, Default)]
pub(crate) struct Relation {
    /// What it leads to; none: not loaded.
    pub(crate) items: Option<Vec<u32>>,
    /// What it leads to in the database, while that differs from the items.
    pub(crate) stored: Option<Vec<u32>>,
    /// What was put in while it was not loaded.
    pub(crate) added: Vec<u32>,
    /// What was taken out while it was not loaded.
    pub(crate) removed: Vec<u32>,
    /// The items from before the transaction, once a flush wrote others.
    pub(crate) before: Option<Vec<u32>>,
    /// Loading it is forbidden.
    pub(crate) raise: bool,
}

static UNKNOWN: Relation = Relation {
    items: None,
    stored: None,
    added: Vec::new(),
    removed: Vec::new(),
    before: None,
    raise: false,
};

impl Entry {
    pub(crate) fn pending(slot: Arc<dyn AnySlot>, mapper: &'static Mapper) -> Self {
        let mut entry = Self::loaded(slot, mapper, None);
        // No row can refer to a new object yet, so its collections are known to be empty.
        entry.relations = mapper
            .relationships()
            .iter()
            .map(|mapping| Relation { items: mapping.many.then(Vec::new), ..Relation::default() })
            .collect();
        entry
    }

    pub(crate) fn loaded(slot: Arc<dyn AnySlot>, mapper: &'static Mapper, peers: Option<Arc<Peers>>) -> Self {
        Self {
            slot,
            mapper,
            relations: Box::default(),
            peers,
            touched: false,
            enlisted: false,
            doomed: false,
            fresh: false,
        }
    }

    pub(crate) fn relation(&self, relationship: u16) -> &Relation {
        self.relations.get(usize::from(relationship)).unwrap_or(&UNKNOWN)
    }

    pub(crate) fn relation_mut(&mut self, relationship: u16) -> &mut Relation {
        if self.relations.is_empty() {
            self.relations = self.mapper.relationships().iter().map(|_| Relation::default()).collect();
        }
        &mut self.relations[usize::from(relationship)]
    }

    pub(crate) fn relations(&self) -> impl Iterator<Item = (u16, &Relation)> {
        (0u16..).zip(self.relations.iter())
    }

    pub(crate) fn relations_mut(&mut self) -> &mut [Relation] {
        &mut self.relations
    }

    pub(crate) fn items(&self, relationship: u16) -> Option<&[u32]> {
        self.relation(relationship).items.as_deref()
    }
}

impl Relation {
    /// What was put in and taken out since the last flush.
    pub(crate) fn difference(&self) -> (Vec<u32>, Vec<u32>) {
        match (&self.items, &self.stored) {
            (Some(items), Some(stored)) => (
                items.iter().copied().filter(|item| !stored.contains(item)).collect(),
                stored.iter().copied().filter(|item| !items.contains(item)).collect(),
            ),
            _ => (self.added.clone(), self.removed.clone()),
        }
    }

    /// Whether something was put in or taken out since the last flush.
    pub(crate) fn is_changed(&self) -> bool {
        self.stored.is_some() || !self.added.is_empty() || !self.removed.is_empty()
    }

    /// Remembers what stands in the database, before the items change.
    fn keep(&mut self) {
        if self.stored.is_none() {
            self.stored.clone_from(&self.items);
        }
    }

    pub(crate) fn put(&mut self, item: u32) {
        if self.items.is_some() {
            self.keep();
            let items = self.items.get_or_insert_default();
            if !items.contains(&item) {
                items.push(item);
            }
        } else {
            self.removed.retain(|other| *other != item);
            if !self.added.contains(&item) {
                self.added.push(item);
            }
        }
    }

    pub(crate) fn take(&mut self, item: u32) -> bool {
        match &self.items {
            Some(items) if items.contains(&item) => {
                self.keep();
                self.items.get_or_insert_default().retain(|other| *other != item);
                true
            }
            Some(_) => false,
            None => {
                let added = self.added.contains(&item);
                self.added.retain(|other| *other != item);
                if !added && !self.removed.contains(&item) {
                    self.removed.push(item);
                }
                true
            }
        }
    }

    /// Makes one object, or none, the only item. What stood there before is replaced also when it was never loaded.
    pub(crate) fn replace(&mut self, items: Vec<u32>) {
        if self.items.is_some() {
            self.keep();
        } else if self.stored.is_none() {
            // Nothing is known of what stood there; an empty list makes everything new count as put in.
            self.stored = Some(Vec::new());
        }
        self.items = Some(items);
    }

    /// Takes over what a query found, under what was changed since.
    pub(crate) fn fill(&mut self, found: Vec<u32>) {
        if self.added.is_empty() && self.removed.is_empty() {
            self.items = Some(found);
            self.stored = None;
            return;
        }
        let mut items: Vec<u32> = found.iter().copied().filter(|item| !self.removed.contains(item)).collect();
        items.extend(self.added.iter().copied().filter(|item| !found.contains(item)));
        self.items = Some(items);
        self.stored = Some(found);
        self.added.clear();
        self.removed.clear();
    }

    /// A flush wrote it: the items are what the database has.
    pub(crate) fn flushed(&mut self) {
        if let Some(stored) = self.stored.take()
            && self.before.is_none()
        {
            self.before = Some(stored);
        }
        self.added.clear();
        self.removed.clear();
    }

    /// The transaction is rolled back.
    pub(crate) fn rollback(&mut self) {
        if let Some(items) = self.before.take().or_else(|| self.stored.clone()) {
            self.items = Some(items);
        }
        self.stored = None;
        self.added.clear();
        self.removed.clear();
    }
}
