//! What a session knows of its objects.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::Entity;

use super::Session;
use crate::{Instance, State, graph::Entry, mapping::Mapped, query::not_persistent};

/// Tells sessions of one process apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionId(u64);

impl SessionId {
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<M: Mapped> Instance<M> {
    /// The session that the object is in, pending or persistent; none: it is in no session.
    ///
    /// Counterpart of SQLAlchemy's `object_session(object)`.
    pub fn session_id(&self) -> Option<SessionId> {
        matches!(self.state(), State::Pending | State::Persistent).then(|| self.graph().session())
    }
}

impl Session {
    /// What tells this session from others: an object in it has the same
    /// [`session_id`](crate::Instance::session_id).
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whether the object is pending or persistent in this session.
    pub fn contains<M: Mapped>(&self, object: &Instance<M>) -> bool {
        Arc::ptr_eq(object.graph(), self.graph())
            && matches!(object.state(), State::Pending | State::Persistent)
    }

    /// Whether a flush would have something to look at.
    pub fn is_modified(&self) -> bool {
        !self.graph().lock().touched.is_empty()
    }

    /// How many objects are pending, changed, and to be deleted.
    pub fn pending_changes(&self) -> (usize, usize, usize) {
        let inner = self.graph().lock();
        let mut counts = (0, 0, 0);
        for entry in inner.touched.iter().filter_map(|index| inner.entry(*index)) {
            match entry.slot.state() {
                State::Pending => counts.0 += 1,
                State::Persistent if entry.doomed => counts.2 += 1,
                State::Persistent => counts.1 += 1,
                _ => {}
            }
        }
        counts
    }

    /// The objects of a model that the next flush inserts: SQLAlchemy's `session.new`.
    pub fn pending<M: Mapped>(&self, _: Entity<M>) -> Vec<Instance<M>> {
        self.touched(|entry| entry.slot.state() == State::Pending)
    }

    /// The persistent objects of a model that were changed since the last flush. A change that is none in the end (another
    /// value, and the old one again) is among them, too.
    pub fn dirty<M: Mapped>(&self, _: Entity<M>) -> Vec<Instance<M>> {
        self.touched(|entry| entry.slot.state() == State::Persistent && !entry.doomed)
    }

    /// The objects of a model that the next flush deletes, other than by cascades.
    pub fn deleted<M: Mapped>(&self, _: Entity<M>) -> Vec<Instance<M>> {
        self.touched(|entry| entry.slot.state() == State::Persistent && entry.doomed)
    }

    fn touched<M: Mapped>(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Instance<M>> {
        let inner = self.graph().lock();
        let entries =
            inner.touched.iter().filter_map(|index| inner.entry(*index)).filter(|entry| wanted(entry));
        let slots: Vec<_> =
            entries.filter_map(|entry| entry.slot.clone().into_any().downcast().ok()).collect();
        drop(inner);
        slots.into_iter().map(|slot| Instance::new(slot, self.graph().clone())).collect()
    }

    pub(super) fn check_here<M: Mapped>(&self, object: &Instance<M>, call: &str) -> Result<()> {
        if !Arc::ptr_eq(object.graph(), self.graph()) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the {} belongs to another session, so `{call}` cannot be done here; do it there, or take the object \
                     over with `merge`",
                    M::NAME
                ),
            ));
        }
        match object.state() {
            State::Pending | State::Persistent => Ok(()),
            state => Err(not_persistent(M::NAME, state, call)),
        }
    }

    pub(super) fn check_persistent<M: Mapped>(&self, object: &Instance<M>, call: &str) -> Result<()> {
        self.check_here(object, call)?;
        match object.state() {
            State::Persistent => Ok(()),
            state => Err(not_persistent(M::NAME, state, call)),
        }
    }
}
