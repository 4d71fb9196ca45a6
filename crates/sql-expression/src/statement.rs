//! Statements: immutable values that own their structure, and know what their rows are read into.

mod clauses;
mod ddl;
mod delete;
mod dynamic_row;
mod executable;
mod insert;
mod insert_row;
mod node;
mod options;
mod reusable;
mod row_values;
mod select;
mod text;
mod update;

pub use clauses::{ClausesPlace, SelectClauses};
pub use ddl::{Ddl, create_index, create_table, ddl, drop_index, drop_table};
pub use delete::{Delete, delete};
pub use dynamic_row::DynamicRow;
pub use executable::{Executable, ScalarExecutable};
pub use insert::{Assign, Insert, Returned, insert};
pub use insert_row::InsertRow;
pub use node::{
    CommonTableExpression, DdlNode, DeleteNode, Extensions, InsertNode, InsertRows, Join, JoinKind,
    LockStrength, LockWait, Locking, SelectItem, SelectNode, SetOperation, SetOperator, StatementKind,
    StatementNode, TextNode, UpdateNode,
};
pub use options::{Configured, StatementOptions};
pub use reusable::{Filled, Parameter, Parameters, Reusable, Reused, reusable};
pub use row_values::{RowValues, RowWriter};
pub use select::{FirstValue, IntoNodes, IntoOrderBy, JoinTarget, Select, select};
pub use text::{IntoParameter, IntoSqlText, TextStatement, Trusted, Typed, text, trusted};
pub use update::{Update, update};
