//! [`selectinload`](super::selectinload), and `session.load`: a relationship of many objects by one statement.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{
    Name, Value,
    expression::{Alias, AliasTarget, ColumnReference, InNode, Node, OrderBy, Source},
    statement::{Join, JoinCondition, JoinKind, SelectItem, SelectNode, StatementNode},
    typed::RowReader,
};

use super::{
    Executor, LoadNode, Strategy, join_eagerly,
    joined::{JoinedLinks, JoinedLoad},
    load_by_keys,
};
use crate::{
    events::OrmExecuteKind,
    graph::{AnySlot, Graph, GroupId, HashedKey, LoadMode, Loader, State, identity_key, referenced_key},
    mapping::{Direction, Mapper, RelationshipConfiguration},
    relationship::column_of,
};

/// How many keys one statement asks for where the database takes each as a parameter of its own.
const KEYS_PER_STATEMENT: usize = 10_000;

/// Loads what a tree says for objects of one model.
pub(crate) fn load_tree<'a>(
    executor: impl Into<Executor<'a>>,
    graph: &'a Arc<Graph>,
    mapper: &'static Mapper,
    objects: Vec<Arc<dyn AnySlot>>,
    tree: Vec<LoadNode>,
) -> aludel_driver::BoxFuture<'a, Result<()>> {
    let mut executor = executor.into();
    Box::pin(async move {
        for node in tree {
            match node.strategy {
                Strategy::Raise => forbid(graph, &objects, node.relationship),
                Strategy::Selectin => {
                    let executor = executor.reborrow();
                    load_relationship(executor, graph, mapper, &objects, node.relationship, node.children)
                        .await?;
                }
                Strategy::Joined => {
                    // These came with the statement; what hangs on them may not have.
                    let target = (mapper.relationships()[usize::from(node.relationship)].target)();
                    let targets = targets_of(graph, &objects, node.relationship);
                    load_tree(executor.reborrow(), graph, target, targets, node.children).await?;
                }
            }
        }
        Ok(())
    })
}

/// Forbids what a tree forbids, where it says nothing else that is not done yet.
pub(crate) fn forbid_tree(
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    objects: &[Arc<dyn AnySlot>],
    tree: &[LoadNode],
) {
    for node in tree {
        if node.strategy == Strategy::Raise {
            forbid(graph, objects, node.relationship);
        } else if !node.children.is_empty() {
            let target = (mapper.relationships()[usize::from(node.relationship)].target)();
            forbid_tree(graph, target, &targets_of(graph, objects, node.relationship), &node.children);
        }
    }
}

/// Loads a relationship of objects of one model, and what hangs on it. What is loaded already stays.
pub(crate) async fn load_relationship<'a>(
    executor: impl Into<Executor<'a>>,
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    objects: &[Arc<dyn AnySlot>],
    relationship: u16,
    children: Vec<LoadNode>,
) -> Result<()> {
    let mut executor = executor.into();
    let mapping = &mapper.relationships()[usize::from(relationship)];
    let target = (mapping.target)();
    let configuration = &mapper.configuration()?.relationships[usize::from(relationship)];
    refresh_owners(&mut executor, graph, mapper, objects, relationship).await?;
    let mut missing = group_by_key(graph, target, objects, relationship, configuration);
    let mut children = children;
    if !missing.is_empty() {
        let keys: Vec<Vec<Value>> = missing.keys().map(|key| key.0.clone()).collect();
        let width = keys.first().map_or(1, Vec::len).max(1);
        for keys in keys.chunks(KEYS_PER_STATEMENT / width) {
            fetch(
                &mut executor,
                graph,
                (mapper, relationship),
                configuration,
                keys,
                &mut missing,
                &mut children,
            )
            .await?;
        }
        fill(graph, mapper, relationship, missing);
    }
    let targets = targets_of(graph, objects, relationship);
    load_tree(executor, graph, target, targets, children).await
}

/// The foreign key of an expired object may be old, so that its row is asked for before the key is followed. An object whose
/// row is gone is deleted.
async fn refresh_owners(
    executor: &mut Executor<'_>,
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    objects: &[Arc<dyn AnySlot>],
    relationship: u16,
) -> Result<()> {
    let configuration = &mapper.configuration()?.relationships[usize::from(relationship)];
    if own_columns(configuration).all(|column| mapper.key().contains(&column)) {
        return Ok(());
    }
    let expired: Vec<_> = {
        let inner = graph.lock();
        let is_old = |slot: &&Arc<dyn AnySlot>| {
            slot.is_expired()
                && slot.state() == State::Persistent
                && inner.entry(slot.index()).is_some_and(|entry| !entry.relation(relationship).is_loaded())
        };
        objects.iter().filter(is_old).filter(|slot| !slot.is_changed()).collect()
    };
    if expired.is_empty() {
        return Ok(());
    }
    let keys: Vec<Vec<Value>> = expired.iter().map(|slot| identity_key(&***slot, mapper)).collect();
    load_by_keys(executor, graph, mapper, &keys).await?;
    for (slot, key) in expired.into_iter().zip(&keys) {
        if slot.is_expired() {
            graph.lock().miss(mapper, key);
        }
    }
    Ok(())
}

/// The objects that wait for the rows of one key, and the rows that came for it.
#[derive(Default)]
struct Waiting {
    owners: Vec<u32>,
    found: Vec<u32>,
}

/// The objects whose relationship is not loaded, by the key that the statement asks for. What the session has already is
/// linked without asking.
fn group_by_key(
    graph: &Arc<Graph>,
    target: &'static Mapper,
    objects: &[Arc<dyn AnySlot>],
    relationship: u16,
    configuration: &RelationshipConfiguration,
) -> HashMap<HashedKey, Waiting> {
    let mut missing: HashMap<HashedKey, Waiting> = HashMap::new();
    let mut inner = graph.lock();
    for slot in objects {
        let index = slot.index();
        let Some(entry) = inner.entry(index) else { continue };
        let relation = entry.relation(relationship);
        let unseen = relation.is_replaced_unseen() && configuration.direction != Direction::ManyToOne;
        if relation.is_loaded() && !unseen {
            continue;
        }
        let columns = own_columns(configuration);
        // Rows refer to the key that stands in the database, also when it is about to be another.
        let key: Vec<Value> = match configuration.direction {
            Direction::ManyToOne => columns.map(|column| slot.value(column)).collect(),
            _ => columns.map(|column| slot.stored(column)).collect(),
        };
        if key.iter().any(Value::is_null) {
            inner.fill(slot.mapper(), relationship, index, &[]);
            continue;
        }
        if configuration.direction == Direction::ManyToOne
            && let Some(referenced) = referenced_key(target, configuration, |column| slot.value(column))
            && let Some(found) = inner.identity.find(&inner.entries, target, &referenced)
            && inner.entry(found).is_some_and(|entry| !entry.slot.is_expired())
        {
            inner.fill(slot.mapper(), relationship, index, &[found]);
            continue;
        }
        missing.entry(HashedKey(key)).or_default().owners.push(index);
    }
    missing
}

/// The columns of the owner that the statement's keys are taken from.
fn own_columns(configuration: &RelationshipConfiguration) -> impl Iterator<Item = u16> + '_ {
    let pairs = configuration.pairs.iter().map(|(child, parent)| match configuration.direction {
        Direction::ManyToOne => *child,
        _ => *parent,
    });
    let secondary = configuration
        .secondary
        .iter()
        .flat_map(|secondary| secondary.to_own.iter().map(|(_, column)| *column));
    pairs.chain(secondary)
}

async fn fetch(
    executor: &mut Executor<'_>,
    graph: &Arc<Graph>,
    (mapper, relationship): (&'static Mapper, u16),
    configuration: &RelationshipConfiguration,
    keys: &[Vec<Value>],
    missing: &mut HashMap<HashedKey, Waiting>,
    children: &mut [LoadNode],
) -> Result<()> {
    let mapping = &mapper.relationships()[usize::from(relationship)];
    let target = (mapping.target)();
    let source: Source = target.table().into();
    let mut select = SelectNode::default();
    let (key_nodes, key_types) = match &configuration.secondary {
        Some(secondary) => {
            let through = Source::Alias(Alias::new(None, AliasTarget::Table(secondary.table.clone())));
            let on = secondary.to_target.iter().map(|(name, column)| {
                Node::binary(
                    column_of(&source, target, *column),
                    aludel_sql_expression::expression::BinaryOperator::Equal,
                    named(&through, name),
                )
            });
            select.from.push(source.clone());
            let condition = Node::all(on).map_or(JoinCondition::None, JoinCondition::On);
            let join = Join::new(JoinKind::Inner, through.clone(), condition);
            select.joins.push(join.starting_from(source.clone()));
            let nodes: Vec<Node> = secondary.to_own.iter().map(|(name, _)| named(&through, name)).collect();
            let types: Vec<_> = secondary
                .to_own
                .iter()
                .map(|(_, column)| mapper.definition().columns[usize::from(*column)].sql_type.clone())
                .collect();
            (nodes, types)
        }
        None => {
            let columns: Vec<u16> = target_columns(configuration).collect();
            let nodes: Vec<Node> = columns.iter().map(|column| column_of(&source, target, *column)).collect();
            let types: Vec<_> = columns
                .iter()
                .map(|column| target.definition().columns[usize::from(*column)].sql_type.clone())
                .collect();
            (nodes, types)
        }
    };
    // A key of the target itself stands among its columns; that of a secondary table is selected before them.
    let (width, key) = match &configuration.secondary {
        Some(secondary) => {
            for node in &key_nodes {
                select.items.push(SelectItem::Expression { node: node.clone(), nullable: true });
            }
            let columns = secondary.to_own.iter().enumerate();
            (key_nodes.len(), columns.map(|(position, (_, column))| (position, mapper, *column)).collect())
        }
        None => {
            (0, target_columns(configuration).map(|column| (usize::from(column), target, column)).collect())
        }
    };
    select.items.push(SelectItem::Entity {
        source: source.clone(),
        table: target.table().clone(),
        nullable: false,
    });
    let bind = |(value, sql_type): (&Value, &aludel_sql_expression::SqlType)| {
        Node::typed_bind(value.clone(), sql_type.clone())
    };
    let (left, values, sql_type) = match (key_nodes.as_slice(), key_types.as_slice()) {
        ([node], [sql_type]) => {
            (node.clone(), keys.iter().map(|key| bind((&key[0], sql_type))).collect(), Some(sql_type.clone()))
        }
        _ => {
            let tuples = keys.iter().map(|key| Node::Tuple(key.iter().zip(&key_types).map(bind).collect()));
            (Node::Tuple(key_nodes.into()), tuples.collect(), None)
        }
    };
    select.filters.push(Node::In(Arc::new(InNode { left, values, negated: false, sql_type })));
    if let Some((column, descending)) = mapping.order_by
        && let Some(position) = target.columns().iter().position(|mapping| mapping.column == column)
    {
        let node = column_of(&source, target, position as u16);
        select.order_by.push(OrderBy { node, descending, nulls_first: None });
    }
    let joined = join_eagerly(&mut select, target, &source, children, true);
    let mut sink = RelatedSink {
        loader: Loader::new(graph, LoadMode::Keep),
        group: None,
        target,
        key,
        width,
        joined,
        missing,
        loaded: Vec::new(),
        links: JoinedLinks::default(),
    };
    let node = StatementNode::Select(Arc::new(select));
    executor.fetch(node, OrmExecuteKind::RelationshipLoad, &mut sink).await?;
    if let Some(group) = sink.group {
        graph.lock().peers.end(group, sink.loaded);
    }
    sink.links.fill(graph);
    Ok(())
}

fn named(source: &Source, name: &Name) -> Node {
    Node::Column(ColumnReference { source: source.clone(), name: name.clone() })
}

/// The columns of the target that hold the key, where no secondary table stands between.
fn target_columns(configuration: &RelationshipConfiguration) -> impl Iterator<Item = u16> + '_ {
    configuration.pairs.iter().map(|(child, parent)| match configuration.direction {
        Direction::ManyToOne => *parent,
        _ => *child,
    })
}

/// Reads the rows: the key that was asked for, the object, and what was joined to it.
struct RelatedSink<'a> {
    loader: Loader,
    group: Option<GroupId>,
    target: &'static Mapper,
    /// Where the key that was asked for stands, and as which columns it is read.
    key: Vec<(usize, &'static Mapper, u16)>,
    /// How many cells stand before those of the target.
    width: usize,
    joined: Vec<JoinedLoad>,
    missing: &'a mut HashMap<HashedKey, Waiting>,
    loaded: Vec<u32>,
    links: JoinedLinks,
}

impl Sink for RelatedSink<'_> {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let key = self
            .key
            .iter()
            .map(|(position, mapper, column)| (mapper.functions().read_column)(*column, row.cell(*position)?))
            .collect::<aludel_sql_expression::Result<Vec<_>>>()?;
        let mut reader = RowReader::at(row, self.width);
        let mut admission = self.loader.admission();
        let index = (self.target.functions().load)(&mut reader, &mut admission, Some(&mut self.group))?;
        for joined in &self.joined {
            joined.read(&mut reader, Some(index), &mut admission, &mut self.links)?;
        }
        drop(admission);
        if let Some(waiting) = self.missing.get_mut(&HashedKey(key))
            && waiting.found.last() != Some(&index)
            && (self.joined.is_empty() || !waiting.found.contains(&index))
        {
            waiting.found.push(index);
        }
        self.loaded.push(index);
        Ok(ControlFlow::Continue(()))
    }
}

fn fill(
    graph: &Arc<Graph>,
    mapper: &'static Mapper,
    relationship: u16,
    missing: HashMap<HashedKey, Waiting>,
) {
    let mut inner = graph.lock();
    for Waiting { owners, found } in missing.into_values() {
        for owner in owners {
            inner.fill(mapper, relationship, owner, &found);
        }
    }
}

fn targets_of(graph: &Arc<Graph>, objects: &[Arc<dyn AnySlot>], relationship: u16) -> Vec<Arc<dyn AnySlot>> {
    let inner = graph.lock();
    let mut seen = hashbrown::HashSet::new();
    let mut targets = Vec::new();
    for slot in objects {
        let items = inner.entry(slot.index()).and_then(|entry| entry.items(relationship)).unwrap_or_default();
        for item in items.iter().filter(|item| seen.insert(**item)) {
            targets
                .extend(inner.entry(*item).filter(|entry| entry.is_shown()).map(|entry| entry.slot.clone()));
        }
    }
    targets
}

fn forbid(graph: &Arc<Graph>, objects: &[Arc<dyn AnySlot>], relationship: u16) {
    let mut inner = graph.lock();
    for slot in objects {
        if let Some(entry) = inner.entry_mut(slot.index()) {
            entry.relation_mut(relationship).raise = true;
        }
    }
}
