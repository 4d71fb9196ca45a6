//! [`Operand`]: what a column can be compared with.

use super::{Attribute, ColumnExpression, ColumnType, Expression, Is, Model};
use crate::{Value, expression::Node, statement::RowWriter};

/// What a column of type `B` can be compared with: a `B`, a column or an expression that holds one.
#[diagnostic::on_unimplemented(
    message = "a `{B}` column cannot be compared with `{Self}`",
    label = "not a `{B}`",
    note = "compare it with a `{B}` (or `Option<{B}>`), or with a column or an expression that holds one"
)]
pub trait Operand<B> {
    /// The untyped node.
    fn into_operand(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<B: ColumnType<Base = B>> Operand<B> for B {
    fn into_operand(self) -> Node {
        Node::typed_bind(self.into_value(), B::sql_type())
    }
}

#[diagnostic::do_not_recommend]
impl<B: ColumnType<Base = B>> Operand<B> for &B {
    fn into_operand(self) -> Node {
        Node::typed_bind(self.to_value(), B::sql_type())
    }
}

// Written for a type that is found by its trait, and not by its name, they are not shown where another type is compared.
#[diagnostic::do_not_recommend]
impl<B: Borrowed<str>> Operand<B> for &str {
    fn into_operand(self) -> Node {
        text_node(self)
    }
}

#[diagnostic::do_not_recommend]
impl<B: Borrowed<[u8]>> Operand<B> for &[u8] {
    fn into_operand(self) -> Node {
        Node::typed_bind(Value::Bytes(self.to_vec()), B::sql_type())
    }
}

/// A column type whose values may be given as a reference to `T`.
#[doc(hidden)]
pub trait Borrowed<T: ?Sized>: ColumnType {}

impl Borrowed<str> for String {}
impl Borrowed<[u8]> for Vec<u8> {}

fn text_node(text: &str) -> Node {
    Node::typed_bind(Value::Text(text.into()), String::sql_type())
}

#[diagnostic::do_not_recommend]
impl<B: ColumnType<Base = B>, R: Operand<B>> Operand<B> for Option<R> {
    fn into_operand(self) -> Node {
        self.map_or_else(|| Node::typed_bind(Value::Null, B::sql_type()), R::into_operand)
    }
}

#[diagnostic::do_not_recommend]
impl<B, M: Model, T: ColumnType + Is<B>> Operand<B> for Attribute<M, T> {
    fn into_operand(self) -> Node {
        self.node()
    }
}

// Two implementations that are alike keep the compiler from printing the one, where the types do not fit.
#[diagnostic::do_not_recommend]
impl<B, M: Model, T: ColumnType + Is<B>> Operand<B> for &Attribute<M, T> {
    fn into_operand(self) -> Node {
        self.node()
    }
}

#[diagnostic::do_not_recommend]
impl<B, T: Is<B>> Operand<B> for Expression<T> {
    fn into_operand(self) -> Node {
        self.into_node()
    }
}

#[diagnostic::do_not_recommend]
impl<B> Operand<B> for ColumnExpression {
    fn into_operand(self) -> Node {
        self.node()
    }
}

/// What `filter`, `and`, `or` and `having` take: a condition.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "not a condition",
    note = "use a comparison such as `Author::name.eq(\"x\")`, a `bool` column, or `text` for SQL written by hand"
)]
pub trait Condition {
    /// The untyped node.
    fn into_condition(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<T: Is<bool>> Condition for Expression<T> {
    fn into_condition(self) -> Node {
        self.into_node()
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, T: ColumnType + Is<bool>> Condition for Attribute<M, T> {
    fn into_condition(self) -> Node {
        self.node()
    }
}

#[diagnostic::do_not_recommend]
impl Condition for ColumnExpression {
    fn into_condition(self) -> Node {
        self.node()
    }
}

/// What an untyped place takes: any value, column or expression.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a value, a column or an expression")]
pub trait IntoNode {
    /// The untyped node.
    fn into_node(self) -> Node;

    /// Adds itself to a row of an INSERT: a value goes there without a node.
    #[doc(hidden)]
    #[inline]
    fn write_to(self, row: &mut RowWriter)
    where
        Self: Sized,
    {
        row.node(self.into_node());
    }
}

impl<T: ColumnType> IntoNode for T {
    fn into_node(self) -> Node {
        Node::typed_bind(self.into_value(), T::sql_type())
    }

    #[inline]
    fn write_to(self, row: &mut RowWriter) {
        row.typed_value(self.into_value(), T::sql_type);
    }
}

impl IntoNode for Value {
    fn into_node(self) -> Node {
        Node::bind(self)
    }

    #[inline]
    fn write_to(self, row: &mut RowWriter) {
        row.value(self);
    }
}

impl IntoNode for &str {
    fn into_node(self) -> Node {
        text_node(self)
    }

    #[inline]
    fn write_to(self, row: &mut RowWriter) {
        row.typed_value(Value::Text(self.into()), String::sql_type);
    }
}

impl IntoNode for &String {
    fn into_node(self) -> Node {
        text_node(self)
    }
}

impl IntoNode for Option<&str> {
    fn into_node(self) -> Node {
        Operand::<String>::into_operand(self)
    }
}

impl<M: Model, T: ColumnType> IntoNode for Attribute<M, T> {
    fn into_node(self) -> Node {
        self.node()
    }
}

impl<T> IntoNode for Expression<T> {
    fn into_node(self) -> Node {
        Expression::into_node(self)
    }
}

impl IntoNode for ColumnExpression {
    fn into_node(self) -> Node {
        self.node()
    }
}

impl IntoNode for &ColumnExpression {
    fn into_node(self) -> Node {
        self.node()
    }
}
