//! Values, schema, the typed SQL expression language of Aludel, its dialects and its compiler.
//!
//! Nothing here touches a connection. A statement is an immutable value; compiling it for a dialect gives SQL text and
//! parameters.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`value`], [`types`] | owned values; SQL types |
//! | `cell`, `decode` | rows as a driver shows them, and reading them into Rust types |
//! | [`schema`] | `MetaData`, `Table`, `Column`, constraints, indexes |
//! | [`expression`] | the untyped tree of expressions |
//! | [`typed`] | the typed shell around it: columns, operators, functions |
//! | [`statement`] | `select`, `insert`, `update`, `delete`, `text`, and their trees |
//! | [`dialect`] | how each database spells SQL |

mod cell;
mod decode;
pub mod dialect;
mod error;
pub mod expression;
pub mod name;
pub mod schema;
pub mod statement;
pub mod typed;
pub mod types;
pub mod value;

pub use cell::{Cell, ColumnInfo, Row};
pub use decode::{Decode, FromRow, RowPlan};
pub use dialect::Dialect;
pub use error::{Error, ErrorKind, Result};
pub use name::Name;
pub use statement::{
    DynamicRow, Executable, ScalarExecutable, StatementKind, StatementNode, delete, insert, select, text, trusted, update,
};
pub use typed::{
    Attribute, ColumnExpression, ColumnType, Entity, Expression, Model, Selectable, aliased, avg, case, coalesce, count,
    count_all, exists, func, literal, lower, max, min, not, null, sum, upper,
};
pub use types::SqlType;
pub use value::Value;

#[doc(hidden)]
pub use decode::decode_field;
