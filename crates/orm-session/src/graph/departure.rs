//! A child leaves its parent: its foreign key says no more what the link said, and it may be an orphan.

use super::{Entry, Inner, State};
use crate::{
    mapping::{Direction, Mapper},
    unit_of_work::is_unset,
};

impl Inner {
    /// A child is about to be taken away from its parent. Where its foreign key was set to that parent's key, as it is in a value
    /// that is merged, it said the same as the link, so that it does not contradict where the link leads next.
    pub(super) fn leave(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, target: u32) {
        let Ok(configuration) = mapper.configuration() else { return };
        let configuration = &configuration.relationships[usize::from(relationship)];
        let back = configuration.back;
        let ((child, up), (parent, down)) = match configuration.direction {
            Direction::ManyToOne => ((owner, Some(relationship)), (target, back)),
            Direction::OneToMany => ((target, back), (owner, Some(relationship))),
            Direction::ManyToMany => return,
        };
        let (Some(child), Some(parent)) = (self.entry(child), self.entry(parent)) else { return };
        let (slot, index) = (&child.slot, child.slot.index());
        if slot.state() == State::Persistent && !slot.is_changed() {
            return;
        }
        let mut left = Vec::new();
        for (column, referred) in &configuration.pairs {
            let value = slot.value(*column);
            if is_unset(&value) || value != parent.slot.value(*referred) {
                return;
            }
            left.push(((index, *column), value));
        }
        // The other side may have let go already.
        let is_linked = up.is_some_and(|up| child.relation(up).holds(parent.slot.index()))
            || down.is_some_and(|down| parent.relation(down).holds(index));
        if is_linked {
            self.left.extend(left);
        }
    }

    /// Whether an object let go of the parent to which its row leads, and which a `delete-orphan` relationship ties it to. The
    /// parent need not be in the session.
    pub(crate) fn lets_go(&self, entry: &Entry, relationship: u16) -> bool {
        let leads_nowhere = entry.items(relationship).is_some_and(<[u32]>::is_empty);
        if !leads_nowhere || entry.slot.state() != State::Persistent {
            return false;
        }
        let mapper = entry.mapper();
        let target = (mapper.relationships()[usize::from(relationship)].target)();
        let is_tied = mapper
            .back(relationship)
            .is_some_and(|back| target.relationships()[usize::from(back)].cascade.delete_orphan);
        if !is_tied {
            return false;
        }
        let Ok(configuration) = mapper.configuration() else { return false };
        let (slot, index) = (&entry.slot, entry.slot.index());
        // A key that was set by hand says that it has a parent.
        let is_left = |(column, _): &(u16, u16)| {
            let (stored, value) = (slot.stored(*column), slot.value(*column));
            !stored.is_null() && (value == stored || self.left.get(&(index, *column)) == Some(&value))
        };
        configuration.relationships[usize::from(relationship)].pairs.iter().all(is_left)
    }
}
