//! [`Events`]: what the listeners of a session maker, or of one session, are told of.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `session` | events of a session and its transactions |
//! | `mapper` | events of each object in a flush |
//! | `objects` | events of the life of objects |
//! | `attributes` | events of single columns and relationships |
//! | `target` | which objects a listener is told of: those of a model, or all |
//! | `by_model` | listeners by the model they are for |
//! | `audience` | the listeners of the maker and those of one session, together |

mod attributes;
mod audience;
mod by_model;
mod mapper;
mod objects;
mod session;
mod target;

use std::fmt;

use aludel_events::{AsyncListeners, ListenerId, SyncListeners};

pub use attributes::AttributeEvents;
pub(crate) use attributes::validate;
pub(crate) use audience::Audience;
use by_model::ByModel;
pub(crate) use mapper::{Moment, Told};
pub(crate) use objects::Occasion;
pub use session::{
    AfterBegin, AfterBeginArguments, AfterBulkDelete, AfterBulkUpdate, AfterCommit, AfterFlush,
    AfterFlushArguments, AfterFlushPostexec, AfterRollback, AfterSoftRollback, AfterTransactionCreate,
    AfterTransactionEnd, BeforeCommit, BeforeFlush, BulkArguments, DoOrmExecute, DoOrmExecuteArguments,
    Flushed, OrmExecuteKind, SessionArguments, TransactionArguments, TransactionOrigin,
};
pub use target::{AnyInstance, AnyModel, EventTarget};

/// What the listeners of a [`SessionMaker`](crate::SessionMaker), or of one [`Session`](crate::Session), are told of.
/// Nothing is registered globally.
///
/// The fields are events of a session and its transactions. The methods are events of objects: they take a model, or
/// [`AnyModel`] for the objects of every model. A listener that is added later is heard by sessions that are open already.
/// The listeners of the maker run before those of the session, in the order of registration; those for a model before
/// those for all. An event without listeners costs one load.
///
/// # Errors
/// An error of a listener stops what the session is about to do, unless the event says otherwise, and leaves a session
/// that can be rolled back.
///
/// # Examples
/// ```
/// # fn register(sessions: &aludel_orm_session::SessionMaker) {
/// // Row-level security: who is at work is told to the database at the start of each transaction.
/// sessions.events().after_begin.listen(|event| {
///     Box::pin(async move {
///         event.connection.exec_driver_sql("SET LOCAL app.tenant = '7'", Vec::new()).await?;
///         Ok(())
///     })
/// });
/// # }
/// ```
#[derive(Default)]
#[non_exhaustive]
pub struct Events {
    /// When a session's transaction begins in memory: no connection is taken yet. Also for a nested one, and for the one
    /// that each flush is.
    pub after_transaction_create: SyncListeners<AfterTransactionCreate>,
    /// When such a transaction is over, however it ended: no I/O, it may run inside a `Drop`.
    pub after_transaction_end: SyncListeners<AfterTransactionEnd>,
    /// After a session took a connection for its transaction, before anything else is sent over it. An error gives the
    /// connection back.
    pub after_begin: AsyncListeners<AfterBegin>,
    /// Before a commit, and before the flush in it; also before that of a nested transaction. An error stops the commit.
    pub before_commit: AsyncListeners<BeforeCommit>,
    /// After COMMIT, or RELEASE SAVEPOINT. The session sends no statements here. An error comes out of the commit, which
    /// stands all the same.
    pub after_commit: AsyncListeners<AfterCommit>,
    /// After the database rolled back, also to a savepoint. The session sends no statements here.
    pub after_rollback: AsyncListeners<AfterRollback>,
    /// After each transaction that was rolled back, also where the database had done so before. The session can be used
    /// when it [is active](crate::Session::is_active).
    pub after_soft_rollback: AsyncListeners<AfterSoftRollback>,
    /// Before a flush that has something to look at: objects may be added, changed and deleted through the session, which
    /// does not flush here.
    pub before_flush: AsyncListeners<BeforeFlush>,
    /// After a flush has written. The listener is given what was written.
    pub after_flush: AsyncListeners<AfterFlush>,
    /// After a flush, and after the life-cycle events of what it wrote: what is changed here is for the next one.
    pub after_flush_postexec: AsyncListeners<AfterFlushPostexec>,
    /// Before a statement of the session is sent: of `execute`, `scalars`, `stream`, `bulk_insert` and their kin, of `get`
    /// and `refresh`, and of whatever loads relationships. It may be replaced by another that gives the same columns. What a
    /// flush sends, and looks up for itself, is not told, nor is `bulk_update`, whose rows are written as those of a flush.
    pub do_orm_execute: AsyncListeners<DoOrmExecute>,
    /// After an UPDATE of many rows by `execute(update(..))`.
    pub after_bulk_update: AsyncListeners<AfterBulkUpdate>,
    /// After a DELETE of many rows by `execute(delete(..))`.
    pub after_bulk_delete: AsyncListeners<AfterBulkDelete>,
    /// What is set in columns, and put into relationships.
    pub attributes: AttributeEvents,
    mappers: ByModel<Moment, mapper::MapperListeners>,
    objects: ByModel<Occasion, objects::ObjectListeners>,
}

impl Events {
    /// Takes a listener away, and says whether it was there.
    pub fn remove(&self, listener: ListenerId) -> bool {
        self.after_transaction_create.remove(listener)
            || self.after_transaction_end.remove(listener)
            || self.after_begin.remove(listener)
            || self.before_commit.remove(listener)
            || self.after_commit.remove(listener)
            || self.after_rollback.remove(listener)
            || self.after_soft_rollback.remove(listener)
            || self.before_flush.remove(listener)
            || self.after_flush.remove(listener)
            || self.after_flush_postexec.remove(listener)
            || self.do_orm_execute.remove(listener)
            || self.after_bulk_update.remove(listener)
            || self.after_bulk_delete.remove(listener)
            || self.mappers.remove(listener)
            || self.objects.remove(listener)
            || self.attributes.take_away(listener)
    }

    /// Whether somebody wants to know what a flush has written.
    pub(crate) fn wants_flushed(&self) -> bool {
        !self.after_flush.is_empty()
            || !self.after_flush_postexec.is_empty()
            || Moment::AFTER.iter().any(|moment| self.mappers.listens(*moment))
    }

    /// Whether something has to happen between a flush and the COMMIT behind it, so that they cannot be sent together.
    pub(crate) fn stands_before_commit(&self) -> bool {
        self.wants_flushed() || Occasion::OF_A_FLUSH.iter().any(|occasion| self.objects.listens(*occasion))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}
