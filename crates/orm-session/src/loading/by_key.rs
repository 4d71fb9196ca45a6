//! Objects of one model by their primary keys, in one statement.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{
    Value,
    expression::{InNode, Node, Source},
    statement::{SelectItem, SelectNode, StatementNode},
    typed::RowReader,
};

use super::Executor;
use crate::{
    events::OrmExecuteKind,
    graph::{Graph, LoadMode, Loader},
    mapping::Mapper,
    relationship::column_of,
};

/// How many keys one statement asks for where the database takes each as a parameter of its own.
const KEYS_PER_STATEMENT: usize = 1000;

/// Loads the rows with these keys into the graph; what is there already, and not expired, stays as it is.
pub(crate) async fn load_by_keys(
    executor: &mut Executor<'_>,
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    keys: &[Vec<Value>],
) -> Result<()> {
    let source: Source = mapper.table().into();
    let types: Vec<_> = mapper
        .key()
        .iter()
        .map(|column| mapper.definition().columns[usize::from(*column)].sql_type.clone())
        .collect();
    for keys in keys.chunks(KEYS_PER_STATEMENT) {
        let nodes: Vec<Node> =
            mapper.key().iter().map(|column| column_of(&source, mapper, *column)).collect();
        let bind = |(value, sql_type): (&Value, &aludel_sql_expression::SqlType)| {
            Node::typed_bind(value.clone(), sql_type.clone())
        };
        let (left, values, sql_type) = match (nodes.as_slice(), types.as_slice()) {
            ([node], [sql_type]) => {
                let values = keys.iter().map(|key| bind((&key[0], sql_type))).collect();
                (node.clone(), values, Some(sql_type.clone()))
            }
            _ => {
                let tuples = keys.iter().map(|key| Node::Tuple(key.iter().zip(&types).map(bind).collect()));
                (Node::Tuple(nodes.into()), tuples.collect(), None)
            }
        };
        let mut select = SelectNode::default();
        let table = mapper.table().clone();
        select.items.push(SelectItem::Entity { source: source.clone(), table, nullable: false });
        select.filters.push(Node::In(Arc::new(InNode { left, values, negated: false, sql_type })));
        let mut sink = Loaded { loader: Loader::new(graph, LoadMode::Keep), mapper };
        let node = StatementNode::Select(Arc::new(select));
        executor.fetch(node, OrmExecuteKind::ColumnLoad, &mut sink).await?;
    }
    Ok(())
}

/// Turns each row into its object.
struct Loaded {
    loader: Loader,
    mapper: &'static Mapper,
}

impl Sink for Loaded {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        (self.mapper.functions().load)(&mut RowReader::new(row), &mut self.loader.admission(), None)?;
        Ok(ControlFlow::Continue(()))
    }
}
