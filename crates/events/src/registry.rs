//! The list of listeners that both kinds of registry share.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{ListenOptions, ListenerId};

/// The listeners of one event: copied on write, so that a round keeps the list it began with.
pub(crate) struct Registry<L> {
    // Written under the lock of `entries`; read without it, so that nobody listening costs one load.
    count: AtomicUsize,
    entries: RwLock<Round<L>>,
}

/// The listeners as they were at one moment.
pub(crate) type Round<L> = Arc<[Arc<Entry<L>>]>;

/// One registered listener.
pub(crate) struct Entry<L> {
    pub(crate) listener: L,
    id: ListenerId,
    name: Option<Cow<'static, str>>,
    once: Option<AtomicBool>,
}

impl<L> Registry<L> {
    pub(crate) fn new() -> Self {
        Self { count: AtomicUsize::new(0), entries: RwLock::new(Arc::from([])) }
    }

    pub(crate) fn insert(&self, options: ListenOptions, listener: L) -> ListenerId {
        let id = ListenerId::next();
        let once = options.once.then(|| AtomicBool::new(false));
        let entry = Arc::new(Entry { listener, id, name: options.name, once });
        self.replace(|entries| {
            let old = entries.iter().cloned();
            Some(if options.insert_first {
                std::iter::once(entry).chain(old).collect()
            } else {
                old.chain(std::iter::once(entry)).collect()
            })
        });
        id
    }

    /// Takes the listener out; false when it is not here (any more).
    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        self.replace(|entries| {
            let here = entries.iter().any(|entry| entry.id == id);
            here.then(|| entries.iter().filter(|entry| entry.id != id).cloned().collect())
        })
    }

    pub(crate) fn contains(&self, id: ListenerId) -> bool {
        self.read().iter().any(|entry| entry.id == id)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        // Relaxed is enough: whoever learned of a registration learned it through something that orders
        // the two threads, and the list itself is read under the lock.
        self.count.load(Ordering::Relaxed)
    }

    /// The list to run over, or nothing when nobody listens.
    #[inline]
    pub(crate) fn round(&self) -> Option<Round<L>> {
        if self.len() == 0 { None } else { Some(self.read().clone()) }
    }

    /// Whether the listener is to run now; false for a once-listener that another firing took.
    pub(crate) fn claim(&self, entry: &Entry<L>) -> bool {
        let Some(taken) = &entry.once else { return true };
        let first = !taken.swap(true, Ordering::AcqRel);
        if first {
            self.remove(entry.id);
        }
        first
    }

    /// Puts the list that `change` makes in place of the present one; false when it makes none.
    fn replace(&self, change: impl FnOnce(&[Arc<Entry<L>>]) -> Option<Round<L>>) -> bool {
        let mut entries = self.write();
        let Some(changed) = change(&entries) else { return false };
        self.count.store(changed.len(), Ordering::Relaxed);
        let old = mem::replace(&mut *entries, changed);
        // Dropping the last reference to a listener runs code that is not ours, which may come back here.
        drop(entries);
        drop(old);
        true
    }

    // The list is replaced in one move, so that a panic elsewhere cannot leave it half written.
    fn read(&self) -> RwLockReadGuard<'_, Round<L>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Round<L>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the registry of event `E` for a `Debug` implementation.
    pub(crate) fn debug<E>(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(kind).field("event", &type_name::<E>()).field("listeners", &*self.read()).finish()
    }
}

impl<L> Entry<L> {
    /// Leaves a trace of the listener that ended a round of event `E` with an error.
    #[cold]
    pub(crate) fn note_failure<E>(&self) {
        tracing::debug!(
            event = type_name::<E>(),
            listener = self.name.as_deref().unwrap_or("unnamed"),
            id = ?self.id,
            "a listener returned an error; those after it do not run"
        );
    }
}

impl<L> fmt::Debug for Entry<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entry = f.debug_struct("Listener");
        entry.field("id", &self.id);
        if let Some(name) = &self.name {
            entry.field("name", name);
        }
        entry.field("once", &self.once.is_some()).finish()
    }
}
