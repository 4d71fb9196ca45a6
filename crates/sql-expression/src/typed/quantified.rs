//! ANY and ALL after a comparison, and arrays.

use super::{Attribute, ColumnType, Expression, IntoNode, Is, Model, operand::Operand};
use crate::{
    expression::{BinaryOperator, Construct, Node, OperatorPrecedence, operator},
    statement::Select,
    typed::{ColumnExpression, Selectable},
};

/// The other side of a comparison that is made with many values: made by [`any`], [`all`], [`any_element`] and
/// [`all_elements`].
#[derive(Debug)]
pub struct Quantified<T>(Expression<T>);

#[diagnostic::do_not_recommend]
impl<B, T: Is<B>> Operand<B> for Quantified<T> {
    fn into_operand(self) -> Node {
        self.0.into_node()
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoNode for Quantified<T> {
    fn into_node(self) -> Node {
        self.0.into_node()
    }
}

fn quantified<T>(all: bool, of: Node) -> Quantified<T> {
    Quantified(Expression::new(Node::construct(Construct::Quantified { all }, vec![of])))
}

/// One of the values of a select: `Book::pages.gt(any(&others))` (not on SQLite).
pub fn any<S: Selectable>(select: &Select<S>) -> Quantified<S::Value> {
    quantified(false, Node::Subquery(select.tree().clone()))
}

/// Each of the values of a select: `Book::pages.ge(all(&others))` (not on SQLite).
pub fn all<S: Selectable>(select: &Select<S>) -> Quantified<S::Value> {
    quantified(true, Node::Subquery(select.tree().clone()))
}

/// One of the elements of an array: `literal("red").eq(any_element(paint.c("colours")))` (PostgreSQL).
pub fn any_element<T>(array: impl IntoNode) -> Quantified<T> {
    quantified(false, array.into_node())
}

/// Each of the elements of an array (PostgreSQL).
pub fn all_elements<T>(array: impl IntoNode) -> Quantified<T> {
    quantified(true, array.into_node())
}

/// `ARRAY[..]` of values or expressions of one type (PostgreSQL).
#[must_use]
pub fn array<T, I>(elements: I) -> Expression<crate::Value>
where
    T: ColumnType<Base = T>,
    I: IntoIterator,
    I::Item: Operand<T>,
{
    let elements = elements.into_iter().map(Operand::into_operand).collect();
    Expression::new(Node::construct(Construct::Array(Some(T::sql_type())), elements))
}

super::operators::common_operators! {
    /// The array has all elements of the other: `@>` (PostgreSQL).
    pub fn array_contains(self, other: impl IntoNode) -> Expression<bool> {
        array_operator(IntoNode::into_node(self), "@>", other.into_node())
    }

    /// The other array has all elements of this one: `<@` (PostgreSQL).
    pub fn array_contained_by(self, other: impl IntoNode) -> Expression<bool> {
        array_operator(IntoNode::into_node(self), "<@", other.into_node())
    }

    /// The arrays have an element in common: `&&` (PostgreSQL).
    pub fn array_overlaps(self, other: impl IntoNode) -> Expression<bool> {
        array_operator(IntoNode::into_node(self), "&&", other.into_node())
    }

    /// The element of the array at a position, from 1 up; NULL where there is none (PostgreSQL).
    pub fn element<U: ColumnType<Base = U>>(self, position: impl Operand<i32>) -> Expression<Option<U>> {
        Expression::new(Node::construct(Construct::Element, vec![IntoNode::into_node(self), position.into_operand()]))
    }

    /// The elements of the array from one position to another, both included, from 1 up (PostgreSQL): `array[first:last]`. An
    /// array without elements where there are none.
    pub fn slice(self, first: impl Operand<i32>, last: impl Operand<i32>) -> Expression<crate::Value> {
        let operands = vec![IntoNode::into_node(self), first.into_operand(), last.into_operand()];
        Expression::new(Node::construct(Construct::Slice, operands))
    }
}

fn array_operator(left: Node, text: &'static str, right: Node) -> Expression<bool> {
    let operator = operator(text).precedence(OperatorPrecedence::Other);
    Expression::new(Node::binary(left, BinaryOperator::Custom(operator), right))
}
