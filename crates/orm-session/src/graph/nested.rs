//! What a nested transaction keeps of the one around it.

use std::{any::Any, sync::Arc};

use super::{AnySlot, Graph, Inner, relation::Before};

/// A version of an object, without its type.
pub(crate) type AnyVersion = Box<dyn Any + Send + Sync>;

/// What a transaction remembers of itself while one runs inside it.
pub(crate) struct Level {
    kept: Vec<Kept>,
    first_transaction: u32,
    wrote: bool,
}

/// An object that the outer transaction wrote.
struct Kept {
    slot: Arc<dyn AnySlot>,
    fresh: bool,
    /// What a rollback of the outer transaction goes back to.
    version: Option<AnyVersion>,
    relations: Vec<Before>,
}

impl Graph {
    /// A transaction begins inside the present one: from here on, a rollback goes back to here.
    pub(crate) fn begin_nested(&self) {
        let inner = &mut *self.lock();
        let mut kept = Vec::new();
        for index in std::mem::take(&mut inner.in_transaction) {
            let Some(entry) = inner.entry_mut(index) else { continue };
            entry.enlisted = false;
            kept.push(Kept {
                slot: entry.slot.clone(),
                fresh: std::mem::take(&mut entry.fresh),
                version: entry.slot.take_before(),
                relations: entry.relations_mut().iter_mut().map(super::Relation::take_before).collect(),
            });
        }
        let (first_transaction, wrote) = (inner.first_transaction, inner.wrote);
        inner.levels.push(Level { kept, first_transaction, wrote });
        inner.transaction = inner.transaction.wrapping_add(1);
        inner.first_transaction = inner.transaction;
        inner.wrote = false;
    }

    /// How many transactions are nested in the outermost one.
    pub(crate) fn depth(&self) -> usize {
        self.lock().levels.len()
    }

    /// The innermost transaction is done: what it did belongs to the one around it.
    pub(crate) fn commit_nested(&self) {
        let inner = &mut *self.lock();
        let Some(level) = inner.levels.pop() else { return };
        inner.wrote |= level.wrote;
        inner.go_on(level);
    }

    /// The innermost transaction is rolled back: objects show what they had when it began.
    pub(crate) fn rollback_nested(&self) {
        self.undo();
        let inner = &mut *self.lock();
        let Some(level) = inner.levels.pop() else { return };
        inner.wrote = level.wrote;
        inner.go_on(level);
    }
}

impl Inner {
    /// Whether the present transaction, or one around it, wrote something.
    pub(crate) fn has_written(&self) -> bool {
        self.wrote || self.levels.iter().any(|level| level.wrote)
    }

    /// The outer transaction goes on with what it remembered.
    fn go_on(&mut self, level: Level) {
        self.first_transaction = level.first_transaction;
        for Kept { slot, fresh, version, relations } in level.kept {
            let index = slot.index();
            self.enlist(index);
            let Some(entry) = self.entry_mut(index) else { continue };
            entry.fresh |= fresh;
            if let Some(version) = version {
                entry.slot.put_before(version);
            }
            for (relation, before) in entry.relations_mut().iter_mut().zip(relations) {
                relation.put_before(before);
            }
        }
    }
}
