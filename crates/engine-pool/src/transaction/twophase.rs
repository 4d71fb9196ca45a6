//! [`TwophaseTransaction`]: a transaction that is prepared first, and committed when all others are.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use aludel_driver::Result;

use crate::Connection;

/// A two-phase transaction, begun by [`Connection::begin_twophase`]. It derefs to its connection.
///
/// Dropped before [`prepare`](Self::prepare) it is rolled back like any other transaction. Dropped after it, it stays on
/// the server, holding its locks, until somebody ends it by its name: [`Connection::recover_twophase`] lists such names.
///
/// Counterpart of SQLAlchemy's `TwoPhaseTransaction`.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back, and one that is prepared stays on the server"]
pub struct TwophaseTransaction<'connection> {
    connection: &'connection mut Connection,
    name: Arc<str>,
    is_over: bool,
}

impl<'connection> TwophaseTransaction<'connection> {
    pub(crate) fn new(connection: &'connection mut Connection, name: Arc<str>) -> Self {
        Self { connection, name, is_over: false }
    }

    /// The name that the transaction can be found by once it is prepared.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the transaction is prepared.
    pub fn is_prepared(&self) -> bool {
        self.connection.is_prepared()
    }

    /// The first phase: the server promises to be able to commit, also after it was restarted. Nothing but
    /// [`commit`](Self::commit) and [`rollback`](Self::rollback) is possible afterwards.
    ///
    /// # Errors
    /// What the database says, after which the transaction is rolled back;
    /// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) when the connection is lost while it is under way:
    /// [`Connection::recover_twophase`] on another connection tells whether it is prepared.
    ///
    /// # Cancel safety
    /// A dropped future leaves open whether the transaction is prepared.
    pub async fn prepare(&mut self) -> Result<()> {
        self.connection.prepare_twophase().await
    }

    /// The second phase; without the first it commits as an ordinary transaction does.
    ///
    /// # Errors
    /// As [`Connection::commit`]. A prepared transaction whose commit failed is still prepared, unless the error is
    /// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown).
    ///
    /// # Cancel safety
    /// As [`Connection::commit`].
    pub async fn commit(mut self) -> Result<()> {
        self.connection.commit().await?;
        self.is_over = true;
        self.connection.leave_transaction();
        Ok(())
    }

    /// Rolls back, prepared or not.
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

impl Drop for TwophaseTransaction<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.leave_transaction();
        }
    }
}

impl Deref for TwophaseTransaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for TwophaseTransaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

/// A name that no other transaction has: 128 random bits.
pub(crate) fn unique_name() -> Arc<str> {
    // The standard library draws the keys of its hashers at random, which is all that is needed here.
    let random = || RandomState::new().build_hasher().finish();
    format!("aludel_{:016x}{:016x}", random(), random()).into()
}
