//! [`Events`]: what a session maker tells its listeners during a flush.

use std::{
    any::TypeId,
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use aludel_driver::{BoxFuture, Error, Result};
use aludel_engine_pool::Connection;
use aludel_events::{AsyncListeners, Event, ListenerId};
use aludel_sql_expression::Entity;

use crate::{Instance, graph::AnySlot, graph::Graph, mapping::Mapped};

/// What a session maker tells its listeners during a flush. Listeners are registered here, never globally.
///
/// A listener of a `before_` event may change columns of the object it is told of, and send statements over the
/// connection it gets; both become part of the transaction. An error stops the flush.
#[derive(Default)]
pub struct Events {
    listeners: RwLock<HashMap<(TypeId, Moment), MapperListeners>>,
    before: AtomicBool,
    after: AtomicBool,
}

type MapperListeners = Arc<AsyncListeners<MapperEvent>>;

/// When a mapper event fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    BeforeInsert,
    AfterInsert,
    BeforeUpdate,
    AfterUpdate,
    BeforeDelete,
    AfterDelete,
}

/// The event of one object in a flush.
struct MapperEvent;

struct MapperArguments<'a> {
    connection: &'a mut Connection,
    slot: Arc<dyn AnySlot>,
    graph: Arc<Graph>,
}

impl Event for MapperEvent {
    type Arguments<'a> = MapperArguments<'a>;
    type Error = Error;
}

macro_rules! moments {
    ($($(#[$doc:meta])* $name:ident, $with_connection:ident => $moment:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<M: Mapped>(
            &self,
            model: Entity<M>,
            listener: impl Fn(&Instance<M>) -> Result<()> + Send + Sync + 'static,
        ) -> ListenerId {
            let _ = model;
            self.register::<M>(Moment::$moment).listen_sync(move |arguments| {
                Instance::list(vec![arguments.slot.clone()], &arguments.graph).first().map_or(Ok(()), &listener)
            })
        }

        /// The same, with the connection of the flush, for listeners that send statements.
        pub fn $with_connection<M: Mapped>(
            &self,
            model: Entity<M>,
            listener: impl for<'a> Fn(&'a mut Connection, Instance<M>) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
        ) -> ListenerId {
            let _ = model;
            self.register::<M>(Moment::$moment).listen(move |arguments| {
                match Instance::list(vec![arguments.slot.clone()], &arguments.graph).pop() {
                    Some(object) => listener(arguments.connection, object),
                    None => Box::pin(async { Ok(()) }),
                }
            })
        }
    )*};
}

impl Events {
    moments! {
        /// Told of each object before it is inserted.
        before_insert, before_insert_with => BeforeInsert;
        /// Told of each object after it was inserted: it has its key.
        after_insert, after_insert_with => AfterInsert;
        /// Told of each changed object before it is updated.
        before_update, before_update_with => BeforeUpdate;
        /// Told of each changed object after it was updated.
        after_update, after_update_with => AfterUpdate;
        /// Told of each object before it is deleted.
        before_delete, before_delete_with => BeforeDelete;
        /// Told of each object after it was deleted.
        after_delete, after_delete_with => AfterDelete;
    }

    /// Takes a listener away, and says whether it was there.
    pub fn remove(&self, listener: ListenerId) -> bool {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        listeners.values().any(|listeners| listeners.remove(listener))
    }

    fn register<M: Mapped>(&self, moment: Moment) -> Arc<AsyncListeners<MapperEvent>> {
        let flag = match moment {
            Moment::BeforeInsert | Moment::BeforeUpdate | Moment::BeforeDelete => &self.before,
            Moment::AfterInsert | Moment::AfterUpdate | Moment::AfterDelete => &self.after,
        };
        flag.store(true, Ordering::Release);
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.entry((TypeId::of::<M>(), moment)).or_default().clone()
    }

    pub(crate) fn listens_before(&self) -> bool {
        self.before.load(Ordering::Acquire)
    }

    pub(crate) fn listens_after(&self) -> bool {
        self.after.load(Ordering::Acquire)
    }

    pub(crate) async fn fire(
        &self,
        moment: Moment,
        connection: &mut Connection,
        graph: &Arc<Graph>,
        slots: &[Arc<dyn AnySlot>],
    ) -> Result<()> {
        for slot in slots {
            let key = ((slot.mapper().functions().type_id)(), moment);
            let found = self.listeners.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            if let Some(listeners) = found {
                let (slot, graph) = (slot.clone(), graph.clone());
                listeners.fire(&mut MapperArguments { connection: &mut *connection, slot, graph }).await?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}
