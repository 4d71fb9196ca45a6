//! [`Versions`]: the versions of one object, and what a flush and a rollback mean by them.
//!
//! Most objects have one version and nothing else, so that several stand in a box. A new object that is written keeps its
//! one version too: it only gets its key, and a rollback takes that away again.

use std::{mem, sync::Arc};

use aludel_sql_expression::{Cell, Value};

use super::{Slot, Version};
use crate::mapping::Mapped;

/// The versions of one object.
pub(super) enum Versions<M> {
    /// The present version, and no other.
    One(Marks, Version<M>),
    Several(Marks, Box<Several<M>>),
}

/// What is known of the present version.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    /// A flush is sending it.
    sends_now: bool,
    /// Set: it is also the one from before the transaction, but for what this tells of.
    origin: Option<Origin>,
}

/// What differs in a version from before the transaction. The numbers that a flush puts in are put into the version that is
/// there, so that none is made for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    key: NumberBefore,
    /// What another column held that was given a number since, which is a foreign key as a rule.
    reference: NumberBefore,
    /// Which column that is.
    column: u16,
}

impl Origin {
    /// It is the very version.
    const SAME: Self = Self { key: NumberBefore::Same, reference: NumberBefore::Same, column: 0 };
}

/// The present version and others.
pub(super) struct Several<M> {
    now: Version<M>,
    /// The version as it stands in the database, while the present one differs.
    stored: Option<Version<M>>,
    /// The version that a flush is sending, while the present one is another.
    sending: Option<Version<M>>,
    /// The version from before the transaction, once a flush wrote another.
    before: Option<Before<M>>,
}

/// The version that a rollback goes back to.
pub(super) struct Before<M> {
    version: Version<M>,
    origin: Origin,
}

/// How an object's versions look to whoever only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Standing {
    /// There is the one version in its slot, which no flush sends and no rollback changes: it is read without a lock.
    Inline,
    /// There is the one version in its slot, and a flush sends it, or a rollback takes its key: it is read without a lock.
    Marked,
    /// There is the one version in its slot, of a new object: nobody has seen it yet, so that it can be changed.
    Fresh,
    /// There is one version beside its slot, which no flush sends and no rollback changes.
    Single,
    /// The present version is the one in the database, or there is no row yet.
    Clean,
    /// The present version differs from the database.
    Changed,
}

impl Standing {
    pub(super) fn of(number: u8) -> Self {
        match number {
            0 => Self::Inline,
            1 => Self::Marked,
            2 => Self::Fresh,
            3 => Self::Single,
            4 => Self::Clean,
            _ => Self::Changed,
        }
    }
}

/// What a column held before a flush gave it a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberBefore {
    /// What it is now.
    Same,
    Null,
    Zero,
    UnsignedZero,
}

impl NumberBefore {
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

/// Whether the database's number could be put into the version that is there.
pub(super) enum Numbered {
    Done,
    /// Somebody holds the version, or there are several: a new one is needed.
    NeedsVersion,
}

impl<M> Default for Versions<M> {
    /// What most objects have.
    fn default() -> Self {
        Self::new(Version::Inline)
    }
}

impl<M> Versions<M> {
    pub(super) fn new(now: Version<M>) -> Self {
        Self::One(Marks::default(), now)
    }

    /// The same versions once more, none of them being sent.
    pub(super) fn fork(&self) -> Self {
        let marks = Marks { sends_now: false, ..*self.marks() };
        match self {
            Self::One(_, now) => Self::One(marks, now.clone()),
            Self::Several(_, several) => {
                let before = several.before.as_ref();
                let several = Several {
                    now: several.now.clone(),
                    stored: several.stored.clone(),
                    sending: None,
                    before: before
                        .map(|before| Before { version: before.version.clone(), origin: before.origin }),
                };
                Self::Several(marks, Box::new(several))
            }
        }
    }

    fn marks(&self) -> &Marks {
        let (Self::One(marks, _) | Self::Several(marks, _)) = self;
        marks
    }

    fn marks_mut(&mut self) -> &mut Marks {
        let (Self::One(marks, _) | Self::Several(marks, _)) = self;
        marks
    }

    /// The present version.
    pub(super) fn now(&self) -> &Version<M> {
        match self {
            Self::One(_, now) => now,
            Self::Several(_, several) => &several.now,
        }
    }

    fn now_mut(&mut self) -> &mut Version<M> {
        match self {
            Self::One(_, now) => now,
            Self::Several(_, several) => &mut several.now,
        }
    }

    fn several(&self) -> Option<&Several<M>> {
        match self {
            Self::One(..) => None,
            Self::Several(_, several) => Some(several),
        }
    }

    fn several_mut(&mut self) -> Option<&mut Several<M>> {
        match self {
            Self::One(..) => None,
            Self::Several(_, several) => Some(several),
        }
    }

    /// Room for other versions.
    fn room(&mut self) -> &mut Several<M> {
        loop {
            match self {
                Self::Several(_, several) => return several,
                Self::One(marks, now) => {
                    let now = mem::replace(now, Version::Inline);
                    let several = Several { now, stored: None, sending: None, before: None };
                    *self = Self::Several(*marks, Box::new(several));
                }
            }
        }
    }

    /// The box goes with the last of the others.
    fn tidy(&mut self) {
        if let Self::Several(marks, several) = self
            && several.stored.is_none()
            && several.sending.is_none()
            && several.before.is_none()
        {
            let now = mem::replace(&mut several.now, Version::Inline);
            *self = Self::One(*marks, now);
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self {
            Self::One(Marks { sends_now: false, origin: None }, Version::Inline) => Standing::Inline,
            Self::One(_, Version::Inline) => Standing::Marked,
            Self::One(Marks { sends_now: false, origin: None }, _) => Standing::Single,
            _ if self.changed_from().is_some() => Standing::Changed,
            _ => Standing::Clean,
        }
    }

    /// The version in the database, while the present one is another.
    pub(super) fn changed_from(&self) -> Option<&Version<M>> {
        self.several()?.stored.as_ref()
    }

    /// The version as it stands in the database.
    pub(super) fn stored(&self) -> &Version<M> {
        self.changed_from().unwrap_or(self.now())
    }

    /// The version that a flush is sending; outside of one the present version.
    pub(super) fn sending(&self) -> &Version<M> {
        self.sending_beside().unwrap_or(self.now())
    }

    /// The version that a flush is sending, while the present one is another.
    pub(super) fn sending_beside(&self) -> Option<&Version<M>> {
        self.several()?.sending.as_ref()
    }

    /// Puts versions in the place of those that are there, because the database changed the row along with another one. A
    /// rollback goes back to `base`, where there is one and it goes back no further. Gives the versions that are not needed any more.
    pub(super) fn adopt(
        &mut self,
        now: Version<M>,
        stored: Option<Version<M>>,
        sending: Option<Version<M>>,
        base: Option<&Version<M>>,
    ) -> [Option<Version<M>>; 3] {
        let origin = self.marks_mut().origin.take();
        let several = self.room();
        let old = mem::replace(&mut several.now, now);
        let before = match origin {
            Some(origin) => Some(Before { version: old.clone(), origin }),
            None => base.map(|base| Before { version: base.clone(), origin: Origin::SAME }),
        };
        if several.before.is_none() {
            several.before = before;
        }
        let stored = mem::replace(&mut several.stored, stored);
        let sending = mem::replace(&mut several.sending, sending);
        self.tidy();
        [Some(old), stored, sending]
    }

    /// A rollback goes back to what stands in the database now, unless it goes back further.
    pub(super) fn remember(&mut self) {
        if self.marks().origin.is_none() {
            let stored = self.stored().clone();
            self.room().before.get_or_insert(Before { version: stored, origin: Origin::SAME });
        }
    }

    /// Puts another version in the place of the present one, and gives that; none when somebody was quicker.
    pub(super) fn replace(&mut self, present: &Version<M>, new: &Version<M>) -> Option<Version<M>> {
        if !self.now().is(present) {
            return None;
        }
        let old = mem::replace(self.now_mut(), new.clone());
        let Marks { sends_now, origin } = mem::take(self.marks_mut());
        if let Some(origin) = origin {
            self.room().before.get_or_insert_with(|| Before { version: old.clone(), origin });
        }
        if sends_now {
            self.room().sending = Some(old.clone());
        }
        Some(old)
    }

    /// The present version differs from the database from here on: gives the old one back if it did before.
    pub(super) fn keep_stored(&mut self, old: Version<M>) -> Option<Version<M>> {
        let stored = &mut self.room().stored;
        if stored.is_some() {
            return Some(old);
        }
        *stored = Some(old);
        None
    }

    /// What stood in the database does not any more: the present version does.
    pub(super) fn forget_stored(&mut self) -> Option<Version<M>> {
        let stored = self.several_mut()?.stored.take();
        self.tidy();
        stored
    }

    /// The version that lay in its slot, unseen, lies beside it from here on.
    pub(super) fn bring_out(&mut self, model: M) {
        *self.now_mut() = Version::made(model);
    }

    /// A flush begins to send the present version. A rollback goes back to that of a new object.
    pub(super) fn begin_flush(&mut self, is_new: bool) -> Option<Version<M>> {
        let goes_back = self.several().is_some_and(|several| several.before.is_some());
        let marks = self.marks_mut();
        marks.sends_now = true;
        if is_new && !goes_back {
            marks.origin.get_or_insert(Origin::SAME);
        }
        self.several_mut()?.sending.take()
    }

    /// What is being sent was completed by the session: the present version is the same as it, or has the same in it.
    pub(super) fn complete(&mut self, sent: Version<M>) -> Option<Version<M>> {
        let sends_now = self.now().is(&sent);
        self.marks_mut().sends_now = sends_now;
        if sends_now {
            return self.several_mut()?.sending.take();
        }
        self.room().sending.replace(sent)
    }

    /// The flush is done: what was sent is in the database. Later changes stay changes.
    pub(super) fn end_flush(&mut self) -> Option<Version<M>> {
        let Marks { sends_now, origin } = *self.marks();
        self.marks_mut().sends_now = false;
        let several = self.several_mut()?;
        let sent = several.sending.take();
        if sent.is_none() && !sends_now {
            return None;
        }
        let stored = several.stored.take();
        let old = if several.before.is_none() && origin.is_none() {
            several.before = stored.map(|version| Before { version, origin: Origin::SAME });
            None
        } else {
            stored
        };
        // The present one is another, or it would be sent itself.
        several.stored = sent;
        self.tidy();
        old
    }

    /// The flush failed: everything that differed still differs.
    pub(super) fn abandon_flush(&mut self) -> Option<Version<M>> {
        self.marks_mut().sends_now = false;
        let sent = self.several_mut()?.sending.take();
        self.tidy();
        sent
    }

    /// The transaction is committed: nobody goes back to what was before it.
    pub(super) fn commit(&mut self) -> Option<Box<Several<M>>> {
        self.marks_mut().origin = None;
        let several = self.several_mut()?;
        if several.stored.is_none() && several.sending.is_none() {
            let now = mem::replace(&mut several.now, Version::Inline);
            return match mem::replace(self, Self::new(now)) {
                Self::One(..) => None,
                Self::Several(_, several) => Some(several),
            };
        }
        let before = several.before.take()?;
        let now = before.version.clone();
        Some(Box::new(Several { now, stored: None, sending: None, before: Some(before) }))
    }

    /// Takes out what a rollback goes back to.
    pub(super) fn take_before(&mut self) -> Option<Before<M>> {
        if let Some(origin) = self.marks_mut().origin.take() {
            return Some(Before { version: self.now().clone(), origin });
        }
        let before = self.several_mut()?.before.take();
        self.tidy();
        before
    }

    /// Puts it in again, and gives what it replaces.
    pub(super) fn put_before(&mut self, before: Before<M>) -> Option<Before<M>> {
        self.marks_mut().origin = None;
        self.room().before.replace(before)
    }

    /// The transaction is rolled back: gives the version to go back to, where it is another than the present one, and the
    /// versions that are not needed any more.
    pub(super) fn rollback(&mut self, is_new: bool) -> (Option<Before<M>>, Option<Box<Several<M>>>) {
        let origin = mem::take(self.marks_mut()).origin;
        let now = self.now().clone();
        let others = match mem::replace(self, Self::new(now.clone())) {
            Self::One(..) => None,
            Self::Several(_, several) => Some(several),
        };
        let mut others = others;
        let before = match origin {
            Some(Origin::SAME) => None,
            Some(origin) => Some(Before { version: now, origin }),
            None => others.as_mut().and_then(|others| {
                let stored = || others.stored.clone().filter(|_| !is_new);
                let before = others.before.take();
                before.or_else(|| stored().map(|version| Before { version, origin: Origin::SAME }))
            }),
        };
        (before, others)
    }

    /// The version to go back to takes the place of the present one, which is given.
    pub(super) fn go_back_to(&mut self, version: Version<M>) -> Version<M> {
        mem::replace(self.now_mut(), version)
    }
}

impl<M: Mapped> Versions<M> {
    /// Puts the number that the database gave a new row into the version that is there, where nobody else holds that.
    ///
    /// It runs generated code over an integer, under the lock of this one object.
    pub(super) fn number(&mut self, column: u16, number: i64) -> aludel_sql_expression::Result<Numbered> {
        let mut marks = *self.marks();
        let Version::Made(model) = self.now_mut() else { return Ok(Numbered::NeedsVersion) };
        let Some(model) = Arc::get_mut(model) else { return Ok(Numbered::NeedsVersion) };
        let numbered = marks.number(model, column, number)?;
        *self.marks_mut() = marks;
        Ok(numbered)
    }

    /// The same for the version that lies in its slot, where nobody has seen it.
    pub(super) fn number_fresh(
        &mut self,
        model: &mut M,
        column: u16,
        number: i64,
    ) -> aludel_sql_expression::Result<Numbered> {
        self.marks_mut().number(model, column, number)
    }

    /// Puts a number into another column of the version that lies in its slot, where nobody has seen it.
    pub(super) fn refer_fresh(
        &mut self,
        model: &mut M,
        column: u16,
        number: i64,
    ) -> aludel_sql_expression::Result<Numbered> {
        self.marks_mut().refer(model, column, number)
    }
}

impl Marks {
    /// Puts a number into the version that these are the marks of.
    fn number<M: Mapped>(
        &mut self,
        model: &mut M,
        column: u16,
        number: i64,
    ) -> aludel_sql_expression::Result<Numbered> {
        if !self.sends_now {
            return Ok(Numbered::NeedsVersion);
        }
        if let Some(origin) = &mut self.origin {
            let before = NumberBefore::of(&model.column(column)).filter(|_| origin.key == NumberBefore::Same);
            let Some(before) = before else { return Ok(Numbered::NeedsVersion) };
            model.set_column(column, Cell::I64(number))?;
            origin.key = before;
        } else {
            model.set_column(column, Cell::I64(number))?;
        }
        Ok(Numbered::Done)
    }

    /// Puts a number into another column of a new object's version.
    fn refer<M: Mapped>(
        &mut self,
        model: &mut M,
        column: u16,
        number: i64,
    ) -> aludel_sql_expression::Result<Numbered> {
        let origin = self.origin.as_mut().filter(|origin| origin.reference == NumberBefore::Same);
        let before = NumberBefore::of(&model.column(column)).filter(|_| self.sends_now);
        let (Some(origin), Some(before)) = (origin, before) else { return Ok(Numbered::NeedsVersion) };
        model.set_column(column, Cell::I64(number))?;
        (origin.reference, origin.column) = (before, column);
        Ok(Numbered::Done)
    }
}

impl<M: Mapped> Before<M> {
    /// The version, with the numbers that it had.
    pub(super) fn into_version(self, of: &Slot<M>) -> Version<M> {
        let numbered = || M::mapper().configuration().ok().and_then(|it| it.autoincrement);
        let Origin { key, reference, column } = self.origin;
        let key = key.cell().and_then(|cell| Some((numbered()?, cell)));
        let reference = reference.cell().map(|cell| (column, cell));
        if key.is_none() && reference.is_none() {
            return self.version;
        }
        let mut model = of.at(&self.version).clone();
        for (column, cell) in key.into_iter().chain(reference) {
            // It came out of this field, so it fits.
            let _ = model.set_column(column, cell);
        }
        Version::made(model)
    }
}
