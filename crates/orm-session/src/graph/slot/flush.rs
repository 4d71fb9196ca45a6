//! What a flush does to an object's versions.

use std::sync::{Arc, atomic::Ordering};

use aludel_driver::Result;
use aludel_sql_expression::Value;

use super::{Slot, State};
use crate::{
    graph::{
        Version,
        rows::Rows,
        versions::{Numbered, Versions},
    },
    mapping::Mapped,
};

impl<M> Slot<M> {
    /// The version that a flush is sending, and the one in the database, where that is another.
    pub(super) fn sending_and_stored(&self) -> Option<(Version<M>, Version<M>)> {
        self.view(|versions| Some((versions.sending().clone(), versions.changed_from()?.clone())))
    }
}

impl<M: Mapped> Slot<M> {
    /// A flush begins to send the present version. Says whether the numbered key is not set in it.
    pub(super) fn send_present(&self) -> bool {
        if let Some((versions, model)) = self.place.lock().unpublished() {
            versions.begin_flush(self.is_pending());
            return model.is_key_unset();
        }
        let (old, is_key_unset) = self.alter(|versions| {
            let old = versions.begin_flush(self.is_pending());
            (old, self.at(versions.now()).is_key_unset())
        });
        drop(old);
        is_key_unset
    }

    /// The same for a new object, and its row is written. False: it is not, since its key, which the database numbers when
    /// `is_numbered`, has to be unset when `is_unnumbered`, and set when not.
    pub(in crate::graph) fn send_row(
        &self,
        is_numbered: bool,
        is_unnumbered: bool,
        rows: &mut Rows<'_>,
    ) -> bool {
        let mut write = |model: &M| {
            let is_alike = (is_numbered && model.is_key_unset()) == is_unnumbered;
            if is_alike {
                rows.write(model, is_unnumbered);
            }
            is_alike
        };
        if let Some((versions, model)) = self.place.lock().unpublished() {
            versions.begin_flush(self.is_pending());
            return write(model);
        }
        let (old, is_alike) = self.alter(|versions| {
            let old = versions.begin_flush(self.is_pending());
            (old, write(self.at(versions.now())))
        });
        drop(old);
        is_alike
    }

    /// Puts values that the database made into the sent version and the present one.
    pub(super) fn complete(&self, values: &[(u16, Value)]) -> Result<()> {
        if self.complete_fresh(values)? {
            return Ok(());
        }
        let (sending, now) = self.view(|versions| (versions.sending().clone(), versions.now().clone()));
        let mut sent = self.at(&sending).clone();
        for (column, value) in values {
            sent.set_column(*column, value.as_cell())?;
        }
        let sent = Version::made(sent);
        // The version from before is what a rollback goes back to, also where the session and not the user changed it.
        let keeps = self.current_state() == State::Persistent;
        let install = |present: &Version<M>, new: &Version<M>| {
            self.alter(|versions| {
                let mut old = versions.replace(present, new);
                if keeps {
                    old = versions.keep_stored(old?);
                } else {
                    old.as_ref()?;
                }
                Some((old, versions.complete(sent.clone())))
            })
        };
        if sending.is(&now) && install(&now, &sent).is_some() {
            return Ok(());
        }
        loop {
            let present = self.now();
            let shown = self.at(&present);
            let mut model = shown.clone();
            for (column, _) in values {
                // What the user changed meanwhile stays.
                if shown.column_eq(self.at(&sending), *column) {
                    model.copy_column(self.at(&sent), *column);
                }
            }
            if install(&present, &Version::made(model)).is_some() {
                return Ok(());
            }
        }
    }

    /// The same for one number, as most foreign keys are, where nobody has seen the version yet. False: somebody has, or it is
    /// more than that.
    fn complete_fresh(&self, values: &[(u16, Value)]) -> Result<bool> {
        let [(column, Value::I64(number))] = values else { return Ok(false) };
        if !self.is_fresh() {
            return Ok(false);
        }
        let mut place = self.place.lock();
        let Some((versions, model)) = place.unpublished() else { return Ok(false) };
        let numbered = versions.refer_fresh(model, *column, *number)?;
        Ok(matches!(numbered, Numbered::Done))
    }

    /// The row is in the database, with the number that it was given in this column: the flush of it is done.
    /// `is_committed`: so is the transaction.
    pub(in crate::graph) fn finish_numbered(
        &self,
        column: u16,
        number: i64,
        is_committed: bool,
    ) -> Result<()> {
        let end = |versions: &mut Versions<M>| {
            let old = versions.end_flush();
            (old, if is_committed { versions.commit() } else { None })
        };
        if self.finish_fresh(column, number, is_committed)? {
            return Ok(());
        }
        let finished = self.alter(|versions| match versions.number(column, number)? {
            Numbered::Done => Ok::<_, aludel_driver::Error>(Some(end(versions))),
            Numbered::NeedsVersion => Ok(None),
        })?;
        let old = match finished {
            Some(old) => old,
            None => {
                self.complete(&[(column, Value::I64(number))])?;
                self.alter(end)
            }
        };
        self.place.flags.state.store(State::Persistent as u8, Ordering::Relaxed);
        drop(old);
        Ok(())
    }

    /// The same where nobody has seen the version yet. False: somebody has.
    fn finish_fresh(&self, column: u16, number: i64, is_committed: bool) -> Result<bool> {
        let mut place = self.place.lock();
        let Some((versions, model)) = place.unpublished() else { return Ok(false) };
        if let Numbered::NeedsVersion = versions.number_fresh(model, column, number)? {
            return Ok(false);
        }
        // There is no other version, so that none is let go.
        versions.end_flush();
        if is_committed {
            versions.commit();
        }
        let standing = versions.standing();
        place.publish(standing as u8);
        self.place.flags.state.store(State::Persistent as u8, Ordering::Relaxed);
        Ok(true)
    }

    /// The database changed columns along with another row. What was set to something else stays set.
    pub(super) fn follow(&self, values: &[(u16, Value)]) -> Result<()> {
        loop {
            let (now, stored, sending) = self.view(|versions| {
                let (stored, sending) =
                    (versions.changed_from().cloned(), versions.sending_beside().cloned());
                (versions.now().clone(), stored, sending)
            });
            let base = stored.clone().unwrap_or_else(|| now.clone());
            let mut adopted = self.at(&base).clone();
            for (column, value) in values {
                adopted.set_column(*column, value.as_cell())?;
            }
            let adopted = Arc::new(adopted);
            let follow = |version: &Version<M>| {
                if version.is(&base) {
                    return Version::Made(adopted.clone());
                }
                let (base, version) = (self.at(&base), self.at(version));
                let mut model = version.clone();
                for (column, _) in values.iter().filter(|(column, _)| version.column_eq(base, *column)) {
                    model.copy_column(&adopted, *column);
                }
                Version::made(model)
            };
            let next = follow(&now);
            let sent = sending.as_ref().map(follow);
            let stored = stored.map(|_| Version::Made(adopted.clone()));
            let old = self.alter(|versions| {
                versions.now().is(&now).then(|| versions.adopt(next, stored, sent, Some(&base)))
            });
            if old.is_some() {
                return Ok(());
            }
        }
    }
}
