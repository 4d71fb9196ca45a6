//! [`Expression`]: any expression that knows what Rust type it holds.

use std::{fmt, marker::PhantomData, ops, sync::Arc};

use super::{ColumnType, Condition};
use crate::{
    expression::{BinaryOperator, LabelNode, Node, OrderBy, UnaryOperator},
    name::Name,
};

/// Any expression that knows what Rust type it holds.
pub struct Expression<T> {
    node: Node,
    nullable: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> Expression<T> {
    /// Says that a node holds values of this type.
    pub fn new(node: Node) -> Self {
        Self { node, nullable: false, value: PhantomData }
    }

    /// The same, marked by the user as perhaps missing because its side is outer-joined.
    pub(crate) fn nullable_of(node: Node) -> Self {
        Self { node, nullable: true, value: PhantomData }
    }

    /// The untyped node.
    pub fn into_node(self) -> Node {
        self.node
    }

    /// The untyped node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Whether the user said that it may be missing.
    pub(crate) fn is_marked_nullable(&self) -> bool {
        self.nullable
    }

    /// Gives it a name: written after AS in a select list, and used by that name in ORDER BY and GROUP BY.
    #[must_use]
    pub fn label(self, name: impl Into<Name>) -> Self {
        let node = Node::Label(Arc::new(LabelNode { name: name.into(), node: self.node }));
        Self { node, nullable: self.nullable, value: PhantomData }
    }
}

impl<T: ColumnType> Expression<T> {
    /// The same expression, of a side that is outer-joined or of a function that gives NULL: its value may be missing.
    pub fn nullable(self) -> Expression<Option<T::Base>> {
        Expression::nullable_of(self.node)
    }
}

impl Expression<bool> {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: impl Condition) -> Self {
        Self::new(Node::binary(self.node, BinaryOperator::And, other.into_condition()))
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: impl Condition) -> Self {
        Self::new(Node::binary(self.node, BinaryOperator::Or, other.into_condition()))
    }
}

impl ops::Not for Expression<bool> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Node::unary(UnaryOperator::Not, self.node))
    }
}

impl<C: Condition> ops::BitAnd<C> for Expression<bool> {
    type Output = Self;

    fn bitand(self, other: C) -> Self {
        self.and(other)
    }
}

impl<C: Condition> ops::BitOr<C> for Expression<bool> {
    type Output = Self;

    fn bitor(self, other: C) -> Self {
        self.or(other)
    }
}

impl<T> Clone for Expression<T> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), nullable: self.nullable, value: PhantomData }
    }
}

impl<T> fmt::Debug for Expression<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(formatter)
    }
}

/// An expression of ORDER BY with its direction.
#[derive(Clone, Debug)]
#[must_use]
pub struct OrderExpression(pub(crate) OrderBy);

impl OrderExpression {
    pub(crate) fn new(node: Node, descending: bool) -> Self {
        Self(OrderBy { node, descending, nulls_first: None })
    }

    /// NULLs before all others.
    pub fn nulls_first(mut self) -> Self {
        self.0.nulls_first = Some(true);
        self
    }

    /// NULLs after all others.
    pub fn nulls_last(mut self) -> Self {
        self.0.nulls_first = Some(false);
        self
    }
}
