//! Statements: immutable values that own their structure, and know what their rows are read into.

mod delete;
mod dynamic_row;
mod executable;
mod insert;
mod insert_row;
mod node;
mod select;
mod text;
mod update;

pub use delete::{Delete, delete};
pub use dynamic_row::DynamicRow;
pub use executable::{Executable, ScalarExecutable};
pub use insert::{Insert, insert};
pub use insert_row::InsertRow;
pub use node::{
    CommonTableExpression, DdlNode, DeleteNode, InsertNode, InsertRows, Join, JoinKind, LockStrength, LockWait, Locking,
    SelectItem, SelectNode, SetOperation, SetOperator, StatementKind, StatementNode, TextNode, UpdateNode,
};
pub use select::{IntoOrderBy, JoinTarget, Select, select};
pub use text::{IntoSqlText, TextStatement, Trusted, text, trusted};
pub use update::{Update, update};
