//! [`Place`]: a value that is changed under a lock until it is published, and from then on only read, without one.
//!
//! A new object waits for the key that the database gives it. With its values in a place of this kind it is one allocation,
//! and the key is put where they are; without it each new object needed a second allocation for a version that nobody else
//! had seen, and a look at its counters. Beside the locks that was most of what a flush of many new rows did in memory.

#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A value that is changed under a lock until it is published, and from then on only read, without one; and what else the lock
/// guards, which is changed all the time.
pub(crate) struct Place<T, L> {
    lock: Mutex<L>,
    /// Turns true once, under the lock.
    is_published: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: a place that is shared gives out `&T` without the lock, for which `T` has to be `Sync`; under the lock it gives out
// `&mut Option<T>`, so that a `T` may come from one thread and be dropped by another, for which it has to be `Send`. What the
// mutex guards is only reached through it, which asks for `Send`.
unsafe impl<T: Send + Sync, L: Send> Sync for Place<T, L> {}

impl<T, L> Place<T, L> {
    /// Nothing, or a value that everybody may read.
    pub(crate) fn published(guarded: L, value: Option<T>) -> Self {
        Self { lock: Mutex::new(guarded), is_published: AtomicBool::new(true), value: UnsafeCell::new(value) }
    }

    /// A value that is still going to be changed.
    pub(crate) fn unpublished(guarded: L, value: T) -> Self {
        Self {
            lock: Mutex::new(guarded),
            is_published: AtomicBool::new(false),
            value: UnsafeCell::new(Some(value)),
        }
    }

    /// The value, once it is published.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        if !self.is_published.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the value is published, and that is never taken back. A mutable reference to it is only made by
        // `Guard::unpublished`, not after it was published, and cannot have outlived that: `Guard::publish` borrows the guard
        // mutably, as that reference did, and there is one guard at a time. The load acquires what was stored with the
        // publication, so that all that was written before is seen.
        unsafe { (*self.value.get()).as_ref() }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, T, L> {
        Guard { place: self, guarded: self.lock.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// The lock of a [`Place`].
pub(crate) struct Guard<'p, T, L> {
    place: &'p Place<T, L>,
    guarded: MutexGuard<'p, L>,
}

impl<T, L> Guard<'_, T, L> {
    /// What the lock guards, and the value while it is not published.
    #[inline]
    pub(crate) fn unpublished(&mut self) -> Option<(&mut L, &mut Option<T>)> {
        // It is only changed under the lock, which is held.
        if self.place.is_published.load(Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the value is not published, so that `Place::get` gives out no reference to it. Only who holds the lock comes
        // here, and borrows its guard mutably for as long as the reference lives, so that there is no other one.
        Some((&mut self.guarded, unsafe { &mut *self.place.value.get() }))
    }

    /// From here on everybody may read the value, and nobody changes it.
    #[inline]
    pub(crate) fn publish(&mut self) {
        self.place.is_published.store(true, Ordering::Release);
    }
}

impl<T, L> Deref for Guard<'_, T, L> {
    type Target = L;

    #[inline]
    fn deref(&self) -> &L {
        &self.guarded
    }
}

impl<T, L> DerefMut for Guard<'_, T, L> {
    #[inline]
    fn deref_mut(&mut self) -> &mut L {
        &mut self.guarded
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::Place;

    #[test]
    fn what_is_not_published_is_seen_by_nobody() {
        let place = Place::unpublished(0, String::from("Ann"));
        assert_eq!(place.get(), None);
        let mut guard = place.lock();
        let (guarded, value) = guard.unpublished().expect("it is not published");
        *guarded += 1;
        value.as_mut().expect("it lies there").push('a');
        assert_eq!(place.get(), None);
        guard.publish();
        assert!(guard.unpublished().is_none());
        assert_eq!((*guard, place.get().map(String::as_str)), (1, Some("Anna")));
        drop(guard);
        assert_eq!(Place::published((), Some(1)).get(), Some(&1));
        assert_eq!(Place::<u8, ()>::published((), None).get(), None);
    }

    /// What is taken out belongs to the taker; what stays is dropped with the place.
    #[test]
    fn a_value_is_dropped_once() {
        let value = Arc::new(());
        let place = Place::unpublished((), value.clone());
        let mut guard = place.lock();
        let taken = guard.unpublished().and_then(|(_, value)| value.take());
        guard.publish();
        drop(guard);
        assert!(place.get().is_none());
        drop(place);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(taken);
        drop(Place::unpublished((), value.clone()));
        drop(Place::published((), Some(value.clone())));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    /// Readers on other threads see nothing, or all that was written before.
    #[test]
    fn readers_see_all_or_nothing() {
        for _ in 0..200 {
            let place = Arc::new(Place::unpublished(0, [0_u64; 32]));
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
                            value.iter_mut().flatten().for_each(|number| *number += 1);
                            *guard += 1;
                            if *guard == 8 {
                                guard.publish();
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
