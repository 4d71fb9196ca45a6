//! The flush of a session, and what goes before its queries.

use aludel_driver::Result;

use super::{Session, listening::Phase};
use crate::{
    events::{Flushed, Told, TransactionOrigin},
    unit_of_work::{Flush, flush},
};

impl Session {
    /// Writes all changes, in few statements, inside the transaction.
    ///
    /// # Errors
    /// [`Flush`](aludel_driver::ErrorKind::Flush) when the changes contradict each other;
    /// [`StaleData`](aludel_driver::ErrorKind::StaleData) when rows are gone;
    /// [`Integrity`](aludel_driver::ErrorKind::Integrity) and whatever else the database says. After an error the session
    /// asks for a rollback.
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub async fn flush(&mut self) -> Result<()> {
        self.flush_with(false).await.map(drop)
    }

    pub(super) async fn flush_with(&mut self, commit: bool) -> Result<bool> {
        self.check_usable()?;
        self.check_phase("flush")?;
        if self.is_clean() {
            return self.check_connection().map(|()| false);
        }
        self.announce();
        self.fire_before_flush(TransactionOrigin::Flush).await?;
        // What has to happen before the COMMIT keeps it from travelling with the flush.
        let commit = commit && !self.graph().audience().any(|events| events.stands_before_commit());
        self.tell_created(TransactionOrigin::Flush);
        // Where there is no transaction nothing was written, and there is nothing to roll back.
        if let Err(error) = self.transaction().await.map(drop) {
            self.tell_ended(TransactionOrigin::Flush);
            return Err(error);
        }
        let outcome = match self.write(commit).await {
            Ok((committed, told)) => self.tell_flushed(told).await.map(|()| committed),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.failed = true;
        }
        let outcome = self.end_writing(outcome).await;
        if outcome.is_err() {
            // The flush's own error tells more than that of a listener behind it.
            if self.nested.is_empty() && self.connection.is_some() {
                self.rolled_back = true;
                let _ = self.fire_after_rollback(self.origin()).await;
            }
        }
        self.tell_ended(TransactionOrigin::Flush);
        if outcome.is_err() {
            let _ = self.fire_after_soft_rollback(TransactionOrigin::Flush).await;
        }
        outcome
    }

    fn is_clean(&self) -> bool {
        let inner = self.graph().lock();
        inner.touched.is_empty() && inner.foreign.is_empty() && inner.refused.is_empty()
    }

    async fn write(&mut self, commit: bool) -> Result<(bool, Option<Told>)> {
        // Before the first statement, so that a dropped future leaves it so.
        self.begin_writing();
        let statements = self.shared.statements.clone();
        let graph = self.graph().clone();
        let _held = graph.audience().listens_to_objects().then(|| graph.hold());
        let Some(connection) = self.connection.as_mut() else { return Ok((false, None)) };
        let flush_of = Flush { connection, graph: &graph, statements: &statements, draft: None };
        let written = flush(flush_of, commit).await?;
        self.failed = false;
        Ok(written)
    }

    async fn tell_flushed(&mut self, told: Option<Told>) -> Result<()> {
        if let Some(told) = told {
            let flushed = Flushed::new(told, self.graph().clone());
            self.fire_after_flush(&flushed).await?;
            self.graph().tell();
            return self.fire_after_flush_postexec(TransactionOrigin::Flush).await;
        }
        self.graph().tell();
        Ok(())
    }

    pub(crate) async fn autoflush(&mut self) -> Result<()> {
        self.check_usable()?;
        // A listener of a flush may ask for rows as they are.
        if !self.autoflush || self.phase == Phase::Flushing {
            return Ok(());
        }
        self.flush().await.map_err(|error| {
            error.context("while flushing before a query (switch it off with `no_autoflush`)")
        })
    }

    /// Runs the closure with autoflush off: its queries do not see what was not flushed.
    ///
    /// # Errors
    /// The closure's.
    pub async fn no_autoflush<R>(&mut self, run: impl AsyncFnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let without = WithoutAutoflush { before: self.autoflush, session: self };
        without.session.autoflush = false;
        run(&mut *without.session).await
    }
}

/// Autoflush is off as long as this lives: also a closure that panics or is dropped half-way leaves it as it was.
struct WithoutAutoflush<'s> {
    session: &'s mut Session,
    before: bool,
}

impl Drop for WithoutAutoflush<'_> {
    fn drop(&mut self) {
        self.session.autoflush = self.before;
    }
}
