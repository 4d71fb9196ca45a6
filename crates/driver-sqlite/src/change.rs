//! [`Change`]: a row that was inserted, updated or deleted.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use aludel_driver::Result;

use crate::{
    ChangeFeed, SqliteConnection,
    fault::{Faults, guarded},
};

/// A row that was inserted, updated or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What happened to it.
    pub kind: ChangeKind,
    /// The schema of its table: `main`, `temp`, or the name of an attached database.
    pub schema: Arc<str>,
    /// Its table.
    pub table: Arc<str>,
    /// Its rowid, which is the primary key where that is one INTEGER; after an UPDATE the new one.
    pub rowid: i64,
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    Insert,
    /// It has other values.
    Update,
    /// It is gone.
    Delete,
}

/// Whoever is told of each change.
#[derive(Clone)]
pub(crate) struct ChangeListener(pub(crate) Arc<dyn Fn(&Change) + Send + Sync>);

impl fmt::Debug for ChangeListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ChangeListener")
    }
}

impl SqliteConnection {
    /// Has a function told of each row that this connection changes, from inside the statement that changes it, in place of
    /// the one that was told so far; `None`: of no more. What it is told of may still be undone:
    /// [`SqliteConnection::change_feed`] tells of what was committed.
    ///
    /// It cannot use the connection, and should be quick. When it panics, the statement fails and its transaction is rolled
    /// back. SQLite tells of tables with a rowid alone, and not of rows that REPLACE deletes, of a DELETE without a
    /// condition, which empties the table at once, and of what is written into a [`Blob`](crate::Blob).
    ///
    /// # Errors
    /// A disconnect error when the connection is lost.
    ///
    /// # Examples
    /// ```
    /// # fn watch(connection: &mut aludel_driver_sqlite::SqliteConnection) -> aludel_driver::Result<()> {
    /// connection.on_change(Some(|change: &aludel_driver_sqlite::Change| println!("{change:?}")))
    /// # }
    /// ```
    pub fn on_change(&mut self, listener: Option<impl Fn(&Change) + Send + Sync + 'static>) -> Result<()> {
        let (session, _) = self.parts()?;
        session.listen_for_changes()?;
        session.watch.changes.set_listener(listener.map(|listener| ChangeListener(Arc::new(listener))));
        Ok(())
    }

    /// Has a feed told of what this connection commits, besides those that it is told of already. A connection of a pool
    /// keeps its feeds; [`SqliteDriver::change_feed`](crate::SqliteDriver::change_feed) gives one to all connections.
    ///
    /// # Errors
    /// A disconnect error when the connection is lost.
    pub fn change_feed(&mut self, feed: &ChangeFeed) -> Result<()> {
        let (session, _) = self.parts()?;
        session.listen_for_changes()?;
        session.watch.changes.add_feed(feed.clone());
        Ok(())
    }
}

/// What a connection changed and did not tell yet, for those who are told of whole transactions.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    // Asked before and after every statement, so the common case is one load.
    is_kept: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Those of the driver, for all connections.
    listeners: Vec<ChangeListener>,
    /// The one of this connection.
    listener: Option<ChangeListener>,
    feeds: Vec<ChangeFeed>,
    /// Of the transaction that is open.
    pending: Vec<Change>,
    /// Where in there the statement began that runs.
    statement: usize,
    /// Where in there each savepoint began.
    savepoints: Vec<(String, usize)>,
    /// Of each transaction that was committed since feeds were told.
    committed: Vec<Arc<[Change]>>,
    /// Whether the last one of these is only on its way.
    is_committing: bool,
    /// The names of the last change, which most often are those of the next.
    names: Option<(Arc<str>, Arc<str>)>,
}

impl ChangeLog {
    pub(crate) fn add_listener(&self, listener: ChangeListener) {
        self.inner().listeners.push(listener);
    }

    fn set_listener(&self, listener: Option<ChangeListener>) {
        self.inner().listener = listener;
    }

    pub(crate) fn add_feed(&self, feed: ChangeFeed) {
        let mut inner = self.inner();
        if !inner.feeds.iter().any(|known| known.is_same(&feed)) {
            inner.feeds.push(feed);
        }
        self.is_kept.store(true, Relaxed);
    }

    /// Called by SQLite for each row.
    pub(crate) fn record(&self, kind: ChangeKind, schema: &str, table: &str, rowid: i64, faults: &Faults) {
        let inner = &mut *self.inner();
        let (schema, table) = match &inner.names {
            Some(names) if (&*names.0, &*names.1) == (schema, table) => names.clone(),
            _ => inner.names.insert((schema.into(), table.into())).clone(),
        };
        let change = Change { kind, schema, table, rowid };
        for listener in inner.listeners.iter().chain(&inner.listener) {
            let call = || {
                (listener.0)(&change);
                Ok(())
            };
            if let Err(error) = guarded(&"the listener of changes", call) {
                faults.insist(error);
            }
        }
        if !inner.feeds.is_empty() {
            inner.is_committing = false;
            inner.pending.push(change);
        }
    }

    /// Called by SQLite when a transaction is committed.
    pub(crate) fn commit(&self) {
        let mut inner = self.inner();
        inner.savepoints.clear();
        if !inner.pending.is_empty() {
            let pending = std::mem::take(&mut inner.pending);
            inner.statement = 0;
            inner.committed.push(pending.into());
            inner.is_committing = true;
        }
    }

    /// Called by SQLite when a transaction is rolled back: also one whose commit failed.
    pub(crate) fn roll_back(&self) {
        let mut inner = self.inner();
        if std::mem::take(&mut inner.is_committing) {
            inner.committed.pop();
        }
        inner.pending.clear();
        inner.savepoints.clear();
        inner.statement = 0;
    }

    #[inline]
    pub(crate) fn begin_statement(&self) {
        if self.is_kept.load(Relaxed) {
            let mut inner = self.inner();
            inner.statement = inner.pending.len();
        }
    }

    /// The statement failed, and what it changed was undone.
    pub(crate) fn undo_statement(&self) {
        if self.is_kept.load(Relaxed) {
            let mut inner = self.inner();
            let length = inner.statement;
            inner.pending.truncate(length);
        }
    }

    pub(crate) fn savepoint(&self, name: &str) {
        if self.is_kept.load(Relaxed) {
            let mut inner = self.inner();
            let length = inner.pending.len();
            inner.savepoints.push((name.to_owned(), length));
        }
    }

    /// A savepoint was released, or, with `undone`, rolled back to.
    pub(crate) fn end_savepoint(&self, name: &str, undone: bool) {
        if self.is_kept.load(Relaxed) {
            let mut inner = self.inner();
            // As with SQLite, the latest one of a name counts.
            let Some(position) = inner.savepoints.iter().rposition(|(known, _)| known == name) else {
                return;
            };
            let length = inner.savepoints[position].1;
            // The savepoint itself stays where it was rolled back to.
            inner.savepoints.truncate(position + usize::from(undone));
            if undone {
                inner.pending.truncate(length);
            }
        }
    }

    /// Tells the feeds what was committed. Only after the statement, so that those who look find it there.
    #[inline]
    pub(crate) fn deliver(&self) {
        if self.is_kept.load(Relaxed) {
            self.deliver_kept();
        }
    }

    #[cold]
    fn deliver_kept(&self) {
        let (committed, feeds) = {
            let mut inner = self.inner();
            inner.is_committing = false;
            if inner.committed.is_empty() {
                return;
            }
            (std::mem::take(&mut inner.committed), inner.feeds.clone())
        };
        for changes in committed {
            feeds.iter().for_each(|feed| feed.send(&changes));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
