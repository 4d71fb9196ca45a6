//! A flush: what is to be written is looked for, put into order and sent, and the objects are told.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use hashbrown::HashSet;

use super::{
    assignment::{Assigned, ByChild, by_child},
    cascade::{cascade_deletes, look_up_replaced},
    defaults::apply_defaults,
    delete::delete_operations,
    flight::waiting,
    follow::Followers,
    insert::insert_operations,
    key_change::{Moved, adopt_keys, assign_referring, look_up_referring},
    operation::{Operation, Purpose},
    order::insert_levels,
    plan::Draft,
    rounds::split_into_rounds,
    row_switch::find_row_switches,
    secondary::{link_operations, rekey_operations, unlink_operations},
    statements::StatementCache,
    update::update_operations,
    work::Work,
};
use crate::{
    events::{Events, Told},
    graph::{AnySlot, Graph, State, identity_key},
};

/// What a flush needs of its session.
pub(crate) struct Flush<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) graph: &'a Arc<Graph>,
    pub(crate) statements: &'a StatementCache,
    /// Set: nothing is sent, and what would be is written here. The graph is one that is thrown away.
    pub(crate) draft: Option<&'a mut Draft>,
}

/// Writes everything that changed in the graph. With `commit`, the COMMIT may travel with the last batch; then true is
/// returned. Gives what was written, too, if that was anything and somebody wants to know.
pub(crate) async fn flush(mut flush: Flush<'_>, commit: bool) -> Result<(bool, Option<Told>)> {
    flush.graph.refusals()?;
    let mut work = flush.collect().await?;
    if work.is_empty() {
        flush.graph.lock().settle();
        return Ok((false, None));
    }
    if flush.graph.audience().listens_before() {
        let told = work.told(flush.graph);
        flush.graph.audience().before(flush.connection, flush.graph, &told).await?;
        // A listener may have changed objects, and links.
        work = flush.collect().await?;
    }
    flush.graph.refusals()?;
    let told = flush.graph.audience().any(Events::wants_flushed).then(|| work.told(flush.graph));
    let mut rounds = vec![work];
    let outcome = flush.write(&mut rounds, commit).await;
    if outcome.is_err() {
        rounds.iter().flat_map(Work::sent).for_each(|slot| slot.abandon_flush());
    } else if let Some(told) = &told {
        flush.graph.audience().after(flush.connection, flush.graph, told).await?;
    }
    outcome.map(|committed| (committed, told))
}

impl Flush<'_> {
    /// Looks for what is to be written.
    async fn collect(&mut self) -> Result<Work> {
        if let Some(work) = Work::collect_plain(self.graph)? {
            work.refuse_views()?;
            return Ok(work);
        }
        look_up_replaced(self.connection, self.graph).await?;
        self.graph.lock().doom_orphans();
        cascade_deletes(self.connection, self.graph).await?;
        let moving = look_up_referring(self.connection, self.graph).await?;
        let mut work = Work::collect(self.graph)?;
        work.refuse_views()?;
        assign_referring(&moving, &mut work, self.graph)?;
        Ok(work)
    }

    async fn write(&mut self, rounds: &mut Vec<Work>, commit: bool) -> Result<bool> {
        for work in rounds.iter_mut() {
            work.expressions = Arc::new(self.graph.take_expressions(work.sent()));
            let keyed = work.begin_flush();
            work.complete(self.graph, &keyed)?;
            work.validate()?;
            work.enlist(&mut self.graph.lock());
            apply_defaults(work)?;
            find_row_switches(work)?;
        }
        split_into_rounds(rounds, self.graph)?;
        let mut followers = Followers::default();
        let mut committed = false;
        for (number, work) in rounds.iter().enumerate() {
            let last = number + 1 == rounds.len();
            committed = self.send(work, commit && last, &mut followers).await?;
        }
        self.settle(followers);
        Ok(committed)
    }

    async fn send(&mut self, work: &Work, commit: bool, followers: &mut Followers) -> Result<bool> {
        let by_level = insert_levels(&work.inserts, &work.assignments)?;
        let by_child = by_child(&work.assignments);
        let mut flight = Vec::new();
        let arrays = self.connection.capabilities().arrays;
        for level in by_level {
            // The keys of an earlier level are only needed where this one refers to them.
            if level_waits(work, &level, &by_child, &flight) {
                self.fly(work, &mut flight, false).await?;
            }
            flight.extend(insert_operations(work, &level, &by_child, arrays)?);
        }
        if work.sends_rows_at_once() {
            // There is one level, and nothing was sent yet.
            work.check_keys(self.graph, &given_keys(&flight), &Assigned::by(&[]))?;
        }
        if rest_waits(work, &flight) {
            self.fly(work, &mut flight, false).await?;
        }
        flight.extend(unlink_operations(work));
        flight.extend(link_operations(&work.links));
        let (updates, moves) = update_operations(work)?;
        flight.extend(updates);
        flight.extend(rekey_operations(work));
        flight.extend(delete_operations(work, &self.graph.lock())?);
        let committed =
            commit && !flight.is_empty() && flight.iter().all(|operation| self.is_sure(operation));
        self.fly(work, &mut flight, committed).await?;
        self.finish(work, moves, followers)?;
        Ok(committed)
    }

    /// Whether nothing of what a batch did has to be looked at before a COMMIT: rows that come back were told apart before.
    fn is_sure(&self, operation: &Operation) -> bool {
        match &operation.purpose {
            _ if operation.reads_back(self.connection.capabilities()) => false,
            Purpose::Insert { fetch, .. } if fetch.is_empty() => true,
            Purpose::Insert { mapper, .. } => {
                operation.returns_key_alone() && self.statements.is_told(mapper)
            }
            Purpose::Link { .. } | Purpose::UnlinkAll => true,
            _ => false,
        }
    }

    /// What was sent is in the database; `moves`: some objects have other keys now, or others refer to what has changed.
    fn finish(&self, work: &Work, moves: bool, followers: &mut Followers) -> Result<()> {
        for switch in &work.switches {
            self.register(switch.new.mapper(), std::iter::once(&switch.new));
            if let Some(entry) = self.graph.lock().entry_mut(switch.old.index()) {
                entry.doomed = false;
            }
        }
        followers.note(work, &self.graph.lock());
        if work.assignments.iter().any(|assignment| assignment.post_update) {
            // A key that was written by an UPDATE of its own was sent after its row was registered.
            work.inserts.iter().for_each(|slot| slot.end_flush());
        }
        let mut moved = Vec::new();
        for slot in &work.updates {
            let mapper = slot.mapper();
            let referenced = &mapper.configuration()?.referenced;
            let is_moved = moves && slot.differs(referenced);
            let old = if is_moved { Moved::values(&**slot)? } else { Vec::new() };
            slot.end_flush();
            if is_moved {
                moved.push(Moved { slot: slot.clone(), old, new: Moved::values(&**slot)? });
            }
        }
        let mut inner = self.graph.lock();
        let rekeyed = moved.iter().filter(|moved| moved.is_key_changed());
        for moved in rekeyed.clone() {
            inner.identity.remove(moved.slot.mapper(), moved.old_key(), moved.slot.index());
        }
        for moved in rekeyed {
            // Who still has the key lost its row behind the session's back, or by a rollback.
            inner.miss(moved.slot.mapper(), moved.new_key());
            inner.identity.insert(moved.slot.mapper(), moved.new_key(), moved.slot.index());
        }
        for slot in &work.deletes {
            let (index, mapper) = (slot.index(), slot.mapper());
            inner.identity.remove(mapper, &identity_key(&**slot, mapper), index);
            inner.turn(index, State::Deleted);
            if let Some(entry) = inner.entry_mut(index) {
                entry.doomed = false;
            }
        }
        drop(inner);
        follow_deletes(self.graph, work);
        match moved.is_empty() {
            true => Ok(()),
            false => adopt_keys(self.graph, moved),
        }
    }

    /// Everything is written: what was sent is clean.
    fn settle(&self, followers: Followers) {
        let mut inner = self.graph.lock();
        inner.settle();
        followers.follow(&mut inner);
    }
}

/// What the database deletes along (`passive_deletes`) is deleted for the session, too.
fn follow_deletes(graph: &Arc<Graph>, work: &Work) {
    let is_passive = |slot: &&Arc<dyn AnySlot>| {
        slot.mapper().relationships().iter().any(|mapping| mapping.passive_deletes)
    };
    let mut waiting: Vec<Arc<dyn AnySlot>> = work.deletes.iter().filter(is_passive).cloned().collect();
    while let Some(first) = waiting.first() {
        let mapper = first.mapper();
        let (slots, rest) = waiting.into_iter().partition::<Vec<_>, _>(|slot| slot.mapper() == mapper);
        graph.follow_deletes(mapper, &slots, &[]);
        waiting = rest;
    }
}

/// The places of new objects whose keys are written along with their rows.
fn given_keys(flight: &[Operation]) -> Vec<usize> {
    let mut given = Vec::new();
    for operation in flight {
        if let Purpose::Insert { places, fetch, .. } = &operation.purpose
            && fetch.is_empty()
        {
            given.extend_from_slice(places);
        }
    }
    given
}

/// Whether new rows of a level refer to rows whose keys the database has not made yet.
fn level_waits(work: &Work, level: &[usize], by_child: &ByChild<'_>, flight: &[Operation]) -> bool {
    if flight.is_empty() || by_child.is_empty() {
        return false;
    }
    let children = level.iter().map(|place| work.inserts[*place].index());
    let assignments = children.filter_map(|child| by_child.get(&child)).flatten();
    waits(work, assignments.filter_map(|assignment| assignment.parent.as_ref()), flight)
}

/// Whether updates or rows of secondary tables do.
fn rest_waits(work: &Work, flight: &[Operation]) -> bool {
    if flight.is_empty() || (work.assignments.is_empty() && work.links.is_empty()) {
        return false;
    }
    let inserted: HashSet<u32> = work.inserts.iter().map(|slot| slot.index()).collect();
    let assigned = work
        .assignments
        .iter()
        .filter(|assignment| !inserted.contains(&assignment.child.index()) || assignment.post_update);
    let parents = assigned.filter_map(|assignment| assignment.parent.as_ref());
    // What is written afterwards is an UPDATE of the new row itself.
    let posted = work.assignments.iter().filter(|assignment| assignment.post_update);
    let parents = parents.chain(posted.map(|assignment| &assignment.child));
    waits(work, parents.chain(work.links.iter().flat_map(|row| [&row.owner, &row.target])), flight)
}

/// Whether the keys of some of these are only known when what is in flight has come back.
fn waits<'a>(
    work: &Work,
    referred: impl Iterator<Item = &'a Arc<dyn AnySlot>>,
    flight: &[Operation],
) -> bool {
    let mut referred = referred.peekable();
    if referred.peek().is_none() {
        return false;
    }
    let waiting = waiting(work, flight);
    referred.any(|slot| waiting.contains(&slot.index()))
}
