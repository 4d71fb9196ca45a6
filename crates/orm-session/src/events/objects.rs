//! Events of the life of objects: how they come into a session, change their state, and are loaded.

use std::sync::Arc;

use aludel_driver::{Error, Result};
use aludel_events::{Event, ListenerId, SyncListeners};

use super::{AnyInstance, Audience, EventTarget, Events, by_model::Topic};
use crate::{
    State,
    graph::{Graph, Notice},
};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Occasion {
    BeforeAttach,
    AfterAttach,
    TransientToPending,
    PendingToTransient,
    PendingToPersistent,
    PersistentToTransient,
    PersistentToDeleted,
    DeletedToPersistent,
    DeletedToDetached,
    PersistentToDetached,
    DetachedToPersistent,
    Load,
    LoadedAsPersistent,
    Refresh,
    Expire,
}

impl Occasion {
    /// The transition from one state to another, where it has a name.
    pub(crate) fn between(old: State, new: State) -> Option<Self> {
        Some(match (old, new) {
            (State::Transient, State::Pending) => Self::TransientToPending,
            (State::Pending, State::Transient) => Self::PendingToTransient,
            (State::Pending, State::Persistent) => Self::PendingToPersistent,
            (State::Persistent, State::Transient) => Self::PersistentToTransient,
            (State::Persistent, State::Deleted) => Self::PersistentToDeleted,
            (State::Deleted, State::Persistent) => Self::DeletedToPersistent,
            (State::Deleted, State::Detached) => Self::DeletedToDetached,
            (State::Persistent, State::Detached) => Self::PersistentToDetached,
            (State::Detached, State::Persistent) => Self::DetachedToPersistent,
            _ => return None,
        })
    }

    /// Those that a flush brings about.
    pub(super) const OF_A_FLUSH: [Self; 2] = [Self::PendingToPersistent, Self::PersistentToDeleted];
}

impl Topic for Occasion {
    fn bit(self) -> u32 {
        self as u32
    }
}

pub(super) type ObjectListeners = SyncListeners<ObjectEvent>;

/// The event of one object.
pub(super) enum ObjectEvent {}

impl Event for ObjectEvent {
    type Arguments<'a> = &'a AnyInstance;
    type Error = Error;
}

macro_rules! occasions {
    ($($(#[$doc:meta])* $name:ident => $occasion:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<T: EventTarget>(
            &self,
            of: T,
            listener: impl Fn(&T::Object) + Send + Sync + 'static,
        ) -> ListenerId {
            let _ = of;
            self.objects.registry(T::model(), Occasion::$occasion).listen(move |object| {
                T::object(object).as_ref().map(&listener);
                Ok(())
            })
        }
    )*};
}

/// # Events of the life of objects
///
/// These listeners are told in the order in which things happened, as soon as the call is done that brought them about;
/// for what a flush does that is after `after_flush`, and before `after_flush_postexec`. They do no I/O, since some run
/// inside a `Drop`, and they cannot refuse, `before_attach` excepted.
impl Events {
    occasions! {
        /// Told of each object after it came into a session, before its change of state.
        after_attach => AfterAttach;
        /// Told of each new value that was added.
        transient_to_pending => TransientToPending;
        /// Told of each new object that left its session before it was written.
        pending_to_transient => PendingToTransient;
        /// Told of each object after its row was inserted.
        pending_to_persistent => PendingToPersistent;
        /// Told of each object whose insertion was rolled back.
        persistent_to_transient => PersistentToTransient;
        /// Told of each object after its row was deleted, or was found to be gone.
        persistent_to_deleted => PersistentToDeleted;
        /// Told of each object whose deletion was rolled back.
        deleted_to_persistent => DeletedToPersistent;
        /// Told of each object whose deletion was committed.
        deleted_to_detached => DeletedToDetached;
        /// Told of each object that left its session, and has a row.
        persistent_to_detached => PersistentToDetached;
        /// Told of each object that came back into its session.
        detached_to_persistent => DetachedToPersistent;
        /// Told of each object that was made of a row.
        load => Load;
        /// Told of the same objects, after `load`: with those of the other transitions it makes the whole life of an object.
        loaded_as_persistent => LoadedAsPersistent;
        /// Told of each object that got the values of its row anew: by `refresh`, or because it was expired.
        refresh => Refresh;
        /// Told of each object that was marked as expired.
        expire => Expire;
    }

    /// Told of each object before it comes into a session: it is not in it yet. An error is reported by the next flush.
    pub fn before_attach<T: EventTarget>(
        &self,
        of: T,
        listener: impl Fn(&T::Object) -> Result<()> + Send + Sync + 'static,
    ) -> ListenerId {
        let _ = of;
        self.objects
            .registry(T::model(), Occasion::BeforeAttach)
            .listen(move |object| T::object(object).as_ref().map_or(Ok(()), &listener))
    }
}

impl Audience {
    /// Whether somebody listens to what happens to objects.
    #[inline]
    pub(crate) fn listens_to_objects(&self) -> bool {
        self.any(|events| events.objects.listens_at_all() || events.attributes.listens_to_links())
    }

    #[inline]
    pub(crate) fn listens_to(&self, occasion: Occasion) -> bool {
        self.any(|events| events.objects.listens(occasion))
    }

    /// Whether somebody listens to objects that come from rows.
    #[inline]
    pub(crate) fn listens_to_loads(&self) -> bool {
        let occasions = [Occasion::Load, Occasion::LoadedAsPersistent];
        self.any(|events| occasions.into_iter().any(|occasion| events.objects.listens(occasion)))
    }

    /// Whether somebody listens to what is put into relationships, and taken out.
    #[inline]
    pub(crate) fn listens_to_links(&self) -> bool {
        self.any(|events| events.attributes.listens_to_links())
    }

    pub(crate) fn tell_object(&self, occasion: Occasion, object: &AnyInstance) -> Result<()> {
        for events in self.each() {
            for listeners in events.objects.find(object.model(), occasion) {
                listeners.fire(&mut &*object)?;
            }
        }
        Ok(())
    }

    /// Tells of something that happened.
    pub(crate) fn tell(&self, notice: Notice, graph: &Arc<Graph>) {
        match notice {
            Notice::Object { occasion, slot } => {
                let object = AnyInstance::new(slot, graph.clone());
                // What has happened cannot be refused: only `before_attach` gives errors.
                let _ = self.tell_object(occasion, &object);
            }
            Notice::Link { removed, owner, relationship, target } => {
                let owner = AnyInstance::new(owner, graph.clone());
                let target = AnyInstance::new(target, graph.clone());
                self.each().for_each(|events| {
                    events.attributes.tell_link(removed, &owner, relationship, &target);
                });
            }
        }
    }
}
