//! SQL functions, typed where the type is known.

use std::sync::Arc;

use super::{Attribute, ColumnType, Condition, Expression, IntoNode, Is, Model, operand::Operand};
use crate::{
    expression::{FunctionNode, Node, UnaryOperator, Window},
    name::Name,
    statement::Select,
    value::Decimal,
};

/// `count(expression)`: how many are not NULL.
pub fn count(expression: impl IntoNode) -> Expression<i64> {
    call("count", vec![expression.into_node()])
}

/// `count(*)`: how many rows.
pub fn count_all() -> Expression<i64> {
    call("count", vec![Node::Star])
}

/// `sum(expression)`: NULL when there are no rows.
pub fn sum<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<<T::Base as Sum>::Output>>
where
    T::Base: Sum,
{
    call("sum", vec![expression.into_typed()])
}

/// `avg(expression)`: NULL when there are no rows.
pub fn avg<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<<T::Base as Sum>::Average>>
where
    T::Base: Sum,
{
    call("avg", vec![expression.into_typed()])
}

/// `min(expression)`: NULL when there are no rows.
pub fn min<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<T::Base>> {
    call("min", vec![expression.into_typed()])
}

/// `max(expression)`: NULL when there are no rows.
pub fn max<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<T::Base>> {
    call("max", vec![expression.into_typed()])
}

/// `lower(text)`.
pub fn lower<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T> {
    call("lower", vec![text.into_typed()])
}

/// `upper(text)`.
pub fn upper<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T> {
    call("upper", vec![text.into_typed()])
}

/// `coalesce(expression, default)`: the default where the expression is NULL.
pub fn coalesce<T: ColumnType>(
    expression: impl Typed<T>,
    default: impl Operand<T::Base>,
) -> Expression<T::Base> {
    call("coalesce", vec![expression.into_typed(), default.into_operand()])
}

/// Any function by name, whose result is read into `T`.
pub fn func<T>(name: impl Into<Name>, arguments: impl IntoIterator<Item = Node>) -> Expression<T> {
    call(name, arguments.into_iter().collect())
}

/// `EXISTS (SELECT ..)`.
pub fn exists<S>(select: &Select<S>) -> Expression<bool> {
    Expression::new(Node::Exists(select.tree().clone()))
}

/// `NOT condition`.
pub fn not(condition: impl Condition) -> Expression<bool> {
    Expression::new(Node::unary(UnaryOperator::Not, condition.into_condition()))
}

/// A value as an expression, sent as a parameter.
pub fn literal<T: ColumnType>(value: T) -> Expression<T> {
    Expression::new(value.into_node())
}

/// NULL as an expression.
pub fn null<T: ColumnType<Base = T>>() -> Expression<Option<T>> {
    Expression::new(Node::Null)
}

pub(super) fn call<T>(name: impl Into<Name>, arguments: Vec<Node>) -> Expression<T> {
    Expression::new(Node::function(name, arguments))
}

impl<T> Expression<T> {
    /// The aggregate takes each value once: `count(DISTINCT x)`. On anything but a function it is an error when the
    /// statement is compiled.
    #[must_use]
    pub fn distinct(self) -> Self {
        self.change_function("DISTINCT", |function| function.distinct = true)
    }

    /// The aggregate takes only rows for which the condition holds: `FILTER (WHERE ..)`.
    #[must_use]
    pub fn filter_where(self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.change_function("FILTER", |function| function.filter = Some(condition))
    }

    /// The function is calculated over a window.
    #[must_use]
    pub fn over(self, window: Window) -> Self {
        self.change_function("OVER", |function| function.over = Some(Arc::new(window)))
    }

    pub(super) fn change_function(self, what: &'static str, change: impl FnOnce(&mut FunctionNode)) -> Self {
        let node = match self.into_node() {
            Node::Function(mut function) => {
                change(Arc::make_mut(&mut function));
                Node::Function(function)
            }
            _ => Node::Invalid(Name::from(format!("{what} can only follow a function"))),
        };
        Self::new(node)
    }
}

/// What a typed function takes: a column or an expression of a type.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a column or an expression of type `{T}`")]
pub trait Typed<T> {
    /// The untyped node.
    fn into_typed(self) -> Node;
}

impl<M: Model, T: ColumnType> Typed<T> for Attribute<M, T> {
    fn into_typed(self) -> Node {
        self.node()
    }
}

impl<T> Typed<T> for Expression<T> {
    fn into_typed(self) -> Node {
        self.into_node()
    }
}

/// A number type that can be summed.
#[diagnostic::on_unimplemented(message = "a `{Self}` column cannot be summed", label = "not a number")]
pub trait Sum: ColumnType<Base = Self> {
    /// What its sum is read into.
    type Output: ColumnType<Base = Self::Output>;
    /// What its average is read into.
    type Average: ColumnType<Base = Self::Average>;
}

macro_rules! sums {
    ($($type:ty: $sum:ty, $average:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $crate::typed::Sum for $type {
            type Output = $sum;
            type Average = $average;
        }
    )*};
}

#[allow(unused_imports, reason = "the types of other crates are behind features")]
pub(crate) use sums;

sums! {
    i16: i64, f64; i32: i64, f64; i64: i64, f64; u32: i64, f64; u64: u64, f64;
    f32: f64, f64; f64: f64, f64; Decimal: Decimal, Decimal;
}
