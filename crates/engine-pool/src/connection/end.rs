//! Ending transactions and savepoints.

use aludel_driver::{
    CallOptions, Control, Error, ErrorKind, Result, Step, StepKind, TransactionState as ServerState,
};

use super::Connection;
use crate::{
    events::{SavepointArguments, TwophaseArguments, tell},
    transaction::{Failure, Flight, Phase, savepoint_name},
};

/// A savepoint of [`Connection::savepoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SavepointId(u32);

/// Whether the answer to a ROLLBACK is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    ForAnswer,
    /// Only by drivers that have to.
    WhereNeeded,
}

impl Connection {
    /// Commits the transaction, with all its savepoints. Does nothing where there is none, and sends nothing where nothing
    /// was sent. The next statement begins another.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] when the connection is lost while COMMIT is under way;
    /// [`ErrorKind::PendingRollback`] when the transaction failed before; what the database says, after which
    /// [`rollback`](Self::rollback) is due.
    ///
    /// # Cancel safety
    /// A future that is dropped after COMMIT was sent leaves the outcome unknown: the next call says so.
    pub async fn commit(&mut self) -> Result<()> {
        self.settle();
        match self.status.phase {
            Phase::None | Phase::Ended => Ok(()),
            Phase::Pending => {
                self.status.end();
                Ok(())
            }
            Phase::Failed(_) => self.status.check(),
            Phase::Prepared => {
                let name = self.status.twophase.clone().unwrap_or_default();
                self.end_prepared(&name, true).await?;
                self.status.end();
                Ok(())
            }
            Phase::Active => self.send(&mut [], &CallOptions::default(), true).await,
        }
    }

    /// Whether a COMMIT was dropped before its answer came, so that nobody knows whether it was done. The next
    /// [`rollback`](Self::rollback) says so, once.
    pub fn is_outcome_unknown(&self) -> bool {
        self.status.flight == Flight::Commit
            || matches!(self.status.phase, Phase::Failed(Failure::CommitDropped))
    }

    /// Sends steps and COMMIT behind them, in one go where the backend can; BEGIN rides along where it is due.
    ///
    /// # Errors
    /// As [`Connection::commit`]; the first step that fails keeps what follows from taking effect.
    ///
    /// # Cancel safety
    /// As [`Connection::commit`].
    pub async fn commit_with(&mut self, steps: &mut [Step<'_>]) -> Result<()> {
        refuse_controls(steps)?;
        if steps.is_empty() {
            return self.commit().await;
        }
        let options = self.options.call.clone();
        self.send(steps, &options, true).await
    }

    /// Rolls the transaction back, with all its savepoints. Does nothing where there is none. After a lost connection it
    /// is silent: the server has rolled back. The next statement begins another transaction.
    ///
    /// # Errors
    /// What the database says; the connection is then closed, which rolls back, too. [`ErrorKind::OutcomeUnknown`], once,
    /// when a COMMIT was dropped before its answer came.
    ///
    /// # Cancel safety
    /// A dropped future rolls back before anything else is sent, or closes the connection.
    pub async fn rollback(&mut self) -> Result<()> {
        self.roll_back(Wait::ForAnswer).await
    }

    /// The same without waiting for the answer, where the driver need not: the ROLLBACK is sent before anything that comes
    /// later on this connection. For a transaction that only read, whose end nobody else has to see at once: PostgreSQL then
    /// needs no round trip for it.
    ///
    /// # Errors
    /// As [`rollback`](Self::rollback).
    ///
    /// # Cancel safety
    /// As [`rollback`](Self::rollback).
    pub async fn rollback_unawaited(&mut self) -> Result<()> {
        self.roll_back(Wait::WhereNeeded).await
    }

    async fn roll_back(&mut self, wait: Wait) -> Result<()> {
        self.settle();
        let unknown = match self.status.phase {
            Phase::None | Phase::Ended => return self.roll_back_left(wait).await,
            Phase::Pending => {
                self.status.end();
                return self.roll_back_left(wait).await;
            }
            Phase::Prepared => {
                let name = self.status.twophase.clone().unwrap_or_default();
                let outcome = self.end_prepared(&name, false).await;
                self.status.end();
                return outcome;
            }
            Phase::Failed(Failure::CommitDropped) => self.status.check(),
            Phase::Failed(_) | Phase::Active => Ok(()),
        };
        let outcome = self.send_rollback(wait).await;
        self.status.end();
        outcome.and(unknown)
    }

    /// Rolls back what a guard left behind.
    async fn roll_back_left(&mut self, wait: Wait) -> Result<()> {
        if self.status.rollback_due { self.send_rollback(wait).await } else { Ok(()) }
    }

    async fn send_rollback(&mut self, wait: Wait) -> Result<()> {
        self.warn_of_idling();
        self.status.rollback_due = false;
        let is_broken = self.pooled.as_ref().is_some_and(|pooled| pooled.is_broken());
        if is_broken {
            self.lose(None);
        }
        if self.server_state() == ServerState::Idle {
            return Ok(());
        }
        if self.pooled.is_some() {
            self.echo_line("ROLLBACK");
        }
        let Some(pooled) = &mut self.pooled else { return Ok(()) };
        let id = pooled.id();
        let outcome = if wait == Wait::WhereNeeded && pooled.reset_on_drop() {
            Ok(())
        } else {
            self.status.flight = Flight::Rollback;
            let outcome = pooled.control(Control::Rollback).await;
            self.status.flight = Flight::None;
            outcome
        };
        let events = self.engine.events();
        match &self.status.twophase {
            None => tell(&events.rollback, id),
            Some(name) => tell(&events.rollback_twophase, TwophaseArguments { id, name, is_prepared: false }),
        }
        match outcome {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = self.complete_error(error, None, &[]);
                // Closing rolls back for sure.
                self.lose(Some(&error));
                if error.is_disconnect() {
                    Ok(())
                } else {
                    Err(error.context("ROLLBACK failed, the connection is closed"))
                }
            }
        }
    }

    /// Begins a savepoint without a guard, for layers that keep their own stack; the transaction around it is begun where
    /// there is none. Nothing is sent yet: SAVEPOINT rides with the next statement.
    ///
    /// # Errors
    /// As [`Connection::begin_nested`].
    pub fn savepoint(&mut self) -> Result<SavepointId> {
        self.add_savepoint().map(SavepointId)
    }

    /// Sends RELEASE SAVEPOINT: what was done since belongs to the transaction.
    ///
    /// # Errors
    /// As [`Savepoint::commit`](crate::Savepoint::commit).
    pub async fn savepoint_commit(&mut self, savepoint: SavepointId) -> Result<()> {
        self.release_savepoint(savepoint.0).await
    }

    /// Sends ROLLBACK TO SAVEPOINT: what was done since is undone. It heals a transaction that a statement failed in.
    ///
    /// # Errors
    /// As [`Savepoint::rollback`](crate::Savepoint::rollback).
    pub async fn savepoint_rollback(&mut self, savepoint: SavepointId) -> Result<()> {
        self.rollback_to_savepoint(savepoint.0).await
    }

    /// The same without waiting: ROLLBACK TO SAVEPOINT goes out before anything else is sent.
    pub fn savepoint_leave(&mut self, savepoint: SavepointId) {
        self.leave_savepoint(savepoint.0);
    }

    pub(super) fn add_savepoint(&mut self) -> Result<u32> {
        self.settle();
        self.status.check()?;
        if !self.capabilities().savepoints {
            return Err(Error::not_supported("SAVEPOINT", self.engine.shared().driver.name()));
        }
        if matches!(self.status.phase, Phase::None) {
            // As explicit as the savepoint: a BEGIN that fails is tried again, rather than the savepoint forgotten.
            self.status.begin(self.begin_options.clone(), true);
        }
        Ok(self.status.add_savepoint())
    }

    pub(crate) fn has_savepoint(&self, number: u32) -> bool {
        self.status.has_savepoint(number)
    }

    pub(crate) async fn release_savepoint(&mut self, number: u32) -> Result<()> {
        self.settle();
        self.status.check()?;
        if !self.status.has_savepoint(number) {
            return Err(savepoint_gone());
        }
        if !self.status.is_savepoint_sent(number) {
            self.status.remove_savepoint(number);
            return Ok(());
        }
        let name = savepoint_name(number);
        let mut steps = [Step::new(StepKind::Control(Control::Release(&name)))];
        match self.send(&mut steps, &CallOptions::default(), false).await {
            Ok(()) => {
                self.status.remove_savepoint(number);
                if let Some(id) = self.id() {
                    tell(&self.engine.events().release_savepoint, SavepointArguments { id, name: &name });
                }
                Ok(())
            }
            Err(error) => {
                if matches!(self.status.phase, Phase::Active) {
                    self.status.fail(Failure::Release(error.message().into()));
                }
                Err(error.context(format_args!("RELEASE SAVEPOINT {name} failed")))
            }
        }
    }

    pub(crate) async fn rollback_to_savepoint(&mut self, number: u32) -> Result<()> {
        self.settle();
        if matches!(self.status.phase, Phase::Active) && !self.status.has_savepoint(number) {
            self.status.fail(Failure::SavepointGone);
            return Err(savepoint_gone());
        }
        self.status.leave_savepoint(number);
        if !matches!(self.status.phase, Phase::Active) || self.pooled.is_none() || self.status.is_settled() {
            return Ok(());
        }
        let outcome = self.send(&mut [], &CallOptions::default(), false).await;
        if let Err(error) = &outcome
            && matches!(self.status.phase, Phase::Active)
        {
            self.status.fail(Failure::Statement(error.message().into()));
        }
        outcome
    }

    /// A savepoint's guard was dropped: it is rolled back before anything else is sent.
    pub(crate) fn leave_savepoint(&mut self, number: u32) {
        self.settle();
        if matches!(self.status.phase, Phase::Active) && !self.status.has_savepoint(number) {
            // What was done since its end cannot be undone alone, and must not be committed by mistake.
            self.status.fail(Failure::SavepointGone);
            return;
        }
        self.status.leave_savepoint(number);
    }

    /// A transaction's guard was dropped: it is rolled back at once where the driver can, else before anything else is
    /// sent, or when the connection goes back.
    pub(crate) fn leave_transaction(&mut self) {
        self.status.leave();
        self.settle();
        if !self.status.rollback_due {
            return;
        }
        let Some(pooled) = &mut self.pooled else { return };
        if !pooled.is_broken() && pooled.transaction_state() != ServerState::Idle && pooled.reset_on_drop() {
            self.status.rollback_due = false;
            self.tell_rollback();
        }
    }
}

fn savepoint_gone() -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "the savepoint is gone: its transaction was ended meanwhile, by a call or by the database (MySQL commits at DDL), \
         or a savepoint around it was; what was done since cannot be undone alone",
    )
}

/// Transactions are begun and ended by the connection's own methods, which keep count of them.
pub(super) fn refuse_controls(steps: &[Step<'_>]) -> Result<()> {
    if steps.iter().any(|step| matches!(step.kind, StepKind::Control(_))) {
        return Err(Error::new(
            ErrorKind::Argument,
            "steps hold statements only: BEGIN, COMMIT and savepoints are sent by the connection's own methods",
        ));
    }
    Ok(())
}
