//! [`Wire`]: the client, with what is known of its state.

use std::{sync::Arc, time::Duration};

use aludel_driver::{
    BeginOptions, Control, Discard, Done, Error, ErrorKind, ParameterSets, Result, Retry, Sink, Statement,
    Step, StepKind, TransactionState, Value,
};
use futures_util::future;
use tokio_postgres::{Client, Error as Lower, RowStream};

use crate::{
    answer,
    cancel::Canceller,
    error,
    ledger::Ledger,
    parameter::{self, MOST_PARAMETERS},
    pipeline::Naming,
    prepared::{Prepared, StatementCache},
    script,
    settings::PrepareMode,
};

/// The client, with what is known of its state. Its calls are not guarded: a dropped one leaves it in doubt.
pub(crate) struct Wire {
    // Shared with requests that are on their way; it is dropped before the statements, which then need not be closed.
    pub(crate) client: Arc<Client>,
    pub(crate) statements: StatementCache,
    pub(crate) ledger: Ledger,
    pub(crate) canceller: Arc<Canceller>,
    pub(crate) prepare_mode: PrepareMode,
    /// The database's own types were looked up, all at once.
    pub(crate) knows_types: bool,
    /// The limit for statements that the server cannot be told of, as they run outside of a transaction.
    pub(crate) limit_outside: Option<Duration>,
}

/// A statement that the server has accepted, and its answer.
pub(crate) struct Opened {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) stream: RowStream,
    /// It runs in a transaction of its own that [`Wire::close_wrapped`] must end.
    pub(crate) wrapped: bool,
}

impl Wire {
    /// Sends one statement, and gives its rows to the sink.
    pub(crate) async fn fetch(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        if is_lone_utility(statement, parameters) {
            self.ledger.admit()?;
            // One round trip instead of two: there are no parameters and no columns to ask about.
            // In boxes here and below, so that the usual way stays small: its future is moved about with each statement.
            let rows = Box::pin(self.client.execute_typed(statement.sql(), &[]))
                .await
                .map_err(|lower| self.ledger.fail(lower))?;
            self.schema_changed(statement.sql());
            return Ok(Done { rows, last_insert_id: None });
        }
        let Opened { prepared, stream, wrapped } = self.open(statement, parameters).await?;
        let read = answer::read(&mut self.ledger, &self.canceller, &prepared, stream, sink).await;
        drop(prepared);
        let closed = if wrapped { Box::pin(self.close_wrapped()).await } else { Ok(()) };
        let done = read.map_err(answer::Failure::into_error)?;
        closed.map(|()| done)
    }

    /// Sends one statement, and waits until the server has accepted it.
    pub(crate) async fn open(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Opened> {
        if script::begins_with_control(statement.sql()) {
            self.ledger.lose_track();
        }
        self.ledger.admit()?;
        check_most(parameters)?;
        let idle = self.ledger.state() == TransactionState::Idle;
        if self.prepare_mode == PrepareMode::Unnamed && idle {
            return Box::pin(self.open_wrapped(statement, parameters)).await;
        }
        let mut may_repair = idle;
        loop {
            let prepared = match self.statements.get(statement) {
                Some(prepared) => prepared,
                None => Box::pin(self.prepare(statement)).await?,
            };
            check_count(&prepared, parameters)?;
            match self.client.query_raw(&prepared.statement, parameter::bind(&prepared, parameters)).await {
                Ok(stream) => return Ok(Opened { prepared, stream, wrapped: false }),
                Err(lower) if may_repair && error::is_stale(&lower) => {
                    self.statements.forget(statement);
                    may_repair = false;
                }
                Err(lower) => return Err(self.fail(statement, lower)),
            }
        }
    }

    /// Does the same with a statement that lives only as long as a transaction around it, so that a pooler between us
    /// and the server keeps all of it on one server connection.
    async fn open_wrapped(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Opened> {
        check_text(statement)?;
        let begin = self.ledger.begin(&BeginOptions::default());
        let (begun, prepared) =
            future::join(self.client.batch_execute(&begin), self.client.prepare(statement.sql())).await;
        let opened = match (begun, prepared) {
            (Ok(()), Ok(prepared)) => self.execute_wrapped(statement, prepared, parameters).await,
            (Err(lower), _) => Err(self.ledger.fail(lower)),
            (_, Err(lower)) => Err(self.fail(statement, lower)),
        };
        if opened.is_err() && self.ledger.broken().is_none() {
            // Its own failure would say less than the error that led here.
            let _ = self.close_wrapped().await;
        }
        opened
    }

    async fn execute_wrapped(
        &mut self,
        statement: &Statement,
        prepared: tokio_postgres::Statement,
        parameters: &[Value],
    ) -> Result<Opened> {
        self.keep_types(&prepared).await?;
        let prepared = Prepared::new(statement.sql(), prepared);
        check_count(&prepared, parameters)?;
        let sent = self.client.query_raw(&prepared.statement, parameter::bind(&prepared, parameters)).await;
        sent.map(|stream| Opened { prepared, stream, wrapped: true }).map_err(|lower| self.ledger.fail(lower))
    }

    /// Ends the transaction around a single statement; when that failed, the server rolls it back.
    pub(crate) async fn close_wrapped(&mut self) -> Result<()> {
        self.client.batch_execute("COMMIT").await.map_err(|lower| self.ledger.fail(lower))
    }

    /// Sends one statement for each set of parameters.
    pub(crate) async fn execute_many(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<Done> {
        if self.ledger.state() == TransactionState::Active && !script::begins_with_control(statement.sql()) {
            let mut steps = [Step::new(StepKind::ExecuteMany { statement, sets, each })];
            self.run(&mut steps, Naming::Nothing).await?;
            return Ok(steps[0].done.unwrap_or_default());
        }
        self.execute_each(statement, sets, each).await
    }

    /// Sends one statement for each set of parameters, waiting for each answer: outside a transaction nothing may be sent
    /// after a failure.
    pub(crate) async fn execute_each(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<Done> {
        let mut total = Done::default();
        // Kept here, as it is worth keeping for the sets even when it is not for longer.
        let mut kept: Option<Arc<Prepared>> = None;
        let simple =
            self.prepare_mode == PrepareMode::Unnamed || script::begins_with_control(statement.sql());
        for (position, parameters) in sets.iter().enumerate() {
            let done = if simple || statement.is_cacheable() {
                self.fetch(statement, parameters, &mut Discard).await?
            } else {
                self.ledger.admit()?;
                check_most(parameters)?;
                let prepared = match &kept {
                    Some(prepared) => prepared.clone(),
                    None => kept.insert(self.prepared(statement).await?).clone(),
                };
                check_count(&prepared, parameters)?;
                let sent = self
                    .client
                    .execute_raw(&prepared.statement, parameter::bind(&prepared, parameters))
                    .await;
                Done { rows: sent.map_err(|lower| self.ledger.fail(lower))?, last_insert_id: None }
            };
            total.rows += done.rows;
            each(position, done)?;
        }
        Ok(total)
    }

    /// The limit of a call that may be one that the server cannot be told a limit of.
    pub(crate) fn limit(
        &self,
        asked: Option<Duration>,
        is_outside: impl FnOnce() -> bool,
    ) -> Option<Duration> {
        match self.limit_outside {
            Some(limit) if self.ledger.state() == TransactionState::Idle && is_outside() => {
                Some(asked.map_or(limit, |asked| asked.min(limit)))
            }
            _ => asked,
        }
    }

    /// Begins or ends a transaction or a savepoint.
    pub(crate) async fn control(&mut self, control: Control<'_>) -> Result<()> {
        let Some(sql) = self.ledger.plan(control)? else {
            return Ok(());
        };
        if matches!(control, Control::Commit | Control::CommitPrepared(_)) {
            self.ledger.commit_sent();
        }
        match self.client.batch_execute(&sql).await {
            Ok(()) => {
                self.ledger.done(control);
                Ok(())
            }
            Err(lower) => Err(self.ledger.refused(control, lower)),
        }
    }

    /// Runs a script.
    pub(crate) async fn batch(&mut self, script: &str) -> Result<()> {
        if script::controls_transaction(script) {
            self.ledger.lose_track();
        }
        self.ledger.admit()?;
        self.client.batch_execute(script).await.map_err(|lower| self.ledger.fail(lower))?;
        self.schema_changed(script);
        Ok(())
    }

    /// Forgets prepared statements after a script that changed tables: outside a transaction a stale one is prepared
    /// again when it is found out, but inside one it would fail the transaction.
    fn schema_changed(&mut self, script: &str) {
        if script::changes_schema(script) {
            self.statements.clear();
        }
    }

    /// The prepared form of a statement.
    pub(crate) async fn prepared(&mut self, statement: &Statement) -> Result<Arc<Prepared>> {
        match self.statements.get(statement) {
            Some(prepared) => Ok(prepared),
            None => Box::pin(self.prepare(statement)).await,
        }
    }

    async fn prepare(&mut self, statement: &Statement) -> Result<Arc<Prepared>> {
        check_text(statement)?;
        let prepared =
            self.client.prepare(statement.sql()).await.map_err(|lower| self.fail(statement, lower))?;
        self.keep_types(&prepared).await?;
        let prepared = Prepared::new(statement.sql(), prepared);
        self.statements.put(statement, &prepared);
        Ok(prepared)
    }

    /// Takes note of a statement's error. A stale statement is forgotten, so that the next transaction prepares it anew.
    pub(crate) fn fail(&mut self, statement: &Statement, lower: Lower) -> Error {
        let stale = error::is_stale(&lower);
        let error = self.ledger.fail(lower);
        if !stale {
            return error;
        }
        self.statements.forget(statement);
        if self.prepare_mode == PrepareMode::Unnamed && error.code() == Some("26000") {
            // Its statements for looking types up are gone from the server, and it cannot be told to make new ones.
            self.ledger
                .break_off("behind the pooler it cannot look up types that were made after it was opened");
            return error.with_disconnect().with_retry(Retry::Transaction).context(
                "the statement has a type that was made after this connection was opened; do it again on a new one",
            );
        }
        error.with_retry(Retry::Transaction)
    }
}

/// Whether a statement is sent by itself, without asking for its columns and outside of any transaction of ours.
pub(crate) fn is_lone_utility(statement: &Statement, parameters: &[Value]) -> bool {
    !statement.is_cacheable() && parameters.is_empty() && script::is_utility(statement.sql())
}

/// Looks whether a statement can be prepared at all.
///
/// # Errors
/// `NotSupported` for COPY over the connection, which would wait for rows that never come.
pub(crate) fn check_text(statement: &Statement) -> Result<()> {
    if script::is_copy_stream(statement.sql()) {
        return Err(Error::new(
            ErrorKind::NotSupported,
            "COPY FROM STDIN and COPY TO STDOUT cannot be run as a statement; use `copy_in` and `copy_out` of the \
             `PostgresConnection`",
        ));
    }
    Ok(())
}

/// Looks whether there are more parameters than the protocol can count, before the statement is prepared: the answer about
/// a statement with so many could not be read.
///
/// # Errors
/// `Argument` with both numbers.
pub(crate) fn check_most(parameters: &[Value]) -> Result<()> {
    if parameters.len() > MOST_PARAMETERS {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "PostgreSQL takes at most {MOST_PARAMETERS} parameters a statement, and got {}",
                parameters.len()
            ),
        ));
    }
    Ok(())
}

/// Looks whether a statement gets as many parameters as it has.
///
/// # Errors
/// `Argument` with both numbers.
pub(crate) fn check_count(prepared: &Prepared, parameters: &[Value]) -> Result<()> {
    check_most(parameters)?;
    if parameters.len() != prepared.targets.len() {
        return Err(Error::new(
            ErrorKind::Argument,
            format!("the statement has {} parameters, and got {}", prepared.targets.len(), parameters.len()),
        ));
    }
    Ok(())
}
