//! Which rows a statement means, as the database tells it.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_engine_pool::Connection;
use aludel_sql_expression::{
    StatementNode, StatementOptions, Value,
    expression::{Node, Source},
    statement::{LockStrength, LockWait, Locking, SelectItem, SelectNode},
};

use crate::{mapping::Mapper, relationship::column_of};

/// The key's columns, as items of a select list.
pub(super) fn key_items(mapper: &'static Mapper) -> impl Iterator<Item = SelectItem> {
    let source: Source = mapper.table().into();
    mapper.key().iter().map(move |column| SelectItem::Expression {
        node: column_of(&source, mapper, *column),
        nullable: false,
    })
}

/// Reads a key that begins at a cell, in the form that the identity map knows.
pub(super) fn read_key(row: &dyn Row, at: usize, mapper: &'static Mapper) -> Result<Vec<Value>> {
    let mut key = Vec::with_capacity(mapper.key().len());
    for (number, column) in mapper.key().iter().enumerate() {
        key.push((mapper.functions().read_column)(*column, row.cell(at + number)?)?);
    }
    Ok(key)
}

/// Asks for the keys of the rows that fulfil the conditions, and locks these: the statement behind it is about to.
pub(super) async fn select_keys(
    connection: &mut Connection,
    mapper: &'static Mapper,
    conditions: &[Node],
) -> Result<Vec<Vec<Value>>> {
    let mut select = SelectNode {
        items: key_items(mapper).collect(),
        filters: conditions.to_vec().into(),
        ..SelectNode::default()
    };
    if !names_others(mapper, conditions.iter()) {
        select.locking =
            Some(Locking { strength: LockStrength::Update, wait: LockWait::Wait, of: Vec::new() });
    }
    let mut sink = Keys { mapper, keys: Vec::new() };
    let node = StatementNode::Select(Arc::new(select));
    connection.fetch_node_with(&node, &StatementOptions::new(), &mut sink).await?;
    Ok(sink.keys)
}

/// Whether expressions name other tables than the model's.
pub(super) fn names_others<'n>(mapper: &Mapper, mut nodes: impl Iterator<Item = &'n Node>) -> bool {
    nodes.any(|node| {
        let mut others = false;
        node.columns(&mut |column| others |= column.source != mapper.table().into());
        others
    })
}

struct Keys {
    mapper: &'static Mapper,
    keys: Vec<Vec<Value>>,
}

impl Sink for Keys {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.keys.push(read_key(row, 0, self.mapper)?);
        Ok(ControlFlow::Continue(()))
    }
}
