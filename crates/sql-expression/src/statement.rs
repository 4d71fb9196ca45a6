//! Statements: immutable values that own their structure, and know what their rows are read into.

mod clauses;
mod common_table;
mod ddl;
mod delete;
mod dynamic_row;
mod executable;
mod external;
mod further;
mod hint;
mod insert;
mod insert_row;
mod join;
mod lock;
mod node;
mod options;
mod reusable;
mod row_values;
mod select;
mod text;
mod update;
mod upsert;
mod values;

pub use clauses::{ClausesPlace, SelectClauses};
pub use ddl::{
    AlterColumn, AlterSequence, AlterTable, AlterType, ColumnChange, Ddl, DdlNode, IdentityChange,
    SequenceChange, TableChange, TypeChange, alter_sequence, alter_table, alter_type, create_domain,
    create_index, create_schema, create_sequence, create_table, create_table_as, create_type, create_view,
    ddl, drop_domain, drop_index, drop_schema, drop_sequence, drop_table, drop_type, drop_view, refresh_view,
    rename_index,
};
pub use delete::{Delete, delete};
pub use dynamic_row::DynamicRow;
pub use executable::{Executable, ScalarExecutable};
pub use external::ExternalStatement;
pub use further::{ChangeClauses, FurtherClauses, Hint};
pub use hint::IntoHint;
pub use insert::{Assign, Insert, Returned, insert};
pub use insert_row::InsertRow;
pub use join::{Join, JoinCondition, JoinKind, JoinTarget, Joined, joined};
pub use node::{
    CommonTableExpression, DeleteNode, Extensions, InsertNode, InsertRows, LockStrength, LockWait, Locking,
    SelectItem, SelectNode, SetOperation, SetOperator, StatementKind, StatementNode, TextNode, UpdateNode,
};
pub use options::{Configured, StatementOptions};
pub use reusable::{Filled, Parameter, Parameters, Reusable, Reused, reusable};
pub use row_values::{RowValues, RowWriter};
pub use select::{FirstValue, IntoNodes, IntoOrderBy, Select, select};
pub use text::{IntoParameter, IntoSqlText, TextStatement, Trusted, Typed, text, trusted};
pub use update::{Update, update};
pub use upsert::{Conflict, ExcludedColumn, IntoConflict, OnConflict, Upsert, conflict, excluded};
pub use values::values;
