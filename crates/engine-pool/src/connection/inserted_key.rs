//! The keys of inserted rows.

use std::{marker::PhantomData, sync::Arc};

use aludel_driver::{ColumnInfo, Discard, Error, ErrorKind, Result, Row, Value};
use aludel_sql_expression::{
    Executable, FromRow, RowPlan, StatementNode,
    expression::Node,
    statement::{InsertNode, InsertRows, SelectItem},
};

use super::Connection;
use crate::{
    execution_options::Resolved,
    result::{KnownRow, RowSink, Target},
};

impl Connection {
    /// Executes an INSERT, and gives the keys of its rows, in order; none for the rows of a select.
    pub(crate) async fn inserted_keys<K: FromRow + Send + 'static>(
        &mut self,
        node: &StatementNode,
        options: &Resolved,
    ) -> Result<Option<Vec<K>>> {
        let StatementNode::Insert(insert) = node else {
            return Err(refused("only an INSERT has inserted keys"));
        };
        if !insert.returning.is_empty() {
            return Err(refused("the statement has RETURNING, which gives the key where it is asked for"));
        }
        if matches!(insert.rows, InsertRows::Select(_)) {
            self.run_into(node, options, Target::Sink(&mut Discard)).await?;
            return Ok(None);
        }
        let definition = insert.table.definition();
        let names: Vec<_> = definition.primary_key().map(|column| column.name.clone()).collect();
        if names.is_empty() {
            return Err(refused(&format!("the table `{}` has no primary key", insert.table.name())));
        }
        if let Some(keys) = given_keys(insert) {
            let columns: Vec<ColumnInfo> =
                names.iter().map(|name| ColumnInfo { name: (**name).into(), type_name: "".into() }).collect();
            let plan = K::plan(&columns)?;
            self.run_into(node, options, Target::Sink(&mut Discard)).await?;
            let keys = keys.chunks(names.len()).map(|key| K::from_row(&KnownRow(key), &plan));
            return Ok(Some(keys.collect::<aludel_sql_expression::Result<_>>()?));
        }
        let mut asking = (**insert).clone();
        asking.returning = names
            .into_iter()
            .map(|name| SelectItem::Expression { node: Node::column(&insert.table, name), nullable: false })
            .collect();
        asking.unordered = false;
        asking.key_alone = true;
        let statement = Keys::<K> { node: StatementNode::Insert(Arc::new(asking)), key: PhantomData };
        let mut sink = RowSink::new(&statement, usize::MAX);
        self.run_into(&statement.node, options, Target::Rows(&mut sink)).await?;
        Ok(Some(sink.rows))
    }
}

fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, format!("inserted_primary_key: {reason}"))
}

/// The keys that the rows were given, where each has a whole one.
fn given_keys(insert: &InsertNode) -> Option<Vec<Value>> {
    let InsertRows::Values(rows) = &insert.rows else { return None };
    let definition = insert.table.definition();
    let numbered = definition.autoincrement_column().map(|column| &column.name);
    let mut keys = Vec::new();
    for row in 0..rows.count() {
        for column in definition.primary_key() {
            let place = match &insert.columns {
                Some(columns) => columns.iter().position(|name| *name == column.name)?,
                None => definition.columns.iter().position(|other| other.name == column.name)?,
            };
            let value = rows.value(row, place).filter(|_| place < rows.width())?;
            // To MySQL a 0 asks for the next number.
            let asks = Some(&column.name) == numbered && matches!(value, Value::I64(0) | Value::U64(0));
            if value.is_null() || asks {
                return None;
            }
            keys.push(value.clone());
        }
    }
    Some(keys)
}

/// An INSERT whose rows are read into keys.
struct Keys<K> {
    node: StatementNode,
    key: PhantomData<fn() -> K>,
}

impl<K: FromRow + Send + 'static> Executable for Keys<K> {
    type Row = K;

    fn node(&self) -> StatementNode {
        self.node.clone()
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> aludel_sql_expression::Result<RowPlan> {
        K::plan(columns)
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> aludel_sql_expression::Result<K> {
        K::from_row(row, plan)
    }
}
