//! [`Database`]: a connection of rusqlite, and the statements that are kept prepared on it.
//!
//! The one place of this crate with unsafe code, but for the loading of extensions. rusqlite's statements borrow their connection, so that safe code can keep
//! none beside it, and rusqlite's own cache costs a lookup by text, a removal and an insertion for each use: a sixth of a
//! lookup by key.
#![allow(unsafe_code)]

use std::{fmt, hash::BuildHasherDefault, ptr::NonNull, sync::Arc};

use aludel_driver::{KeyHasher, Statement};
use lru::LruCache;
use rusqlite::{Connection, PrepFlags, blob::Blob};

use crate::{
    blob::BlobAddress,
    learned::{Learned, Pace},
};

/// A connection of rusqlite, and the statements that are kept prepared on it, those that were used last.
pub(crate) struct Database {
    /// They borrow the connection for as long as they are in here. `'static` is made up, and never leaves this file.
    kept: LruCache<u64, Kept, BuildHasherDefault<KeyHasher>>,
    /// A value that is read and written piece by piece; it borrows the connection as they do.
    blob: Option<Blob<'static>>,
    /// The cursors that are open; they borrow the connection as well.
    declared: Vec<Declared<'static>>,
    /// How many statements are kept. The cache itself has no bound, since it would make room for all of them at once.
    capacity: usize,
    /// From `Box::into_raw`, and freed by `drop` alone. A pointer and no box, since moving a box would claim that nothing
    /// else points to what is in it.
    connection: NonNull<Connection>,
}

struct Kept {
    sql: Arc<str>,
    prepared: rusqlite::Statement<'static>,
    learned: Learned,
}

/// A cursor that leaves the connection free: a statement that stands still between two batches.
pub(crate) struct Declared<'c> {
    name: String,
    pub(crate) prepared: rusqlite::Statement<'c>,
    pub(crate) learned: Learned,
    /// A row was given.
    pub(crate) is_begun: bool,
    /// All rows were given: stepped once more, it would begin again.
    pub(crate) is_over: bool,
}

// SAFETY: a connection may go to another thread, and the statements refer to nothing but the connection, which goes with
// them. No reference to either outlives a borrow of the `Database` that it came from, so that two threads never use them
// at once; it is not `Sync`, as `Connection` is not.
unsafe impl Send for Database {}

impl Database {
    /// Keeps so many statements.
    pub(crate) fn new(connection: Connection, capacity: usize) -> Self {
        Self {
            kept: LruCache::unbounded_with_hasher(BuildHasherDefault::default()),
            blob: None,
            declared: Vec::new(),
            capacity,
            connection: NonNull::from(Box::leak(Box::new(connection))),
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        // SAFETY: the connection lives until `drop`, and a `&mut` to it borrows all of `self`.
        unsafe { self.connection.as_ref() }
    }

    /// The connection for whatever needs it alone. No statement stays prepared.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        self.clear();
        self.blob = None;
        self.close_all_declared();
        // SAFETY: no statement and no blob refers to the connection any more, and none is prepared while `self` is borrowed.
        unsafe { self.connection.as_mut() }
    }

    /// Forgets all statements.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Opens a value to be read or written piece by piece, in place of the one that was open, and says how long it is.
    pub(crate) fn open_blob(&mut self, address: &BlobAddress, is_writable: bool) -> rusqlite::Result<usize> {
        self.close_blob()?;
        let BlobAddress { schema, table, column, rowid } = address;
        let connection = self.lasting_connection();
        let blob = connection.blob_open(&**schema, &**table, &**column, *rowid, !is_writable)?;
        Ok(self.blob.insert(blob).len())
    }

    /// Calls the function with the open value. None: there is none.
    ///
    /// The function is one for any lifetime, so that it can let nothing out that borrows the connection.
    pub(crate) fn with_blob<R>(&mut self, work: impl for<'c> FnOnce(&mut Blob<'c>) -> R) -> Option<R> {
        self.blob.as_mut().map(work)
    }

    /// Closes the open value; alone, that commits what was written.
    pub(crate) fn close_blob(&mut self) -> rusqlite::Result<()> {
        self.blob.take().map_or(Ok(()), Blob::close)
    }

    /// Opens a cursor of this name over a query, which is made ready by the function.
    pub(crate) fn declare<E: From<rusqlite::Error>>(
        &mut self,
        name: &str,
        query: &str,
        ready: impl for<'c> FnOnce(&mut rusqlite::Statement<'c>, &mut Learned) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut prepared = self.lasting_connection().prepare(query)?;
        let mut learned = Learned::of(&prepared, query);
        ready(&mut prepared, &mut learned)?;
        let name = name.to_ascii_lowercase();
        self.declared.push(Declared { name, prepared, learned, is_begun: false, is_over: false });
        Ok(())
    }

    /// Whether there is a cursor of this name.
    pub(crate) fn has_declared(&self, name: &str) -> bool {
        self.declared.iter().any(|declared| declared.name.eq_ignore_ascii_case(name))
    }

    /// Calls the function with the cursor of this name. None: there is none.
    ///
    /// The function is one for any lifetime, so that it can let nothing out that borrows the connection.
    pub(crate) fn with_declared<R>(
        &mut self,
        name: &str,
        work: impl for<'c> FnOnce(&mut Declared<'c>) -> R,
    ) -> Option<R> {
        self.declared.iter_mut().find(|declared| declared.name.eq_ignore_ascii_case(name)).map(work)
    }

    /// Closes the cursor of this name, and says whether there was one.
    pub(crate) fn close_declared(&mut self, name: &str) -> bool {
        let before = self.declared.len();
        self.declared.retain(|declared| !declared.name.eq_ignore_ascii_case(name));
        self.declared.len() < before
    }

    /// Closes all cursors, which keep a lock as long as they are open.
    pub(crate) fn close_all_declared(&mut self) {
        self.declared.clear();
    }

    /// What was learned of a statement, where it is kept prepared.
    pub(crate) fn learned(&mut self, statement: &Statement) -> Option<&mut Learned> {
        self.kept(statement).map(|kept| &mut kept.learned)
    }

    /// Calls the function with the prepared statement, and keeps it prepared where that is wished for.
    ///
    /// The function is one for any lifetime, so that it can let nothing out that borrows the connection.
    pub(crate) fn with<R, E: From<rusqlite::Error>>(
        &mut self,
        statement: &Statement,
        work: impl for<'c> FnOnce(&'c Connection, &mut rusqlite::Statement<'c>, &mut Learned) -> Result<R, E>,
    ) -> Result<R, E> {
        let connection = self.lasting_connection();
        if !statement.is_cacheable() {
            let mut prepared = connection.prepare(statement.sql())?;
            let mut learned = Learned::of(&prepared, statement.sql());
            return work(connection, &mut prepared, &mut learned);
        }
        if let Some(kept) = self.kept(statement) {
            return work(connection, &mut kept.prepared, &mut kept.learned);
        }
        let prepared =
            connection.prepare_with_flags(statement.sql(), PrepFlags::SQLITE_PREPARE_PERSISTENT)?;
        let learned = Learned::of(&prepared, statement.sql());
        let mut kept = Kept { sql: statement.sql().clone(), prepared, learned };
        let outcome = work(connection, &mut kept.prepared, &mut kept.learned);
        // Whatever has the same key by chance, or was not used for longest, goes.
        self.kept.put(statement.key(), kept);
        while self.kept.len() > self.capacity {
            self.kept.pop_lru();
        }
        outcome
    }

    /// The same, where it is kept prepared and is known to be short. None: nothing was done.
    #[inline]
    pub(crate) fn with_short<R>(
        &mut self,
        statement: &Statement,
        work: impl for<'c> FnOnce(&'c Connection, &mut rusqlite::Statement<'c>, &mut Learned) -> R,
    ) -> Option<R> {
        let connection = self.lasting_connection();
        let kept = self.kept(statement).filter(|kept| kept.learned.pace == Pace::Short)?;
        Some(work(connection, &mut kept.prepared, &mut kept.learned))
    }

    #[inline]
    fn kept(&mut self, statement: &Statement) -> Option<&mut Kept> {
        let kept = self.kept.get_mut(&statement.key())?;
        (Arc::ptr_eq(&kept.sql, statement.sql()) || kept.sql == *statement.sql()).then_some(kept)
    }

    /// For `with`, `with_short`, `declare` and `open_blob` alone.
    #[inline]
    fn lasting_connection(&self) -> &'static Connection {
        // SAFETY: the connection lives until `drop`, which drops the statements first. While one is kept nobody gets a
        // `&mut` to it: `connection_mut` drops them before, and needs `self` alone, as those who call this do. They give it
        // to functions for any lifetime only, and to statements and blobs that stay in here or are dropped before they
        // return.
        unsafe { self.connection.as_ref() }
    }

    /// Closes the connection.
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        let mut this = std::mem::ManuallyDrop::new(self);
        this.clear();
        this.blob = None;
        this.declared = Vec::new();
        // SAFETY: the pointer came from a box, no statement refers to the connection any more, and `drop` will not run, so
        // that it is freed once. The empty cache is all that is left, and it is read out to be freed as well.
        let (connection, kept) =
            unsafe { (Box::from_raw(this.connection.as_ptr()), std::ptr::read(&this.kept)) };
        drop(kept);
        connection.close().map_err(|(_, native)| native)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.clear();
        self.blob = None;
        self.declared.clear();
        // SAFETY: the pointer came from a box, this runs once, and no statement or blob refers to the connection any more.
        drop(unsafe { Box::from_raw(self.connection.as_ptr()) });
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Database")
            .field("connection", self.connection())
            .field("kept", &self.kept.len())
            .finish()
    }
}
