//! What a statement wrote into an object's row, without the session.

use std::sync::Arc;

use aludel_sql_expression::Value;

use super::{Slot, State};
use crate::mapping::Mapped;

impl<M: Mapped> Slot<M> {
    /// Takes over new values of the row, and gives up changes of these columns and of those whose new values are not known.
    /// False when not all that the row holds now is known.
    pub(super) fn take_over(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool {
        loop {
            let (now, stored) = self.now_and_stored();
            let old = stored.as_ref().unwrap_or(&now).clone();
            let mut model = (*old).clone();
            let mut is_known = unknown.is_empty();
            for (column, value) in values {
                is_known &= model.set_column(*column, value.as_cell()).is_ok();
            }
            let new = Arc::new(model);
            let shown = match &stored {
                None => new.clone(),
                Some(_) => {
                    let mut shown = (*now).clone();
                    let columns = values.iter().map(|(column, _)| column).chain(unknown);
                    columns.for_each(|column| shown.copy_column(&new, *column));
                    Arc::new(shown)
                }
            };
            let mut versions = self.versions();
            if !Arc::ptr_eq(&versions.now, &now) {
                // Somebody changed the object meanwhile.
                continue;
            }
            let sending = versions.sending_beside().cloned();
            let base = (self.current_state() == State::Persistent).then_some(&old);
            let replaced = versions.adopt(shown, stored.as_ref().map(|_| new), sending, base);
            drop(versions);
            // Old versions are dropped outside the lock: a drop may run user code.
            drop((replaced, stored));
            return is_known;
        }
    }

    /// Remembers the version in the database as the one that a rollback goes back to.
    pub(in crate::graph) fn remember(&self) {
        self.versions().remember();
    }

    /// The version in the database is the present one again: what differs is thrown away.
    pub(super) fn go_back(&self) {
        loop {
            let (now, Some(stored)) = self.now_and_stored() else { return };
            let mut versions = self.versions();
            let Some(old) = versions.replace(&now, &stored) else { continue };
            let forgotten = versions.forget_stored();
            self.note(&versions);
            drop(versions);
            drop((old, forgotten, now, stored));
            return;
        }
    }
}
