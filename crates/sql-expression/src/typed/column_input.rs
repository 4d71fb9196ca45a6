//! [`ColumnInput`]: what a column of an object can be set to.

use super::{Attribute, ColumnType, Expression, Is, Model};
use crate::expression::Node;

/// What a column of an object can be set to: a value, or an expression that the database computes.
#[derive(Clone, Debug)]
pub enum ColumnInput<T> {
    /// A value.
    Value(T),
    /// An expression, which is put into the statement.
    Expression(Node),
}

/// What goes for a column of type `T`: a `T`, `&str` for `String`, a value for an `Option`, a column or an expression.
pub trait IntoColumn<T> {
    /// The value or expression.
    fn into_column(self) -> ColumnInput<T>;
}

#[diagnostic::do_not_recommend]
impl<T> IntoColumn<T> for T {
    fn into_column(self) -> ColumnInput<T> {
        ColumnInput::Value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType<Base = T>> IntoColumn<Option<T>> for T {
    fn into_column(self) -> ColumnInput<Option<T>> {
        ColumnInput::Value(Some(self))
    }
}

#[diagnostic::do_not_recommend]
impl IntoColumn<String> for &str {
    fn into_column(self) -> ColumnInput<String> {
        ColumnInput::Value(self.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl IntoColumn<Option<String>> for &str {
    fn into_column(self) -> ColumnInput<Option<String>> {
        ColumnInput::Value(Some(self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType, E: Is<T::Base>> IntoColumn<T> for Expression<E> {
    fn into_column(self) -> ColumnInput<T> {
        ColumnInput::Expression(self.into_node())
    }
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType, M: Model, E: ColumnType + Is<T::Base>> IntoColumn<T> for Attribute<M, E> {
    fn into_column(self) -> ColumnInput<T> {
        ColumnInput::Expression(self.node())
    }
}
