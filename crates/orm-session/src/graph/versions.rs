//! [`Versions`]: the versions of one object, and what a flush and a rollback mean by them.
//!
//! Most objects have one version and nothing else, so the others stand in a box. A new object that is written keeps its
//! one version too: it only gets its key, and a rollback takes that away again.

use std::sync::Arc;

use aludel_sql_expression::{Cell, Value};

use crate::mapping::Mapped;

/// The versions of one object.
pub(super) struct Versions<M> {
    /// The present version.
    pub(super) now: Arc<M>,
    /// A flush is sending the present version.
    sends_now: bool,
    /// Set: the present version is also the one from before the transaction, but for the key that this tells of.
    origin: Option<KeyBefore>,
    others: Option<Box<Others<M>>>,
}

/// The versions beside the present one. It is dropped outside the lock, because a drop may run user code.
pub(super) struct Others<M> {
    /// The version as it stands in the database, while the present one differs.
    stored: Option<Arc<M>>,
    /// The version that a flush is sending, while the present one is another.
    sending: Option<Arc<M>>,
    /// The version from before the transaction, once a flush wrote another.
    before: Option<Before<M>>,
}

/// The version that a rollback goes back to.
pub(super) struct Before<M> {
    version: Arc<M>,
    key: KeyBefore,
}

/// What the numbered key was before the database gave it a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyBefore {
    /// What it is now.
    Same,
    Null,
    Zero,
    UnsignedZero,
}

impl KeyBefore {
    /// None: it was given.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::I64(0) => Some(Self::Zero),
            Value::U64(0) => Some(Self::UnsignedZero),
            _ => None,
        }
    }

    fn cell(self) -> Option<Cell<'static>> {
        match self {
            Self::Same => None,
            Self::Null => Some(Cell::Null),
            Self::Zero => Some(Cell::I64(0)),
            Self::UnsignedZero => Some(Cell::U64(0)),
        }
    }
}

impl<M> Default for Others<M> {
    fn default() -> Self {
        Self { stored: None, sending: None, before: None }
    }
}

/// Whether the database's number could be put into the version that is there.
pub(super) enum Numbered {
    Done,
    /// Somebody holds the version, or there are several: a new one is needed.
    NeedsVersion,
}

impl<M> Versions<M> {
    pub(super) fn new(model: M) -> Self {
        Self { now: Arc::new(model), sends_now: false, origin: None, others: None }
    }

    /// The same versions once more, none of them being sent.
    pub(super) fn fork(&self) -> Self {
        let others = self.others.as_ref().map(|others| {
            let before = others.before.as_ref();
            Box::new(Others {
                stored: others.stored.clone(),
                sending: None,
                before: before.map(|before| Before { version: before.version.clone(), key: before.key }),
            })
        });
        Self { now: self.now.clone(), sends_now: false, origin: self.origin, others }
    }

    fn others(&mut self) -> &mut Others<M> {
        self.others.get_or_insert_default()
    }

    /// The box goes with the last thing in it.
    fn tidy(&mut self) -> Option<Box<Others<M>>> {
        self.others
            .take_if(|others| others.stored.is_none() && others.sending.is_none() && others.before.is_none())
    }

    /// The version in the database, while the present one is another.
    pub(super) fn changed_from(&self) -> Option<&Arc<M>> {
        self.others.as_ref()?.stored.as_ref()
    }

    /// The version as it stands in the database.
    pub(super) fn stored(&self) -> &Arc<M> {
        self.changed_from().unwrap_or(&self.now)
    }

    /// The version that a flush is sending; outside of one the present version.
    pub(super) fn sending(&self) -> &Arc<M> {
        self.others.as_ref().and_then(|others| others.sending.as_ref()).unwrap_or(&self.now)
    }

    /// The version that a flush is sending, while the present one is another.
    pub(super) fn sending_beside(&self) -> Option<&Arc<M>> {
        self.others.as_ref()?.sending.as_ref()
    }

    /// Puts versions in the place of those that are there, because the database changed the row along with another one. A
    /// rollback goes back to `base`, where there is one and it goes back no further. Gives the versions that are not needed any more.
    pub(super) fn adopt(
        &mut self,
        now: Arc<M>,
        stored: Option<Arc<M>>,
        sending: Option<Arc<M>>,
        base: Option<&Arc<M>>,
    ) -> [Option<Arc<M>>; 3] {
        let old = std::mem::replace(&mut self.now, now);
        let before = match self.origin.take() {
            Some(key) => Some(Before { version: old.clone(), key }),
            None => base.map(|base| Before { version: base.clone(), key: KeyBefore::Same }),
        };
        let others = self.others();
        if others.before.is_none() {
            others.before = before;
        }
        let stored = std::mem::replace(&mut others.stored, stored);
        let sending = std::mem::replace(&mut others.sending, sending);
        [Some(old), stored, sending]
    }

    /// A rollback goes back to what stands in the database now, unless it goes back further.
    pub(super) fn remember(&mut self) {
        let stored = self.stored().clone();
        if self.origin.is_none() {
            let others = self.others();
            others.before.get_or_insert(Before { version: stored, key: KeyBefore::Same });
        }
    }

    /// Puts another version in the place of the present one, and gives that; none when somebody was quicker.
    pub(super) fn replace(&mut self, present: &Arc<M>, new: &Arc<M>) -> Option<Arc<M>> {
        if !Arc::ptr_eq(&self.now, present) {
            return None;
        }
        let old = std::mem::replace(&mut self.now, new.clone());
        if let Some(key) = self.origin.take() {
            let others = self.others();
            others.before.get_or_insert_with(|| Before { version: old.clone(), key });
        }
        if std::mem::take(&mut self.sends_now) {
            self.others().sending = Some(old.clone());
        }
        Some(old)
    }

    /// The present version differs from the database from here on: says whether it did not before.
    pub(super) fn keep_stored(&mut self, old: Arc<M>) -> bool {
        let others = self.others();
        let first = others.stored.is_none();
        if first {
            others.stored = Some(old);
        }
        first
    }

    /// What stood in the database does not any more: the present version does.
    pub(super) fn forget_stored(&mut self) -> Option<Arc<M>> {
        self.others.as_mut()?.stored.take()
    }

    /// A flush begins to send the present version. A rollback goes back to that of a new object.
    pub(super) fn begin_flush(&mut self, is_new: bool) -> Option<Arc<M>> {
        self.sends_now = true;
        if is_new && self.origin.is_none() && self.others.as_ref().is_none_or(|it| it.before.is_none()) {
            self.origin = Some(KeyBefore::Same);
        }
        self.others.as_mut().and_then(|others| others.sending.take())
    }

    /// What is being sent was completed by the session: the present version is the same as it, or has the same in it.
    pub(super) fn complete(&mut self, sent: Arc<M>) -> Option<Arc<M>> {
        self.sends_now = Arc::ptr_eq(&self.now, &sent);
        if self.sends_now {
            return self.others.as_mut().and_then(|others| others.sending.take());
        }
        self.others().sending.replace(sent)
    }

    /// The flush is done: what was sent is in the database. Later changes stay changes.
    pub(super) fn end_flush(&mut self) -> (Option<Arc<M>>, Option<Box<Others<M>>>) {
        let sends_now = std::mem::take(&mut self.sends_now);
        let Some(others) = &mut self.others else { return (None, None) };
        let sent = others.sending.take();
        if sent.is_none() && !sends_now {
            return (None, None);
        }
        let stored = others.stored.take();
        let old = if others.before.is_none() && self.origin.is_none() {
            others.before = stored.map(|version| Before { version, key: KeyBefore::Same });
            None
        } else {
            stored
        };
        // The present one is another, or it would be sent itself.
        others.stored = sent;
        (old, self.tidy())
    }

    /// The flush failed: everything that differed still differs.
    pub(super) fn abandon_flush(&mut self) -> Option<Arc<M>> {
        self.sends_now = false;
        self.others.as_mut().and_then(|others| others.sending.take())
    }

    /// The transaction is committed: nobody goes back to what was before it.
    pub(super) fn commit(&mut self) -> Option<Box<Others<M>>> {
        self.origin = None;
        let others = self.others.as_mut()?;
        if others.stored.is_none() && others.sending.is_none() {
            return self.others.take();
        }
        let before = others.before.take();
        before.map(|before| Box::new(Others { before: Some(before), ..Others::default() }))
    }

    /// Takes out what a rollback goes back to.
    pub(super) fn take_before(&mut self) -> Option<Before<M>> {
        match self.origin.take() {
            Some(key) => Some(Before { version: self.now.clone(), key }),
            None => self.others.as_mut()?.before.take(),
        }
    }

    /// Puts it in again, and gives what it replaces.
    pub(super) fn put_before(&mut self, before: Before<M>) -> Option<Before<M>> {
        self.origin = None;
        self.others().before.replace(before)
    }

    /// The transaction is rolled back: gives the version to go back to, where it is another than the present one, and the
    /// versions that are not needed any more.
    pub(super) fn rollback(&mut self, is_new: bool) -> (Option<Before<M>>, Option<Box<Others<M>>>) {
        self.sends_now = false;
        let origin = self.origin.take();
        let mut others = self.others.take();
        let before = match origin {
            Some(KeyBefore::Same) => None,
            Some(key) => Some(Before { version: self.now.clone(), key }),
            None => others.as_mut().and_then(|others| {
                let stored = || others.stored.clone().filter(|_| !is_new);
                let before = others.before.take();
                before.or_else(|| stored().map(|version| Before { version, key: KeyBefore::Same }))
            }),
        };
        (before, others)
    }
}

impl<M: Mapped> Versions<M> {
    /// Puts the number that the database gave a new row into the version that is there, where nobody else holds that.
    ///
    /// It runs generated code over an integer, under the lock of this one object.
    pub(super) fn number(&mut self, column: u16, number: i64) -> aludel_sql_expression::Result<Numbered> {
        if !self.sends_now {
            return Ok(Numbered::NeedsVersion);
        }
        let Some(model) = Arc::get_mut(&mut self.now) else { return Ok(Numbered::NeedsVersion) };
        if let Some(origin) = self.origin {
            match KeyBefore::of(&model.column(column)).filter(|_| origin == KeyBefore::Same) {
                Some(key) => self.origin = Some(key),
                None => return Ok(Numbered::NeedsVersion),
            }
        }
        model.set_column(column, Cell::I64(number))?;
        Ok(Numbered::Done)
    }
}

impl<M: Mapped> Before<M> {
    /// The version, with the key that it had.
    pub(super) fn into_version(self) -> Arc<M> {
        let Some(cell) = self.key.cell() else { return self.version };
        let Some(number) = M::mapper().configuration().ok().and_then(|it| it.autoincrement) else {
            return self.version;
        };
        let mut model = (*self.version).clone();
        // It came out of this field, so it fits.
        let _ = model.set_column(number, cell);
        Arc::new(model)
    }
}
