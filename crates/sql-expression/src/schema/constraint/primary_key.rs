//! [`PrimaryKeyConstraint`].

use super::{
    key::{ConflictResolution, PostgresqlKeyOptions, commented, indexed, keyed},
    timing::{Timing, timed},
};
use crate::{name::Name, schema::IndexElement};

/// The primary key, where its name, its order of columns or its timing matters. Columns that are marked as `primary_key` need
/// none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrimaryKeyConstraint {
    /// The constraint's name; none: the naming convention or the database chooses one.
    pub name: Option<Name>,
    /// The columns, in order; empty: those that are marked.
    pub columns: Vec<Name>,
    /// When it is checked (PostgreSQL).
    pub timing: Timing,
    /// Columns that the entries of its index carry beside the key: INCLUDE (PostgreSQL).
    pub include: Vec<Name>,
    /// How its index takes the columns; empty: each as a whole, from the lowest up.
    pub elements: Vec<IndexElement>,
    /// What is said to PostgreSQL alone.
    pub postgresql: PostgresqlKeyOptions,
    /// What SQLite does with a second row of the key; none: it refuses it.
    pub sqlite_on_conflict: Option<ConflictResolution>,
    /// A comment kept in the database where it can (PostgreSQL).
    pub comment: Option<Name>,
}

impl PrimaryKeyConstraint {
    /// A key over columns, in order; over none it is that of the columns that are marked.
    pub fn new<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> Self {
        Self {
            name: None,
            columns: columns.into_iter().map(Into::into).collect(),
            timing: Timing::default(),
            include: Vec::new(),
            elements: Vec::new(),
            postgresql: PostgresqlKeyOptions::default(),
            sqlite_on_conflict: None,
            comment: None,
        }
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    indexed!();
    keyed!();
    commented!();
    timed!(timing);
}
