//! Events of a session and its transactions.

use std::{convert::Infallible, sync::Arc};

use aludel_driver::Error;
use aludel_engine_pool::Connection;
use aludel_events::Event;
use aludel_sql_expression::{StatementNode, StatementOptions};

use super::{AnyInstance, EventTarget, Told};
use crate::{
    Session,
    graph::{Graph, Slots},
};

macro_rules! events {
    ($($(#[$documentation:meta])* $event:ident: $arguments:ty, $error:ty;)*) => {$(
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug)]
        pub enum $event {}

        impl Event for $event {
            type Arguments<'a> = $arguments;
            type Error = $error;
        }
    )*};
}

events! {
    /// The event when a transaction begins in memory.
    AfterTransactionCreate: TransactionArguments<'a>, Infallible;
    /// The event when a transaction is over.
    AfterTransactionEnd: TransactionArguments<'a>, Infallible;
    /// The event after a session took a connection.
    AfterBegin: AfterBeginArguments<'a>, Error;
    /// The event before a commit.
    BeforeCommit: SessionArguments<'a>, Error;
    /// The event after COMMIT.
    AfterCommit: SessionArguments<'a>, Error;
    /// The event after the database rolled back.
    AfterRollback: SessionArguments<'a>, Error;
    /// The event after each transaction that was rolled back.
    AfterSoftRollback: SessionArguments<'a>, Error;
    /// The event before a flush.
    BeforeFlush: SessionArguments<'a>, Error;
    /// The event after a flush has written.
    AfterFlush: AfterFlushArguments<'a>, Error;
    /// The event after a flush.
    AfterFlushPostexec: SessionArguments<'a>, Error;
    /// The event before a statement of a session is sent.
    DoOrmExecute: DoOrmExecuteArguments<'a>, Error;
    /// The event after an UPDATE of many rows.
    AfterBulkUpdate: BulkArguments<'a>, Error;
    /// The event after a DELETE of many rows.
    AfterBulkDelete: BulkArguments<'a>, Error;
}

/// How a transaction came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionOrigin {
    /// By the first thing that a session was asked to do.
    Autobegin,
    /// By [`SessionMaker::begin`](crate::SessionMaker::begin) and its kin.
    Begin,
    /// By [`Session::begin_nested`]: a savepoint.
    BeginNested,
    /// By a flush, which is all or nothing.
    Flush,
}

/// What a listener is given that may use the session.
#[derive(Debug)]
pub struct SessionArguments<'a> {
    /// The session.
    pub session: &'a mut Session,
    /// How the transaction came to be that the event is about: a nested one tells of itself, too.
    pub origin: TransactionOrigin,
}

/// What an `after_begin` listener is given.
#[derive(Debug)]
pub struct AfterBeginArguments<'a> {
    /// The connection that the session took: what is sent over it is part of the transaction.
    pub connection: &'a mut Connection,
}

/// What the listeners of `after_transaction_create` and `after_transaction_end` are given.
#[derive(Debug)]
pub struct TransactionArguments<'a> {
    /// The session.
    pub session: &'a Session,
    /// How the transaction came to be.
    pub origin: TransactionOrigin,
}

/// What an `after_flush` listener is given.
#[derive(Debug)]
pub struct AfterFlushArguments<'a> {
    /// The session. It does not flush here.
    pub session: &'a mut Session,
    /// What was written.
    pub flushed: &'a Flushed,
}

/// What a flush has written.
pub struct Flushed {
    told: Told,
    graph: Arc<Graph>,
}

impl Flushed {
    pub(crate) fn new(told: Told, graph: Arc<Graph>) -> Self {
        Self { told, graph }
    }

    /// The objects of a model that were inserted, in the order in which they were added.
    pub fn inserted<T: EventTarget>(&self, of: T) -> Vec<T::Object> {
        self.objects(of, &self.told.inserts)
    }

    /// The objects of a model that were changed, also where only their relationships were.
    pub fn updated<T: EventTarget>(&self, of: T) -> Vec<T::Object> {
        self.objects(of, &self.told.updates)
    }

    /// The objects of a model that were deleted.
    pub fn deleted<T: EventTarget>(&self, of: T) -> Vec<T::Object> {
        self.objects(of, &self.told.deletes)
    }

    fn objects<T: EventTarget>(&self, _: T, slots: &Slots) -> Vec<T::Object> {
        let objects = slots.iter().map(|slot| AnyInstance::new(slot.clone(), self.graph.clone()));
        objects.filter_map(|object| T::object(&object)).collect()
    }
}

impl std::fmt::Debug for Flushed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Flushed")
            .field("inserted", &self.told.inserts.len())
            .field("updated", &self.told.updates.len())
            .field("deleted", &self.told.deletes.len())
            .finish()
    }
}

/// What a statement of a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrmExecuteKind {
    /// The caller asked for it: `execute`, `scalars`, `stream`, `get` and their kin.
    Statement,
    /// It brings the columns of objects that the session has already, or of those that are merged: SQLAlchemy's
    /// `is_column_load`.
    ColumnLoad,
    /// It brings what relationships lead to: by `session.load`, or `selectinload` behind a query. SQLAlchemy's
    /// `is_relationship_load`.
    RelationshipLoad,
}

/// What a `do_orm_execute` listener is given.
#[derive(Debug)]
pub struct DoOrmExecuteArguments<'a> {
    /// The session.
    pub session: &'a mut Session,
    /// What the statement is for.
    pub kind: OrmExecuteKind,
    /// The statement. Its rows are read as the caller's statement says, so that a replacement gives the same columns.
    pub statement: &'a mut StatementNode,
    /// How it is executed.
    pub options: &'a mut StatementOptions,
}

/// What the listeners of `after_bulk_update` and `after_bulk_delete` are given.
#[derive(Debug)]
pub struct BulkArguments<'a> {
    /// The session.
    pub session: &'a mut Session,
    /// The statement as it was sent.
    pub statement: &'a StatementNode,
    /// How many rows it matched.
    pub rows: u64,
}
