//! [`Made`]: what the database makes of a row while it is written, and how it comes back.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result, Statement};
use aludel_sql_expression::{
    CompiledCache, Dialect, Executable, Expression, Name, StatementNode, Value,
    expression::{BinaryOperator, InNode, Node, Source},
    insert,
    schema::Table,
    statement::{SelectItem, SelectNode},
    update,
};
use hashbrown::HashMap;

use super::{columns::ColumnShape, prepared::Prepared};
use crate::{
    graph::{AnySlot, HashedKey},
    mapping::Mapper,
    relationship::column_of,
};

/// How many keys one SELECT asks for.
const KEYS_PER_STATEMENT: usize = 1000;

/// What the database makes of the rows of a batch.
#[derive(Default)]
pub(super) struct Made {
    /// The columns that are computed by expressions, which stand in the statement. Such a row is written alone.
    pub(super) expressions: Vec<(Name, Node)>,
    /// The columns that come back from an UPDATE. An INSERT has its own list.
    pub(super) fetch: Vec<u16>,
    /// Whether some of it may be made after the row is written, by a trigger, so that RETURNING shows it too early.
    pub(super) late: bool,
    /// Whether there is more that does not come back, so that the objects are expired.
    pub(super) expires: bool,
}

impl Made {
    /// What the database makes at an UPDATE that writes these columns.
    pub(super) fn by_update(
        mapper: &'static Mapper,
        written: &[u16],
        expressions: &[(u16, Node)],
    ) -> Result<Self> {
        let mut fetch: Vec<u16> = expressions.iter().map(|(column, _)| *column).collect();
        let by_itself = mapper.configuration()?.made_by_update.iter();
        fetch.extend(by_itself.filter(|column| !written.contains(column)));
        fetch.sort_unstable();
        fetch.dedup();
        let computed = &mapper.configuration()?.computed;
        let is_ours =
            |column: &u16| computed.contains(column) || expressions.iter().any(|(other, _)| other == column);
        let late = !fetch.iter().all(is_ours);
        let expires = !mapper.is_eager() && !fetch.is_empty();
        if expires {
            fetch.clear();
        }
        Ok(Self { expressions: named(mapper, expressions), fetch, late, expires })
    }

    /// Whether the objects have to be told something when the rows are written.
    pub(super) fn concerns_objects(&self) -> bool {
        !self.fetch.is_empty() || self.expires
    }

    /// The rows are written: what did not come back is old.
    pub(super) fn expire<'s>(&self, slots: impl Iterator<Item = &'s Arc<dyn AnySlot>>) {
        if self.expires {
            slots.for_each(|slot| slot.set_expired(true));
        }
    }
}

/// The expressions with the names of their columns.
pub(super) fn named(mapper: &'static Mapper, expressions: &[(u16, Node)]) -> Vec<(Name, Node)> {
    let name = |column: u16| Name::Static(mapper.columns()[usize::from(column)].column);
    expressions.iter().map(|(column, node)| (name(*column), node.clone())).collect()
}

/// Columns with their values, and expressions.
fn assignments(columns: &[ColumnShape], values: Vec<Value>, made: &Made) -> Vec<(Name, Node)> {
    let bind = |(column, value): (&ColumnShape, Value)| {
        (column.name.clone(), Node::typed_bind(value, column.sql_type.clone()))
    };
    columns.iter().zip(values).map(bind).chain(made.expressions.iter().cloned()).collect()
}

/// Columns that come back.
pub(super) fn items<'a>(table: &Table, names: impl Iterator<Item = &'a Name>) -> Vec<SelectItem> {
    let column = |name: &Name| table.c(name.clone()).node();
    names.map(|name| SelectItem::Expression { node: column(name), nullable: true }).collect()
}

/// The INSERT of one row with expressions in it.
pub(super) fn insert_computed(
    table: &Table,
    columns: &[ColumnShape],
    values: Vec<Value>,
    made: &Made,
    returning: &[ColumnShape],
) -> StatementNode {
    let row = assignments(columns, values, made).into_iter();
    let row: Vec<(Name, Expression<()>)> = row.map(|(name, node)| (name, Expression::new(node))).collect();
    let mut node = insert(table).values(row).node();
    if let StatementNode::Insert(insert) = &mut node {
        Arc::make_mut(insert).returning =
            items(table, returning.iter().map(|column| &column.name)).into_iter().collect();
    }
    node
}

/// The UPDATE of one row with expressions in it; the values are those of the columns, then those that find the row.
pub(super) fn update_computed(
    table: &Table,
    columns: &[ColumnShape],
    finding: &[ColumnShape],
    mut values: Vec<Value>,
    made: &Made,
    returning: &[ColumnShape],
) -> StatementNode {
    let keys = values.split_off(columns.len());
    let filters = finding.iter().zip(keys).map(|(column, value)| {
        let own = table.c(column.name.clone()).node();
        Node::binary(own, BinaryOperator::Equal, Node::typed_bind(value, column.sql_type.clone()))
    });
    let mut node = update(table).node();
    if let StatementNode::Update(update) = &mut node {
        let update = Arc::make_mut(update);
        update.assignments = assignments(columns, values, made);
        update.filters = filters.collect();
        update.returning = items(table, returning.iter().map(|column| &column.name)).into_iter().collect();
    }
    node
}

/// Renders a statement that Core writes.
pub(super) fn render(
    compiled: &CompiledCache,
    node: &StatementNode,
    dialect: &Arc<dyn Dialect>,
) -> Result<(Statement, Vec<Value>)> {
    let rendered = compiled.render(node, dialect)?;
    let part = rendered.parts.into_iter().next();
    let part = part.ok_or_else(|| Error::new(ErrorKind::Internal, "a statement was rendered to nothing"))?;
    Ok((Statement::with_key(part.sql, part.key, part.cacheable), part.parameters.into_vec()))
}

/// Asks for what the database made of rows that were written, where no RETURNING tells it.
pub(super) fn select_made(
    compiled: &CompiledCache,
    dialect: &Arc<dyn Dialect>,
    mapper: &'static Mapper,
    slots: &[Arc<dyn AnySlot>],
    fetch: &[u16],
) -> Result<Vec<Prepared>> {
    let source: Source = mapper.table().into();
    let node = |column: &u16| column_of(&source, mapper, *column);
    let keys = mapper.key();
    let bind = |slot: &Arc<dyn AnySlot>, column: u16| {
        let sql_type = mapper.definition().columns[usize::from(column)].sql_type.clone();
        Node::typed_bind(slot.sending(column), sql_type)
    };
    let mut prepared = Vec::new();
    for slots in slots.chunks(KEYS_PER_STATEMENT) {
        let (left, values, sql_type) = match keys {
            [key] => {
                let sql_type = mapper.definition().columns[usize::from(*key)].sql_type.clone();
                (node(key), slots.iter().map(|slot| bind(slot, *key)).collect(), Some(sql_type))
            }
            _ => {
                let row = |slot| Node::Tuple(keys.iter().map(|key| bind(slot, *key)).collect());
                (Node::Tuple(keys.iter().map(node).collect()), slots.iter().map(row).collect(), None)
            }
        };
        let mut select = SelectNode::default();
        for column in keys.iter().chain(fetch) {
            select.items.push(SelectItem::Expression { node: node(column), nullable: true });
        }
        select.filters.push(Node::In(Arc::new(InNode { left, values, negated: false, sql_type })));
        let (statement, parameters) = render(compiled, &StatementNode::Select(Arc::new(select)), dialect)?;
        prepared.push(Prepared { selects: true, ..Prepared::one(statement, parameters, slots.len()) });
    }
    Ok(prepared)
}

/// Gives each object what came back for its row: its key, and the columns.
pub(super) fn receive_made(
    mapper: &'static Mapper,
    slots: &[Arc<dyn AnySlot>],
    fetch: &[u16],
    rows: Vec<Vec<Value>>,
) -> Result<()> {
    let width = mapper.key().len();
    let take = |slot: &Arc<dyn AnySlot>, row: Vec<Value>| {
        slot.receive(&fetch.iter().copied().zip(row.into_iter().skip(width)).collect::<Vec<_>>())
    };
    // The database may show a key in another form than the field does: a UUID as text.
    let mut by_key: HashMap<HashedKey, Vec<Value>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = mapper.key().iter().zip(&row);
        let key = key.map(|(column, value)| (mapper.functions().read_column)(*column, value.as_cell()));
        by_key.insert(HashedKey(key.collect::<aludel_sql_expression::Result<_>>()?), row);
    }
    for slot in slots {
        let key = HashedKey(mapper.key().iter().map(|key| slot.sending(*key)).collect());
        let Some(row) = by_key.remove(&key) else {
            let message = format!(
                "no row of table `{}` came back with the key {:?} of an object that was written: a trigger may have changed it; \
                 refresh the object, and see `server_onupdate`",
                mapper.table().name(),
                key.0
            );
            return Err(Error::new(ErrorKind::Flush, message));
        };
        take(slot, row)?;
    }
    Ok(())
}
