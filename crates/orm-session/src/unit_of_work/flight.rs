//! A flight: batches that are sent in one go, and what comes back.

use std::sync::Arc;

use aludel_driver::{Done, Result, Step, StepKind};
use aludel_engine_pool::Connection;
use aludel_sql_expression::Value;
use hashbrown::HashSet;

use super::{
    flush::Flush,
    operation::{Operation, Prepared, Purpose},
};
use crate::{
    graph::{AnySlot, State},
    mapping::Mapper,
};

impl Flush<'_> {
    /// Sends batches in one go, and takes their answers in; with `commit`, the COMMIT travels with them.
    pub(super) async fn fly(&mut self, flight: &mut Vec<Operation>, commit: bool) -> Result<()> {
        if flight.is_empty() {
            return Ok(());
        }
        let dialect = self.connection.dialect().clone();
        let capabilities = self.connection.capabilities().clone();
        let mut prepared: Vec<Vec<Prepared>> = Vec::with_capacity(flight.len());
        for operation in flight.iter_mut() {
            prepared.push(operation.prepare(self.statements, &dialect, &capabilities)?);
        }
        run(self.connection, &mut prepared, commit).await?;
        for (operation, mut prepared) in flight.drain(..).zip(prepared) {
            operation.finish(&mut prepared)?;
            if let Purpose::Insert { mapper, slots, .. } = &operation.purpose {
                self.register(mapper, slots);
            }
        }
        Ok(())
    }

    /// New rows have their keys: their objects are persistent, and found by key.
    pub(super) fn register(&self, mapper: &'static Mapper, slots: &[Arc<dyn AnySlot>]) {
        let keys: Vec<Vec<Value>> = slots
            .iter()
            .map(|slot| {
                let key = mapper.key().iter().map(|column| slot.sending(*column)).collect();
                slot.set_state(State::Persistent);
                slot.end_flush();
                key
            })
            .collect();
        let mut inner = self.graph.lock();
        for (slot, key) in slots.iter().zip(keys) {
            let index = slot.index();
            // The database gave out the key, so the row of whoever had it before was deleted behind the session's back.
            inner.miss(mapper, &key);
            inner.identity.insert(mapper, &key, index);
            if let Some(entry) = inner.entry_mut(index) {
                entry.fresh = true;
            }
            inner.enlist(index);
        }
    }
}

/// The objects whose keys the database has not made yet.
pub(super) fn waiting(operations: &[Operation]) -> HashSet<u32> {
    let mut waiting = HashSet::new();
    for operation in operations {
        if let Purpose::Insert { slots, fetch, mapper } = &operation.purpose
            && fetch.iter().any(|column| mapper.key().contains(column))
        {
            waiting.extend(slots.iter().map(|slot| slot.index()));
        }
    }
    waiting
}

/// Takes in what each set of parameters did.
type Collector<'a> = Box<dyn FnMut(usize, Done) -> Result<()> + Send + 'a>;

/// Sends all statements in order, in one flight where the backend can.
async fn run(connection: &mut Connection, prepared: &mut [Vec<Prepared>], commit: bool) -> Result<()> {
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
