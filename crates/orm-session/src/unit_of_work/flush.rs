//! A flush: what is to be written is looked for, put into order and sent, and the objects are told.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use hashbrown::{HashMap, HashSet};

use super::{
    batches::{
        ByChild, apply_defaults, by_child, delete_operations, insert_operations, link_operations,
        rekey_operations, unlink_operations, update_operations,
    },
    cascade::{cascade_deletes, look_up_replaced},
    flight::waiting,
    follow::Followers,
    key_change::{Moved, adopt_keys, assign_referring, look_up_referring},
    operation::Purpose,
    order::insert_levels,
    rounds::rounds,
    row_switch::find_row_switches,
    statements::StatementCache,
    work::Work,
};
use crate::{
    events::{Events, Moment},
    graph::{AnySlot, Graph, Slots, State, identity_key},
};

/// What a flush needs of its session.
pub(crate) struct Flush<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) graph: &'a Arc<Graph>,
    pub(crate) statements: &'a StatementCache,
    pub(crate) events: &'a Events,
}

/// Writes everything that changed in the graph. With `commit`, the COMMIT may travel with the last batch; then true is
/// returned.
pub(crate) async fn flush(mut flush: Flush<'_>, commit: bool) -> Result<bool> {
    let mut work = flush.collect().await?;
    if work.is_empty() {
        flush.graph.lock().settle();
        return Ok(false);
    }
    if flush.events.listens_before() {
        flush.fire_before(&work).await?;
        // A listener may have changed objects, and links.
        work = flush.collect().await?;
    }
    work.complete(flush.graph)?;
    let sent: Slots = work.inserts.iter().chain(&work.updates).cloned().collect();
    flush.graph.lock().begin_writing(sent.iter().chain(&work.deletes).map(|slot| slot.index()));
    sent.iter().for_each(|slot| slot.begin_flush());
    let outcome = flush.write(work, commit).await;
    if outcome.is_err() {
        sent.iter().for_each(|slot| slot.abandon_flush());
    }
    outcome
}

impl Flush<'_> {
    /// Looks for what is to be written.
    async fn collect(&mut self) -> Result<Work> {
        look_up_replaced(self.connection, self.graph).await?;
        self.graph.lock().doom_orphans();
        cascade_deletes(self.connection, self.graph).await?;
        let moving = look_up_referring(self.connection, self.graph).await?;
        let mut work = Work::collect(self.graph)?;
        assign_referring(&moving, &mut work, self.graph)?;
        Ok(work)
    }

    async fn write(&mut self, mut work: Work, commit: bool) -> Result<bool> {
        apply_defaults(&work)?;
        find_row_switches(&mut work)?;
        let rounds = rounds(work, self.graph)?;
        let mut followers = Followers::default();
        let mut committed = false;
        for (number, work) in rounds.iter().enumerate() {
            let last = number + 1 == rounds.len();
            committed = self.send(work, commit && last, &mut followers).await?;
        }
        self.settle(followers);
        for work in &rounds {
            self.fire_after(work).await?;
        }
        Ok(committed)
    }

    async fn send(&mut self, work: &Work, commit: bool, followers: &mut Followers) -> Result<bool> {
        let levels = insert_levels(&work.inserts, &work.assignments)?;
        let highest = levels.values().copied().max();
        let mut by_level: Vec<Slots> = vec![Vec::new(); highest.map_or(0, |highest| highest + 1)];
        for slot in &work.inserts {
            by_level[levels[&slot.index()]].push(slot.clone());
        }
        let by_child = by_child(&work.assignments);
        let mut flight = Vec::new();
        for level in by_level {
            // The keys of an earlier level are only needed where this one refers to them.
            if level_waits(&level, &by_child, &waiting(&flight)) {
                self.fly(&mut flight, false).await?;
            }
            flight.extend(insert_operations(&level, &by_child)?);
        }
        if rest_waits(work, &levels, &waiting(&flight)) {
            self.fly(&mut flight, false).await?;
        }
        flight.extend(unlink_operations(work));
        flight.extend(link_operations(&work.links));
        flight.extend(update_operations(work)?);
        flight.extend(rekey_operations(work));
        flight.extend(delete_operations(work, &self.graph.lock())?);
        let committed = commit
            && !flight.is_empty()
            && !self.events.listens_after()
            && flight.iter().all(|operation| {
                matches!(operation.purpose, Purpose::Insert { .. } | Purpose::Link | Purpose::UnlinkAll)
            });
        self.fly(&mut flight, committed).await?;
        self.finish(work, followers)?;
        Ok(committed)
    }

    /// What was sent is in the database.
    fn finish(&self, work: &Work, followers: &mut Followers) -> Result<()> {
        for switch in &work.switches {
            self.register(switch.new.mapper(), std::slice::from_ref(&switch.new));
            if let Some(entry) = self.graph.lock().entry_mut(switch.old.index()) {
                entry.doomed = false;
            }
        }
        followers.note(work, &self.graph.lock());
        // A key that was written by an UPDATE of its own was sent after its row was registered.
        work.inserts.iter().for_each(|slot| slot.end_flush());
        let mut moved = Vec::new();
        for slot in &work.updates {
            let mapper = slot.mapper();
            let is_moved = slot.differs(mapper.key());
            let old = if is_moved { identity_key(&**slot, mapper) } else { Vec::new() };
            slot.end_flush();
            if is_moved {
                moved.push(Moved { slot: slot.clone(), old, new: identity_key(&**slot, mapper) });
            }
        }
        let mut inner = self.graph.lock();
        for Moved { slot, old, .. } in &moved {
            inner.identity.remove(slot.mapper(), old, slot.index());
        }
        for Moved { slot, new, .. } in &moved {
            inner.identity.insert(slot.mapper(), new, slot.index());
        }
        for slot in &work.deletes {
            let (index, mapper) = (slot.index(), slot.mapper());
            inner.identity.remove(mapper, &identity_key(&**slot, mapper), index);
            slot.set_state(State::Deleted);
            if let Some(entry) = inner.entry_mut(index) {
                entry.doomed = false;
            }
        }
        drop(inner);
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

    async fn fire_before(&mut self, work: &Work) -> Result<()> {
        self.events.fire(Moment::BeforeInsert, self.connection, self.graph, &work.inserts).await?;
        self.events.fire(Moment::BeforeUpdate, self.connection, self.graph, &work.updates).await?;
        self.events.fire(Moment::BeforeDelete, self.connection, self.graph, &work.deletes).await
    }

    async fn fire_after(&mut self, work: &Work) -> Result<()> {
        if self.events.listens_after() {
            self.events.fire(Moment::AfterInsert, self.connection, self.graph, &work.inserts).await?;
            for switch in &work.switches {
                let (new, old) = (std::slice::from_ref(&switch.new), std::slice::from_ref(&switch.old));
                self.events.fire(Moment::AfterInsert, self.connection, self.graph, new).await?;
                self.events.fire(Moment::AfterDelete, self.connection, self.graph, old).await?;
            }
            self.events.fire(Moment::AfterUpdate, self.connection, self.graph, &work.updates).await?;
            self.events.fire(Moment::AfterDelete, self.connection, self.graph, &work.deletes).await?;
        }
        Ok(())
    }
}

/// Whether new rows of a level refer to rows whose keys the database has not made yet.
fn level_waits(level: &[Arc<dyn AnySlot>], by_child: &ByChild<'_>, waiting: &HashSet<u32>) -> bool {
    let mut assignments = level.iter().filter_map(|slot| by_child.get(&slot.index())).flatten();
    !waiting.is_empty()
        && assignments.any(|assignment| {
            assignment.parent.as_ref().is_some_and(|parent| waiting.contains(&parent.index()))
        })
}

/// Whether updates or rows of secondary tables do.
fn rest_waits(work: &Work, levels: &HashMap<u32, usize>, waiting: &HashSet<u32>) -> bool {
    let assigned = work
        .assignments
        .iter()
        .filter(|assignment| !levels.contains_key(&assignment.child.index()) || assignment.post_update);
    let parents = assigned.filter_map(|assignment| assignment.parent.as_ref());
    let linked = work.links.iter().flat_map(|row| [&row.owner, &row.target]);
    !waiting.is_empty() && parents.chain(linked).any(|slot| waiting.contains(&slot.index()))
}
