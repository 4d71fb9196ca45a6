//! [`Place`]: a value that is changed under a lock until it is published, and from then on only read, without one.
//!
//! A new object waits for the key that the database gives it. With its values in a place of this kind it is one allocation,
//! and the key is put where they are; without it each new object needed a second allocation for a version that nobody else
//! had seen, and a look at its counters. Beside the locks that was most of what a flush of many new rows did in memory.

#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    marker::PhantomData,
    mem::MaybeUninit,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU8, Ordering},
};

use parking_lot::{Mutex, MutexGuard};

/// What there is, in the lowest bits of the state. The others are the tag.
const WHAT: u8 = 0b11;

/// There is no value.
const NOTHING: u8 = 0;

/// There is a value that only who holds the lock may reach.
const KEPT: u8 = 1;

/// There is a value that everybody may read, and nobody changes or takes away.
const PUBLISHED: u8 = 2;

/// How far up the tag stands.
const TAG: u32 = WHAT.count_ones();

/// A value that is changed under a lock until it is published, and from then on only read, without one; and what else the lock
/// guards, which is changed all the time.
///
/// A number, a tag of up to 63 and flags of two bytes stand in it, too: with the lock they fill eight bytes.
pub(crate) struct Place<T, L, F> {
    /// It stands apart from what it guards, which would be aligned behind it.
    lock: Mutex<()>,
    pub(crate) number: u32,
    /// What there is, which changes from `KEPT` to one of the others and in no other way; and the tag. Both change under the
    /// lock. It also serves for what an `Option` would need eight bytes for.
    state: AtomicU8,
    pub(crate) flags: F,
    guarded: UnsafeCell<L>,
    /// Initialized unless there is `NOTHING`.
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a place that is shared gives out `&T` without the lock, for which `T` has to be `Sync`; under the lock it gives out
// `&mut T` and `T`, so that a `T` may come from one thread and be dropped by another, for which it has to be `Send`. What is
// guarded is only reached under the lock, one thread at a time, for which it has to be `Send`. Flags are shared as they are.
unsafe impl<T: Send + Sync, L: Send, F: Sync> Sync for Place<T, L, F> {}

impl<T, L, F> Place<T, L, F> {
    /// Nothing.
    pub(crate) fn empty(number: u32, flags: F, guarded: L, tag: u8) -> Self {
        Self::of(number, flags, guarded, NOTHING | tag << TAG, MaybeUninit::uninit())
    }

    /// A value that everybody may read.
    #[inline]
    pub(crate) fn published(number: u32, flags: F, guarded: L, value: T, tag: u8) -> Self {
        Self::of(number, flags, guarded, PUBLISHED | tag << TAG, MaybeUninit::new(value))
    }

    /// A value that is still going to be changed.
    #[inline]
    pub(crate) fn unpublished(number: u32, flags: F, guarded: L, value: T, tag: u8) -> Self {
        Self::of(number, flags, guarded, KEPT | tag << TAG, MaybeUninit::new(value))
    }

    #[inline]
    fn of(number: u32, flags: F, guarded: L, state: u8, value: MaybeUninit<T>) -> Self {
        let (guarded, value) = (UnsafeCell::new(guarded), UnsafeCell::new(value));
        Self { lock: Mutex::new(()), number, state: AtomicU8::new(state), flags, guarded, value }
    }

    /// What was last said of the place.
    #[inline]
    pub(crate) fn tag(&self) -> u8 {
        self.state.load(Ordering::Acquire) >> TAG
    }

    /// The value, once it is published.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        if self.state.load(Ordering::Acquire) & WHAT != PUBLISHED {
            return None;
        }
        // SAFETY: the value is published, so it is initialized, and stays so until the place is dropped, which nobody borrows
        // then. A mutable reference to it is only made by `Guard::unpublished`, not after it was published, and cannot have
        // outlived that: `Guard::publish` borrows the guard mutably, as that reference did, and there is one guard at a time.
        // The load acquires what was stored with the publication, so that all that was written before is seen.
        Some(unsafe { (*self.value.get()).assume_init_ref() })
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, T, L, F> {
        Guard { place: self, _lock: self.lock.lock(), _guarded: PhantomData }
    }
}

impl<T, L, F> Drop for Place<T, L, F> {
    fn drop(&mut self) {
        if *self.state.get_mut() & WHAT != NOTHING {
            // SAFETY: there is a value, so it is initialized. Nobody else has the place, and it is not used after this.
            unsafe { self.value.get_mut().assume_init_drop() }
        }
    }
}

/// The lock of a [`Place`].
pub(crate) struct Guard<'p, T, L, F> {
    place: &'p Place<T, L, F>,
    _lock: MutexGuard<'p, ()>,
    /// It is as good as a reference to what is guarded.
    _guarded: PhantomData<&'p mut L>,
}

impl<T, L, F> Guard<'_, T, L, F> {
    /// What the lock guards, and the value while it is not published.
    #[inline]
    pub(crate) fn unpublished(&mut self) -> Option<(&mut L, &mut T)> {
        if !self.keeps() {
            return None;
        }
        let place = self.place;
        // SAFETY: there is a value, so it is initialized, and it is not published, so that `Place::get` gives out no reference
        // to it. Only who holds the lock comes here, and borrows its guard mutably for as long as the reference lives, so that
        // there is no other one.
        Some((self, unsafe { (*place.value.get()).assume_init_mut() }))
    }

    /// Takes the value out, which is not published then.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        if !self.keeps() {
            return None;
        }
        self.put(NOTHING, self.place.tag());
        // SAFETY: there was a value, so it is initialized. It was not published, and this guard is borrowed mutably, so that
        // nobody has a reference to it. From here on there is nothing, so that it is neither read nor dropped once more.
        Some(unsafe { (*self.place.value.get()).assume_init_read() })
    }

    /// From here on everybody may read the value, where there is one, and nobody changes it; and this is said of the place.
    #[inline]
    pub(crate) fn publish(&mut self, tag: u8) {
        let what = if self.keeps() { PUBLISHED } else { self.what() };
        self.put(what, tag);
    }

    /// Says something else of the place.
    #[inline]
    pub(crate) fn set_tag(&mut self, tag: u8) {
        self.put(self.what(), tag);
    }

    #[inline]
    fn put(&mut self, what: u8, tag: u8) {
        self.place.state.store(what | tag << TAG, Ordering::Release);
    }

    #[inline]
    fn keeps(&self) -> bool {
        self.what() == KEPT
    }

    #[inline]
    fn what(&self) -> u8 {
        // It is only changed under the lock, which is held.
        self.place.state.load(Ordering::Relaxed) & WHAT
    }
}

impl<T, L, F> Deref for Guard<'_, T, L, F> {
    type Target = L;

    #[inline]
    fn deref(&self) -> &L {
        // SAFETY: the guard holds the lock, without which nobody reaches it, and is borrowed for as long as the reference lives.
        unsafe { &*self.place.guarded.get() }
    }
}

impl<T, L, F> DerefMut for Guard<'_, T, L, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut L {
        // SAFETY: the guard holds the lock, without which nobody reaches it, and is borrowed mutably for as long as the reference
        // lives.
        unsafe { &mut *self.place.guarded.get() }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::Place;

    #[test]
    fn what_is_not_published_is_seen_by_nobody() {
        let place = Place::unpublished(7, (), 0, String::from("Ann"), 5);
        assert_eq!(place.get(), None);
        let mut guard = place.lock();
        let (guarded, value) = guard.unpublished().expect("it is not published");
        *guarded += 1;
        value.push('a');
        assert_eq!(place.get(), None);
        guard.set_tag(6);
        assert_eq!((place.get(), place.tag()), (None, 6));
        guard.publish(63);
        assert!(guard.unpublished().is_none() && guard.take().is_none());
        assert_eq!((*guard, place.get().map(String::as_str), place.tag()), (1, Some("Anna"), 63));
        guard.set_tag(0);
        assert_eq!((place.get().map(String::as_str), place.tag(), place.number), (Some("Anna"), 0, 7));
        drop(guard);
        assert_eq!(Place::published(0, (), (), 1, 3).get(), Some(&1));
        let empty = Place::<u8, (), ()>::empty(0, (), (), 3);
        assert_eq!((empty.get(), empty.tag()), (None, 3));
    }

    /// What is taken out belongs to the taker; what stays is dropped with the place.
    #[test]
    fn a_value_is_dropped_once() {
        let value = Arc::new(());
        let kept = |value: &Arc<()>| Place::unpublished(0, (), (), value.clone(), 1);
        let place = kept(&value);
        let mut guard = place.lock();
        let taken = guard.take();
        assert!(taken.is_some() && guard.take().is_none() && guard.unpublished().is_none());
        assert_eq!(place.tag(), 1);
        guard.publish(2);
        drop(guard);
        assert!(place.get().is_none());
        assert_eq!(place.tag(), 2);
        drop(place);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(taken);
        drop(kept(&value));
        drop(Place::published(0, (), (), value.clone(), 1));
        drop(Place::<Arc<()>, (), ()>::empty(0, (), (), 1));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    /// Readers on other threads see nothing, or all that was written before.
    #[test]
    fn readers_see_all_or_nothing() {
        for _ in 0..200 {
            let place = Arc::new(Place::unpublished(0, (), 0, [0_u64; 32], 0));
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    let place = place.clone();
                    thread::spawn(move || {
                        loop {
                            if let Some(value) = place.get() {
                                return value.iter().all(|number| *number == 8);
                            }
                            thread::yield_now();
                        }
                    })
                })
                .collect();
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    let place = place.clone();
                    thread::spawn(move || {
                        for _ in 0..4 {
                            let mut guard = place.lock();
                            let (_, value) = guard.unpublished().expect("eight changes are made before");
                            value.iter_mut().for_each(|number| *number += 1);
                            *guard += 1;
                            if *guard == 8 {
                                guard.publish(1);
                            }
                        }
                    })
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().expect("no writer panics"));
            assert!(readers.into_iter().all(|reader| reader.join().expect("no reader panics")));
        }
    }
}
