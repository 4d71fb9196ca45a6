//! The Session of Aludel: a unit of work over an identity map, relationships, cascades and loading strategies.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `session` | [`Session`], [`SessionMaker`]: the unit of work as users see it |
//! | `bulk` | [`BulkInsert`], [`BulkUpdate`]: many rows at once, as plain structs |
//! | `instance` | [`Instance`], [`Snapshot`]: a handle to a row's one object, and one version of it |
//! | `history` | [`History`], [`LinkHistory`]: what a column or relationship holds, and what it holds in the database |
//! | `link` | [`Many`], [`One`]: the links in a model's relationship fields |
//! | `relationship` | [`Relationship`]: `Author::books` in expressions and joins |
//! | `mapping` | [`Mapped`], [`Mapper`]: how models map to tables |
//! | `query` | what a statement gives through a session: handles for models |
//! | `loading` | [`selectinload`], [`joinedload`], [`raiseload`] |
//! | `graph` | every object once, and how they are linked |
//! | `synchronize` | [`SynchronizeSession`]: what an UPDATE or DELETE of many rows means for loaded objects |
//! | `unit_of_work` | from what changed to statements |
//! | `events` | [`Events`]: what listeners of sessions and objects are told of |
//!
//! Generated code is a thin, typed shell over one untyped engine: function pointers and tables, so that hundreds of models
//! compile quickly.

mod bulk;
mod events;
mod field;
mod graph;
mod history;
mod instance;
mod link;
mod loading;
mod mapping;
mod query;
mod relationship;
mod session;
mod synchronize;
mod unit_of_work;

pub use aludel_derive::Mapped;
pub use aludel_driver::{Error, ErrorKind, Result};

pub use self::{
    bulk::{BulkInsert, BulkUpdate, ColumnSet},
    events::{
        AfterBegin, AfterBeginArguments, AfterBulkDelete, AfterBulkUpdate, AfterCommit, AfterFlush,
        AfterFlushArguments, AfterFlushPostexec, AfterRollback, AfterSoftRollback, AfterTransactionCreate,
        AfterTransactionEnd, AnyInstance, AnyModel, AttributeEvents, BeforeCommit, BeforeFlush,
        BulkArguments, DoOrmExecute, DoOrmExecuteArguments, EventTarget, Events, Flushed, OrmExecuteKind,
        SessionArguments, TransactionArguments, TransactionOrigin,
    },
    field::{ColumnField, Field, IntoField, LinkField},
    history::{History, LinkHistory},
    instance::{Instance, Snapshot, State},
    link::{IntoMember, Link, LinkCell, LoadedLink, Many, Member, One},
    loading::{Holds, Load, LoadOptions, joinedload, raiseload, selectinload},
    mapping::{
        Cascade, ColumnMapping, IntoKey, Key, Lazy, Mapped, Mapper, ModelFunctions, RelationshipMapping,
        VersionId,
    },
    query::{
        SessionExecutable, SessionPartitions, SessionReturned, SessionRun, SessionSelectable, SessionStream,
        SingleExecutable, SingleSelectable,
    },
    relationship::Relationship,
    session::{
        Addable, MergeOptions, Mergeable, NestedTransaction, Session, SessionId, SessionInfo, SessionMaker,
        SessionTransaction,
    },
    synchronize::{SetStatement, SynchronizeSession},
    unit_of_work::{Plan, PlannedStatement},
};

#[doc(hidden)]
pub mod __private {
    pub use aludel_sql_expression as sql;

    pub use crate as orm;
}
