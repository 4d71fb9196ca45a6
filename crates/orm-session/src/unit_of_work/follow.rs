//! [`Followers`]: links that follow foreign keys which were set by hand.

use super::work::Work;
use crate::{
    graph::{Entry, Inner, State, referenced_key},
    mapping::{Direction, Mapper},
};

/// Links that follow foreign keys which were set by hand, and not along a relationship.
#[derive(Default)]
pub(super) struct Followers(Vec<Follower>);

struct Follower {
    child: u32,
    mapper: &'static Mapper,
    relationship: u16,
    /// The parent before, when it is in the session.
    old: Option<u32>,
    /// The parent now, when it is in the session.
    new: Option<u32>,
    /// Whether the foreign key leads nowhere now.
    nowhere: bool,
}

impl Followers {
    /// Remembers the objects whose foreign keys were written, before their old versions are let go.
    pub(super) fn note(&mut self, work: &Work, inner: &Inner) {
        // Children that only relationships give another parent are among the updates too.
        if !work.needs.refers && work.assignments.is_empty() {
            return;
        }
        let new = work.inserts.iter().chain(work.switches.iter().map(|switch| &switch.new));
        let old = work.updates.iter().map(|slot| (slot, false));
        for (slot, is_new) in new.map(|slot| (slot, true)).chain(old) {
            let mapper = slot.mapper();
            let Ok(configuration) = mapper.configuration() else { continue };
            for (number, relation) in (0u16..).zip(&configuration.relationships) {
                if relation.direction != Direction::ManyToOne {
                    continue;
                }
                let Some(entry) = inner.entry(slot.index()) else { continue };
                let is_sending = entry.relation(number).is_sending();
                // A parent that was deleted in this flush is none.
                let is_in_vain = is_sending && leads_to_deleted(inner, entry, number);
                if is_sending && !is_in_vain {
                    continue;
                }
                let columns: Vec<u16> = relation.pairs.iter().map(|(child, _)| *child).collect();
                if !is_new && !is_in_vain && !slot.differs(&columns) {
                    continue;
                }
                let target = (mapper.relationships()[usize::from(number)].target)();
                let find = |value: &dyn Fn(u16) -> aludel_sql_expression::Value| {
                    let key = referenced_key(target, relation, value)?;
                    inner.identity.find(&inner.entries, target, &key)
                };
                let old = if is_new { None } else { find(&|column| slot.stored(column)) };
                let new = find(&|column| slot.sending(column));
                if is_new && new.is_none() && !is_in_vain {
                    continue;
                }
                self.0.push(Follower {
                    child: slot.index(),
                    mapper,
                    relationship: number,
                    old,
                    new,
                    nowhere: columns.iter().any(|column| slot.sending(*column).is_null()),
                });
            }
        }
    }

    /// Moves the links on both sides, as far as they are loaded.
    pub(super) fn follow(self, inner: &mut Inner) {
        for Follower { child, mapper, relationship, old, new, nowhere } in self.0 {
            if let Some(entry) = inner.entry_mut(child) {
                let relation = entry.relation_mut(relationship);
                if relation.is_changed() {
                    continue;
                }
                match new {
                    Some(new) => relation.follow(|items| *items = vec![new]),
                    None if nowhere => relation.follow(Vec::clear),
                    None => relation.forget(),
                }
                inner.enlist(child);
            }
            let Some(back) = mapper.back(relationship) else { continue };
            let is_many = (mapper.relationships()[usize::from(relationship)].target)().relationships()
                [usize::from(back)]
            .many;
            for (parent, comes) in [(old, false), (new, true)] {
                let Some((parent, entry)) =
                    parent.and_then(|parent| Some((parent, inner.entry_mut(parent)?)))
                else {
                    continue;
                };
                let relation = entry.relation_mut(back);
                if comes && !is_many {
                    // Where there is but one, it is known now.
                    relation.know();
                }
                relation.follow(|items| {
                    items.retain(|item| *item != child && (!comes || is_many));
                    if comes {
                        items.push(child);
                    }
                });
                inner.enlist(parent);
            }
        }
    }
}

fn leads_to_deleted(inner: &Inner, entry: &Entry, relationship: u16) -> bool {
    let is_deleted = |target: &Entry| target.doomed || target.slot.state() == State::Deleted;
    let mut targets = entry.items(relationship).unwrap_or_default().iter();
    targets.any(|target| inner.entry(*target).is_some_and(is_deleted))
}
