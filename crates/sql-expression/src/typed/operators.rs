//! The operators of columns and expressions, as inherent methods: nothing to import, and they show in the docs.

use std::sync::Arc;

use super::{
    Attribute, ColumnExpression, ColumnType, Expression, IntoNode, Is, Model, OrderExpression,
    operand::Operand,
};
use crate::{
    expression::{BinaryNode, BinaryOperator, CastNode, InNode, Node, UnaryOperator},
    statement::Select,
    types::SqlType,
    value::Value,
};

pub(super) type Base<T> = <T as ColumnType>::Base;

/// Writes the same methods for a typed column and for a typed expression. The methods stand in the call as they are, so
/// that the compiler's messages about them show a plain function.
macro_rules! typed_operators {
    ($($methods:tt)*) => {
        impl<M: Model, T: ColumnType> Attribute<M, T> {
            $($methods)*
        }

        impl<T: ColumnType> Expression<T> {
            $($methods)*
        }
    };
}

/// Writes the same methods for every column and expression.
macro_rules! common_operators {
    ($($methods:tt)*) => {
        impl<M: Model, T: ColumnType> Attribute<M, T> {
            $($methods)*
        }

        impl<T> Expression<T> {
            $($methods)*
        }

        impl ColumnExpression {
            $($methods)*
        }
    };
}

pub(super) use common_operators;
pub(super) use typed_operators;

typed_operators! {
    /// `self = other`. With NULL as a value the comparison is never true: use `is_null`.
    pub fn eq(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::Equal, other.into_operand())
    }

    /// `self <> other`.
    pub fn ne(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::NotEqual, other.into_operand())
    }

    /// `self < other`.
    pub fn lt(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::Less, other.into_operand())
    }

    /// `self <= other`.
    pub fn le(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::LessOrEqual, other.into_operand())
    }

    /// `self > other`.
    pub fn gt(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::Greater, other.into_operand())
    }

    /// `self >= other`.
    pub fn ge(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::GreaterOrEqual, other.into_operand())
    }

    /// `self IS DISTINCT FROM other`: like `ne`, but NULL is a value like others.
    pub fn is_distinct_from(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::IsDistinctFrom, other.into_operand())
    }

    /// `self IS NOT DISTINCT FROM other`: like `eq`, but NULL equals NULL.
    pub fn is_not_distinct_from(self, other: impl Operand<Base<T>>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::IsNotDistinctFrom, other.into_operand())
    }

    /// `self BETWEEN low AND high`, both included.
    pub fn between(
        self,
        low: impl Operand<Base<T>>,
        high: impl Operand<Base<T>>,
    ) -> Expression<bool> {
        Expression::new(Node::Between(Arc::new([IntoNode::into_node(self), low.into_operand(), high.into_operand()])))
    }

    /// The same whichever of the two is the lower one: `self BETWEEN one AND other OR self BETWEEN other AND one`, which is what
    /// BETWEEN SYMMETRIC of the standard stands for.
    pub fn between_symmetric(
        self,
        one: impl Operand<Base<T>>,
        other: impl Operand<Base<T>>,
    ) -> Expression<bool> {
        between_symmetric(IntoNode::into_node(self), one.into_operand(), other.into_operand())
    }

    /// `self IN (values)`. An empty list gives no rows.
    pub fn in_<I>(self, values: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: Operand<Base<T>>,
    {
        in_list(IntoNode::into_node(self), values, false, <T as ColumnType>::sql_type())
    }

    /// `self NOT IN (values)`. An empty list gives all rows.
    pub fn not_in<I>(self, values: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: Operand<Base<T>>,
    {
        in_list(IntoNode::into_node(self), values, true, <T as ColumnType>::sql_type())
    }

    /// `CAST(self AS type)`, to the SQL type of another Rust type.
    pub fn cast<U: ColumnType<Base = U>>(self) -> Expression<T::Like<U>> {
        Expression::new(Node::Cast(Arc::new(CastNode { operand: IntoNode::into_node(self), sql_type: U::sql_type() })))
    }

    /// `self LIKE pattern`: `%` stands for any text, `_` for one character.
    pub fn like(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        compare(IntoNode::into_node(self), BinaryOperator::Like, pattern.into_operand())
    }

    /// `self NOT LIKE pattern`.
    pub fn not_like(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        compare(IntoNode::into_node(self), BinaryOperator::NotLike, pattern.into_operand())
    }

    /// `self ILIKE pattern`: LIKE without regard to upper and lower case.
    pub fn ilike(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        compare(IntoNode::into_node(self), BinaryOperator::ILike, pattern.into_operand())
    }

    /// The text begins with this text, taken literally.
    pub fn starts_with(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        literal_like(IntoNode::into_node(self), "", text, "%")
    }

    /// The text ends with this text, taken literally.
    pub fn ends_with(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        literal_like(IntoNode::into_node(self), "%", text, "")
    }

    /// The text contains this text, taken literally.
    pub fn contains(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        literal_like(IntoNode::into_node(self), "%", text, "%")
    }

    /// The two texts put together.
    pub fn concat(self, other: impl Operand<String>) -> Expression<T>
    where
        T: Is<String>,
    {
        Expression::new(Node::binary(IntoNode::into_node(self), BinaryOperator::Concatenate, other.into_operand()))
    }
}

common_operators! {
    /// `self IS NULL`.
    pub fn is_null(self) -> Expression<bool> {
        Expression::new(Node::unary(UnaryOperator::IsNull, IntoNode::into_node(self)))
    }

    /// `self IS NOT NULL`.
    pub fn is_not_null(self) -> Expression<bool> {
        Expression::new(Node::unary(UnaryOperator::IsNotNull, IntoNode::into_node(self)))
    }

    /// `self IN (SELECT ..)`.
    pub fn in_select<S>(self, select: &Select<S>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::In, Node::Subquery(select.tree().clone()))
    }

    /// `self NOT IN (SELECT ..)`.
    pub fn not_in_select<S>(self, select: &Select<S>) -> Expression<bool> {
        compare(IntoNode::into_node(self), BinaryOperator::NotIn, Node::Subquery(select.tree().clone()))
    }

    /// An operator that is written just so, between this and a value or another expression: its text, or what
    /// [`operator`](crate::expression::operator) makes, which says how strongly it binds.
    pub fn op<R>(self, operator: impl Into<crate::expression::CustomOperator>, other: impl IntoNode) -> Expression<R> {
        Expression::new(Node::binary(IntoNode::into_node(self), BinaryOperator::Custom(operator.into()), other.into_node()))
    }

    /// From the smallest up, in ORDER BY.
    pub fn asc(self) -> OrderExpression {
        OrderExpression::new(IntoNode::into_node(self), false)
    }

    /// From the largest down, in ORDER BY.
    pub fn desc(self) -> OrderExpression {
        OrderExpression::new(IntoNode::into_node(self), true)
    }
}

impl<M: Model, T: ColumnType> Attribute<M, T> {
    /// Gives it a name: written after AS in a select list, and used by that name in ORDER BY and GROUP BY.
    pub fn label(self, name: impl Into<crate::name::Name>) -> Expression<T> {
        Expression::new(self.node()).label(name)
    }
}

macro_rules! dynamic_comparisons {
    ($($(#[$doc:meta])* $name:ident => $operator:ident;)*) => {
        impl ColumnExpression {
            $($(#[$doc])*
            pub fn $name(self, other: impl IntoNode) -> Expression<bool> {
                compare(self.node(), BinaryOperator::$operator, other.into_node())
            })*
        }
    };
}

dynamic_comparisons! {
    /// `self = other`.
    eq => Equal;
    /// `self <> other`.
    ne => NotEqual;
    /// `self < other`.
    lt => Less;
    /// `self <= other`.
    le => LessOrEqual;
    /// `self > other`.
    gt => Greater;
    /// `self >= other`.
    ge => GreaterOrEqual;
    /// `self LIKE pattern`.
    like => Like;
    /// `self NOT LIKE pattern`.
    not_like => NotLike;
    /// `self ILIKE pattern`.
    ilike => ILike;
    /// `self IS DISTINCT FROM other`.
    is_distinct_from => IsDistinctFrom;
    /// `self IS NOT DISTINCT FROM other`.
    is_not_distinct_from => IsNotDistinctFrom;
}

impl ColumnExpression {
    /// `self IN (values)`. An empty list gives no rows.
    pub fn in_<I>(self, values: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: IntoNode,
    {
        dynamic_in(self.node(), values, false)
    }

    /// `self NOT IN (values)`. An empty list gives all rows.
    pub fn not_in<I>(self, values: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: IntoNode,
    {
        dynamic_in(self.node(), values, true)
    }

    /// `self BETWEEN low AND high`, both included.
    pub fn between(self, low: impl IntoNode, high: impl IntoNode) -> Expression<bool> {
        Expression::new(Node::Between(Arc::new([self.node(), low.into_node(), high.into_node()])))
    }

    /// The same whichever of the two is the lower one: `self BETWEEN one AND other OR self BETWEEN other AND one`.
    pub fn between_symmetric(self, one: impl IntoNode, other: impl IntoNode) -> Expression<bool> {
        between_symmetric(self.node(), one.into_node(), other.into_node())
    }

    /// Gives it a name in the select list.
    pub fn label(self, name: impl Into<crate::name::Name>) -> Expression<Value> {
        Expression::new(self.node()).label(name)
    }
}

fn compare(left: Node, operator: BinaryOperator, right: Node) -> Expression<bool> {
    Expression::new(Node::binary(left, operator, right))
}

fn between_symmetric(value: Node, one: Node, other: Node) -> Expression<bool> {
    let upwards = Node::Between(Arc::new([value.clone(), one.clone(), other.clone()]));
    Expression::new(Node::binary(upwards, BinaryOperator::Or, Node::Between(Arc::new([value, other, one]))))
}

fn in_list<B, I>(left: Node, values: I, negated: bool, sql_type: SqlType) -> Expression<bool>
where
    I: IntoIterator,
    I::Item: Operand<B>,
{
    let values = values.into_iter().map(Operand::into_operand).collect();
    Expression::new(Node::In(Arc::new(InNode { left, values, negated, sql_type: Some(sql_type) })))
}

fn dynamic_in<I>(left: Node, values: I, negated: bool) -> Expression<bool>
where
    I: IntoIterator,
    I::Item: IntoNode,
{
    let values = values.into_iter().map(IntoNode::into_node).collect();
    Expression::new(Node::In(Arc::new(InNode { left, values, negated, sql_type: None })))
}

pub(super) fn literal_like(left: Node, before: &str, text: &str, after: &str) -> Expression<bool> {
    like_literally(left, BinaryOperator::Like, before, text, after)
}

/// A search for a text that is taken literally.
pub(super) fn like_literally(
    left: Node,
    operator: BinaryOperator,
    before: &str,
    text: &str,
    after: &str,
) -> Expression<bool> {
    let mut pattern = String::from(before);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '/') {
            pattern.push('/');
        }
        pattern.push(character);
    }
    pattern.push_str(after);
    Expression::new(Node::Binary(Box::new(BinaryNode {
        left,
        operator,
        right: Operand::<String>::into_operand(pattern.as_str()),
        escape: Some('/'),
    })))
}
