//! [`Learned`]: what a connection remembers of the statements that it ran.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use aludel_driver::{ColumnInfo, Statement};
use rusqlite::StatementStatus;

use crate::verb::Verb;

/// What a connection remembers of the statements that it ran: what kind they are, their columns, so that a repeated
/// statement allocates none, and how long they take.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    entries: HashMap<u64, Entry, BuildHasherDefault<KeyHasher>>,
    capacity: usize,
    /// The columns of the last statement that is not remembered.
    passing: Arc<[ColumnInfo]>,
}

#[derive(Debug)]
struct Entry {
    sql: Arc<str>,
    verb: Verb,
    columns: Arc<[ColumnInfo]>,
    /// How often SQLite had prepared the statement anew when the columns were read.
    preparations: i32,
    pace: Pace,
}

/// The preparations of a statement whose columns were never read.
const NO_COLUMNS: i32 = -1;

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
        Self { entries: HashMap::default(), capacity: capacity.max(1), passing: Arc::default() }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// What kind of statement it is, and how long it took before.
    #[inline]
    pub(crate) fn kind(&self, statement: &Statement) -> (Verb, Pace) {
        match self.entry(statement) {
            Some(entry) => (entry.verb, entry.pace),
            None => (Verb::of(statement.sql()), Pace::New),
        }
    }

    /// Remembers how long the statement took.
    pub(crate) fn set_pace(&mut self, statement: &Statement, verb: Verb, pace: Pace) {
        if !statement.is_cacheable() {
            return;
        }
        if self.entry(statement).is_none() {
            self.insert(statement, verb, Arc::default(), NO_COLUMNS);
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
        verb: Verb,
        prepared: &rusqlite::Statement<'_>,
        fresh: bool,
    ) -> &Arc<[ColumnInfo]> {
        let preparations = prepared.get_status(StatementStatus::RePrepare);
        let is_known =
            !fresh && self.entry(statement).is_some_and(|entry| entry.preparations == preparations);
        if !is_known {
            self.passing = prepared
                .columns()
                .map(|column| ColumnInfo {
                    name: column.name().into(),
                    type_name: column.decl_type().unwrap_or_default().into(),
                })
                .collect();
            if statement.is_cacheable() {
                self.insert(statement, verb, self.passing.clone(), preparations);
            }
        }
        match self.entries.get(&statement.key()) {
            Some(entry) if is_known => &entry.columns,
            _ => &self.passing,
        }
    }

    #[inline]
    fn entry(&self, statement: &Statement) -> Option<&Entry> {
        self.entries
            .get(&statement.key())
            .filter(|entry| Arc::ptr_eq(&entry.sql, statement.sql()) || entry.sql == *statement.sql())
    }

    fn insert(&mut self, statement: &Statement, verb: Verb, columns: Arc<[ColumnInfo]>, preparations: i32) {
        let pace = self.entry(statement).map_or(Pace::New, |entry| entry.pace);
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&statement.key()) {
            // Whatever is still used is learned again at its next run.
            self.entries.clear();
        }
        let entry = Entry { sql: statement.sql().clone(), verb, columns, preparations, pace };
        self.entries.insert(statement.key(), entry);
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
