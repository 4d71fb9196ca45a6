//! [`ReflectedForeignKeyConstraint`].

use aludel_sql_expression::schema::ReferentialAction;

use super::{ReflectedTiming, TableName};

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedForeignKeyConstraint {
    /// The name; none where the database gives it none.
    pub name: Option<String>,
    /// The columns of this table. A column may be there twice.
    pub columns: Vec<String>,
    /// The table that is referenced. Its schema is said where the key's own was asked for by schema, and where the table
    /// stands outside of the default one.
    pub referred: TableName,
    /// The columns that are referenced.
    pub referred_columns: Vec<String>,
    /// What happens to the row when the referenced row is deleted.
    pub on_delete: ReferentialAction,
    /// The columns that ON DELETE sets; empty: all of them (PostgreSQL).
    pub on_delete_columns: Vec<String>,
    /// What happens to the row when the referenced key changes.
    pub on_update: ReferentialAction,
    /// How keys with NULLs are looked up, where it is not SIMPLE: `FULL`.
    pub match_type: Option<String>,
    /// When it is checked.
    pub timing: ReflectedTiming,
    /// Whether rows that were there before it were not looked at: NOT VALID.
    pub not_valid: bool,
    /// The comment.
    pub comment: Option<String>,
}
