//! Events of each object in a flush.

use std::sync::Arc;

use aludel_driver::{BoxFuture, Error, Result};
use aludel_engine_pool::Connection;
use aludel_events::{AsyncListeners, Event, ListenerId};

use super::{AnyInstance, Audience, EventTarget, Events, by_model::Topic};
use crate::graph::{Graph, Slots};

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

impl Moment {
    const BEFORE: [Self; 3] = [Self::BeforeInsert, Self::BeforeUpdate, Self::BeforeDelete];
    pub(super) const AFTER: [Self; 3] = [Self::AfterInsert, Self::AfterUpdate, Self::AfterDelete];
}

impl Topic for Moment {
    fn bit(self) -> u32 {
        self as u32
    }
}

pub(super) type MapperListeners = AsyncListeners<MapperEvent>;

/// The event of one object in a flush.
pub(super) enum MapperEvent {}

pub(super) struct MapperArguments<'a> {
    connection: &'a mut Connection,
    object: &'a AnyInstance,
}

impl Event for MapperEvent {
    type Arguments<'a> = MapperArguments<'a>;
    type Error = Error;
}

macro_rules! moments {
    ($($(#[$doc:meta])* $name:ident, $with_connection:ident => $moment:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<T: EventTarget>(
            &self,
            of: T,
            listener: impl Fn(&T::Object) -> Result<()> + Send + Sync + 'static,
        ) -> ListenerId {
            let _ = of;
            self.mappers.registry(T::model(), Moment::$moment).listen_sync(move |arguments| {
                T::object(arguments.object).as_ref().map_or(Ok(()), &listener)
            })
        }

        /// The same, with the connection of the flush, for listeners that send statements.
        pub fn $with_connection<T: EventTarget>(
            &self,
            of: T,
            listener: impl for<'a> Fn(&'a mut Connection, T::Object) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
        ) -> ListenerId {
            let _ = of;
            self.mappers.registry(T::model(), Moment::$moment).listen(move |arguments| {
                match T::object(arguments.object) {
                    Some(object) => listener(arguments.connection, object),
                    None => Box::pin(async { Ok(()) }),
                }
            })
        }
    )*};
}

/// # Events of objects in a flush
///
/// The listeners of a `before_` event run for all objects of the flush before the first statement, those of an `after_`
/// event after the last, inside the transaction. They may change columns of the object that they are told of; to add and
/// delete objects is what `before_flush` is for. Statements for many rows, as `update(..)`, tell of no objects.
impl Events {
    moments! {
        /// Told of each object before it is inserted.
        before_insert, before_insert_with => BeforeInsert;
        /// Told of each object after it was inserted: it has its key.
        after_insert, after_insert_with => AfterInsert;
        /// Told of each changed object before the flush, also where only its relationships were changed and no UPDATE
        /// follows.
        before_update, before_update_with => BeforeUpdate;
        /// Told of the same objects after the flush.
        after_update, after_update_with => AfterUpdate;
        /// Told of each object before it is deleted.
        before_delete, before_delete_with => BeforeDelete;
        /// Told of each object after it was deleted.
        after_delete, after_delete_with => AfterDelete;
    }
}

/// The objects that the listeners of a flush are told of.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) inserts: Slots,
    pub(crate) updates: Slots,
    pub(crate) deletes: Slots,
}

impl Audience {
    pub(crate) fn listens_before(&self) -> bool {
        self.any(|events| Moment::BEFORE.iter().any(|moment| events.mappers.listens(*moment)))
    }

    /// Tells of the objects that are about to be written.
    pub(crate) async fn before(
        &self,
        connection: &mut Connection,
        graph: &Arc<Graph>,
        told: &Told,
    ) -> Result<()> {
        self.fire(Moment::BeforeInsert, connection, graph, &told.inserts).await?;
        self.fire(Moment::BeforeUpdate, connection, graph, &told.updates).await?;
        self.fire(Moment::BeforeDelete, connection, graph, &told.deletes).await
    }

    /// Tells of the objects that were written.
    pub(crate) async fn after(
        &self,
        connection: &mut Connection,
        graph: &Arc<Graph>,
        told: &Told,
    ) -> Result<()> {
        self.fire(Moment::AfterInsert, connection, graph, &told.inserts).await?;
        self.fire(Moment::AfterUpdate, connection, graph, &told.updates).await?;
        self.fire(Moment::AfterDelete, connection, graph, &told.deletes).await
    }

    async fn fire(
        &self,
        moment: Moment,
        connection: &mut Connection,
        graph: &Arc<Graph>,
        slots: &Slots,
    ) -> Result<()> {
        let interested = self.interested(|events| events.mappers.listens(moment));
        if interested.is_empty() {
            return Ok(());
        }
        for slot in slots {
            let object = AnyInstance::new(slot.clone(), graph.clone());
            for events in &interested {
                for listeners in events.mappers.find(object.model(), moment) {
                    let mut arguments = MapperArguments { connection: &mut *connection, object: &object };
                    listeners.fire(&mut arguments).await?;
                }
            }
        }
        Ok(())
    }
}
