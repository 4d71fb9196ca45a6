//! A statement as text with its values in between, for other libraries' trees.

use super::{
    compiler::Compiler,
    key::{Slot, Walk},
    writer::Piece,
};
use crate::{
    Dialect, Few, Result, Value,
    expression::Node,
    statement::{SelectItem, SelectNode, StatementNode},
};

/// A part of a statement.
#[derive(Debug)]
pub(crate) enum Part {
    /// Text.
    Text(String),
    /// A value, where a placeholder would stand.
    Value(Value),
}

/// The parts of an expression as it stands in a statement of another's.
pub(crate) fn of_expression(node: &Node, dialect: &dyn Dialect) -> Result<Vec<Part>> {
    // The walk over a select of just this gives the values their numbers.
    let item = SelectItem::Expression { node: node.clone(), nullable: true };
    let select = SelectNode { items: Few::one(item), ..SelectNode::default() };
    let statement = StatementNode::Select(select.into());
    let mut walk = Walk::new(Vec::new());
    walk.statement(&statement);
    let StatementNode::Select(select) = &statement else { return Ok(Vec::new()) };
    let Some(SelectItem::Expression { node, .. }) = select.items.first() else { return Ok(Vec::new()) };
    let pieces = Compiler::new(dialect, &walk, &statement).expression_pieces(node)?;
    parts(&pieces, &walk.slots, dialect)
}

fn parts(pieces: &[Piece], slots: &[Slot<'_>], dialect: &dyn Dialect) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => parts.push(Part::Text(text.to_string())),
            Piece::Slot(slot) | Piece::TypedSlot(slot, _) => match slots.get(*slot as usize) {
                Some(Slot::Value(value)) => parts.push(Part::Value((*value).clone())),
                // The list that is one parameter here.
                Some(Slot::List(list)) => {
                    let mut text = String::from(if list.values.is_empty() { "'{}'" } else { "ARRAY[" });
                    for (position, value) in list.binds().enumerate() {
                        text.push_str(if position > 0 { ", " } else { "" });
                        dialect.write_literal(value, &mut text)?;
                    }
                    text.push_str(if list.values.is_empty() { "" } else { "]" });
                    parts.push(Part::Text(text));
                }
                None => {}
            },
            Piece::List { slot, width, wraps } => {
                let Some(Slot::List(list)) = slots.get(*slot as usize) else { continue };
                let (values, width) = (list.binds(), (*width).max(1) as usize);
                for (position, value) in values.enumerate() {
                    let (first, last) = (position % width == 0, position % width + 1 == width);
                    let comma = if position > 0 { ", " } else { "" };
                    let open = if first && width > 1 { "(" } else { "" };
                    let close = if last && width > 1 { ")" } else { "" };
                    let wrap = wraps.as_ref().and_then(|wraps| wraps.get(position % width)?.as_ref());
                    let (before, after) = wrap.map_or(("", ""), |wrap| (&*wrap.before, &*wrap.after));
                    parts.push(Part::Text(format!("{comma}{open}{before}")));
                    parts.push(Part::Value(value.clone()));
                    parts.push(Part::Text(format!("{after}{close}")));
                }
            }
            // These stand only in an INSERT, which is no expression.
            Piece::Rows { .. } | Piece::Column(_) => {}
        }
    }
    Ok(parts)
}
