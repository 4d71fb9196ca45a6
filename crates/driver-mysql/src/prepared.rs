//! [`StatementCache`]: the prepared statements that a connection keeps.

use std::{collections::HashMap, sync::Arc};

use aludel_driver::Statement;

use crate::shape::Shape;

/// How a statement is sent.
pub(crate) enum Form {
    /// Prepared, with the shape that its rows had the last time.
    Prepared(mysql_async::Statement, Option<Arc<Shape>>),
    /// As text, because the server cannot prepare it.
    Text,
}

struct Entry {
    sql: Arc<str>,
    form: Form,
    used: u64,
}

/// The prepared statements that a connection keeps: when there are too many, the one that was unused for longest goes.
///
/// A statement that goes is still open on the server; it is handed out to be closed.
pub(crate) struct StatementCache {
    entries: HashMap<u64, Entry>,
    size: usize,
    clock: u64,
    gone: Vec<mysql_async::Statement>,
}

impl StatementCache {
    /// A cache of so many statements, at least one.
    pub(crate) fn new(size: usize) -> Self {
        Self { entries: HashMap::new(), size: size.max(1), clock: 0, gone: Vec::new() }
    }

    /// How the statement is sent, where that is known.
    pub(crate) fn get(&mut self, statement: &Statement) -> Option<&mut Form> {
        self.clock += 1;
        let entry = self.entries.get_mut(&statement.key())?;
        // The texts are nearly always one and the same allocation.
        if !Arc::ptr_eq(&entry.sql, statement.sql()) && entry.sql != *statement.sql() {
            return None;
        }
        entry.used = self.clock;
        Some(&mut entry.form)
    }

    /// Keeps how a statement is sent.
    pub(crate) fn insert(&mut self, statement: &Statement, form: Form) {
        if self.entries.len() >= self.size && !self.entries.contains_key(&statement.key()) {
            // A scan of some hundred entries is nothing beside the round trip that has just prepared the new one.
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            if let Some(key) = oldest {
                let old = self.entries.remove(&key);
                self.discard(old);
            }
        }
        let entry = Entry { sql: statement.sql().clone(), form, used: self.clock };
        let old = self.entries.insert(statement.key(), entry);
        self.discard(old);
    }

    /// Forgets a statement.
    pub(crate) fn remove(&mut self, statement: &Statement) {
        let old = self.entries.remove(&statement.key());
        self.discard(old);
    }

    /// Forgets all statements.
    pub(crate) fn clear(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        for entry in entries.into_values() {
            self.discard(Some(entry));
        }
    }

    /// Forgets all statements, which the server has forgotten too: none is closed.
    pub(crate) fn forget(&mut self) {
        self.entries.clear();
        self.gone.clear();
    }

    /// A statement that has to be closed on the server.
    pub(crate) fn next_gone(&mut self) -> Option<mysql_async::Statement> {
        self.gone.pop()
    }

    /// Has a statement closed that was never kept.
    pub(crate) fn let_go(&mut self, statement: mysql_async::Statement) {
        self.gone.push(statement);
    }

    fn discard(&mut self, entry: Option<Entry>) {
        if let Some(Entry { form: Form::Prepared(statement, _), .. }) = entry {
            self.gone.push(statement);
        }
    }
}
