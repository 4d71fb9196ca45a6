//! What else is deleted: cascades, and orphans; and what has to be known for it.

use std::sync::Arc;

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use hashbrown::HashSet;

use crate::{
    graph::{AnySlot, Graph, Slots, State},
    loading::load_relationship,
    mapping::{Direction, Mapper},
};

/// Looks what stood in links that were replaced without being loaded: it has to be let go.
pub(super) async fn look_up_replaced(connection: &mut Connection, graph: &Arc<Graph>) -> Result<()> {
    let replaced = graph.lock().replaced_unseen()?;
    for ((mapper, relationship), slots) in replaced {
        load_relationship(&mut *connection, graph, mapper, &slots, relationship, Vec::new()).await?;
    }
    Ok(())
}

/// Marks what is deleted along with what is marked already. Collections that have to be known are loaded, one statement
/// for all objects of a model.
pub(super) async fn cascade_deletes(connection: &mut Connection, graph: &Arc<Graph>) -> Result<()> {
    let mut done = HashSet::new();
    loop {
        let round = graph.lock().doomed_except(&mut done);
        if round.is_empty() {
            return Ok(());
        }
        for (mapper, slots) in by_mapper(round) {
            for number in 0..mapper.relationships().len() as u16 {
                follow(connection, graph, mapper, number, &slots).await?;
            }
        }
    }
}

fn by_mapper(slots: Vec<Arc<dyn AnySlot>>) -> Vec<(&'static Mapper, Vec<Arc<dyn AnySlot>>)> {
    let mut groups: Vec<(&'static Mapper, Vec<Arc<dyn AnySlot>>)> = Vec::new();
    for slot in slots {
        let mapper = slot.mapper();
        match groups.iter_mut().find(|(other, _)| *other == mapper) {
            Some((_, group)) => group.push(slot),
            None => groups.push((mapper, vec![slot])),
        }
    }
    groups
}

async fn follow(
    connection: &mut Connection,
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    relationship: u16,
    slots: &[Arc<dyn AnySlot>],
) -> Result<()> {
    let mapping = &mapper.relationships()[usize::from(relationship)];
    let configuration = &mapper.configuration()?.relationships[usize::from(relationship)];
    let deletes = mapping.cascade.delete;
    // Children that stay lose their parent, so they have to be known; over a secondary table only its rows go.
    let must_know = deletes || configuration.direction == Direction::OneToMany;
    if !must_know {
        return Ok(());
    }
    if !mapping.passive_deletes {
        load_relationship(&mut *connection, graph, mapper, slots, relationship, Vec::new()).await?;
    }
    if deletes {
        let mut inner = graph.lock();
        for slot in slots {
            let relation = match inner.entry(slot.index()) {
                Some(entry) => entry.relation(relationship),
                None => continue,
            };
            // What was taken out in this unit of work is judged by the orphan rule.
            let children = relation.items.iter().flatten().chain(relation.added_unseen());
            let children: Vec<u32> = children.copied().collect();
            children.into_iter().for_each(|child| inner.doom(child));
        }
    }
    Ok(())
}

/// Objects of one model, by the relationship that is to be loaded for them.
type ByRelationship = Vec<((&'static Mapper, u16), Slots)>;

impl crate::graph::Inner {
    fn replaced_unseen(&self) -> Result<ByRelationship> {
        let mut groups = ByRelationship::new();
        for entry in self.touched.iter().filter_map(|index| self.entry(*index)) {
            if entry.slot.state() != State::Persistent {
                continue;
            }
            for (number, _) in entry.relations().filter(|(_, relation)| relation.is_replaced_unseen()) {
                // The row itself holds the key of many-to-one, and is simply written.
                let configuration = &entry.mapper().configuration()?.relationships[usize::from(number)];
                if configuration.direction == Direction::ManyToOne {
                    continue;
                }
                let place = (entry.mapper(), number);
                match groups.iter_mut().find(|(other, _)| *other == place) {
                    Some((_, slots)) => slots.push(entry.slot.clone()),
                    None => groups.push((place, vec![entry.slot.clone()])),
                }
            }
        }
        Ok(groups)
    }

    /// Marks an object to be deleted by the flush; a pending one is simply let go.
    pub(crate) fn doom(&mut self, index: u32) {
        let Some(entry) = self.entry_mut(index) else { return };
        match entry.slot.state() {
            State::Persistent => {
                entry.doomed = true;
                self.touch(index);
            }
            State::Pending => self.expunge(index),
            _ => {}
        }
    }

    fn doomed_except(&self, done: &mut HashSet<u32>) -> Vec<Arc<dyn AnySlot>> {
        let mut slots = Vec::new();
        for index in &self.touched {
            if let Some(entry) = self.entry(*index)
                && entry.doomed
                && done.insert(*index)
            {
                slots.push(entry.slot.clone());
            }
        }
        slots
    }

    /// Marks the children that were taken out of a `delete-orphan` relationship, or let go of its owner, and were given no new
    /// parent.
    pub(crate) fn doom_orphans(&mut self) {
        let (mut orphans, mut leaving) = (Vec::new(), Vec::new());
        for index in &self.touched {
            let Some(entry) = self.entry(*index) else { continue };
            for (number, relation) in entry.relations().filter(|(_, relation)| relation.is_changed()) {
                if self.lets_go(entry, number) {
                    leaving.push(*index);
                }
                if entry.mapper().relationships()[usize::from(number)].cascade.delete_orphan {
                    orphans.extend(
                        relation.difference().1.into_iter().map(|child| (entry.mapper(), number, child)),
                    );
                }
            }
        }
        for (mapper, relationship, child) in orphans {
            if !self.has_parent(mapper, relationship, child) {
                self.doom(child);
            }
        }
        leaving.into_iter().for_each(|child| self.doom(child));
    }

    pub(crate) fn has_parent(&self, mapper: &'static Mapper, relationship: u16, child: u32) -> bool {
        match mapper.back(relationship) {
            Some(back) => self.entry(child).is_some_and(|entry| {
                entry.relation(back).items.as_ref().is_some_and(|items| !items.is_empty())
            }),
            None => self.touched.iter().filter_map(|index| self.entry(*index)).any(|entry| {
                entry.mapper() == mapper
                    && !entry.doomed
                    && entry.relation(relationship).items.as_ref().is_some_and(|items| items.contains(&child))
            }),
        }
    }
}
