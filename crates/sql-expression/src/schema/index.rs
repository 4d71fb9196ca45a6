//! [`Index`].

use crate::name::Name;

/// An index of a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Index {
    /// The name.
    pub name: Name,
    /// The columns, in order.
    pub columns: Vec<Name>,
    /// Whether its entries are unique.
    pub unique: bool,
}

impl Index {
    /// An index over columns.
    pub fn new<N: Into<Name>>(name: impl Into<Name>, columns: impl IntoIterator<Item = N>) -> Self {
        Self { name: name.into(), columns: columns.into_iter().map(Into::into).collect(), unique: false }
    }

    /// Makes its entries unique.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
}
