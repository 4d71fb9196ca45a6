//! [`Transaction`] and [`Savepoint`]: guards that roll back unless they are committed.

use std::ops::{Deref, DerefMut};

use aludel_driver::Result;

use crate::Connection;

/// A transaction, begun by [`Connection::begin`]. It derefs to its connection. Dropped without [`Transaction::commit`], it
/// is rolled back before anything else is sent.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'connection> {
    connection: &'connection mut Connection,
    is_over: bool,
}

impl<'connection> Transaction<'connection> {
    pub(crate) fn new(connection: &'connection mut Connection) -> Self {
        Self { connection, is_over: false }
    }

    /// Sends COMMIT. When nothing was sent before, nothing is sent now.
    ///
    /// # Errors
    /// As [`Connection::commit`]; the transaction is then rolled back.
    ///
    /// # Cancel safety
    /// As [`Connection::commit`].
    pub async fn commit(mut self) -> Result<()> {
        self.connection.commit().await?;
        self.is_over = true;
        self.connection.leave_transaction();
        Ok(())
    }

    /// Sends ROLLBACK.
    ///
    /// # Errors
    /// As [`Connection::rollback`].
    pub async fn rollback(mut self) -> Result<()> {
        let outcome = self.connection.rollback().await;
        self.is_over = true;
        self.connection.leave_transaction();
        outcome
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.leave_transaction();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

/// A savepoint inside a transaction, begun by [`Connection::begin_nested`]. It derefs to its connection. Dropped without
/// [`Savepoint::commit`], what was done since is rolled back before anything else is sent.
#[derive(Debug)]
#[must_use = "a savepoint that is dropped is rolled back"]
pub struct Savepoint<'connection> {
    connection: &'connection mut Connection,
    number: u32,
    is_over: bool,
}

impl<'connection> Savepoint<'connection> {
    pub(crate) fn new(connection: &'connection mut Connection, number: u32) -> Self {
        Self { connection, number, is_over: false }
    }

    /// Sends RELEASE SAVEPOINT: what was done since belongs to the transaction.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the transaction has ended meanwhile; what the
    /// database says, after which the savepoint is rolled back.
    pub async fn commit(mut self) -> Result<()> {
        self.connection.release_savepoint(self.number).await?;
        self.is_over = true;
        Ok(())
    }

    /// Sends ROLLBACK TO SAVEPOINT. Silent when the transaction has ended meanwhile.
    ///
    /// # Errors
    /// What the database says; the transaction must then be rolled back.
    pub async fn rollback(mut self) -> Result<()> {
        let outcome = self.connection.rollback_to_savepoint(self.number).await;
        self.is_over = true;
        outcome
    }

    /// Whether the savepoint still stands: the end of its transaction ends it, too.
    pub fn is_active(&self) -> bool {
        self.connection.has_savepoint(self.number)
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.leave_savepoint(self.number);
        }
    }
}

impl Deref for Savepoint<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}
