//! [`PrimaryKeyConstraint`].

use super::timing::{Timing, timed};
use crate::name::Name;

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
}

impl PrimaryKeyConstraint {
    /// A key over columns, in order; over none it is that of the columns that are marked.
    pub fn new<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> Self {
        Self { name: None, columns: columns.into_iter().map(Into::into).collect(), timing: Timing::default() }
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    timed!(timing);
}
