//! The end of a session's transaction: commit, rollback and close.

use aludel_driver::{Error, ErrorKind, Result};
use aludel_engine_pool::Connection;

use super::Session;
use crate::events::TransactionOrigin;

/// How many rounds of flushing a commit makes, when listeners go on changing objects.
const ROUNDS: usize = 100;

impl Session {
    /// Flushes and commits. The connection goes back to its pool.
    ///
    /// # Errors
    /// As [`Session::flush`]; [`ErrorKind::OutcomeUnknown`] when the answer of the COMMIT was lost: the objects are detached
    /// and expired then.
    ///
    /// # Cancel safety
    /// A dropped future leaves it unknown whether the transaction is committed, once COMMIT was sent: the next
    /// [`rollback`](Self::rollback) says so, and detaches and expires the objects.
    pub async fn commit(&mut self) -> Result<()> {
        if !self.is_prepared {
            self.check_usable()?;
            self.check_phase("commit")?;
            self.announce();
            self.fire_before_commit(self.origin()).await?;
            // PostgreSQL answers a COMMIT behind a statement that failed by rolling everything back, and not the innermost
            // nested transaction alone.
            let rides = !self.shared.twophase && self.nested.is_empty();
            let committed = self.flush_until_clean(rides).await?;
            self.check_usable()?;
            if committed {
                return self.finish_commit().await;
            }
            if self.shared.twophase {
                self.prepare_flushed().await?;
            }
        }
        if let Some(connection) = self.connection.as_mut() {
            // A second phase that fails can be tried again.
            self.failed = !self.is_prepared;
            connection.commit().await.inspect_err(|error| self.lost(error))?;
        }
        self.finish_commit().await
    }

    /// Flushes, and again what listeners changed meanwhile. With `commit`, the COMMIT may travel with the last batch; then true
    /// is given.
    pub(super) async fn flush_until_clean(&mut self, commit: bool) -> Result<bool> {
        for _ in 0..ROUNDS {
            let committed = self.flush_with(commit).await.inspect_err(|error| self.lost(error))?;
            if committed || self.graph().lock().touched.is_empty() {
                return Ok(committed);
            }
        }
        let message = format!(
            "objects were still changed after {ROUNDS} flushes of one commit: does a listener change what it is told of after \
             each flush?"
        );
        Err(Error::new(ErrorKind::Flush, message))
    }

    /// The transaction is committed: tells the objects, and gives the connection back.
    async fn finish_commit(&mut self) -> Result<()> {
        let nested = self.nested.len();
        self.forget_transaction();
        self.graph().commit();
        if self.shared.expire_on_commit {
            self.graph().expire_all();
        }
        self.connection = None;
        let told = self.fire_after_commit(self.origin()).await;
        self.graph().tell();
        (0..nested).for_each(|_| self.tell_ended(TransactionOrigin::BeginNested));
        self.end();
        told.map_err(|error| error.context("in a listener of `after_commit`; the transaction is committed"))
    }

    /// Nobody knows whether the transaction is committed: what was in it is let go, marked as expired.
    pub(super) fn lost(&mut self, error: &Error) {
        if error.kind() == ErrorKind::OutcomeUnknown {
            self.let_go_in_doubt();
        }
    }

    fn let_go_in_doubt(&mut self) {
        self.graph().expire_all();
        self.release();
        self.nested.clear();
        self.is_prepared = false;
    }

    /// Whether a commit was dropped before its answer came.
    pub(super) fn is_outcome_unknown(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_outcome_unknown)
    }

    /// Rolls back: objects show the values from before the transaction, new ones are plain values again, deleted ones are
    /// back.
    ///
    /// # Errors
    /// What the database says; the objects are restored all the same. [`ErrorKind::OutcomeUnknown`] when a commit was dropped
    /// before its answer came: the objects are detached and expired then.
    pub async fn rollback(&mut self) -> Result<()> {
        self.check_phase("rollback")?;
        self.roll_back(false).await
    }

    /// With `is_last`, nobody waits for the end of a transaction that only read.
    async fn roll_back(&mut self, is_last: bool) -> Result<()> {
        let only_reads = is_last && (self.only_reads || !self.in_transaction());
        let nested = self.nested.len();
        if self.is_outcome_unknown() {
            self.let_go_in_doubt();
        } else if only_reads {
            self.graph().end_reading();
        } else {
            self.graph().rollback();
        }
        self.forget_transaction();
        let is_done = std::mem::take(&mut self.rolled_back);
        let mut outcome = match &mut self.connection {
            Some(connection) if only_reads => connection.rollback_unawaited().await,
            // It goes back when this future is dropped, too.
            _ => match self.connection.take() {
                Some(mut connection) => connection.rollback().await,
                None => Ok(()),
            },
        };
        self.connection = None;
        if self.created.is_some() && !is_done && outcome.is_ok() {
            outcome = self.fire_after_rollback(self.origin()).await;
        }
        self.graph().tell();
        for _ in 0..nested {
            self.tell_ended(TransactionOrigin::BeginNested);
            outcome = outcome.and(self.fire_after_soft_rollback(TransactionOrigin::BeginNested).await);
        }
        if let Some(origin) = self.end() {
            outcome = outcome.and(self.fire_after_soft_rollback(origin).await);
        }
        outcome
    }

    /// Rolls back what is open, prepared or not, and lets all objects go: they become detached. The session can be used again,
    /// unless its session maker says otherwise (`close_resets_only`).
    ///
    /// Where the transaction only read, the answer to the ROLLBACK is not waited for: PostgreSQL gets it once the runtime comes
    /// to it, with whatever is sent next. Objects that were only read then stay as they are, and are not marked as expired.
    ///
    /// # Errors
    /// As [`Session::rollback`].
    pub async fn close(&mut self) -> Result<()> {
        self.check_phase("close")?;
        self.is_closed = !self.shared.close_resets_only;
        self.reset().await
    }

    /// The same, and the session can be used again in any case.
    ///
    /// # Errors
    /// As [`Session::rollback`].
    pub async fn reset(&mut self) -> Result<()> {
        self.check_phase("rollback")?;
        let result = self.roll_back(true).await;
        self.release();
        result
    }
}
