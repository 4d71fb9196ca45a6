//! What a statement wrote into an object's row, without the session.

use std::sync::Arc;

use aludel_sql_expression::Value;

use super::{Slot, State};
use crate::{graph::Version, mapping::Mapped};

impl<M: Mapped> Slot<M> {
    /// Takes over new values of the row, and gives up changes of these columns and of those whose new values are not known.
    /// False when not all that the row holds now is known.
    pub(super) fn take_over(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool {
        loop {
            let (now, stored) = self.now_and_stored();
            let base = stored.as_ref().unwrap_or(&now);
            let mut model = self.at(base).clone();
            let mut is_known = unknown.is_empty();
            for (column, value) in values {
                is_known &= model.set_column(*column, value.as_cell()).is_ok();
            }
            let new = Arc::new(model);
            let shown = match &stored {
                None => Version::Made(new.clone()),
                Some(_) => {
                    let mut shown = self.at(&now).clone();
                    let columns = values.iter().map(|(column, _)| column).chain(unknown);
                    columns.for_each(|column| shown.copy_column(&new, *column));
                    Version::made(shown)
                }
            };
            let written = stored.as_ref().map(|_| Version::Made(new));
            let goes_back = self.current_state() == State::Persistent;
            // Old versions are dropped outside the lock: a drop may run user code.
            let replaced = self.alter(|versions| {
                // Else somebody changed the object meanwhile.
                versions.now().is(&now).then(|| {
                    let sending = versions.sending_beside().cloned();
                    versions.adopt(shown, written, sending, goes_back.then_some(base))
                })
            });
            if replaced.is_some() {
                return is_known;
            }
        }
    }

    /// Remembers the version in the database as the one that a rollback goes back to.
    pub(in crate::graph) fn remember(&self) {
        self.alter(|versions| versions.remember());
    }

    /// The version in the database is the present one again: what differs is thrown away.
    pub(super) fn go_back(&self) {
        loop {
            let (now, Some(stored)) = self.now_and_stored() else { return };
            let replaced = self.alter(|versions| {
                let old = versions.replace(&now, &stored)?;
                Some((old, versions.forget_stored()))
            });
            if replaced.is_some() {
                return;
            }
        }
    }
}
