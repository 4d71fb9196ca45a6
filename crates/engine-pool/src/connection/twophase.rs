//! Two-phase transactions: begun, prepared, ended, and found again.

use std::sync::Arc;

use aludel_driver::{CallOptions, Control, Error, ErrorKind, Result, Step, StepKind};

use super::Connection;
use crate::{
    TwophaseTransaction,
    events::{TwophaseArguments, tell},
    transaction::{Failure, Flight, Phase, unique_name},
};

impl Connection {
    /// Begins a two-phase transaction under a name of its own. Nothing is sent yet: its beginning rides with the first
    /// statement.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the database has none; as [`Connection::begin`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::text;
    /// # async fn run(first: &mut Connection, second: &mut Connection) -> Result<()> {
    /// let mut debit = first.begin_twophase().await?;
    /// let mut credit = second.begin_twophase().await?;
    /// debit.execute(text("UPDATE account SET amount = amount - 10 WHERE id = 1")).await?;
    /// credit.execute(text("UPDATE account SET amount = amount + 10 WHERE id = 1")).await?;
    /// debit.prepare().await?;
    /// credit.prepare().await?; // when it fails, dropping `debit` is not enough: roll it back
    /// debit.commit().await?;
    /// credit.commit().await
    /// # }
    /// ```
    pub async fn begin_twophase(&mut self) -> Result<TwophaseTransaction<'_>> {
        self.begin_twophase_named(unique_name()).await
    }

    /// The same under a name of the caller's: at most 64 bytes, and unique on the server.
    ///
    /// # Errors
    /// As [`Connection::begin_twophase`]; [`ErrorKind::Argument`] for a name that is empty or too long.
    pub async fn begin_twophase_named(
        &mut self,
        name: impl Into<Arc<str>>,
    ) -> Result<TwophaseTransaction<'_>> {
        let name = name.into();
        check_name(&name)?;
        self.refuse_without_twophase()?;
        self.start_transaction(self.begin_options.clone())?;
        self.status.is_guarded = true;
        self.status.twophase = Some(name.clone());
        Ok(TwophaseTransaction::new(self, name))
    }

    /// Begins a two-phase transaction under a name of its own and without a guard, for layers that end it themselves: by
    /// [`prepare_twophase`](Self::prepare_twophase), and `commit` or `rollback`. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Connection::begin_twophase`].
    pub fn start_twophase(&mut self) -> Result<()> {
        self.refuse_without_twophase()?;
        self.start_transaction(self.begin_options.clone())?;
        self.status.twophase = Some(unique_name());
        Ok(())
    }

    /// The name of the present two-phase transaction.
    pub fn twophase_name(&self) -> Option<&Arc<str>> {
        self.status.twophase.as_ref().filter(|_| self.status.is_open())
    }

    /// The names of the transactions that are prepared on the server and not ended, by whatever connection.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the database has none; what the database says, such as a missing privilege.
    pub async fn recover_twophase(&mut self) -> Result<Vec<String>> {
        self.refuse_without_twophase()?;
        self.outside_of_a_transaction("the prepared transactions of a server")?;
        self.ready().await?;
        self.status.flight = Flight::Statement;
        let outcome = self.pooled()?.prepared_transactions().await;
        self.status.flight = Flight::None;
        outcome.map_err(|error| self.note(error))
    }

    /// Commits a transaction that was prepared by whatever connection.
    ///
    /// # Errors
    /// What the database says, when there is none of this name; [`ErrorKind::InvalidRequest`] inside a transaction;
    /// [`ErrorKind::OutcomeUnknown`] when the connection is lost while it is under way.
    ///
    /// # Cancel safety
    /// A dropped future leaves open whether it is committed: [`Connection::recover_twophase`] tells.
    pub async fn commit_prepared(&mut self, name: &str) -> Result<()> {
        self.end_foreign(name, true).await
    }

    /// Rolls back a transaction that was prepared by whatever connection.
    ///
    /// # Errors
    /// As [`Connection::commit_prepared`].
    pub async fn rollback_prepared(&mut self, name: &str) -> Result<()> {
        self.end_foreign(name, false).await
    }

    async fn end_foreign(&mut self, name: &str, commit: bool) -> Result<()> {
        check_name(name)?;
        self.refuse_without_twophase()?;
        self.outside_of_a_transaction("a prepared transaction")?;
        self.end_prepared(name, commit).await
    }

    pub(crate) fn is_prepared(&self) -> bool {
        matches!(self.status.phase, Phase::Prepared)
    }

    /// The first phase of the present two-phase transaction. Nothing but `commit` and `rollback` is possible afterwards; a
    /// connection that is dropped leaves it on the server.
    ///
    /// # Errors
    /// As [`TwophaseTransaction::prepare`]; [`ErrorKind::InvalidRequest`] when there is none.
    ///
    /// # Cancel safety
    /// As [`TwophaseTransaction::prepare`].
    pub async fn prepare_twophase(&mut self) -> Result<()> {
        self.settle();
        self.status.check()?;
        let Some(name) = self.status.twophase.clone().filter(|_| self.status.is_open()) else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "there is no two-phase transaction to prepare",
            ));
        };
        // What is prepared must exist: its beginning goes first.
        self.send(&mut [], &CallOptions::default(), false).await?;
        let id = self.pooled()?.id();
        match self.phase(Control::Prepare(&name)).await {
            Ok(()) => {
                self.status.phase = Phase::Prepared;
                let told = TwophaseArguments { id, name: &name, is_prepared: true };
                tell(&self.engine.events().prepare_twophase, told);
                Ok(())
            }
            Err(error) if self.pooled.is_none() => Err(lost_while("preparing a transaction", &name, &error)),
            Err(error) => {
                self.status.fail(Failure::Prepare(error.message().into()));
                Err(error.context(format_args!("the transaction `{name}` could not be prepared")))
            }
        }
    }

    /// The second phase, of a transaction that may have been prepared elsewhere.
    pub(super) async fn end_prepared(&mut self, name: &str, commit: bool) -> Result<()> {
        self.settle();
        // Whichever connection: it belongs to the server.
        self.connected().await?;
        let id = self.pooled()?.id();
        let control = if commit { Control::CommitPrepared(name) } else { Control::RollbackPrepared(name) };
        match self.phase(control).await {
            Ok(()) => {
                let (events, is_prepared) = (self.engine.events(), true);
                match commit {
                    true => tell(&events.commit_twophase, TwophaseArguments { id, name, is_prepared }),
                    false => tell(&events.rollback_twophase, TwophaseArguments { id, name, is_prepared }),
                }
                Ok(())
            }
            Err(error) if self.pooled.is_none() => {
                Err(lost_while("ending a prepared transaction", name, &error))
            }
            Err(error) => {
                Err(error.context(format_args!("the prepared transaction `{name}` could not be ended")))
            }
        }
    }

    /// Sends a control statement by itself.
    async fn phase(&mut self, control: Control<'_>) -> Result<()> {
        if let Some(echo) = self.engine.echo() {
            echo.steps(self.token(), &[Step::new(StepKind::Control(control))]);
        }
        self.status.flight = Flight::Twophase;
        let outcome = self.pooled()?.control(control).await;
        self.status.flight = Flight::None;
        outcome.map_err(|error| {
            let error = self.complete_error(error, None, &[]);
            if error.is_disconnect() || self.is_invalidated() {
                self.lose(Some(&error));
            }
            error
        })
    }

    /// Takes note of an error that came outside of any transaction.
    fn note(&mut self, error: Error) -> Error {
        let error = self.complete_error(error, None, &[]);
        self.absorb(&error);
        error
    }

    fn refuse_without_twophase(&self) -> Result<()> {
        match self.capabilities().two_phase {
            true => Ok(()),
            false => Err(Error::not_supported("a two-phase transaction", self.engine.driver().name())),
        }
    }
}

/// What every backend takes as a name; each may ask for more.
fn check_name(name: &str) -> Result<()> {
    const LONGEST: usize = 64;
    if name.is_empty() || name.len() > LONGEST || name.contains('\0') {
        return Err(Error::new(
            ErrorKind::Argument,
            format!("the name of a two-phase transaction has 1 to {LONGEST} bytes, and no NUL"),
        ));
    }
    Ok(())
}

fn lost_while(what: &str, name: &str, error: &Error) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "the connection was lost while {what} (`{name}`): it may be done or not; `recover_twophase()` on another \
             connection tells whether it is still prepared: {}",
            error.message()
        ),
    )
    .with_disconnect()
    .with_source(error.clone())
}
