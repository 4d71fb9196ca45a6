//! Expressions that columns of objects were set to, until a flush sends them.

use aludel_sql_expression::expression::Node;
use hashbrown::HashMap;

use super::{AnySlot, Graph};

/// What columns of objects are to be computed by, by the objects' numbers.
pub(crate) type Expressions = HashMap<u32, Vec<(u16, Node)>>;

impl Graph {
    /// A column is to be computed by the database. What it was set to before no longer counts.
    pub(crate) fn set_expression(&self, slot: &dyn AnySlot, column: u16, node: Node) {
        let mut inner = self.lock();
        let known = slot.mark_expressions(true);
        let nodes = inner.expressions.entry(slot.index()).or_default();
        // Those of a version that is gone were only not taken away.
        match known {
            true => nodes.retain(|(other, _)| *other != column),
            false => nodes.clear(),
        }
        nodes.push((column, node));
        inner.touch(slot.index());
    }

    /// Columns were set to values, so that their expressions no longer count.
    pub(crate) fn forget_expressions(&self, slot: &dyn AnySlot, mut gone: impl FnMut(u16) -> bool) {
        let columns: Vec<u16> = {
            let inner = self.lock();
            inner.expressions.get(&slot.index()).into_iter().flatten().map(|(column, _)| *column).collect()
        };
        // The question runs code of the model, so it is asked outside the lock.
        let columns: Vec<u16> = columns.into_iter().filter(|column| gone(*column)).collect();
        let mut inner = self.lock();
        if let Some(nodes) = inner.expressions.get_mut(&slot.index()) {
            nodes.retain(|(column, _)| !columns.contains(column));
            slot.mark_expressions(!nodes.is_empty());
        }
    }

    /// A flush sends them.
    pub(crate) fn take_expressions<'s>(
        &self,
        slots: impl Iterator<Item = &'s std::sync::Arc<dyn AnySlot>>,
    ) -> Expressions {
        let mut inner = self.lock();
        let mut taken = Expressions::new();
        if inner.expressions.is_empty() {
            return taken;
        }
        for slot in slots {
            let known = slot.mark_expressions(false);
            if let Some(nodes) =
                inner.expressions.remove(&slot.index()).filter(|nodes| known && !nodes.is_empty())
            {
                taken.insert(slot.index(), nodes);
            }
        }
        taken
    }
}
