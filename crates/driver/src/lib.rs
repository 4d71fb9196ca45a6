//! The traits that every database backend of Aludel implements, connect options and errors.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `driver` | [`Driver`]: opens connections to one kind of database |
//! | `connection` | [`Connection`]: one connection, object-safe, with boxed futures |
//! | `statement` | [`Statement`], [`ParameterSets`], [`Step`]: what is sent |
//! | `sink` | [`Sink`]: where rows go, one by one, as the driver holds them |
//! | [`bulk`] | [`RowSource`](bulk::RowSource): many rows on their way into a table |
//! | `cursor` | [`Cursor`]: rows in batches, with bounded memory |
//! | `transaction` | [`Control`], [`BeginOptions`], [`TransactionState`] |
//! | `capability` | [`Capabilities`], [`ServerInfo`] |
//! | `arguments` | [`ConnectArguments`]: what a new connection is opened with |
//! | `url` | [`DatabaseUrl`]: SQLAlchemy-style URLs |
//! | `utf8` | [`from_utf8`]: text from the bytes of a row |
//! | `key_hasher` | [`KeyHasher`]: for maps of what is known by a statement's key |
//! | [`reflection`] | [`Reflection`](reflection::Reflection): what a live database is made of |
//! | [`plan`] | [`Plan`](plan::Plan): how a statement is executed, as EXPLAIN says |
//! | `error` | [`Error`], [`ErrorKind`]: the same mistake has the same kind on every database |

mod arguments;
pub mod bulk;
mod capability;
mod connection;
mod cursor;
mod driver;
mod error;
mod key_hasher;
pub mod plan;
pub mod reflection;
mod sink;
mod statement;
mod transaction;
mod url;
mod utf8;

pub use aludel_sql_expression::{Cell, ColumnInfo, Row, Value};

pub use self::{
    arguments::{ConnectArguments, Secret},
    capability::{Capabilities, Returning, ServerInfo},
    connection::{BoxFuture, CallOptions, CancelHandle, Connection},
    cursor::Cursor,
    driver::Driver,
    error::{DatabaseError, Error, ErrorKind, Result, Retry},
    key_hasher::KeyHasher,
    sink::{Discard, Sink},
    statement::{Done, ParameterSets, Statement, Step, StepKind},
    transaction::{BeginMode, BeginOptions, Control, IsolationLevel, TransactionState},
    url::DatabaseUrl,
    utf8::from_utf8,
};
