//! How a connection executes.

use aludel_driver::{CallOptions, Error, ErrorKind, IsolationLevel, Result};
use aludel_sql_expression::{Executable, StatementOptions};

use super::Connection;
use crate::{
    ExecutionOptions,
    execution_options::Resolved,
    transaction::{Flight, Phase},
};

impl Connection {
    /// Whether statements are sent without beginning a transaction.
    pub fn is_autocommit(&self) -> bool {
        self.autocommit
    }

    /// Says whether a statement begins a transaction by itself (`false`, the default) or stands alone (`true`), as DDL
    /// such as `CREATE DATABASE` needs. `begin` begins a transaction in either case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction.
    pub fn set_autocommit(&mut self, autocommit: bool) -> Result<()> {
        self.set_execution_options(ExecutionOptions::new().autocommit(autocommit))
    }

    /// Says how this connection executes from here on; what is left out stays as it is. Whoever has the connection after
    /// this one is not touched by it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction, for what concerns transactions; [`ErrorKind::NotSupported`] for an
    /// isolation level that the database does not have, with those that it has.
    pub fn set_execution_options(&mut self, options: ExecutionOptions) -> Result<()> {
        if options.is_about_transactions() {
            self.outside_of_a_transaction("autocommit, the isolation level and the like")?;
        }
        options.check(self.capabilities(), self.engine.driver().name())?;
        let options = options.over(self.execution_options());
        self.begin_options = options.begin_options();
        self.is_begin_mode_chosen = options.begin_mode.is_some();
        self.autocommit = options.autocommit.unwrap_or_default();
        self.options = options.resolve();
        self.own_execution_options = Some(Box::new(options));
        Ok(())
    }

    /// How this connection executes: what the engine says, and what was said here over it.
    pub fn execution_options(&self) -> &ExecutionOptions {
        match &self.own_execution_options {
            Some(options) => options,
            None => self.engine.get_execution_options(),
        }
    }

    /// The isolation level that the server says is in force: inside a transaction its own, else that of the next one.
    /// One round trip, outside of what events and echo see.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::NotSupported`] where the backend does not tell.
    pub async fn isolation_level(&mut self) -> Result<IsolationLevel> {
        if matches!(self.status.phase, Phase::Pending) {
            // A level that was asked for holds from BEGIN on.
            self.send(&mut [], &CallOptions::default(), false).await?;
        }
        self.ready().await?;
        self.status.flight = Flight::Statement;
        let outcome = self.pooled()?.isolation_level().await;
        self.status.flight = Flight::None;
        outcome.map_err(|error| {
            let error = self.complete_error(error, None, &[]);
            self.absorb(&error);
            error
        })
    }

    pub(super) fn outside_of_a_transaction(&mut self, what: &str) -> Result<()> {
        self.settle();
        if self.status.is_open() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{what} cannot be changed inside a transaction; commit() or rollback() first"),
            ));
        }
        Ok(())
    }

    /// What holds for a statement: its own word comes first.
    pub(crate) fn options_with(&self, own: &StatementOptions) -> Resolved {
        let mut options = self.options.clone();
        options.refine(own);
        options
    }

    /// The same by what the statement says of itself.
    pub(super) fn options_for<S: Executable>(&self, statement: &S) -> Resolved {
        let mut options = self.options.clone();
        if let Some(own) = statement.statement_options() {
            options.refine(own);
        }
        options
    }

    /// The word that marks this connection's lines.
    pub(super) fn token(&self) -> Option<&str> {
        self.execution_options().logging_token.as_deref()
    }

    pub(super) fn echo_line(&self, line: &str) {
        if let Some(echo) = self.engine.echo() {
            echo.line(self.token(), line);
        }
    }
}
