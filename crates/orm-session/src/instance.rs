//! [`Instance`]: a handle to a row's one object; [`Snapshot`]: one version of it.

use std::{fmt, hash::Hash, ops::Deref, sync::Arc};

use aludel_sql_expression::typed::ColumnInput;

pub use crate::graph::State;
use crate::{
    Result,
    field::{Field, IntoField},
    graph::{AnySlot, Attachments, Graph, Slot, Version},
    mapping::Mapped,
};

/// A handle to a row's one object in its session. Cheap to clone; equal when it is the same object.
///
/// Nobody ever holds a lock, and no call on a handle does I/O: [`read`](Self::read) gives the present version,
/// [`set`](Self::set) and [`edit`](Self::edit) make a new one, which the next flush writes.
pub struct Instance<M> {
    slot: Arc<Slot<M>>,
    graph: Arc<Graph>,
}

impl<M: Mapped> Instance<M> {
    pub(crate) fn new(slot: Arc<Slot<M>>, graph: Arc<Graph>) -> Self {
        Self { slot, graph }
    }

    pub(crate) fn list(slots: Vec<Arc<dyn AnySlot>>, graph: &Arc<Graph>) -> Vec<Self> {
        let typed = slots.into_iter().filter_map(|slot| slot.into_any().downcast().ok());
        typed.map(|slot| Self { slot, graph: graph.clone() }).collect()
    }

    pub(crate) fn erased(&self) -> Arc<dyn AnySlot> {
        self.slot.clone()
    }

    /// The present version, and the one in the database while that is another.
    pub(crate) fn versions(&self) -> (Snapshot<M>, Option<Snapshot<M>>) {
        let (now, stored) = self.slot.now_and_stored();
        let snapshot = |version| Snapshot { version, of: self.clone() };
        (snapshot(now), stored.map(snapshot))
    }

    /// The columns in which the present version differs from the database.
    pub(crate) fn changed(&self) -> Vec<u16> {
        self.slot.changed()
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The present version, as a snapshot whose columns never change. It may be kept over an `.await`.
    pub fn read(&self) -> Snapshot<M> {
        Snapshot { version: self.slot.now(), of: self.clone() }
    }

    /// Sets one field: `author.set(Author::name, "x")`, `book.set(Book::author, &orwell)`.
    ///
    /// A column also takes an expression, `user.set(User::visits, User::visits + 1)`, which the next flush puts into the
    /// statement. Until then the object shows the value from before; the flush brings the new one back.
    ///
    /// What a listener or a validator refuses is not set, and reported by the next flush; [`try_set`](Self::try_set) says so
    /// at once.
    ///
    /// # Examples
    /// `user.set(User::visits, User::visits + 1)` is `UPDATE users SET visits = users.visits + 1 .. RETURNING ..`.
    pub fn set<F: Field<M>>(&self, field: F, value: impl IntoField<F::Value, F::Kind>) {
        match (value.into_field(), field.column()) {
            (ColumnInput::Expression(node), Some(column)) => {
                self.graph.set_expression(&*self.slot, column, node);
            }
            (ColumnInput::Value(value), column) => {
                if let Some(column) = column.filter(|_| self.slot.has_expressions()) {
                    self.graph.forget_expressions(&*self.slot, |other| other == column);
                }
                self.edit(|model| field.set(model, value));
            }
            (ColumnInput::Expression(_), None) => {}
        }
    }

    /// Sets one field, and says at once when a listener or a validator refuses the value. The object is as it was then.
    ///
    /// # Errors
    /// [`ErrorKind::Validation`](crate::ErrorKind::Validation), with model, column and reason, from a validator
    /// (`#[column(validate = ..)]`); whatever a listener of `set` says.
    pub fn try_set<F: Field<M>>(&self, field: F, value: impl IntoField<F::Value, F::Kind>) -> Result<()> {
        match (value.into_field(), field.column()) {
            (ColumnInput::Expression(node), Some(column)) => {
                self.graph.set_expression(&*self.slot, column, node);
            }
            (ColumnInput::Value(value), column) => {
                self.try_edit(|model| field.set(model, value))?;
                if let Some(column) = column.filter(|_| self.slot.has_expressions()) {
                    self.graph.forget_expressions(&*self.slot, |other| other == column);
                }
            }
            (ColumnInput::Expression(_), None) => {}
        }
        Ok(())
    }

    /// Makes a new version as [`edit`](Self::edit) does, and says at once when a listener or a validator refuses one of the
    /// columns. No column is changed then; what was put into collections in place stays.
    ///
    /// # Errors
    /// As [`try_set`](Self::try_set).
    pub fn try_edit<R>(&self, change: impl FnOnce(&mut M) -> R) -> Result<R> {
        let (result, outcome) = self.change(change);
        outcome.map(|()| result)
    }

    /// Makes a new version. The closure gets a copy of the present one; what it changes becomes the present version when
    /// it ends. When somebody else made a version meanwhile, both changes are kept, column by column.
    ///
    /// When a listener or a validator refuses one of the columns, none is changed, and the next flush reports it;
    /// [`try_edit`](Self::try_edit) says so at once.
    pub fn edit<R>(&self, change: impl FnOnce(&mut M) -> R) -> R {
        let (result, outcome) = self.change(change);
        if let Err(error) = outcome {
            self.graph.lock().refused.push(error);
        }
        result
    }

    fn change<R>(&self, change: impl FnOnce(&mut M) -> R) -> (R, Result<()>) {
        let present = self.slot.now();
        let base = self.slot.at(&present);
        let mut model = base.clone();
        let result = change(&mut model);
        if let Err(error) = self.graph.audience().check_change(self, base, &mut model) {
            return (result, Err(error));
        }
        let mut attachments = Attachments::new();
        let weak = Arc::downgrade(&self.graph);
        let index = self.slot.index();
        model.links(&mut |relationship, cell| {
            // A link that still points here was changed in place, if at all. Another one was put in by the closure.
            if !cell.is_at(&self.graph, index, relationship)
                && let Some(members) = cell.attach(&weak, index, relationship)
            {
                attachments.push_back((index, relationship, members));
            }
        });
        if self.slot.has_expressions() {
            // What was set last counts.
            self.graph.forget_expressions(&*self.slot, |column| !model.column_eq(base, column));
        }
        let first = self.slot.install(&present, model);
        if first {
            self.graph.lock().touch(index);
        }
        for attachment in attachments {
            self.graph.attach_all([attachment].into(), Vec::new(), true);
        }
        (result, Ok(()))
    }

    /// Where the object stands between memory and database.
    pub fn state(&self) -> State {
        self.slot.current_state()
    }

    /// Whether the values may be old: the next query, `get` or `refresh` brings new ones.
    pub fn is_expired(&self) -> bool {
        self.slot.expired()
    }

    /// Whether a column differs from the database, or is to be computed by it.
    pub fn is_modified(&self) -> bool {
        self.slot.has_expressions() || !self.changed().is_empty()
    }
}

impl<M> Clone for Instance<M> {
    fn clone(&self) -> Self {
        Self { slot: self.slot.clone(), graph: self.graph.clone() }
    }
}

impl<M> PartialEq for Instance<M> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl<M> Eq for Instance<M> {}

impl<M> Hash for Instance<M> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.slot).hash(state);
    }
}

impl<M: Mapped + fmt::Debug> fmt::Debug for Instance<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(formatter)
    }
}

/// One version of an object. Its columns never change; its links are shared by all versions, and show later changes.
pub struct Snapshot<M> {
    version: Version<M>,
    // Keeps the object in its graph, and the graph alive, so that the links can be followed.
    of: Instance<M>,
}

#[cfg(feature = "serde-1")]
impl<M> Snapshot<M> {
    pub(crate) fn instance(&self) -> &Instance<M> {
        &self.of
    }
}

impl<M> Clone for Snapshot<M> {
    fn clone(&self) -> Self {
        Self { version: self.version.clone(), of: self.of.clone() }
    }
}

impl<M> Deref for Snapshot<M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.of.slot.at(&self.version)
    }
}

impl<M: fmt::Debug> fmt::Debug for Snapshot<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
