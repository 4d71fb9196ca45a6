//! Operators on bits.

use super::{Attribute, ColumnType, Expression, IntoNode, Model, operand::Operand, operators::Base};
use crate::expression::{BitwiseOperator, Construct, Node};

/// A whole number, whose bits can be reached.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` column has no bits to work on",
    label = "not a whole number"
)]
pub trait Bits: ColumnType<Base = Self> {}

impl Bits for i16 {}
impl Bits for i32 {}
impl Bits for i64 {}

super::operators::typed_operators! {
    /// Bits that both have.
    pub fn bitwise_and(self, other: impl Operand<Base<T>>) -> Expression<T>
    where
        T::Base: Bits,
    {
        binary(BitwiseOperator::And, IntoNode::into_node(self), other.into_operand())
    }

    /// Bits that one of them has.
    pub fn bitwise_or(self, other: impl Operand<Base<T>>) -> Expression<T>
    where
        T::Base: Bits,
    {
        binary(BitwiseOperator::Or, IntoNode::into_node(self), other.into_operand())
    }

    /// Bits that only one of them has.
    pub fn bitwise_xor(self, other: impl Operand<Base<T>>) -> Expression<T>
    where
        T::Base: Bits,
    {
        binary(BitwiseOperator::Xor, IntoNode::into_node(self), other.into_operand())
    }

    /// The bits that it has not.
    pub fn bitwise_not(self) -> Expression<T>
    where
        T::Base: Bits,
    {
        Expression::new(Node::construct(Construct::Bitwise(BitwiseOperator::Not), vec![IntoNode::into_node(self)]))
    }

    /// Its bits moved up by so many places.
    pub fn bitwise_lshift(self, places: impl Operand<i32>) -> Expression<T>
    where
        T::Base: Bits,
    {
        binary(BitwiseOperator::ShiftLeft, IntoNode::into_node(self), places.into_operand())
    }

    /// Its bits moved down by so many places.
    pub fn bitwise_rshift(self, places: impl Operand<i32>) -> Expression<T>
    where
        T::Base: Bits,
    {
        binary(BitwiseOperator::ShiftRight, IntoNode::into_node(self), places.into_operand())
    }
}

fn binary<T>(operator: BitwiseOperator, left: Node, right: Node) -> Expression<T> {
    Expression::new(Node::construct(Construct::Bitwise(operator), vec![left, right]))
}
