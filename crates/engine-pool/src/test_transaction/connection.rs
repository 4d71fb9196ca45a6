//! [`OuterConnection`]: shows a savepoint as a transaction.

use std::{any::Any, sync::Arc, time::Duration};

use aludel_driver::{
    BoxFuture, CallOptions, CancelHandle, Capabilities, Connection, Control, Cursor, Done, Error, ErrorKind,
    IsolationLevel, ParameterSets, Result, ServerInfo, Sink, Statement, Step, StepKind, TransactionState,
    Value,
    bulk::{BulkDone, BulkTarget, RowSource},
    plan::Explain,
    reflection::Reflection,
};
use aludel_sql_expression::Dialect;

use super::driver::without_twophase;

/// The savepoint that stands for a transaction of the test.
const TRANSACTION: &str = "aludel_test_transaction";

/// The savepoint around what stands alone, so that its error fails nothing else.
const STATEMENT: &str = "aludel_test_statement";

/// A connection in an outer transaction; what its user takes for a transaction is a savepoint.
pub(super) struct OuterConnection {
    connection: Box<dyn Connection>,
    capabilities: Capabilities,
    /// Whether the user is in a transaction.
    state: TransactionState,
}

impl OuterConnection {
    pub(super) fn new(connection: Box<dyn Connection>) -> Self {
        let capabilities = without_twophase(connection.capabilities());
        Self { connection, capabilities, state: TransactionState::Idle }
    }

    fn stands_alone(&self) -> bool {
        self.state == TransactionState::Idle
    }

    async fn guard(&mut self) -> Result<()> {
        match self.stands_alone() {
            true => self.connection.control(Control::Savepoint(STATEMENT)).await,
            false => Ok(()),
        }
    }

    /// Ends what [`Self::guard`] began.
    async fn unguard<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if !self.connection.is_broken() && self.connection.transaction_state() == TransactionState::Idle {
            return Err(outer_ended(outcome.err()));
        }
        if !self.stands_alone() || self.connection.is_broken() {
            return outcome;
        }
        if outcome.is_err() {
            self.connection.control(Control::RollbackTo(STATEMENT)).await?;
        }
        self.connection.control(Control::Release(STATEMENT)).await?;
        outcome
    }

    async fn end(&mut self, commit: bool) -> Result<()> {
        if !commit {
            self.connection.control(Control::RollbackTo(TRANSACTION)).await?;
        }
        self.connection.control(Control::Release(TRANSACTION)).await?;
        self.state = TransactionState::Idle;
        Ok(())
    }

    /// Runs steps as they are, but for those that begin and end transactions.
    async fn run_mapped(&mut self, steps: &mut [Step<'_>], options: &CallOptions) -> Result<()> {
        let mut state = self.state;
        let mut origins = Vec::with_capacity(steps.len() + 1);
        let mut mapped = Vec::with_capacity(steps.len() + 1);
        for (position, step) in steps.iter_mut().enumerate() {
            let kind = match &mut step.kind {
                StepKind::Control(control) => StepKind::Control(match control {
                    Control::Begin(_) => {
                        state = TransactionState::Active;
                        Control::Savepoint(TRANSACTION)
                    }
                    Control::Commit => {
                        state = TransactionState::Idle;
                        Control::Release(TRANSACTION)
                    }
                    Control::Rollback => {
                        state = TransactionState::Idle;
                        origins.push(None);
                        mapped.push(Step::new(StepKind::Control(Control::RollbackTo(TRANSACTION))));
                        Control::Release(TRANSACTION)
                    }
                    other => *other,
                }),
                StepKind::Fetch { statement, parameters, sink } => {
                    StepKind::Fetch { statement, parameters, sink: &mut **sink }
                }
                StepKind::ExecuteMany { statement, sets, each } => {
                    StepKind::ExecuteMany { statement, sets: *sets, each: &mut **each }
                }
            };
            origins.push(Some((position, state)));
            mapped.push(Step::new(kind));
        }
        let outcome = self.connection.run(&mut mapped, options).await;
        let done: Vec<Option<Done>> = mapped.iter().map(|step| step.done).collect();
        drop(mapped);
        for (origin, done) in origins.into_iter().zip(done) {
            if let (Some((position, state)), Some(done)) = (origin, done) {
                steps[position].done = Some(done);
                self.state = state;
            }
        }
        outcome
    }
}

/// The transaction around the test is over, and what the test did may stay.
fn outer_ended(error: Option<Error>) -> Error {
    let ended = Error::new(
        ErrorKind::InvalidRequest,
        "the transaction around the test was ended: by a statement that changes tables, which MySQL commits at, by a script \
         that ends it, or by the database after an error; what the test did before may stay",
    );
    match error {
        Some(error) => ended.with_source(error),
        None => ended,
    }
}

impl Connection for OuterConnection {
    fn server(&self) -> &ServerInfo {
        self.connection.server()
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        self.connection.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            self.guard().await?;
            let outcome = self.connection.fetch(statement, parameters, options, sink).await;
            self.unguard(outcome).await
        })
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            self.guard().await?;
            let outcome = self.connection.execute_many(statement, sets, options, each).await;
            self.unguard(outcome).await
        })
    }

    fn bulk_load<'a>(
        &'a mut self,
        target: &'a BulkTarget,
        rows: &'a mut dyn RowSource,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<BulkDone>> {
        Box::pin(async move {
            self.guard().await?;
            let outcome = self.connection.bulk_load(target, rows, options).await;
            self.unguard(outcome).await
        })
    }

    fn run<'a>(
        &'a mut self,
        steps: &'a mut [Step<'_>],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let begins = matches!(steps.first(), Some(Step { kind: StepKind::Control(_), .. }));
            if begins || !self.stands_alone() {
                let outcome = self.run_mapped(steps, options).await;
                let is_over = self.connection.transaction_state() == TransactionState::Idle;
                return match is_over && !self.connection.is_broken() {
                    true => Err(outer_ended(outcome.err())),
                    false => outcome,
                };
            }
            self.guard().await?;
            let outcome = self.run_mapped(steps, options).await;
            self.unguard(outcome).await
        })
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        self.connection.cursor(statement, parameters, options)
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.guard().await?;
            let outcome = self.connection.batch(script, options).await;
            self.unguard(outcome).await
        })
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match control {
                Control::Begin(_) => {
                    self.connection.control(Control::Savepoint(TRANSACTION)).await?;
                    self.state = TransactionState::Active;
                    Ok(())
                }
                Control::Commit => self.end(true).await,
                Control::Rollback if self.stands_alone() => Ok(()),
                Control::Rollback => self.end(false).await,
                Control::Savepoint(_) | Control::Release(_) | Control::RollbackTo(_) => {
                    self.connection.control(control).await
                }
                _ => Err(Error::not_supported("a two-phase transaction", "a transaction around a test")),
            }
        })
    }

    fn reflection(&self) -> Option<Arc<dyn Reflection>> {
        self.connection.reflection()
    }

    fn explain(&self) -> Result<Arc<dyn Explain>> {
        self.connection.explain()
    }

    fn isolation_level(&mut self) -> BoxFuture<'_, Result<IsolationLevel>> {
        self.connection.isolation_level()
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        self.connection.ping()
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        self.control(Control::Rollback)
    }

    fn reset_on_drop(&mut self) -> bool {
        self.stands_alone()
    }

    fn transaction_state(&self) -> TransactionState {
        self.state
    }

    fn is_broken(&self) -> bool {
        self.connection.is_broken()
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        self.connection.cancel_handle()
    }

    fn clear_statements(&mut self) {
        self.connection.clear_statements();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self.connection.as_any_mut()
    }

    fn close(self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        self.connection.close(timeout)
    }
}
