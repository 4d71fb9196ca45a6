//! [`ColumnExpression`]: a column whose type is not known to Rust, as `users.c("name")` gives it.

use super::Expression;
use crate::{
    expression::{ColumnReference, Node, Source},
    name::Name,
};

/// A column whose type is not known to Rust: `users.c("name")`. It compares with anything.
#[derive(Clone, Debug)]
pub struct ColumnExpression(ColumnReference);

impl ColumnExpression {
    /// A column of a source.
    pub fn new(source: Source, name: Name) -> Self {
        Self(ColumnReference { source, name })
    }

    /// The column's name.
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// The untyped node.
    pub fn node(&self) -> Node {
        Node::Column(self.0.clone())
    }

    /// Says what Rust type the column holds, for a typed select.
    pub fn of<T>(&self) -> Expression<T> {
        Expression::new(self.node())
    }
}
