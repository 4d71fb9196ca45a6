//! Many steps in one round trip: requests are put into the send queue in order, and their answers read in order after.
//!
//! What keeps it safe: steps are only sent ahead inside a transaction, where the server refuses everything after a
//! failure; nothing is sent after a COMMIT before its answer is read; and a COMMIT is only sent ahead when no sink and
//! no callback can still fail before it. A sink says itself whether it can.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use aludel_driver::{
    Control, Done, Error, Result, Statement, Step, StepKind, TransactionState, Value, bulk::size_of_value,
};
use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::{Error as Lower, RowStream};

use crate::{
    answer::{self, Failure},
    parameter,
    prepared::Prepared,
    script,
    settings::PrepareMode,
    wire::{self, Wire},
};

/// The most requests that are sent before answers are read.
const MOST_REQUESTS: usize = 1024;

/// The most bytes of parameters, roughly, that are sent before answers are read.
const MOST_BYTES: usize = 4 << 20;

/// The most statements that are prepared at once.
const MOST_PREPARED: usize = 64;

/// Whether errors carry the statement of the step that failed, which a caller of many steps cannot know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// They do.
    Statement,
    /// They do not: the caller knows it, and has the parameters too.
    Nothing,
}

impl Naming {
    fn name(self, error: Error, statement: &Statement) -> Error {
        match self {
            Self::Statement => error.with_statement(statement.sql(), None),
            Self::Nothing => error,
        }
    }
}

/// A request that is sent when it is first polled.
type Request<'p, T> = MaybeDone<Pin<Box<dyn Future<Output = Result<T, Lower>> + Send + 'p>>>;

enum Awaited<'p> {
    Control(Control<'p>, Request<'p, ()>),
    Rows(Arc<Prepared>, Request<'p, RowStream>),
    Set {
        position: usize,
        is_last: bool,
        request: Request<'p, u64>,
    },
    /// A step without requests.
    Nothing,
}

struct Sent<'p> {
    step: usize,
    weight: usize,
    awaited: Awaited<'p>,
}

impl Sent<'_> {
    /// Whether reading the answer calls code of the caller, which can fail.
    fn is_watched(&self, steps: &[Step<'_>]) -> bool {
        match &self.awaited {
            Awaited::Rows(prepared, _) => {
                let may_fail = match &steps[self.step].kind {
                    StepKind::Fetch { sink, .. } => sink.may_fail(),
                    _ => true,
                };
                may_fail && !prepared.columns.is_empty()
            }
            Awaited::Set { .. } => true,
            Awaited::Control(..) | Awaited::Nothing => false,
        }
    }
}

struct Pipeline<'p> {
    sent: VecDeque<Sent<'p>>,
    weight: usize,
    /// What each step needs, held so that the cache cannot drop it before its turn.
    prepared: Vec<Option<Arc<Prepared>>>,
    /// What the sets of the present step have done so far.
    total: Done,
    naming: Naming,
}

impl<'p> Pipeline<'p> {
    fn new(steps: usize, naming: Naming) -> Self {
        Self { sent: VecDeque::new(), weight: 0, prepared: vec![None; steps], total: Done::default(), naming }
    }

    fn push(&mut self, step: usize, weight: usize, awaited: Awaited<'p>) {
        self.weight += weight;
        self.sent.push_back(Sent { step, weight, awaited });
    }
}

impl Wire {
    /// Runs steps in order, and sends ahead what can be sent ahead.
    pub(crate) async fn run(&mut self, steps: &mut [Step<'_>], naming: Naming) -> Result<()> {
        let mut pipeline = Pipeline::new(steps.len(), naming);
        for position in 0..steps.len() {
            if let Err(error) = self.step(&mut pipeline, steps, position).await {
                // In boxes here and below, so that the usual way stays small: its future is moved about with each call.
                return Err(Box::pin(self.give_up(pipeline, error)).await);
            }
        }
        match self.settle(&mut pipeline, steps, 0).await {
            Ok(()) => Ok(()),
            Err(error) => Err(Box::pin(self.give_up(pipeline, error)).await),
        }
    }

    async fn step<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        position: usize,
    ) -> Result<()> {
        let is_last = position + 1 == steps.len();
        let active = self.ledger.state() == TransactionState::Active;
        match &steps[position].kind {
            StepKind::Control(control) => match *control {
                // A BEGIN with options can fail, and what came after it would then run outside a transaction.
                control @ (Control::Begin(options) | Control::BeginTwoPhase(options, _))
                    if options.is_plain() && !is_last =>
                {
                    self.settle(pipeline, steps, 0).await?;
                    self.send_control(pipeline, steps, position, control).await
                }
                control @ (Control::Savepoint(_) | Control::Release(_)) if active => {
                    self.send_control(pipeline, steps, position, control).await
                }
                control @ Control::Commit if active => {
                    let is_pooled = self.prepare_mode == PrepareMode::Unnamed;
                    if is_pooled || pipeline.sent.iter().any(|sent| sent.is_watched(steps)) {
                        self.settle(pipeline, steps, 0).await?;
                    }
                    if is_pooled {
                        // Closed before the pooler takes the server connection away, which would keep them.
                        pipeline.prepared.fill(None);
                    }
                    self.send_control(pipeline, steps, position, control).await?;
                    self.settle(pipeline, steps, 0).await
                }
                _ => {
                    self.settle(pipeline, steps, 0).await?;
                    if self.prepare_mode == PrepareMode::Unnamed {
                        pipeline.prepared.fill(None);
                    }
                    Box::pin(self.alone(pipeline.naming, &mut steps[position])).await
                }
            },
            StepKind::Fetch { statement, .. } | StepKind::ExecuteMany { statement, .. }
                if !active || script::begins_with_control(statement.sql()) =>
            {
                self.settle(pipeline, steps, 0).await?;
                Box::pin(self.alone(pipeline.naming, &mut steps[position])).await
            }
            StepKind::Fetch { statement, parameters, .. } => {
                let (statement, parameters) = (*statement, *parameters);
                self.send_rows(pipeline, steps, position, statement, parameters).await
            }
            StepKind::ExecuteMany { statement, sets, .. } => {
                let (statement, sets) = (*statement, *sets);
                if sets.is_empty() {
                    pipeline.push(position, 0, Awaited::Nothing);
                }
                for (set, parameters) in sets.iter().enumerate() {
                    let is_last = set + 1 == sets.len();
                    self.send_set(pipeline, steps, position, statement, parameters, (set, is_last)).await?;
                }
                Ok(())
            }
        }
    }

    /// Runs a step by itself, with nothing else on its way.
    async fn alone(&mut self, naming: Naming, step: &mut Step<'_>) -> Result<()> {
        let (statement, done) = match &mut step.kind {
            StepKind::Control(control) => {
                self.control(*control).await?;
                step.done = Some(Done::default());
                return Ok(());
            }
            StepKind::Fetch { statement, parameters, sink } => {
                (*statement, self.fetch(statement, parameters, &mut **sink).await)
            }
            StepKind::ExecuteMany { statement, sets, each } => {
                (*statement, self.execute_each(statement, *sets, &mut **each).await)
            }
        };
        step.done = Some(done.map_err(|error| naming.name(error, statement))?);
        Ok(())
    }

    async fn send_control<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        position: usize,
        control: Control<'p>,
    ) -> Result<()> {
        let Some(sql) = self.ledger.plan(control)? else {
            pipeline.push(position, 0, Awaited::Nothing);
            return Ok(());
        };
        match control {
            // What follows is sent as if it had begun; when it could not, that is put right with its answer.
            Control::Begin(_) | Control::BeginTwoPhase(..) => self.ledger.done(control),
            Control::Commit => self.ledger.commit_sent(),
            _ => {}
        }
        let client = self.client.clone();
        let mut request = request(async move { client.batch_execute(&sql).await });
        let went = send(&mut request).await;
        pipeline.push(position, 0, Awaited::Control(control, request));
        self.unless_failed(pipeline, steps, went).await
    }

    async fn send_rows<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        position: usize,
        statement: &'p Statement,
        parameters: &'p [Value],
    ) -> Result<()> {
        self.make_room(pipeline, steps).await?;
        let prepared = self.prepared_for(pipeline, steps, position, statement).await?;
        self.check(pipeline, steps, &prepared, statement, parameters).await?;
        let (client, held) = (self.client.clone(), prepared.clone());
        let mut request =
            request(
                async move { client.query_raw(&held.statement, parameter::bind(&held, parameters)).await },
            );
        let went = send(&mut request).await;
        pipeline.push(position, weight(parameters), Awaited::Rows(prepared, request));
        self.unless_failed(pipeline, steps, went).await
    }

    async fn send_set<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        position: usize,
        statement: &'p Statement,
        parameters: &'p [Value],
        (set, is_last): (usize, bool),
    ) -> Result<()> {
        self.make_room(pipeline, steps).await?;
        let held = self.prepared_for(pipeline, steps, position, statement).await?;
        self.check(pipeline, steps, &held, statement, parameters).await?;
        let client = self.client.clone();
        let mut request =
            request(
                async move { client.execute_raw(&held.statement, parameter::bind(&held, parameters)).await },
            );
        let went = send(&mut request).await;
        pipeline.push(position, weight(parameters), Awaited::Set { position: set, is_last, request });
        self.unless_failed(pipeline, steps, went).await
    }

    /// Looks at what can be said before sending; what is on its way comes first, as it may have failed before.
    async fn check<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        prepared: &Prepared,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<()> {
        let checked = self.ledger.admit().and_then(|()| wire::check_count(prepared, parameters));
        if let Err(error) = checked {
            self.settle(pipeline, steps, 0).await?;
            return Err(pipeline.naming.name(error, statement));
        }
        Ok(())
    }

    /// After a request that could not even be sent, nothing more is.
    async fn unless_failed<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        went: bool,
    ) -> Result<()> {
        if went { Ok(()) } else { self.settle(pipeline, steps, 0).await }
    }

    async fn make_room<'p>(&mut self, pipeline: &mut Pipeline<'p>, steps: &mut [Step<'p>]) -> Result<()> {
        if pipeline.sent.len() >= MOST_REQUESTS || pipeline.weight >= MOST_BYTES {
            let half = pipeline.sent.len() / 2;
            self.settle(pipeline, steps, half).await?;
        }
        Ok(())
    }

    /// Reads answers in order until only so many are on their way.
    async fn settle<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        keep: usize,
    ) -> Result<()> {
        while pipeline.sent.len() > keep {
            let Some(sent) = pipeline.sent.pop_front() else {
                break;
            };
            pipeline.weight -= sent.weight;
            let step = &mut steps[sent.step];
            let statement = match &step.kind {
                StepKind::Control(_) => None,
                StepKind::Fetch { statement, .. } | StepKind::ExecuteMany { statement, .. } => {
                    Some(*statement)
                }
            };
            match self.receive(pipeline, sent.awaited, step, statement).await {
                Ok(()) => {}
                Err(failure) => {
                    if matches!(failure, Failure::Sink(_)) && !pipeline.sent.is_empty() {
                        // Later steps have run, so the transaction must not be committed.
                        self.ledger.fail_transaction();
                    }
                    let error = failure.into_error();
                    return Err(match statement {
                        Some(statement) => pipeline.naming.name(error, statement),
                        None => error,
                    });
                }
            }
        }
        Ok(())
    }

    async fn receive(
        &mut self,
        pipeline: &mut Pipeline<'_>,
        awaited: Awaited<'_>,
        step: &mut Step<'_>,
        statement: Option<&Statement>,
    ) -> Result<(), Failure> {
        match (awaited, &mut step.kind) {
            (Awaited::Control(control, mut request), _) => {
                answer(&mut request)
                    .await
                    .map_err(|lower| Failure::Server(self.ledger.refused(control, lower)))?;
                self.ledger.done(control);
                step.done = Some(Done::default());
            }
            (Awaited::Rows(prepared, mut request), StepKind::Fetch { sink, .. }) => {
                let stream = answer(&mut request).await.map_err(|lower| self.failure(statement, lower))?;
                let done =
                    answer::read(&mut self.ledger, &self.canceller, &prepared, stream, &mut **sink).await?;
                step.done = Some(done);
            }
            (Awaited::Set { position, is_last, mut request }, StepKind::ExecuteMany { each, .. }) => {
                let rows = answer(&mut request).await.map_err(|lower| self.failure(statement, lower))?;
                if position == 0 {
                    pipeline.total = Done::default();
                }
                pipeline.total.rows += rows;
                each(position, Done { rows, last_insert_id: None }).map_err(Failure::Sink)?;
                if is_last {
                    step.done = Some(pipeline.total);
                }
            }
            _ => step.done = Some(Done::default()),
        }
        Ok(())
    }

    fn failure(&mut self, statement: Option<&Statement>, lower: Lower) -> Failure {
        Failure::Server(match statement {
            Some(statement) => self.fail(statement, lower),
            None => self.ledger.fail(lower),
        })
    }

    /// Reads what is still on its way after a failure, without looking at it, and passes the failure on.
    async fn give_up(&mut self, pipeline: Pipeline<'_>, error: Error) -> Error {
        for sent in pipeline.sent {
            if self.ledger.broken().is_some() {
                break;
            }
            // Later errors only follow from the first.
            match sent.awaited {
                Awaited::Control(control, mut request) => match answer(&mut request).await {
                    // A COMMIT was answered by a rollback.
                    Ok(()) => self.ledger.done(control),
                    Err(lower) => drop(self.ledger.refused(control, lower)),
                },
                Awaited::Rows(_, mut request) => match answer(&mut request).await {
                    Ok(stream) => {
                        let _ = answer::drain(&mut self.ledger, &self.canceller, pin!(stream)).await;
                    }
                    Err(lower) => drop(self.ledger.fail(lower)),
                },
                Awaited::Set { mut request, .. } => {
                    if let Err(lower) = answer(&mut request).await {
                        drop(self.ledger.fail(lower));
                    }
                }
                Awaited::Nothing => {}
            }
        }
        error
    }

    async fn prepared_for<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        position: usize,
        statement: &'p Statement,
    ) -> Result<Arc<Prepared>> {
        if pipeline.prepared[position].is_none() {
            match self.statements.get(statement) {
                Some(prepared) => pipeline.prepared[position] = Some(prepared),
                None => Box::pin(self.prepare_ahead(pipeline, steps, position)).await?,
            }
        }
        let prepared = pipeline.prepared[position].clone();
        Ok(prepared.expect("invariant: preparing a step's statement leaves it prepared"))
    }

    /// Prepares the statement of a step, and with it those of the steps behind it, in the same round trip and behind
    /// what is on its way.
    async fn prepare_ahead<'p>(
        &mut self,
        pipeline: &mut Pipeline<'p>,
        steps: &mut [Step<'p>],
        from: usize,
    ) -> Result<()> {
        let mut wanted: Vec<&'p Statement> = Vec::new();
        let mut too_many = None;
        for (position, step) in steps.iter().enumerate().skip(from) {
            let (statement, parameters) = match &step.kind {
                StepKind::Control(_) => break,
                StepKind::Fetch { statement, parameters, .. } => (*statement, *parameters),
                StepKind::ExecuteMany { statement, sets, .. } if sets.is_empty() => (*statement, &[][..]),
                StepKind::ExecuteMany { statement, sets, .. } => (*statement, sets.get(0)),
            };
            if let Err(error) = wire::check_most(parameters) {
                // The steps before it are done first.
                if position == from {
                    too_many = Some((error, statement));
                }
                break;
            }
            let sql = statement.sql();
            if position > from && (script::begins_with_control(sql) || script::is_copy_stream(sql)) {
                break;
            }
            if pipeline.prepared[position].is_none() {
                pipeline.prepared[position] = self.statements.get(statement);
            }
            if pipeline.prepared[position].is_none() && !wanted.iter().any(|other| is_same(other, statement))
            {
                wanted.push(statement);
            }
            // What comes behind a statement that changes tables cannot be prepared before it has run.
            if wanted.len() == MOST_PREPARED || !script::is_data(sql) {
                break;
            }
        }
        if let Some((error, statement)) = too_many {
            self.settle(pipeline, steps, 0).await?;
            return Err(pipeline.naming.name(error, statement));
        }
        for statement in &wanted {
            let checked = self.ledger.admit().and_then(|()| wire::check_text(statement));
            if let Err(error) = checked {
                self.settle(pipeline, steps, 0).await?;
                return Err(pipeline.naming.name(error, statement));
            }
        }

        let mut requests: Vec<Request<'p, tokio_postgres::Statement>> = Vec::with_capacity(wanted.len());
        for statement in &wanted {
            let (client, sql) = (self.client.clone(), statement.sql().clone());
            let mut request = request(async move { client.prepare(&sql).await });
            send(&mut request).await;
            requests.push(request);
        }
        let earlier = self.settle(pipeline, steps, 0).await;
        if self.ledger.broken().is_none() {
            all(&mut requests).await;
        }
        earlier?;

        for (statement, mut request) in wanted.into_iter().zip(requests) {
            match answer(&mut request).await {
                Ok(prepared) => {
                    self.keep_types(&prepared).await?;
                    let prepared = Prepared::new(statement.sql(), prepared);
                    self.statements.put(statement, &prepared);
                    for (step, place) in steps.iter().zip(&mut pipeline.prepared).skip(from) {
                        if let StepKind::Fetch { statement: other, .. }
                        | StepKind::ExecuteMany { statement: other, .. } = &step.kind
                            && place.is_none()
                            && is_same(other, statement)
                        {
                            *place = Some(prepared.clone());
                        }
                    }
                }
                Err(lower) => {
                    let error = self.fail(statement, lower);
                    return Err(pipeline.naming.name(error, statement));
                }
            }
        }
        Ok(())
    }
}

fn is_same(one: &Statement, other: &Statement) -> bool {
    one.key() == other.key() && one.sql() == other.sql()
}

fn request<'p, T>(future: impl Future<Output = Result<T, Lower>> + Send + 'p) -> Request<'p, T> {
    let future: Pin<Box<dyn Future<Output = Result<T, Lower>> + Send + 'p>> = Box::pin(future);
    maybe_done(future)
}

/// Polls a request once, which puts it into the send queue behind all that were sent before. False: it failed at once.
async fn send<T>(request: &mut Request<'_, T>) -> bool {
    poll_fn(|context| {
        let _ = Pin::new(&mut *request).poll(context);
        Poll::Ready(())
    })
    .await;
    !matches!(request, MaybeDone::Done(Err(_)))
}

/// Waits for all requests at once: while one looks up a type, the answer of the next may be in its way.
async fn all<T>(requests: &mut [Request<'_, T>]) {
    poll_fn(|context| {
        let mut ready = Poll::Ready(());
        for request in requests.iter_mut() {
            if Pin::new(request).poll(context).is_pending() {
                ready = Poll::Pending;
            }
        }
        ready
    })
    .await;
}

/// Waits for a request's answer.
async fn answer<T>(request: &mut Request<'_, T>) -> Result<T, Lower> {
    let mut request = Pin::new(request);
    request.as_mut().await;
    request.take_output().expect("invariant: an answer is taken once, when it is there")
}

/// Roughly how many bytes parameters take.
fn weight(parameters: &[Value]) -> usize {
    parameters.iter().map(size_of_value).sum::<usize>() + 64
}
