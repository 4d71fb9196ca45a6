//! Sending: what has to go before a statement rides along, in one go where the backend can.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aludel_driver::{
    BeginMode, BeginOptions, CallOptions, Control, Done, Error, ErrorKind, ParameterSets, Result, Statement,
    Step, StepKind, TransactionState as ServerState, Value,
};
use smallvec::SmallVec;
use tracing::Instrument;

use super::{Connection, StreamRequest, query_text::is_query};
use crate::{
    echo,
    events::{
        AfterCursorExecuteArguments, BeforeCursorExecuteArguments, ConnectionId, SavepointArguments,
        TwophaseArguments, tell,
    },
    trace,
    transaction::{Failure, Flight, Phase, PrefixStep},
};

/// A statement as a `before_cursor_execute` listener left it.
struct Rewritten {
    statement: Statement,
    parameters: Vec<Value>,
}

impl Connection {
    /// Sends steps, and before them whatever the transaction needs: ROLLBACK of what was left, BEGIN, savepoints.
    pub(crate) async fn send(
        &mut self,
        steps: &mut [Step<'_>],
        options: &CallOptions,
        with_commit: bool,
    ) -> Result<()> {
        self.ready().await?;
        self.send_ready(steps, options, with_commit).await
    }

    /// The same for a connection that is there.
    pub(super) async fn send_ready(
        &mut self,
        steps: &mut [Step<'_>],
        options: &CallOptions,
        with_commit: bool,
    ) -> Result<()> {
        if (with_commit || !self.autocommit) && matches!(self.status.phase, Phase::None) {
            self.autobegin(!with_commit && begins_with_query(steps));
        }
        if self.status.rollback_due && self.server_state() == ServerState::Idle {
            self.status.rollback_due = false;
        }
        // Whoever sends steps again means them to be done again.
        steps.iter_mut().for_each(|step| step.done = None);
        let id = self.pooled()?.id();
        let rewritten = self.rewrite(id, steps)?;
        let is_plain = rewritten.is_none() && !with_commit && self.status.is_settled();
        if is_plain {
            return self.send_plain(id, steps, options).await;
        }
        let prefix = self.status.prefix(!steps.is_empty() || !with_commit);
        let begin_options = self.status.options.clone();
        let twophase = self.status.twophase.clone();
        let twophase = twophase.as_deref();
        let mut pair: [Step<'_>; 2];
        let mut list = SmallVec::<[Step<'_>; 4]>::new();
        let is_pair = prefix.len() == 1 && steps.len() == 1 && rewritten.is_none() && !with_commit;
        let all: &mut [Step<'_>] = if is_pair {
            // Nearly always a BEGIN and a statement.
            pair = [prefix[0].as_step(&begin_options, twophase), borrowed(&mut steps[0])];
            &mut pair
        } else {
            list.extend(prefix.iter().map(|step| step.as_step(&begin_options, twophase)));
            match &rewritten {
                None => list.extend(steps.iter_mut().map(borrowed)),
                Some(rewritten) => {
                    let rewritten = steps.iter_mut().zip(rewritten);
                    list.extend(rewritten.map(|(step, rewritten)| rewritten.apply(step)));
                }
            }
            if with_commit {
                list.push(Step::new(StepKind::Control(Control::Commit)));
            }
            &mut list
        };
        let flight = if with_commit { Flight::Commit } else { Flight::Statement };
        let outcome = self.fly(all, options, flight).await;
        let done: SmallVec<[Option<Done>; 4]> = all.iter().map(|step| step.done).collect();
        let outcome = outcome.map_err(|error| self.with_statement(error, all));
        self.tell_after(id, all, outcome.as_ref().ok());
        drop(list);
        for (step, done) in prefix.iter().zip(&done) {
            if done.is_some() {
                self.status.done(step);
                self.tell_control(id, step);
            }
        }
        for (step, done) in steps.iter_mut().zip(&done[prefix.len()..]) {
            step.done = *done;
        }
        match outcome {
            Ok(_) => {
                if with_commit {
                    self.tell_commit(id);
                    self.status.end();
                } else {
                    self.follow_the_server();
                }
                Ok(())
            }
            Err(error) => {
                let is_failed_rollback = prefix.first() == Some(&PrefixStep::Rollback) && done[0].is_none();
                if is_failed_rollback {
                    self.lose(Some(&error));
                }
                let others_done = done.iter().filter(|done| done.is_none()).count() == 1;
                Err(if with_commit {
                    self.absorb_commit(error, others_done)
                } else {
                    self.absorb_owned(error)
                })
            }
        }
    }

    /// Begins a transaction where there is none; nothing is sent yet.
    ///
    /// Where a query begins it, SQLite need not take its write lock at once: else all who read would wait for each other.
    /// `begin()` says that there is more to come, and takes it.
    pub(super) fn autobegin(&mut self, is_reading: bool) {
        if !matches!(self.status.phase, Phase::None) {
            return;
        }
        let mut options = self.begin_options.clone();
        if is_reading && !self.is_begin_mode_chosen {
            options.mode = BeginMode::Deferred;
        }
        self.status.begin(options, false);
    }

    /// The usual case: nothing has to go before it.
    async fn send_plain(
        &mut self,
        id: ConnectionId,
        steps: &mut [Step<'_>],
        options: &CallOptions,
    ) -> Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        match self.fly(steps, options, Flight::Statement).await {
            Ok(elapsed) => {
                self.tell_after(id, steps, Some(&elapsed));
                self.follow_the_server();
                Ok(())
            }
            Err(error) => {
                let error = self.with_statement(error, steps);
                Err(self.absorb_owned(error))
            }
        }
    }

    /// The call itself. The mark stays where the future is dropped.
    async fn fly(
        &mut self,
        steps: &mut [Step<'_>],
        options: &CallOptions,
        flight: Flight,
    ) -> Result<Duration> {
        if let Some(echo) = self.engine.echo() {
            echo.steps(self.token(), steps);
        }
        let span = {
            let dialect = self.pooled.as_ref().map_or("", |pooled| pooled.dialect().name());
            trace::span(dialect, self.engine.shared().arguments(), self.token(), steps)
        };
        self.warn_of_idling();
        let shared = self.engine.shared();
        let is_timed = shared.slow_statement.is_some()
            || shared.idle_in_transaction.is_some()
            || !self.engine.events().after_cursor_execute.is_empty();
        // The clock is only looked at for those who want to know.
        let started = is_timed.then(Instant::now);
        let shown = self.engine.echo().filter(|echo| echo.rows).cloned();
        let token = shown.as_ref().and_then(|_| self.execution_options().logging_token.clone());
        self.status.flight = flight;
        let connection =
            self.pooled.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, "the connection is closed"))?;
        let outcome = match (&shown, &mut *steps) {
            (Some(echo), steps) => {
                let call = echo::run_shown(&mut **connection, steps, options, echo, token.as_deref());
                // In a box, so that those who are shown nothing need not carry it.
                Box::pin(call.instrument(span.clone())).await
            }
            // One statement needs no list.
            (None, [Step { kind: StepKind::Fetch { statement, parameters, sink }, done }]) => {
                let call = connection.fetch(statement, parameters, options, &mut **sink);
                let outcome = if span.is_none() { call.await } else { call.instrument(span.clone()).await };
                outcome.map(|statement_done| *done = Some(statement_done))
            }
            (None, steps) => {
                let call = connection.run(steps, options);
                if span.is_none() { call.await } else { call.instrument(span.clone()).await }
            }
        };
        self.status.flight = Flight::None;
        trace::record(&span, steps.iter().filter_map(|step| step.done), outcome.as_ref().err());
        let elapsed = started.map_or(Duration::ZERO, |started| started.elapsed());
        let shared = self.engine.shared();
        if shared.slow_statement.is_some_and(|limit| elapsed > limit) {
            trace::warn_of_slow(steps, elapsed, self.place);
        }
        if shared.idle_in_transaction.is_some() {
            self.status.idle_since = Some(Instant::now());
        }
        outcome.map(|()| elapsed)
    }

    /// Warns when the transaction was left idle for too long.
    pub(super) fn warn_of_idling(&mut self) {
        let Some(limit) = self.engine.shared().idle_in_transaction else { return };
        let Some(since) = self.status.idle_since.take() else { return };
        let idle = since.elapsed();
        if matches!(self.status.phase, Phase::Active | Phase::Failed(_)) && idle > limit {
            trace::warn_of_idling(idle, self.place);
        }
    }

    /// Lets `before_cursor_execute` listeners rewrite; none when nobody listens.
    fn rewrite(&self, id: ConnectionId, steps: &[Step<'_>]) -> Result<Option<Vec<Option<Rewritten>>>> {
        let listeners = &self.engine.events().before_cursor_execute;
        if listeners.is_empty() || steps.is_empty() {
            return Ok(None);
        }
        let mut rewritten = Vec::with_capacity(steps.len());
        for step in steps {
            let (statement, parameters, sets) = match &step.kind {
                StepKind::Control(_) => {
                    rewritten.push(None);
                    continue;
                }
                StepKind::Fetch { statement, parameters, .. } => (*statement, parameters.to_vec(), 1),
                StepKind::ExecuteMany { statement, sets, .. } => {
                    (*statement, sets.iter().flatten().cloned().collect(), sets.len())
                }
            };
            let (mut sql, mut parameters) = (statement.sql().to_string(), parameters);
            listeners.fire(&mut BeforeCursorExecuteArguments {
                id,
                sql: &mut sql,
                parameters: &mut parameters,
                sets,
            })?;
            if sets > 1 && !parameters.len().is_multiple_of(sets) {
                return Err(Error::new(
                    ErrorKind::Argument,
                    format!(
                        "a `before_cursor_execute` listener left {} parameters, which {sets} sets cannot share",
                        parameters.len()
                    ),
                ));
            }
            let statement = if sql == **statement.sql() { statement.clone() } else { Statement::new(sql) };
            rewritten.push(Some(Rewritten { statement, parameters }));
        }
        Ok(Some(rewritten))
    }

    /// The same for what a stream sends.
    pub(super) fn rewrite_request(&mut self, mut request: StreamRequest) -> Result<StreamRequest> {
        let id = self.pooled()?.id();
        let mut sink = aludel_driver::Discard;
        let kind = StepKind::Fetch {
            statement: &request.statement,
            parameters: &request.parameters,
            sink: &mut sink,
        };
        let rewritten = self.rewrite(id, &[Step::new(kind)])?;
        if let Some(Rewritten { statement, parameters }) = rewritten.into_iter().flatten().flatten().next() {
            (request.statement, request.parameters) = (statement, parameters);
        }
        Ok(request)
    }

    /// Tells `after_cursor_execute` listeners.
    fn tell_after(&self, id: ConnectionId, steps: &[Step<'_>], elapsed: Option<&Duration>) {
        let listeners = &self.engine.events().after_cursor_execute;
        if listeners.is_empty() {
            return;
        }
        for step in steps {
            let (StepKind::Fetch { statement, .. } | StepKind::ExecuteMany { statement, .. }) = &step.kind
            else {
                continue;
            };
            if let (Some(done), Some(elapsed)) = (step.done, elapsed) {
                tell(
                    listeners,
                    AfterCursorExecuteArguments { id, sql: statement.sql(), done, elapsed: *elapsed },
                );
            }
        }
    }

    fn tell_control(&self, id: ConnectionId, step: &PrefixStep) {
        let events = self.engine.events();
        match step {
            PrefixStep::Rollback => tell(&events.rollback, id),
            PrefixStep::Begin => match &self.status.twophase {
                None => tell(&events.begin, id),
                Some(name) => {
                    tell(&events.begin_twophase, TwophaseArguments { id, name, is_prepared: false });
                }
            },
            PrefixStep::RollbackTo(name) => tell(&events.rollback_savepoint, SavepointArguments { id, name }),
            PrefixStep::ReleaseLeft(_, name) => {
                tell(&events.release_savepoint, SavepointArguments { id, name })
            }
            PrefixStep::Savepoint(_, name) => tell(&events.savepoint, SavepointArguments { id, name }),
        }
    }

    fn tell_commit(&self, id: ConnectionId) {
        let events = self.engine.events();
        match &self.status.twophase {
            None => tell(&events.commit, id),
            Some(name) => tell(&events.commit_twophase, TwophaseArguments { id, name, is_prepared: false }),
        }
    }

    /// Says which statement failed, and lets `handle_error` listeners have their say.
    fn with_statement(&self, error: Error, steps: &[Step<'_>]) -> Error {
        let failed = steps.iter().find(|step| step.done.is_none());
        let (sql, parameters): (Option<&Arc<str>>, &[Value]) = match failed.map(|step| &step.kind) {
            Some(StepKind::Fetch { statement, parameters, .. }) => (Some(statement.sql()), parameters),
            Some(StepKind::ExecuteMany { statement, sets, .. }) if !sets.is_empty() => {
                (Some(statement.sql()), if sets.len() == 1 { sets.get(0) } else { &[] })
            }
            _ => (None, &[]),
        };
        self.complete_error(error, sql, parameters)
    }

    /// The error with its statement, after `handle_error` listeners had their say.
    pub(super) fn complete_error(&self, error: Error, sql: Option<&Arc<str>>, parameters: &[Value]) -> Error {
        let inner = self.engine.shared();
        let error = self.engine.pool().reclassify(error, sql);
        match sql {
            Some(sql) => {
                let shown = (!inner.hide_parameters && !parameters.is_empty())
                    .then(|| echo::Parameters(parameters).to_string());
                error.with_statement(sql, shown)
            }
            None => error,
        }
    }

    /// MySQL commits at DDL without being asked; then what follows goes into a new transaction.
    pub(super) fn follow_the_server(&mut self) {
        if matches!(self.status.phase, Phase::Active) && self.server_state() == ServerState::Idle {
            self.status.begin_anew();
        }
    }

    fn absorb_owned(&mut self, error: Error) -> Error {
        self.absorb(&error);
        error
    }

    /// What an error does to the connection and its transaction.
    pub(super) fn absorb(&mut self, error: &Error) {
        if self.is_lost_by(error) {
            return;
        }
        match self.status.phase {
            Phase::Pending if !self.status.is_explicit => self.status.end(),
            Phase::Active if self.server_state() == ServerState::Idle => {
                self.status.fail(Failure::EndedByServer(error.message().into()));
            }
            // PostgreSQL refuses the rest by itself, other servers would go on; here all are alike. An error that the
            // server did not see, such as a value that cannot be decoded, fails nothing.
            Phase::Active if error.database_error().is_some() => {
                self.status.fail(Failure::Statement(error.message().into()));
            }
            _ => {}
        }
    }

    /// What an error does when COMMIT was among the steps.
    fn absorb_commit(&mut self, error: Error, others_done: bool) -> Error {
        let was_sent = others_done || self.capabilities().pipelining;
        let was_open = self.status.is_open();
        if self.is_lost_by(&error) {
            if !was_sent || !was_open {
                return error;
            }
            return Error::new(
                ErrorKind::OutcomeUnknown,
                format!(
                    "the connection was lost while a COMMIT was under way: the transaction may be committed or not; look \
                     before doing it again: {}",
                    error.message()
                ),
            )
            .with_disconnect()
            .with_source(error);
        }
        if others_done {
            self.status.fail(Failure::Commit(error.message().into()));
            return error.context("COMMIT failed");
        }
        self.absorb_owned(error)
    }

    /// Whether the error took the connection away.
    fn is_lost_by(&mut self, error: &Error) -> bool {
        let is_broken = self.pooled.as_ref().is_none_or(|pooled| pooled.is_broken());
        if !error.is_disconnect() && !is_broken {
            return false;
        }
        self.lose(Some(error));
        if self.status.is_open() {
            self.status.fail(Failure::Disconnected);
        }
        true
    }
}

fn begins_with_query(steps: &[Step<'_>]) -> bool {
    matches!(steps, [Step { kind: StepKind::Fetch { statement, .. }, .. }, ..] if is_query(statement.sql()))
}

impl PrefixStep {
    fn as_step<'a>(&'a self, options: &'a BeginOptions, twophase: Option<&'a str>) -> Step<'a> {
        Step::new(StepKind::Control(match self {
            Self::Rollback => Control::Rollback,
            Self::Begin => match twophase {
                None => Control::Begin(options),
                Some(name) => Control::BeginTwoPhase(options, name),
            },
            Self::RollbackTo(name) => Control::RollbackTo(name),
            Self::ReleaseLeft(_, name) => Control::Release(name),
            Self::Savepoint(_, name) => Control::Savepoint(name),
        }))
    }
}

/// The same step, borrowed for a shorter time.
fn borrowed<'short, 'long>(step: &'short mut Step<'long>) -> Step<'short> {
    Step::new(match &mut step.kind {
        StepKind::Control(control) => StepKind::Control(*control),
        StepKind::Fetch { statement, parameters, sink } => {
            StepKind::Fetch { statement, parameters, sink: &mut **sink }
        }
        StepKind::ExecuteMany { statement, sets, each } => {
            StepKind::ExecuteMany { statement, sets: *sets, each: &mut **each }
        }
    })
}

/// Steps with what a listener made of them.
trait Apply {
    fn apply<'short>(&'short self, step: &'short mut Step<'_>) -> Step<'short>;
}

impl Apply for Option<Rewritten> {
    fn apply<'short>(&'short self, step: &'short mut Step<'_>) -> Step<'short> {
        let Some(rewritten) = self else { return borrowed(step) };
        let (statement, parameters) = (&rewritten.statement, &*rewritten.parameters);
        Step::new(match &mut step.kind {
            StepKind::Control(control) => StepKind::Control(*control),
            StepKind::Fetch { sink, .. } => StepKind::Fetch { statement, parameters, sink: &mut **sink },
            StepKind::ExecuteMany { sets, each, .. } => {
                let width = parameters.len() / sets.len().max(1);
                let sets = ParameterSets::new(parameters, width, sets.len());
                StepKind::ExecuteMany { statement, sets, each: &mut **each }
            }
        })
    }
}
