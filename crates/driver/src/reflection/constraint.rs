//! The constraints of a table, but for foreign keys.

use super::{ReflectedForeignKeyConstraint, ReflectedIndexElement};

/// The constraints of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedConstraints {
    /// The primary key.
    pub primary_key: Option<ReflectedPrimaryKeyConstraint>,
    /// The foreign keys.
    pub foreign_keys: Vec<ReflectedForeignKeyConstraint>,
    /// The unique constraints.
    pub uniques: Vec<ReflectedUniqueConstraint>,
    /// The conditions.
    pub checks: Vec<ReflectedCheckConstraint>,
    /// The exclusion constraints (PostgreSQL).
    pub excludes: Vec<ReflectedExcludeConstraint>,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReflectedTiming {
    /// Whether its check can be put off to the end of a transaction.
    pub deferrable: bool,
    /// Whether it is put off where a transaction says nothing.
    pub initially_deferred: bool,
}

impl ReflectedTiming {
    /// Whether the check can be put off, and is.
    pub fn new(deferrable: bool, initially_deferred: bool) -> Self {
        Self { deferrable, initially_deferred }
    }
}

/// A primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedPrimaryKeyConstraint {
    /// The name; none where the database gives it none.
    pub name: Option<String>,
    /// The columns, in the order of the key.
    pub columns: Vec<String>,
    /// Columns that its index carries beside the key (PostgreSQL).
    pub include: Vec<String>,
    /// How its index takes the columns; empty: each as a whole, from the lowest up, and compared as the column is.
    pub elements: Vec<ReflectedIndexElement>,
    /// Storage parameters of its index, as SQL (PostgreSQL).
    pub with: Option<String>,
    /// Where its index is stored, where that is not the usual place (PostgreSQL).
    pub tablespace: Option<String>,
    /// The comment of its index (PostgreSQL, MySQL, MariaDB).
    pub index_comment: Option<String>,
    /// When it is checked.
    pub timing: ReflectedTiming,
    /// What is done with a second row of the key, where it is not refused as ever (SQLite: ON CONFLICT).
    pub on_conflict: Option<String>,
    /// The comment.
    pub comment: Option<String>,
}

/// Columns whose values together are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedUniqueConstraint {
    /// The name; none where the database gives it none.
    pub name: Option<String>,
    /// The columns.
    pub columns: Vec<String>,
    /// Columns that its index carries beside the key (PostgreSQL).
    pub include: Vec<String>,
    /// How its index takes the columns, where no index is listed for it (SQLite); empty: each as a whole, from the lowest up, and
    /// compared as the column is.
    pub elements: Vec<ReflectedIndexElement>,
    /// Whether NULL is a value like others.
    pub nulls_not_distinct: bool,
    /// When it is checked.
    pub timing: ReflectedTiming,
    /// What is done with a second row, where it is not refused as ever (SQLite: ON CONFLICT).
    pub on_conflict: Option<String>,
    /// The index that holds it, where the database lists that as an index too. SQLAlchemy's `duplicates_index`.
    pub index: Option<String>,
    /// The comment.
    pub comment: Option<String>,
}

/// A condition that every row fulfils.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedCheckConstraint {
    /// The name; none where the database gives it none.
    pub name: Option<String>,
    /// The condition, as SQL.
    pub sqltext: String,
    /// Whether rows that were there before it were not looked at: NOT VALID.
    pub not_valid: bool,
    /// Whether tables that inherit go without it: NO INHERIT.
    pub no_inherit: bool,
    /// Whether it is there and not held to (MySQL: NOT ENFORCED).
    pub not_enforced: bool,
    /// The column that it stands with, where the database tells that (MariaDB): such a check has no name.
    pub column: Option<String>,
    /// The comment.
    pub comment: Option<String>,
}

/// Rows of which no two may compare as true by all of some operators (PostgreSQL).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedExcludeConstraint {
    /// The name.
    pub name: String,
    /// What is compared, and how.
    pub elements: Vec<ReflectedExcludeElement>,
    /// The kind of index that serves it.
    pub using: String,
    /// Columns that its index carries beside what is compared.
    pub include: Vec<String>,
    /// The rows that it is about, as SQL; none: all.
    pub filter: Option<String>,
    /// When it is checked.
    pub timing: ReflectedTiming,
    /// The comment.
    pub comment: Option<String>,
}

/// What an exclusion constraint compares, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedExcludeElement {
    /// The column, where it is one.
    pub column: Option<String>,
    /// The expression, where it is no column, as SQL.
    pub expression: Option<String>,
    /// How texts are compared, where that is not as in the column.
    pub collation: Option<String>,
    /// The operator class, where it is not the usual one.
    pub operator_class: Option<String>,
    /// Whether it goes down.
    pub descending: bool,
    /// Whether NULLs come first, where that is not as the direction has it by itself.
    pub nulls_first: Option<bool>,
    /// The operator, with its schema where it is not found without: `OPERATOR(library.&&)`.
    pub operator: String,
}
