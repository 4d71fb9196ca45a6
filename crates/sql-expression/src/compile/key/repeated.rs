//! Expressions of GROUP BY and ORDER BY that stand in the select list already.
//!
//! PostgreSQL takes two parameters for different values, so that `x % $1` in the select list is not `x % $2` of GROUP BY. Where
//! an expression is repeated with the same values, the repetition takes the values of the first.

use super::{Slot, Walk};
use crate::{
    expression::Node,
    statement::{SelectClauses, SelectItem, SelectNode},
};

impl<'n> Walk<'n> {
    /// Notes which expressions of GROUP BY and ORDER BY repeat one of the select list. Called between the clauses, when the
    /// number of the next value is that of the nodes' first one; `items` is the number of the select list's first.
    ///
    /// Which ones they are is a part of the key, because it depends on values.
    pub(super) fn repeats(
        &mut self,
        select: &'n SelectNode,
        items: usize,
        nodes: impl Iterator<Item = &'n Node>,
    ) {
        let mut start = self.slots.len();
        for node in nodes {
            let own = Self::alone(node);
            if !own.slots.is_empty()
                && let Some((place, slot)) = own.among(&select.items, items)
            {
                self.repeated.push((start, slot));
                self.count(place + 1);
            } else {
                self.count(0);
            }
            start += own.slots.len();
        }
    }

    /// Where a select list begins to have values, if it has any and something may repeat them.
    pub(super) fn may_repeat(clauses: &SelectClauses, before: usize, after: usize) -> Option<usize> {
        let repeats = !clauses.group_by.is_empty() || !clauses.order_by.is_empty();
        (repeats && before < after).then_some(before)
    }

    fn alone(node: &'n Node) -> Self {
        let mut walk = Self::new(Vec::new());
        walk.node(node);
        walk
    }

    /// The place of the same expression in a select list, and the number of its first value.
    fn among(&self, items: &'n [SelectItem], mut slot: usize) -> Option<(usize, usize)> {
        for (place, item) in items.iter().enumerate() {
            let SelectItem::Expression { node, .. } = item else { continue };
            let node = if let Node::Label(label) = node { &label.node } else { node };
            let other = Self::alone(node);
            if self.is_same(&other) {
                return Some((place, slot));
            }
            slot += other.slots.len();
        }
        None
    }

    fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
            && self.places == other.places
            && self.aliases.len() == other.aliases.len()
            && self.aliases.iter().zip(&other.aliases).all(|(own, other)| own.alias == other.alias)
            && self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&*other.slots).all(|pair| match pair {
                (Slot::Value(own), Slot::Value(other)) => own == other,
                (Slot::List(own), Slot::List(other)) => own.binds().eq(other.binds()),
                _ => false,
            })
    }
}
