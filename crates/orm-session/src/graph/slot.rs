//! [`Slot`]: one object and its versions.

mod erased;
mod flush;
mod rewrite;

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use aludel_sql_expression::Value;

use super::{
    State, Version,
    place::{Guard, Place},
    versions::{Standing, Versions},
};
use crate::mapping::Mapped;

/// One object and its versions. An object that nobody changed is one allocation.
///
/// Under its lock values are read, rows are written and numbers are put in, which is generated code over the fields; models
/// are cloned, compared and dropped outside of it.
pub(crate) struct Slot<M> {
    /// The version that it came with, which stays as long as the object, also when others have taken its place; and under
    /// the lock which versions there are. While a new object waits for its key, the version is
    /// [fresh](Standing::Fresh): nobody else has seen it. The number is the object's in its graph, and the tag the
    /// [`Standing`] of the versions.
    place: Place<M, Versions<M>, Flags>,
}

/// What is known of an object beside its versions.
struct Flags {
    state: AtomicU8,
    /// Which of the other flags are set.
    set: AtomicU8,
}

/// Its values are not those of the row any more.
const EXPIRED: u8 = 1;

/// The graph keeps expressions for columns of it.
const EXPRESSIONS: u8 = 2;

impl Flags {
    #[inline]
    fn new(state: State) -> Self {
        Self { state: AtomicU8::new(state as u8), set: AtomicU8::new(0) }
    }

    fn is_set(&self, flag: u8) -> bool {
        self.set.load(Ordering::Relaxed) & flag != 0
    }

    /// Sets a flag, or takes it back, and says whether it was set.
    fn put(&self, flag: u8, is_set: bool) -> bool {
        let before = match is_set {
            true => self.set.fetch_or(flag, Ordering::Relaxed),
            false => self.set.fetch_and(!flag, Ordering::Relaxed),
        };
        before & flag != 0
    }
}

impl<M> Slot<M> {
    /// An object of a row.
    #[inline]
    pub(crate) fn loaded(index: u32, model: M) -> Self {
        Self::inline(index, State::Persistent, model)
    }

    /// An object whose version is in its place, for all to see.
    #[inline]
    fn inline(index: u32, state: State, model: M) -> Self {
        let (flags, standing) = (Flags::new(state), Standing::Inline as u8);
        Self { place: Place::published(index, flags, Versions::default(), model, standing) }
    }

    fn of(index: u32, state: State, versions: Versions<M>, inline: Option<M>) -> Self {
        let (flags, standing) = (Flags::new(state), versions.standing() as u8);
        let place = match inline {
            Some(model) => Place::published(index, flags, versions, model, standing),
            None => Place::empty(index, flags, versions, standing),
        };
        Self { place }
    }

    pub(crate) fn index(&self) -> u32 {
        self.place.number
    }

    /// The values of a version of this object.
    #[inline]
    pub(crate) fn at<'s>(&'s self, version: &'s Version<M>) -> &'s M {
        match version {
            Version::Inline => self.place.get().expect("invariant: what is said to lie here was put here"),
            Version::Made(model) => model,
        }
    }

    fn standing(&self) -> Standing {
        Standing::of(self.place.tag())
    }

    /// Looks at the versions. Nobody who only has the one in its place waits for a lock.
    #[inline]
    fn view<R>(&self, view: impl FnOnce(&Versions<M>) -> R) -> R {
        match self.standing() {
            Standing::Inline | Standing::Marked => view(&Versions::default()),
            _ => view(&self.lock()),
        }
    }

    /// Reads one of the versions. One that is fresh stays so: nothing of it is given out but what is read.
    #[inline]
    fn look<R>(&self, pick: impl FnOnce(&Versions<M>) -> &Version<M>, read: impl FnOnce(&M) -> R) -> R {
        if self.is_fresh()
            && let Some((_, model)) = self.place.lock().unpublished()
        {
            return read(model);
        }
        let version = self.view(|versions| pick(versions).clone());
        read(self.at(&version))
    }

    fn is_fresh(&self) -> bool {
        self.standing() == Standing::Fresh
    }

    /// Whoever comes here may give the present version to somebody, so that it is fresh no more.
    fn lock(&self) -> Guard<'_, M, Versions<M>, Flags> {
        let mut versions = self.place.lock();
        if let Some(model) = versions.take() {
            versions.bring_out(model);
            let standing = versions.standing();
            versions.set_tag(standing as u8);
        }
        versions
    }

    /// Changes which versions there are. Those that are let go are given back, and dropped outside the lock: a drop may run
    /// user code.
    #[inline]
    fn alter<R>(&self, alter: impl FnOnce(&mut Versions<M>) -> R) -> R {
        let mut versions = self.lock();
        let result = alter(&mut versions);
        let standing = versions.standing();
        versions.set_tag(standing as u8);
        result
    }

    /// The present version.
    pub(crate) fn now(&self) -> Version<M> {
        self.view(|versions| versions.now().clone())
    }

    /// The present version, and the one in the database while that is another.
    pub(crate) fn now_and_stored(&self) -> (Version<M>, Option<Version<M>>) {
        self.view(|versions| (versions.now().clone(), versions.changed_from().cloned()))
    }

    pub(crate) fn current_state(&self) -> State {
        State::of(self.place.flags.state.load(Ordering::Relaxed))
    }

    pub(crate) fn expired(&self) -> bool {
        self.place.flags.is_set(EXPIRED)
    }

    pub(crate) fn has_expressions(&self) -> bool {
        self.place.flags.is_set(EXPRESSIONS)
    }

    fn is_pending(&self) -> bool {
        self.current_state() == State::Pending
    }
}

impl<M: Mapped> Slot<M> {
    /// An object without a row.
    ///
    /// Until the database has given it its number, it lies where that can be put into it.
    pub(crate) fn new(index: u32, state: State, model: M) -> Self {
        if model.is_key_unset() {
            let (flags, standing) = (Flags::new(state), Standing::Fresh as u8);
            Self { place: Place::unpublished(index, flags, Versions::default(), model, standing) }
        } else {
            Self::inline(index, state, model)
        }
    }

    /// Gives columns of one of the versions, as a row.
    fn write(
        &self,
        pick: impl FnOnce(&Versions<M>) -> &Version<M>,
        columns: &[u16],
        values: &mut Vec<Value>,
    ) {
        self.look(pick, |model| values.extend(columns.iter().map(|column| model.column(*column))));
    }

    /// Makes a new version the present one, and says whether it is the first since the last flush.
    ///
    /// When somebody else made one meanwhile, only what this one changed is taken over.
    pub(crate) fn install(&self, base: &Version<M>, mut model: M) -> bool {
        loop {
            let present = self.now();
            if !present.is(base) {
                let mut merged = self.at(&present).clone();
                for column in columns::<M>() {
                    if !model.column_eq(self.at(base), column) {
                        merged.copy_column(&model, column);
                    }
                }
                model = merged;
            }
            let new = Arc::new(model);
            let installed = self.alter(|versions| {
                let old = versions.replace(&present, &Version::Made(new.clone()))?;
                Some(versions.keep_stored(old))
            });
            if let Some(unneeded) = installed {
                return unneeded.is_none();
            }
            // Somebody was quicker. The version was never shared, so it can be taken apart again.
            model = Arc::try_unwrap(new).unwrap_or_else(|shared| (*shared).clone());
        }
    }

    /// Puts a version as the database has it in the place of all others.
    pub(crate) fn overwrite(&self, model: M) {
        let new = Version::made(model);
        let old = loop {
            let present = self.now();
            let replaced = self.alter(|versions| {
                let old = versions.replace(&present, &new)?;
                Some((old, versions.forget_stored()))
            });
            if replaced.is_some() {
                break replaced;
            }
        };
        self.place.flags.put(EXPIRED | EXPRESSIONS, false);
        drop(old);
    }
}

fn columns<M: Mapped>() -> impl Iterator<Item = u16> {
    0..u16::try_from(M::COLUMNS).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn a_slot_takes_twenty_four_bytes_beside_its_struct() {
        assert_eq!(size_of::<Slot<String>>(), size_of::<String>() + 24);
        assert_eq!(size_of::<Slot<i64>>(), size_of::<i64>() + 24);
    }
}
