//! [`ReflectedTable`].

use super::{ReflectedColumn, ReflectedConstraints, ReflectedIndex, ReflectedTableOptions, TableName};

/// A table or view as the server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedTable {
    /// The name, as it was asked for: with the schema that was said.
    pub name: TableName,
    /// Whether it is a table or what kind of view.
    pub kind: TableKind,
    /// Whether it goes with the connection.
    pub temporary: bool,
    /// The text of a view: its query.
    pub definition: Option<String>,
    /// The comment.
    pub comment: Option<String>,
    /// How the database keeps it.
    pub options: ReflectedTableOptions,
    /// The columns, in order.
    pub columns: Vec<ReflectedColumn>,
    /// The constraints.
    pub constraints: ReflectedConstraints,
    /// The indexes, but for that of the primary key.
    pub indexes: Vec<ReflectedIndex>,
}

/// Whether something is a table or what kind of view. Counterpart of SQLAlchemy's `ObjectKind`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKind {
    /// A table, also one that is cut into parts, a foreign one (PostgreSQL) or a virtual one (SQLite).
    #[default]
    Table,
    /// A view.
    View,
    /// A view whose rows are kept.
    MaterializedView,
}

impl ReflectedTable {
    /// A table of which only its name is known.
    pub fn new(name: TableName) -> Self {
        Self { name, ..Self::default() }
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&ReflectedColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
