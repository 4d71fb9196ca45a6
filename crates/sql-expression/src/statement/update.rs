//! [`update`].

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Executable, StatementNode, UpdateNode,
    insert::{Assign, dml_statement},
    select::items_of,
};
use crate::{
    ColumnInfo, Few, Result, Row, RowPlan,
    schema::{Table, Tables},
    typed::{Condition, Selectable},
};

/// Begins an UPDATE of a table or model. Without a filter it changes all rows.
///
/// A column with an [`onupdate`](crate::schema::Column::onupdate) that is not set gets its value from there.
pub fn update(target: impl Tables) -> Update {
    let mut table = None;
    target.each(&mut |found| table = Some(found.clone()));
    let table = table.unwrap_or_else(|| Table::unregistered(""));
    let node = UpdateNode {
        table,
        assignments: Vec::new(),
        filters: Vec::new(),
        returning: Few::new(),
        further: None,
    };
    Update { node: Arc::new(node), returning: PhantomData }
}

/// An UPDATE, typed by what it returns.
#[must_use]
pub struct Update<R = ()> {
    node: Arc<UpdateNode>,
    returning: PhantomData<fn() -> R>,
}

impl<R> Update<R> {
    pub(super) fn change(mut self, change: impl FnOnce(&mut UpdateNode)) -> Self {
        change(Arc::make_mut(&mut self.node));
        self
    }

    /// The untyped tree, with values for the columns that want one at each UPDATE.
    pub(crate) fn tree(&self) -> Arc<UpdateNode> {
        let mut node = self.node.clone();
        // An UPDATE that changes nothing by itself is a mistake, and stays one.
        if node.table.has_onupdate() && !node.assignments.is_empty() {
            let definition = node.table.definition();
            for column in &definition.columns {
                if let Some(onupdate) = &column.onupdate
                    && self.node.assignments.iter().all(|(name, _)| *name != column.name)
                {
                    let assignment = (column.name.clone(), onupdate.node(&column.sql_type));
                    Arc::make_mut(&mut node).assignments.push(assignment);
                }
            }
        }
        node
    }

    /// Gives a column a new value, or an expression such as `User::visits + 1`.
    pub fn set<C: Assign<V>, V>(self, column: C, value: V) -> Self {
        let assignment = column.assign(value);
        self.change(|update| update.assignments.push(assignment))
    }

    /// Changes only the rows for which the condition holds; several are joined by AND.
    pub fn filter(self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.change(|update| update.filters.push(condition))
    }

    /// Gives back the changed rows.
    pub fn returning<S: Selectable>(self, selection: S) -> Update<S> {
        let items = items_of(&selection);
        let changed = self.change(|update| update.returning = items);
        Update { node: changed.node, returning: PhantomData }
    }
}

dml_statement!(Update, Update, tree());
