//! The column that a parameter is for, for the messages of values that a driver refuses.

use hashbrown::HashMap;

use super::{
    compiled::Place,
    compiler::Compiler,
    key::{Slot, Walk},
};
use crate::{
    Value,
    dialect::Dialect,
    expression::{AliasTarget, Node},
    name::Name,
    statement::{InsertRows, SelectItem, SelectNode, StatementNode, TextNode, Upsert},
};

/// The column that a parameter of a statement is for, where its place tells; the first parameter has number 1. The statement
/// is compiled once more for it, which nothing but an error pays for.
pub fn parameter_column(node: &StatementNode, dialect: &dyn Dialect, number: usize) -> Option<String> {
    let mut walk = Walk::new(Vec::new());
    walk.statement(node);
    let rows = match node {
        StatementNode::Insert(insert) => match &insert.rows {
            InsertRows::Values(rows) => Some(rows),
            _ => None,
        },
        _ => None,
    };
    let compiled = Compiler::new(dialect, &walk, node).compile(node).ok()?;
    match compiled.place_of(number, &walk.slots, rows, dialect)? {
        Place::Column(place) => match node {
            StatementNode::Insert(insert) => match &insert.columns {
                Some(columns) => columns.get(place).map(ToString::to_string),
                None => insert.table.definition().columns.get(place).map(|column| column.name.to_string()),
            },
            _ => None,
        },
        Place::Slot(slot) => match walk.slots.get(slot)? {
            Slot::Value(value) => names_of(node, &walk).get(&address(value)).map(ToString::to_string),
            Slot::List(list) => match &list.left {
                // Which of them it is, is not known here.
                Node::Tuple(_) => None,
                left => first_column(left).map(|name| name.to_string()),
            },
        },
    }
}

/// Values are told apart by where they stand.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// The columns beside values, by the values' addresses: everywhere in the statement, whatever stands in what.
fn names_of(node: &StatementNode, walk: &Walk<'_>) -> Names {
    let mut names = Names::new();
    of_statement(node, &mut names);
    for alias in &walk.aliases {
        match alias.alias.target() {
            AliasTarget::Subquery(select)
            | AliasTarget::Lateral(select)
            | AliasTarget::CommonTableExpression { select, .. } => of_select(select, &mut names),
            AliasTarget::Changes(statement) => of_statement(statement, &mut names),
            AliasTarget::Values(values) => {
                let columns = values.columns.iter().cycle();
                values.values.iter().zip(columns).for_each(|(node, column)| note(node, column, &mut names));
            }
            AliasTarget::Function(function) => beside(&function.call, &mut names),
            AliasTarget::Text { text, .. } => of_text(text, &mut names),
            AliasTarget::Table(_) | AliasTarget::Named(_) => {}
        }
    }
    names
}

type Names = HashMap<usize, Name>;

fn of_statement(node: &StatementNode, names: &mut Names) {
    match node {
        StatementNode::Select(select) => of_select(select, names),
        StatementNode::Insert(insert) => {
            match &insert.rows {
                InsertRows::Values(rows) => {
                    let definition = insert.table.definition();
                    let columns = match &insert.columns {
                        Some(columns) => columns.iter().collect::<Vec<_>>(),
                        None => definition.columns.iter().map(|column| &column.name).collect(),
                    };
                    for row in rows.nodes().unwrap_or_default().chunks(rows.width().max(1)) {
                        row.iter().zip(&columns).for_each(|(node, column)| note(node, column, names));
                    }
                }
                InsertRows::Select(select) => of_select(select, names),
                _ => {}
            }
            let upsert = insert.further.as_ref().and_then(|further| further.upsert.as_ref());
            if let Some(Upsert::OnConflict { update: Some(update), .. } | Upsert::OnDuplicateKey(update)) =
                upsert
            {
                update.assignments.iter().for_each(|(column, node)| note(node, column, names));
                update.filters.iter().for_each(|node| beside(node, names));
            }
            of_items(&insert.returning, names);
        }
        StatementNode::Update(update) => {
            update.assignments.iter().for_each(|(column, node)| note(node, column, names));
            update.filters.iter().for_each(|node| beside(node, names));
            of_items(&update.returning, names);
        }
        StatementNode::Delete(delete) => {
            delete.filters.iter().for_each(|node| beside(node, names));
            of_items(&delete.returning, names);
        }
        StatementNode::Text(text) => of_text(text, names),
        StatementNode::Ddl(_) | StatementNode::External(_) => {}
    }
}

fn of_select(select: &SelectNode, names: &mut Names) {
    of_items(&select.items, names);
    select.joins.iter().for_each(|join| join.conditions(&mut |on| beside(on, names)));
    let orders = select.order_by.iter().map(|order| &order.node);
    let nodes = select.filters.iter().chain(&select.having).chain(&select.group_by);
    nodes.chain(orders).for_each(|node| beside(node, names));
    let parts = select.set_operations.iter().map(|operation| &operation.select);
    select.first.iter().chain(parts).for_each(|part| of_select(part, names));
}

fn of_items(items: &[SelectItem], names: &mut Names) {
    for item in items {
        if let SelectItem::Expression { node, .. } = item {
            beside(node, names);
        }
    }
}

fn of_text(text: &TextNode, names: &mut Names) {
    names.extend(text.parameters.iter().map(|(name, value)| (address(value), name.clone())));
}

fn note(node: &Node, column: &Name, names: &mut Names) {
    match node {
        Node::Bind(bind) => {
            names.insert(address(&bind.value), column.clone());
        }
        node => beside(node, names),
    }
}

/// Notes the values that stand beside columns in an expression. Where what stands beside a value is made of columns, it is the
/// first of them.
fn beside(node: &Node, names: &mut Names) {
    match node {
        Node::Subquery(select) | Node::Exists(select) => return of_select(select, names),
        Node::Text(text) => return of_text(text, names),
        _ => {}
    }
    let mut children = Vec::new();
    node.children(&mut |child| children.push(child));
    let column = children.iter().find_map(|child| first_column(child));
    for child in children {
        match (child, &column) {
            (Node::Bind(bind), Some(column)) => {
                names.insert(address(&bind.value), column.clone());
            }
            (child, _) => beside(child, names),
        }
    }
}

fn first_column(node: &Node) -> Option<Name> {
    let mut first = None;
    node.columns(&mut |column| {
        first.get_or_insert_with(|| column.name.clone());
    });
    first
}
