//! [`Effect`]: what a statement does to rows.

use aludel_driver::Done;
use rusqlite::Connection;

use crate::verb::{Verb, mentions_insert};

/// What a statement does to rows, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Inserts,
    Changes,
    None,
}

impl Effect {
    pub(crate) fn of(verb: Verb, sql: &str, read_only: bool) -> Self {
        match verb {
            Verb::Insert => Self::Inserts,
            Verb::Change => Self::Changes,
            Verb::With if !read_only && mentions_insert(sql) => Self::Inserts,
            Verb::With if !read_only => Self::Changes,
            _ => Self::None,
        }
    }

    /// What a run did: so many rows were given, or else changed. SQLite's own counts belong to whatever changed rows last.
    #[inline]
    pub(crate) fn done(self, connection: &Connection, count: u64, given: bool) -> Done {
        match self {
            Self::Inserts => {
                Done { rows: count, last_insert_id: (count > 0).then(|| connection.last_insert_rowid()) }
            }
            Self::Changes => Done { rows: count, last_insert_id: None },
            Self::None => Done { rows: if given { count } else { 0 }, last_insert_id: None },
        }
    }
}
