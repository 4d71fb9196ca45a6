//! [`Learned`]: what a connection remembers of the statements that it ran.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use aludel_driver::{ColumnInfo, Statement};
use rusqlite::StatementStatus;

/// What a connection remembers of the statements that it ran: their columns, so that a repeated statement allocates
/// none, and how long they take.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    entries: HashMap<u64, Entry, BuildHasherDefault<KeyHasher>>,
    capacity: usize,
}

#[derive(Debug)]
struct Entry {
    sql: Arc<str>,
    columns: Arc<[ColumnInfo]>,
    /// How often SQLite had prepared the statement anew when the columns were read.
    preparations: i32,
    pace: Pace,
}

/// How long a statement takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Not known yet.
    #[default]
    New,
    /// Short enough for the caller's thread.
    Short,
    /// Worth a worker thread.
    Long,
}

impl Learned {
    /// Remembers so many statements.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { entries: HashMap::default(), capacity: capacity.max(1) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// How long the statement took before.
    pub(crate) fn pace(&self, statement: &Statement) -> Pace {
        self.entry(statement).map_or(Pace::New, |entry| entry.pace)
    }

    /// Remembers how long the statement took.
    pub(crate) fn set_pace(&mut self, statement: &Statement, pace: Pace) {
        if !statement.is_cacheable() || self.pace(statement) == pace {
            return;
        }
        if self.entry(statement).is_none() {
            self.insert(statement, Arc::from([]), -1);
        }
        if let Some(entry) = self.entries.get_mut(&statement.key()) {
            entry.pace = pace;
        }
    }

    /// The columns of a prepared statement that was stepped; `fresh` says that this was its first run. SQLite prepares a
    /// statement anew when the schema was changed, and counts that.
    pub(crate) fn columns(
        &mut self,
        statement: &Statement,
        prepared: &rusqlite::Statement<'_>,
        fresh: bool,
    ) -> Arc<[ColumnInfo]> {
        let preparations = prepared.get_status(StatementStatus::RePrepare);
        if !fresh
            && let Some(entry) = self.entry(statement)
            && entry.preparations == preparations
        {
            return entry.columns.clone();
        }
        let columns: Arc<[ColumnInfo]> = prepared
            .columns()
            .map(|column| ColumnInfo {
                name: column.name().into(),
                type_name: column.decl_type().unwrap_or_default().into(),
            })
            .collect();
        if statement.is_cacheable() {
            self.insert(statement, columns.clone(), preparations);
        }
        columns
    }

    fn entry(&self, statement: &Statement) -> Option<&Entry> {
        self.entries
            .get(&statement.key())
            .filter(|entry| Arc::ptr_eq(&entry.sql, statement.sql()) || entry.sql == *statement.sql())
    }

    fn insert(&mut self, statement: &Statement, columns: Arc<[ColumnInfo]>, preparations: i32) {
        let pace = self.pace(statement);
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&statement.key()) {
            // Whatever is still used is learned again at its next run.
            self.entries.clear();
        }
        self.entries
            .insert(statement.key(), Entry { sql: statement.sql().clone(), columns, preparations, pace });
    }
}

/// The keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
