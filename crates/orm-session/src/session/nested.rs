//! [`NestedTransaction`]: a savepoint of the session.

use std::ops::{Deref, DerefMut};

use aludel_driver::{Error, ErrorKind, Result};
use aludel_engine_pool::{AsyncFunction, SavepointId};

use super::Session;
use crate::events::TransactionOrigin;

/// A nested transaction of a session, begun by [`Session::begin_nested`]. It derefs to its session. Dropped without
/// [`commit`](Self::commit) it is rolled back: rows, and what the objects show.
///
/// Counterpart of SQLAlchemy's `Session.begin_nested()`.
#[derive(Debug)]
#[must_use = "a nested transaction that is dropped is rolled back"]
pub struct NestedTransaction<'session> {
    session: &'session mut Session,
    /// How many are nested, this one included.
    depth: usize,
    is_over: bool,
}

impl Session {
    /// Flushes, and begins a nested transaction: a savepoint. What is done in it can be undone alone, also after an error.
    ///
    /// # Errors
    /// As [`Session::flush`]; [`ErrorKind::NotSupported`] where the database has no savepoints.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_orm_session::{Session, Result, Addable};
    /// # async fn run<A: Addable>(session: &mut Session, perhaps_there: A) -> Result<()> {
    /// let mut nested = session.begin_nested().await?; // SAVEPOINT
    /// nested.add(perhaps_there);
    /// if nested.commit().await.is_err() {
    ///     // The object is a plain value again; everything before it stands.
    /// }
    /// session.commit().await
    /// # }
    /// ```
    pub async fn begin_nested(&mut self) -> Result<NestedTransaction<'_>> {
        self.flush().await?;
        let savepoint = self.transaction().await?.savepoint()?;
        self.graph().begin_nested();
        self.nested.push(savepoint);
        self.tell_created(TransactionOrigin::BeginNested);
        let depth = self.nested.len();
        Ok(NestedTransaction { session: self, depth, is_over: false })
    }

    /// Runs a closure in a nested transaction: keeps what it did at `Ok`, undoes it at `Err` and when the future is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Session::begin_nested`] and [`NestedTransaction::commit`].
    pub async fn nested<Output, Function>(&mut self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'s> AsyncFnOnce(&'s mut Session) -> Result<Output>
            + for<'s> AsyncFunction<&'s mut Session, Result<Output>, Future: Send>
            + Send,
    {
        let mut nested = self.begin_nested().await?;
        match function(&mut nested).await {
            Ok(output) => nested.commit().await.map(|()| output),
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = nested.rollback().await;
                Err(error)
            }
        }
    }

    /// Whether a nested transaction is open.
    pub fn in_nested_transaction(&self) -> bool {
        !self.nested.is_empty()
    }

    /// Takes the innermost nested transactions off, down to this depth, and undoes in memory what they did. Gives the
    /// outermost of them.
    fn undo_nested(&mut self, depth: usize) -> Option<SavepointId> {
        let mut outermost = None;
        while self.nested.len() >= depth.max(1) {
            outermost = self.nested.pop();
            self.graph().rollback_nested();
            // What failed, failed inside of it.
            self.failed = false;
        }
        outermost
    }
}

impl NestedTransaction<'_> {
    /// Flushes, and sends RELEASE SAVEPOINT: what was done belongs to the transaction around it.
    ///
    /// # Errors
    /// As [`Session::flush`], after which the nested transaction is rolled back; [`ErrorKind::InvalidRequest`] when the
    /// transaction around it has ended meanwhile.
    pub async fn commit(mut self) -> Result<()> {
        self.check()?;
        self.session.fire_before_commit(TransactionOrigin::BeginNested).await?;
        self.session.flush().await?;
        let mut outcome = Ok(());
        // Those that were begun inside it and left to it belong to it.
        while self.session.nested.len() >= self.depth {
            let Some(savepoint) = self.session.nested.last().copied() else { break };
            self.session.failed = true;
            self.session.transaction_unchecked()?.savepoint_commit(savepoint).await?;
            self.session.failed = false;
            self.session.nested.pop();
            self.session.graph().commit_nested();
            let told = self.session.fire_after_commit(TransactionOrigin::BeginNested).await;
            self.session.graph().tell();
            self.session.tell_ended(TransactionOrigin::BeginNested);
            outcome = outcome.and(told);
        }
        self.is_over = true;
        outcome
    }

    /// Sends ROLLBACK TO SAVEPOINT: rows and objects are what they were when it began. Silent when the transaction around it
    /// has ended meanwhile.
    ///
    /// # Errors
    /// What the database says; the transaction must then be rolled back. The objects are restored all the same.
    pub async fn rollback(mut self) -> Result<()> {
        self.is_over = true;
        let undone = (self.session.nested.len() + 1).saturating_sub(self.depth);
        let Some(savepoint) = self.session.undo_nested(self.depth) else { return Ok(()) };
        let mut outcome = match self.session.connection.as_mut() {
            Some(connection) => connection.savepoint_rollback(savepoint).await,
            None => Ok(()),
        };
        if outcome.is_ok() {
            outcome = self.session.fire_after_rollback(TransactionOrigin::BeginNested).await;
        }
        self.session.graph().tell();
        for _ in 0..undone {
            self.session.tell_ended(TransactionOrigin::BeginNested);
            let told = self.session.fire_after_soft_rollback(TransactionOrigin::BeginNested).await;
            outcome = outcome.and(told);
        }
        outcome
    }

    /// Whether it still stands: the end of the transaction around it ends it, too.
    pub fn is_active(&self) -> bool {
        self.session.nested.len() >= self.depth
    }

    fn check(&self) -> Result<()> {
        if self.is_active() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "the nested transaction is over: the transaction around it was committed or rolled back meanwhile",
        ))
    }
}

impl Drop for NestedTransaction<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let undone = (self.session.nested.len() + 1).saturating_sub(self.depth);
        let undone_savepoint = self.session.undo_nested(self.depth);
        if !std::thread::panicking() {
            self.session.graph().tell();
            (0..undone).for_each(|_| self.session.tell_ended(TransactionOrigin::BeginNested));
        }
        if let Some(savepoint) = undone_savepoint
            && let Some(connection) = self.session.connection.as_mut()
        {
            connection.savepoint_leave(savepoint);
        }
    }
}

impl Deref for NestedTransaction<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for NestedTransaction<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}
