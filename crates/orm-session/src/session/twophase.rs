//! Two-phase sessions: prepared first, and committed when all others are.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};

use super::Session;

impl Session {
    /// Flushes, and prepares the transaction: the database promises to be able to commit it, also after it was restarted.
    /// Nothing but [`commit`](Self::commit), [`rollback`](Self::rollback) and [`close`](Self::close) is possible afterwards.
    ///
    /// It gives the name that the transaction can be found by
    /// ([`recover_twophase`](aludel_engine_pool::Connection::recover_twophase)): a session that is dropped now leaves it on the
    /// server, with its locks. None: nothing was read or written, so that there is nothing to prepare.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] where the session maker does not say `twophase`, or inside a nested transaction; as
    /// [`Session::flush`]; what the database says, after which the session is rolled back;
    /// [`ErrorKind::OutcomeUnknown`] when the connection is lost while it is under way: the objects are detached and expired
    /// then.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_orm_session::{Result, Session};
    /// # async fn run(debit: &mut Session, credit: &mut Session) -> Result<()> {
    /// debit.prepare().await?;
    /// if let Err(error) = credit.prepare().await {
    ///     debit.rollback().await?;
    ///     return Err(error);
    /// }
    /// debit.commit().await?;
    /// credit.commit().await
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// A dropped future leaves open whether the transaction is prepared.
    pub async fn prepare(&mut self) -> Result<Option<Arc<str>>> {
        if !self.shared.twophase {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "only the transaction of a two-phase session can be prepared; say `SessionMaker::twophase(true)`",
            ));
        }
        if self.in_nested_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the transaction cannot be prepared inside a nested transaction; commit or roll that one back first",
            ));
        }
        self.check_phase("prepare")?;
        self.announce();
        self.fire_before_commit(self.origin()).await?;
        self.flush_until_clean(false).await?;
        self.prepare_flushed().await
    }

    /// The first phase, after everything was flushed.
    pub(super) async fn prepare_flushed(&mut self) -> Result<Option<Arc<str>>> {
        self.check_usable()?;
        let Some(connection) = self.connection.as_mut() else { return Ok(None) };
        if !connection.in_transaction() {
            return Ok(None);
        }
        let name = connection.twophase_name().cloned();
        // Set before the statement, so that a dropped future leaves it set.
        self.failed = true;
        match connection.prepare_twophase().await {
            Ok(()) => {
                (self.failed, self.is_prepared) = (false, true);
                Ok(name)
            }
            Err(error) => {
                self.lost(&error);
                // The error tells more than that of a rollback behind it.
                let _ = self.rollback().await;
                Err(error)
            }
        }
    }
}
