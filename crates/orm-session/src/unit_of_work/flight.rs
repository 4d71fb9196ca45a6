//! A flight: batches that are sent in one go, and what comes back.

use std::sync::Arc;

use aludel_driver::{Capabilities, Done, Error, ErrorKind, Result, Statement, Step, StepKind};
use aludel_engine_pool::Connection;
use aludel_sql_expression::{Dialect, Value};
use hashbrown::HashSet;

use super::{
    flush::Flush,
    operation::{Operation, Purpose},
    prepared::Prepared,
    work::Work,
};
use crate::{
    events::Occasion,
    graph::{AnySlot, State},
    mapping::Mapper,
};

impl Flush<'_> {
    /// Sends batches in one go, and takes their answers in; with `commit`, the COMMIT travels with them. For a plan they
    /// are noted instead, and answered by what stands for the answers.
    pub(super) async fn fly(&mut self, work: &Work, flight: &mut Vec<Operation>, commit: bool) -> Result<()> {
        if flight.is_empty() {
            return Ok(());
        }
        let dialect = self.connection.dialect().clone();
        let capabilities = self.connection.capabilities().clone();
        let mut prepared: Vec<Vec<Prepared>> = Vec::with_capacity(flight.len());
        for operation in flight.iter_mut() {
            let mut statements = operation.prepare(self.statements, &dialect, &capabilities)?;
            // A COMMIT goes along with nothing else.
            statements.iter_mut().for_each(|statement| statement.returned.is_trusted = commit);
            prepared.push(statements);
        }
        match &mut self.draft {
            Some(draft) => draft.note(self.connection, &prepared),
            None => {
                let asked = self.ask_in_with(flight, &mut prepared, &dialect, &capabilities);
                let outcome = run(self.connection, &mut prepared, commit).await;
                outcome.map_err(|error| name_column(error, flight, &prepared))?;
                self.learn_in_with(asked, prepared.split_off(flight.len()));
            }
        }
        let mut inserted = Vec::new();
        for (operation, mut prepared) in flight.drain(..).zip(prepared) {
            if operation.reads_back(&capabilities) {
                inserted.push((operation, prepared));
                continue;
            }
            let numbers = match &mut self.draft {
                Some(draft) => draft.answer(work, &operation).map(|()| Vec::new())?,
                None => operation.finish(work, &mut prepared, commit).map_err(|error| match commit {
                    true => after_commit(&error),
                    false => error,
                })?,
            };
            if let Purpose::Insert { mapper, places, .. } = &operation.purpose {
                if !numbers.is_empty() {
                    self.statements.tell(mapper);
                }
                if !self.register_numbered(mapper, &work.inserts, places, &numbers) {
                    self.register(mapper, places.iter().map(|place| &work.inserts[*place]));
                }
            }
        }
        if !inserted.is_empty() {
            self.read_back(work, inserted).await?;
        }
        Ok(())
    }

    /// Asks along with a first large batch of new rows whether the next one may bring its numbers back together.
    fn ask_in_with(
        &self,
        flight: &[Operation],
        prepared: &mut Vec<Vec<Prepared>>,
        dialect: &Arc<dyn Dialect>,
        capabilities: &Capabilities,
    ) -> Vec<&'static Mapper> {
        let mut asked = Vec::new();
        // The same table may be another one in other schemas.
        if !capabilities.arrays || dialect.schemas().is_some() {
            return asked;
        }
        for mapper in flight.iter().filter_map(Operation::numbers_together) {
            if self.statements.is_in_with(mapper).is_none()
                && !asked.contains(&mapper)
                && let Some(query) = dialect.insert_in_with_query(mapper.table())
            {
                let mut asking = Prepared::one(Statement::once(query), Vec::new(), 0);
                asking.returned.is_trusted = true;
                prepared.push(vec![asking]);
                asked.push(mapper);
            }
        }
        asked
    }

    fn learn_in_with(&self, asked: Vec<&'static Mapper>, answers: Vec<Vec<Prepared>>) {
        for (mapper, answer) in asked.into_iter().zip(answers.into_iter().flatten()) {
            let row = answer.returned.into_rows().next();
            self.statements.set_in_with(mapper, row.as_deref() == Some(&[Value::Bool(true)]));
        }
    }

    /// New rows have their keys: their objects are persistent, and found by key.
    pub(super) fn register<'s>(
        &self,
        mapper: &'static Mapper,
        slots: impl ExactSizeIterator<Item = &'s Arc<dyn AnySlot>> + Clone,
    ) {
        for slot in slots.clone().filter(|slot| slot.state() != State::Persistent) {
            slot.set_state(State::Persistent);
            slot.end_flush();
        }
        let mut inner = self.graph.lock();
        inner.identity.reserve(slots.len());
        for slot in slots {
            let index = slot.index();
            slot.show_key(&mut |key| inner.register(mapper, key, index));
            inner.notices.note(Occasion::PendingToPersistent, slot);
        }
    }

    /// The same where the objects have got nothing but numbers, so that nobody has to look at them again. False: their keys
    /// are kept in another form.
    fn register_numbered(
        &self,
        mapper: &'static Mapper,
        slots: &[Arc<dyn AnySlot>],
        places: &[usize],
        numbers: &[i64],
    ) -> bool {
        let Some(first) = places.first().filter(|_| numbers.len() == places.len()) else { return false };
        let mut is_number = false;
        slots[*first].show_key(&mut |key| is_number = matches!(key, [Value::I64(_)]));
        if !is_number {
            return false;
        }
        let mut inner = self.graph.lock();
        let is_new_key = inner.identity.is_empty() && numbers.is_sorted_by(|one, next| one < next);
        let is_told = self.graph.audience().listens_to(Occasion::PendingToPersistent);
        inner.identity.reserve(places.len());
        for (place, number) in places.iter().zip(numbers) {
            let slot = &slots[*place];
            match is_new_key {
                true => inner.register_new_number(mapper, *number, slot.index()),
                false => inner.register(mapper, &[Value::I64(*number)], slot.index()),
            }
            if is_told {
                inner.notices.note(Occasion::PendingToPersistent, slot);
            }
        }
        true
    }
}

/// Says which column a refused value is for.
#[cold]
fn name_column(error: Error, flight: &[Operation], prepared: &[Vec<Prepared>]) -> Error {
    let Some(number) = error.parameter() else { return error };
    let failed = |statements: &Vec<Prepared>| {
        statements.iter().any(|prepared| error.statement() == Some(&**prepared.statement.sql()))
    };
    let operation = flight.iter().zip(prepared).find(|(_, statements)| failed(statements));
    match operation.and_then(|(operation, _)| operation.column_of_parameter(number)) {
        Some(column) => error.in_column(&column),
        None => error,
    }
}

/// The COMMIT went along with the rows, and something is wrong with them.
#[cold]
fn after_commit(error: &Error) -> Error {
    let message = format!(
        "the transaction is committed, but what its new rows were given is not known: {}; load them again",
        error.message()
    );
    Error::new(ErrorKind::OutcomeUnknown, message)
}

/// The objects whose keys the database has not made yet.
pub(super) fn waiting(work: &Work, operations: &[Operation]) -> HashSet<u32> {
    let mut waiting = HashSet::new();
    for operation in operations {
        if let Purpose::Insert { places, fetch, mapper, .. } = &operation.purpose
            && fetch.iter().any(|column| mapper.key().contains(column))
        {
            waiting.extend(places.iter().map(|place| work.inserts[*place].index()));
        }
    }
    waiting
}

/// Takes in what each set of parameters did.
type Collector<'a> = Box<dyn FnMut(usize, Done) -> Result<()> + Send + 'a>;

/// Sends all statements in order, in one flight where the backend can.
pub(super) async fn run(
    connection: &mut Connection,
    prepared: &mut [Vec<Prepared>],
    commit: bool,
) -> Result<()> {
    let mut collectors: Vec<Collector<'_>> = Vec::new();
    let mut fetches = Vec::new();
    for statement in prepared.iter_mut().flatten() {
        let Prepared { statement, parameters, sets, returned, identifiers, done, .. } = statement;
        fetches.push((statement, parameters, *sets, returned, done));
        collectors.push(Box::new(move |_, done: Done| {
            identifiers.extend(done.last_insert_id);
            Ok(())
        }));
    }
    let mut results = Vec::with_capacity(fetches.len());
    let mut steps: Vec<Step<'_>> = fetches
        .into_iter()
        .zip(&mut collectors)
        .map(|((statement, parameters, sets, returned, done), each)| {
            results.push(done);
            Step::new(if sets > 1 {
                let width = parameters.len().checked_div(sets).unwrap_or_default();
                let sets = aludel_driver::ParameterSets::new(parameters, width, sets);
                StepKind::ExecuteMany { statement, sets, each: &mut **each }
            } else {
                StepKind::Fetch { statement, parameters, sink: returned }
            })
        })
        .collect();
    let outcome = if commit {
        connection.commit_with(&mut steps).await
    } else {
        connection.run_steps(&mut steps).await
    };
    outcome?;
    let dones: Vec<Option<Done>> = steps.iter().map(|step| step.done).collect();
    drop(steps);
    drop(collectors);
    for (result, done) in results.into_iter().zip(&dones) {
        *result = done.unwrap_or_default();
    }
    // A single row has no collector: its generated key stands in what the step did.
    for (statement, done) in prepared.iter_mut().flatten().zip(dones) {
        if statement.sets == 1 && statement.identifiers.is_empty() {
            statement.identifiers.extend(done.and_then(|done| done.last_insert_id));
        }
    }
    Ok(())
}
