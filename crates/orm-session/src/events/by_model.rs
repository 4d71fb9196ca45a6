//! [`ByModel`]: listeners by the model they are for.

use std::{
    any::TypeId,
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use aludel_events::{AsyncListeners, Event, ListenerId, SyncListeners};

/// Listeners by what they are told of and the model they are for. That nobody listens is seen by one load.
pub(super) struct ByModel<K, L> {
    /// A bit for each thing that somebody listens to.
    listened: AtomicU32,
    /// No model: the listener is for all.
    listeners: RwLock<Registries<K, L>>,
}

type Registries<K, L> = HashMap<(Option<TypeId>, K), Arc<L>>;

/// A thing to be told of; few enough that each has a bit.
pub(super) trait Topic: Copy + Eq + Hash {
    /// The number of its bit, below 32.
    fn bit(self) -> u32;
}

/// A registry of either kind.
pub(super) trait Listeners: Default {
    fn take_away(&self, listener: ListenerId) -> bool;
    fn is_deserted(&self) -> bool;
}

impl<E: Event> Listeners for SyncListeners<E> {
    fn take_away(&self, listener: ListenerId) -> bool {
        self.remove(listener)
    }

    fn is_deserted(&self) -> bool {
        self.is_empty()
    }
}

impl<E: Event> Listeners for AsyncListeners<E> {
    fn take_away(&self, listener: ListenerId) -> bool {
        self.remove(listener)
    }

    fn is_deserted(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Topic, L: Listeners> ByModel<K, L> {
    /// The registry that a listener is put into.
    pub(super) fn registry(&self, model: Option<TypeId>, topic: K) -> Arc<L> {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        let registry = listeners.entry((model, topic)).or_default().clone();
        self.listened.fetch_or(1 << topic.bit(), Ordering::Release);
        registry
    }

    /// Whether anybody listens, whatever the model.
    #[inline]
    pub(super) fn listens(&self, topic: K) -> bool {
        self.listened.load(Ordering::Acquire) & (1 << topic.bit()) != 0
    }

    /// Whether anybody listens to anything.
    #[inline]
    pub(super) fn listens_at_all(&self) -> bool {
        self.listened.load(Ordering::Acquire) != 0
    }

    /// Those for a model, then those for all.
    pub(super) fn find(&self, model: TypeId, topic: K) -> impl Iterator<Item = Arc<L>> {
        let found = {
            let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
            [Some(model), None].map(|model| listeners.get(&(model, topic)).cloned())
        };
        found.into_iter().flatten()
    }

    pub(super) fn remove(&self, listener: ListenerId) -> bool {
        let listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        let removed = listeners.values().any(|registry| registry.take_away(listener));
        if removed {
            let heard = listeners.iter().filter(|(_, registry)| !registry.is_deserted());
            let listened = heard.fold(0, |bits, ((_, topic), _)| bits | 1 << topic.bit());
            self.listened.store(listened, Ordering::Release);
        }
        removed
    }
}

impl<K, L> Default for ByModel<K, L> {
    fn default() -> Self {
        Self { listened: AtomicU32::new(0), listeners: RwLock::default() }
    }
}
