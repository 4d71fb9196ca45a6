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
    expression::Node,
    name::Name,
    statement::{InsertRows, StatementNode},
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
            Slot::Value(value) => names_of(node).get(&address(value)).map(ToString::to_string),
            Slot::List(list) => match &list.left {
                Node::Column(column) => Some(column.name.to_string()),
                _ => None,
            },
        },
    }
}

/// Values are told apart by where they stand.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// The columns beside values, by the values' addresses.
fn names_of(node: &StatementNode) -> HashMap<usize, &Name> {
    let mut names = HashMap::new();
    match node {
        StatementNode::Select(select) => {
            select.filters.iter().chain(&select.having).for_each(|node| beside(node, &mut names));
        }
        StatementNode::Insert(insert) => {
            if let InsertRows::Values(rows) = &insert.rows
                && let (Some(nodes), Some(columns)) = (rows.nodes(), &insert.columns)
            {
                let width = rows.width().max(1);
                for row in nodes.chunks(width) {
                    row.iter().zip(columns).for_each(|(node, column)| note(node, column, &mut names));
                }
            }
        }
        StatementNode::Update(update) => {
            update.assignments.iter().for_each(|(column, node)| note(node, column, &mut names));
            update.filters.iter().for_each(|node| beside(node, &mut names));
        }
        StatementNode::Delete(delete) => delete.filters.iter().for_each(|node| beside(node, &mut names)),
        StatementNode::Text(text) => {
            names.extend(text.parameters.iter().map(|(name, value)| (address(value), name)));
        }
        StatementNode::Ddl(_) | StatementNode::External(_) => {}
    }
    names
}

fn note<'n>(node: &'n Node, column: &'n Name, names: &mut HashMap<usize, &'n Name>) {
    match node {
        Node::Bind(bind) => {
            names.insert(address(&bind.value), column);
        }
        node => beside(node, names),
    }
}

/// Notes the values that stand beside columns in an expression.
fn beside<'n>(node: &'n Node, names: &mut HashMap<usize, &'n Name>) {
    let mut children = Vec::new();
    node.children(&mut |child| children.push(child));
    let column = children.iter().find_map(|child| match child {
        Node::Column(column) => Some(&column.name),
        _ => None,
    });
    for child in children {
        match (child, column) {
            (Node::Bind(bind), Some(column)) => {
                names.insert(address(&bind.value), column);
            }
            (child, _) => beside(child, names),
        }
    }
}
