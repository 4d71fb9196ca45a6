//! [`UniqueConstraint`].

use super::timing::{Timing, timed};
use crate::name::Name;

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
}

impl UniqueConstraint {
    /// Makes columns unique together.
    pub fn new<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> Self {
        Self {
            name: None,
            columns: columns.into_iter().map(Into::into).collect(),
            nulls_not_distinct: false,
            timing: Timing::default(),
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

    timed!(timing);
}
