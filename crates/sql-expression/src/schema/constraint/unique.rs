//! [`UniqueConstraint`].

use super::{
    key::{ConflictResolution, PostgresqlKeyOptions, commented, indexed, keyed},
    timing::{Timing, timed},
};
use crate::{name::Name, schema::IndexElement};

/// Columns whose values together are unique.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UniqueConstraint {
    /// The constraint's name; none: the naming convention or the database chooses one.
    pub name: Option<Name>,
    /// The columns.
    pub columns: Vec<Name>,
    /// Whether NULL is a value like others: NULLS NOT DISTINCT (PostgreSQL, from version 15 on).
    pub nulls_not_distinct: bool,
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

impl UniqueConstraint {
    /// Makes columns unique together.
    pub fn new<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> Self {
        Self {
            name: None,
            columns: columns.into_iter().map(Into::into).collect(),
            nulls_not_distinct: false,
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

    /// Takes NULL for a value like others, so that it may be there only once (PostgreSQL, from version 15 on).
    #[must_use]
    pub fn nulls_not_distinct(mut self) -> Self {
        self.nulls_not_distinct = true;
        self
    }

    indexed!();
    keyed!();
    commented!();
    timed!(timing);
}
