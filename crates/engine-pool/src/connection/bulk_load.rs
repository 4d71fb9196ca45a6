//! Loading many rows: what goes around the driver's own way of doing it.

use std::{future::poll_fn, time::Instant};

use aludel_driver::{
    CallOptions, Discard, Done, Error, ErrorKind, Result, Statement, Step, StepKind,
    bulk::{BulkDone, BulkTarget},
};
use aludel_sql_expression::Name;
use tracing::Instrument;

use super::{Connection, closed, execute::in_schemas};
use crate::{
    bulk_load::{BulkRequest, BulkResult, Checked},
    events::{AfterCursorExecuteArguments, BeforeCursorExecuteArguments, tell},
    trace,
    transaction::{Flight, Phase},
};

impl Connection {
    /// Loads the rows, in a savepoint of the transaction, or in a transaction of their own.
    pub(crate) async fn run_bulk_load(&mut self, mut request: BulkRequest<'_>) -> Result<BulkResult> {
        self.ready().await?;
        let mut first = Vec::new();
        let has_rows = poll_fn(|context| request.rows.poll_row(context, &mut first))
            .await
            .map_err(|error| error.context("row 1").context(what(&request)))?;
        let outcome = match has_rows {
            true => self.load_rows(&mut request, first).await,
            false => self.check_columns(&request).map(|()| BulkResult::new(0, None)),
        };
        if let (Ok(result), Some(progress)) = (&outcome, &mut request.progress) {
            progress.end(result.rowcount());
        }
        outcome.map_err(|error| error.context(what(&request)))
    }

    /// Without a row, the columns are looked at all the same.
    fn check_columns(&self, request: &BulkRequest<'_>) -> Result<()> {
        match &request.columns {
            Some(columns) => self.target(request, columns).map(drop),
            None => Ok(()),
        }
    }

    fn target(&self, request: &BulkRequest<'_>, columns: &[Name]) -> Result<BulkTarget> {
        let pooled = self.pooled.as_ref().ok_or_else(closed)?;
        let dialect = in_schemas(pooled.named_dialect(), &self.options)?;
        Ok(BulkTarget::new(&request.table, columns, &dialect)?)
    }

    async fn load_rows(
        &mut self,
        request: &mut BulkRequest<'_>,
        first: Vec<aludel_driver::Value>,
    ) -> Result<BulkResult> {
        let columns = columns_of(request, first.len())?;
        // The rows may have taken their time.
        self.ready().await?;
        let target = self.target(request, &columns)?;
        let mut options = self.options.call.clone();
        if let Some(timeout) = request.timeout {
            options.timeout = timeout;
        }
        let progress = request.progress.as_mut();
        let mut rows = Checked::new(&mut *request.rows, &target, first, progress, options.timeout);
        let stands_alone = self.autocommit && matches!(self.status.phase, Phase::None);
        if stands_alone {
            self.status.begin(self.begin_options.clone(), false);
            let outcome = self.load(&target, &mut rows, &options).await;
            return match outcome {
                Ok(done) => self.commit().await.map(|()| done.into()),
                Err(error) => {
                    let _ = self.rollback().await;
                    Err(error)
                }
            };
        }
        // A transaction that is begun by it is that of the next statements, too.
        self.autobegin(false);
        let savepoint = self.add_savepoint()?;
        match self.load(&target, &mut rows, &options).await {
            Ok(done) => {
                self.release_savepoint(savepoint).await?;
                Ok(done.into())
            }
            Err(error) => {
                // The first error says more.
                let _ = self.rollback_to_savepoint(savepoint).await;
                Err(error)
            }
        }
    }

    /// The call of the driver, with all who are told of it.
    async fn load(
        &mut self,
        target: &BulkTarget,
        rows: &mut Checked<'_, '_>,
        options: &CallOptions,
    ) -> Result<BulkDone> {
        let statement = Statement::new(target.insert(1)?);
        let id = self.pooled()?.id();
        self.tell_before_load(&statement)?;
        // BEGIN and SAVEPOINT.
        self.send(&mut [], &CallOptions::default(), false).await?;
        if let Some(echo) = self.engine.echo() {
            echo.line(self.token(), &format!("{} -- for each row of a bulk load", statement.sql()));
        }
        let mut sink = Discard;
        let kind = StepKind::Fetch { statement: &statement, parameters: &[], sink: &mut sink };
        let steps = [Step::new(kind)];
        let dialect = self.pooled.as_ref().map_or("", |pooled| pooled.dialect().name());
        let span = trace::span(dialect, self.engine.shared().arguments(), self.token(), &steps);
        self.warn_of_idling();
        let started = Instant::now();
        self.status.flight = Flight::Statement;
        let connection = self.pooled.as_mut().ok_or_else(closed)?;
        let outcome = connection.bulk_load(target, rows, options).instrument(span.clone()).await;
        self.status.flight = Flight::None;
        let elapsed = started.elapsed();
        let done = outcome.as_ref().ok().map(|done| Done { rows: done.rows, last_insert_id: None });
        trace::record(&span, done.into_iter(), outcome.as_ref().err());
        let shared = self.engine.shared();
        if shared.slow_statement.is_some_and(|limit| elapsed > limit) {
            trace::warn_of_slow(&steps, elapsed, self.place);
        }
        if shared.idle_in_transaction.is_some() {
            self.status.idle_since = Some(Instant::now());
        }
        match (outcome, done) {
            (Ok(outcome), Some(done)) => {
                let arguments = AfterCursorExecuteArguments { id, sql: statement.sql(), done, elapsed };
                tell(&self.engine.events().after_cursor_execute, arguments);
                self.follow_the_server();
                Ok(outcome)
            }
            (Err(error), _) => {
                let error = self.complete_error(error, Some(statement.sql()), &[]);
                self.absorb(&error);
                Err(error)
            }
            (Ok(outcome), None) => Ok(outcome),
        }
    }

    /// Tells `before_cursor_execute` listeners, who can forbid it, but not change it.
    fn tell_before_load(&self, statement: &Statement) -> Result<()> {
        let listeners = &self.engine.events().before_cursor_execute;
        if listeners.is_empty() {
            return Ok(());
        }
        let id = self.pooled.as_ref().ok_or_else(closed)?.id();
        let (mut sql, mut parameters) = (statement.sql().to_string(), Vec::new());
        listeners.fire(&mut BeforeCursorExecuteArguments {
            id,
            sql: &mut sql,
            parameters: &mut parameters,
            sets: 1,
        })?;
        if sql == **statement.sql() && parameters.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "a `before_cursor_execute` listener changed the text of a bulk load, which is not sent as it is; leave it, or \
             insert the rows by `insert(..).values_many(..)`",
        ))
    }
}

impl From<BulkDone> for BulkResult {
    fn from(done: BulkDone) -> Self {
        Self::new(done.rows, Some(done.way))
    }
}

/// The columns of the rows, of which the first has so many values.
fn columns_of(request: &BulkRequest<'_>, width: usize) -> Result<Vec<Name>> {
    match (&request.columns, request.rows.columns()) {
        (Some(columns), Some(own)) if columns != own => {
            let names = |names: &[Name]| names.iter().map(|name| &**name).collect::<Vec<&str>>().join(", ");
            let message = format!(
                "the rows have the columns {} of their own, and not {}; leave `columns` out, or give tuples",
                names(own),
                names(columns)
            );
            Err(Error::new(ErrorKind::Argument, message))
        }
        (_, Some(own)) => Ok(own.to_vec()),
        (Some(columns), None) => Ok(columns.clone()),
        (None, None) => {
            let definition = request.table.definition();
            Ok(definition.columns.iter().take(width).map(|column| column.name.clone()).collect())
        }
    }
}

fn what(request: &BulkRequest<'_>) -> String {
    format!("the bulk load into `{}` failed, and none of its rows is there", request.table.name())
}
