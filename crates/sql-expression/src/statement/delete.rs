//! [`delete`].

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{DeleteNode, Executable, StatementNode, insert::dml_statement, select::items_of};
use crate::{
    ColumnInfo, Few, Result, Row, RowPlan,
    schema::{Table, Tables},
    typed::{Condition, Selectable},
};

/// Begins a DELETE from a table or model. Without a filter it deletes all rows.
pub fn delete(from: impl Tables) -> Delete {
    let mut table = None;
    from.each(&mut |found| table = Some(found.clone()));
    let table = table.unwrap_or_else(|| Table::unregistered(""));
    Delete {
        node: Arc::new(DeleteNode { table, filters: Vec::new(), returning: Few::new(), further: None }),
        returning: PhantomData,
    }
}

/// A DELETE, typed by what it returns.
#[must_use]
pub struct Delete<R = ()> {
    node: Arc<DeleteNode>,
    returning: PhantomData<fn() -> R>,
}

impl<R> Delete<R> {
    pub(super) fn change(mut self, change: impl FnOnce(&mut DeleteNode)) -> Self {
        change(Arc::make_mut(&mut self.node));
        self
    }

    /// The untyped tree.
    pub(crate) fn tree(&self) -> &Arc<DeleteNode> {
        &self.node
    }

    /// Deletes only the rows for which the condition holds; several are joined by AND.
    pub fn filter(self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.change(|delete| delete.filters.push(condition))
    }

    /// Gives back the deleted rows.
    pub fn returning<S: Selectable>(self, selection: S) -> Delete<S> {
        let items = items_of(&selection);
        let changed = self.change(|delete| delete.returning = items);
        Delete { node: changed.node, returning: PhantomData }
    }
}

dml_statement!(Delete, Delete, tree().clone());
