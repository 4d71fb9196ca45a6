//! What a session knows of its objects.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};

use super::Session;
use crate::{Instance, State, mapping::Mapped, query::not_persistent};

impl Session {
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
