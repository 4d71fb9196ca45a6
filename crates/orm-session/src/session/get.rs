//! The row behind `session.get`, where the session does not have it.

use std::{
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock},
};

use aludel_driver::{ColumnInfo, Result, Row, Sink, Statement};
use aludel_sql_expression::{
    Entity, Expression, StatementNode, Value,
    expression::{BinaryOperator, Node, Source},
    select,
    statement::Select,
    typed::RowReader,
};
use hashbrown::HashMap;

use super::Session;
use crate::{
    Instance,
    graph::{LoadMode, Loader, Slot},
    mapping::{Lazy, Mapped, Mapper},
    query::SessionRun,
    relationship::column_of,
};

/// The statements of `get`, each compiled once for a model.
#[derive(Debug, Default)]
pub(super) struct GetStatements(RwLock<HashMap<&'static Mapper, Statement>>);

impl Session {
    pub(super) async fn get_row<M: Mapped>(
        &mut self,
        model: Entity<M>,
        key: &[Value],
    ) -> Result<Option<Instance<M>>> {
        let mapper = M::mapper();
        if mapper.relationships().iter().any(|mapping| mapping.lazy != Lazy::Select)
            || self.listens_to_execute()
        {
            return self.select_key(model, key).one_or_none().await;
        }
        self.autoflush().await?;
        let (shared, graph) = (self.shared.clone(), self.graph().clone());
        let connection = self.reading().await?;
        if connection.translates_schemas() {
            // The same model is another text in other schemas.
            return self.select_key(model, key).one_or_none().await;
        }
        let known = shared.gets.0.read().unwrap_or_else(PoisonError::into_inner).get(mapper).cloned();
        let statement = match known {
            Some(statement) => statement,
            None => {
                let node = StatementNode::Select(by_key(model, key).tree().clone());
                let rendered = shared.engine.compiled_cache().render(&node, &connection.dialect())?;
                let Some(part) = rendered.parts.into_iter().next() else { return Ok(None) };
                let statement = Statement::with_key(part.sql, part.key, part.cacheable);
                shared
                    .gets
                    .0
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(mapper, statement.clone());
                statement
            }
        };
        let mut sink = OneObject::<M> { loader: Loader::new(&graph, LoadMode::Keep), found: None };
        connection.fetch_into(&statement, key, &mut sink).await?;
        graph.tell();
        Ok(sink.found.map(|slot| Instance::new(slot, graph.clone())))
    }

    pub(super) fn select_key<M: Mapped>(
        &mut self,
        model: Entity<M>,
        key: &[Value],
    ) -> SessionRun<'_, Select<Entity<M>>> {
        SessionRun::new(self, by_key(model, key))
    }
}

/// The select of the row with a primary key; its parameters are the key's values, in order.
pub(super) fn by_key<M: Mapped>(model: Entity<M>, key: &[Value]) -> Select<Entity<M>> {
    let mapper = M::mapper();
    let source: Source = mapper.table().into();
    let conditions = mapper.key().iter().zip(key).map(|(column, value)| {
        let definition = &mapper.definition().columns[usize::from(*column)];
        let value = Node::typed_bind(value.clone(), definition.sql_type.clone());
        Node::binary(column_of(&source, mapper, *column), BinaryOperator::Equal, value)
    });
    let condition = Node::all(conditions).unwrap_or(Node::Boolean(false));
    select(model).filter(Expression::<bool>::new(condition))
}

/// Takes the one row of a primary key.
struct OneObject<M> {
    loader: Loader,
    found: Option<Arc<Slot<M>>>,
}

impl<M: Mapped> Sink for OneObject<M> {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let model = M::read(&mut RowReader::new(row))?;
        self.found = Some(self.loader.admission().admit(model, None));
        Ok(ControlFlow::Continue(()))
    }
}
