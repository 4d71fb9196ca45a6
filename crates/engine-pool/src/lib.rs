//! Engine, connection pools, transactions, results and events of Aludel.
//!
//! An [`Engine`] knows a database by its URL, and keeps a [`Pool`] of connections to it. A [`Connection`] sends
//! statements, and is in a transaction as soon as it has sent one. Nothing here names a driver: drivers are given to
//! [`Engine::builder`].
//!
//! | module | what it holds |
//! | --- | --- |
//! | `engine` | [`Engine`], [`EngineBuilder`]: one for each database of a program |
//! | `pool` | [`Pool`], [`PooledConnection`], [`PoolOptions`], [`PoolStatus`]: usable alone, over a driver |
//! | `connection` | [`Connection`]: one type inside and outside of transactions |
//! | `transaction` | [`Transaction`], [`Savepoint`]: guards that roll back unless they are committed |
//! | `run` | [`Run`]: a statement on its way; await it, or ask for `.all()`, `.one()`, … |
//! | `result` | [`CursorResult`]: the rows, decoded |
//! | `stream` | [`RowStream`]: rows in batches, with bounded memory |
//! | `schema` | [`CreateAll`]: `create_all` and `drop_all` of a `MetaData` |
//! | `events` | [`Events`]: what listeners can be told about |
//! | `echo`, `trace` | SQL as people and as telemetry read it |
//!
//! Two laws hold everywhere. A connection in doubt is never handed out: it is closed, and its place is free. And a
//! transaction that is dropped is rolled back before anyone else sees its connection.

mod async_function;
mod connection;
mod echo;
mod engine;
pub mod events;
mod pool;
mod result;
mod run;
mod schema;
mod stream;
mod trace;
mod transaction;

pub use aludel_driver::{
    BeginMode, BeginOptions, DatabaseUrl, Error, ErrorKind, IsolationLevel, Result, Retry,
};

pub use self::{
    async_function::AsyncFunction,
    connection::{Connection, SavepointId},
    engine::{Engine, EngineBuilder},
    events::Events,
    pool::{Holder, Pool, PoolClass, PoolOptions, PoolStatus, PooledConnection},
    result::CursorResult,
    run::Run,
    schema::CreateAll,
    stream::RowStream,
    transaction::{Savepoint, Transaction},
};
