//! Engine, connection pools, transactions, results and events of Aludel.
//!
//! An [`Engine`] knows a database by its URL, and keeps a [`Pool`] of connections to it. A [`Connection`] sends
//! statements, and is in a transaction as soon as it has sent one. Nothing here names a driver: drivers are given to
//! [`Engine::builder`].
//!
//! | module | what it holds |
//! | --- | --- |
//! | `engine` | [`Engine`], [`EngineBuilder`]: one for each database of a program |
//! | `pool` | [`Pool`], [`PooledConnection`], [`PoolOptions`], [`PoolStatus`], [`PoolMetrics`]: usable alone, over a driver |
//! | `execution_options` | [`ExecutionOptions`]: how an engine or a connection executes |
//! | `connection` | [`Connection`]: one type inside and outside of transactions |
//! | `transaction` | [`Transaction`], [`Savepoint`], [`TwophaseTransaction`]: guards that roll back unless they are committed |
//! | `bulk_load` | [`BulkLoad`]: many rows on their way into a table, by the database's own fastest way |
//! | `run` | [`Run`]: a statement on its way; await it, or ask for `.all()`, `.one()`, … |
//! | `result` | [`CursorResult`]: the rows, decoded |
//! | `stream` | [`RowStream`]: rows in batches, with bounded memory |
//! | `open_cursor` | what streams and cursors are made of, without the types of their rows |
//! | `declared_cursor` | [`DeclaredCursor`]: rows in batches, with the connection free in between |
//! | `retry` | [`RetryPolicy`]: transactions that run again after a conflict |
//! | `mock` | an engine that shows what it would send |
//! | `test_transaction` | [`TestTransaction`]: a transaction around a whole test, rolled back at its end |
//! | `schema` | [`CreateAll`]: `create_all` and `drop_all` of a `MetaData` |
//! | `inspector` | [`Inspector`]: what a live database is made of; [`Reflect`]: a `MetaData` filled with it |
//! | `events` | [`Events`]: what listeners can be told about |
//! | `echo`, `trace` | SQL as people and as telemetry read it |
//!
//! Two laws hold everywhere. A connection in doubt is never handed out: it is closed, and its place is free. And a
//! transaction that is dropped is rolled back before anyone else sees its connection.

mod async_function;
mod bulk_load;
mod connection;
mod declared_cursor;
mod echo;
mod engine;
pub mod events;
mod execution_options;
mod inspector;
mod mock;
mod one_row;
mod open_cursor;
mod pool;
mod result;
mod retry;
mod run;
mod schema;
mod stream;
mod test_transaction;
mod trace;
mod transaction;

pub use aludel_driver::{
    BeginMode, BeginOptions, DatabaseUrl, Error, ErrorKind, IsolationLevel, Result, Retry, bulk::BulkWay,
    plan, reflection,
};

pub use self::{
    async_function::{AsyncFunction, AsyncFunctionMut},
    bulk_load::{BulkInto, BulkLoad, BulkResult, RowShape},
    connection::{BatchResult, Connection, SavepointId},
    declared_cursor::DeclaredCursor,
    engine::{Engine, EngineBuilder},
    events::Events,
    execution_options::ExecutionOptions,
    inspector::{Inspector, Reflect, ReflectOptions},
    open_cursor::{NamedCursor, OpenCursor},
    pool::{
        CloseReason, ConnectionInfo, Creator, Holder, Pool, PoolClass, PoolMetrics, PoolOptions, PoolStatus,
        PooledConnection, ResetOnReturn,
    },
    result::CursorResult,
    retry::RetryPolicy,
    run::Run,
    schema::CreateAll,
    stream::{Partitions, RowStream},
    test_transaction::TestTransaction,
    transaction::{Savepoint, Transaction, TwophaseTransaction},
};
