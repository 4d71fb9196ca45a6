//! What CREATE INDEX says.

use aludel_driver::reflection::{ReflectedIndex, ReflectedIndexElement};

use super::tokens::Tokens;

/// What CREATE INDEX says.
pub(super) fn parse(name: String, sql: &str) -> ReflectedIndex {
    let mut index = ReflectedIndex::default();
    index.name = name;
    let mut tokens = Tokens::of(sql);
    index.unique = tokens.take(&["CREATE", "UNIQUE"]);
    while !tokens.is_at_end() && !tokens.is("(") {
        tokens.skip();
    }
    for part in tokens.parenthesized().map(|inside| inside.split_at_commas()).unwrap_or_default() {
        index.elements.push(element(part));
    }
    if tokens.take(&["WHERE"]) {
        index.filter = Some(tokens.rest().to_owned());
    }
    index
}

/// One of the columns or expressions of an index.
pub(super) fn element(mut part: Tokens<'_>) -> ReflectedIndexElement {
    let mut element = ReflectedIndexElement::default();
    element.descending = part.take_last("DESC");
    part.take_last("ASC");
    element.collation = part.take_last_collation();
    // Parentheses around all of it say nothing.
    while let Some(inside) = part.all_in_parentheses() {
        part = inside;
    }
    if part.is_lone_name() {
        element.column = part.name();
    } else {
        element.expression = Some(part.rest().to_owned());
    }
    element
}
