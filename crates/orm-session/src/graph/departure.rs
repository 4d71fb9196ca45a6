//! A child leaves its parent: its foreign key says no more what the link said.

use super::{Inner, State};
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
        let (slot, key) = (child.slot.clone(), parent.slot.clone());
        if slot.state() == State::Persistent && !slot.is_changed() {
            return;
        }
        let mut left = Vec::new();
        for (column, referred) in &configuration.pairs {
            let value = slot.value(*column);
            if is_unset(&value) || value != key.value(*referred) {
                return;
            }
            left.push(((slot.index(), *column), value));
        }
        // The other side may have let go already.
        let is_linked = up.is_some_and(|up| child.relation(up).holds(key.index()))
            || down.is_some_and(|down| parent.relation(down).holds(slot.index()));
        if is_linked {
            self.left.extend(left);
        }
    }
}
