//! [`Rows`]: all that stands in the database, as maps.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{Kind, Web};

/// The primary key of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i64),
    Seat(String, i32),
}

/// The columns of a row, without its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub text: String,
    pub note: Option<String>,
    /// The foreign key; zero where it cannot be NULL and was not given.
    pub parent: Option<i64>,
    pub version: i64,
}

/// All that stands in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub tables: BTreeMap<(Kind, Key), Columns>,
    /// The rows of the secondary tables.
    pub webs: BTreeSet<(Web, i64, i64)>,
}

impl Rows {
    /// What the one has and the other has not, for messages.
    pub fn difference(&self, other: &Self) -> String {
        let mut lines = Vec::new();
        for (key, columns) in &self.tables {
            match other.tables.get(key) {
                Some(found) if found == columns => {}
                found => lines.push(format!("{key:?}: expected {columns:?}, found {found:?}")),
            }
        }
        for (key, columns) in &other.tables {
            if !self.tables.contains_key(key) {
                lines.push(format!("{key:?}: expected none, found {columns:?}"));
            }
        }
        for link in self.webs.difference(&other.webs) {
            lines.push(format!("{link:?} is missing"));
        }
        for link in other.webs.difference(&self.webs) {
            lines.push(format!("{link:?} is too many"));
        }
        lines.join("\n  ")
    }
}
