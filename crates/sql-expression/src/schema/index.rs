//! [`Index`].

use super::Table;
use crate::{dialect::Dialect, name::Name};

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

impl Table {
    /// All indexes: those of the table, and those that its columns ask for, named `ix_table_column`.
    pub fn indexes(&self, dialect: &dyn Dialect) -> Vec<Index> {
        let definition = self.definition();
        let own = definition.columns.iter().filter(|column| column.index).map(|column| {
            let (table, name) = (dialect.physical_name(self.name()), dialect.physical_name(&column.name));
            let name = fitting(format!("ix_{table}_{name}"), dialect.features().max_identifier_length);
            Index { name: name.into(), columns: vec![column.name.clone()], unique: column.unique }
        });
        own.chain(definition.indexes.iter().cloned()).collect()
    }
}

/// A made-up name that is not too long: a longer one ends in a hash of itself instead.
pub(super) fn fitting(name: String, most: usize) -> String {
    if name.len() <= most {
        return name;
    }
    // The hash must stay the same for ever, because the name lives in databases: FNV-1a.
    let hash =
        name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut end = most.saturating_sub(9);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{hash:08x}", &name[..end])
}
