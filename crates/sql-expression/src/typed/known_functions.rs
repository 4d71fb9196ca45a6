//! Functions that every database has, under whatever name.

use super::{
    Arithmetic, ColumnType, Expression, Is,
    functions::{Typed, call},
    operand::Operand,
};
use crate::{
    expression::{CastNode, Construct, Node},
    types::SqlType,
};

/// The number of characters of a text.
#[must_use]
pub fn char_length<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T::Like<i64>> {
    call("char_length", vec![text.into_typed()])
}

/// The text without spaces at its ends.
#[must_use]
pub fn trim<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T> {
    call("trim", vec![text.into_typed()])
}

/// The text without spaces at its beginning.
#[must_use]
pub fn ltrim<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T> {
    call("ltrim", vec![text.into_typed()])
}

/// The text without spaces at its end.
#[must_use]
pub fn rtrim<T: ColumnType + Is<String>>(text: impl Typed<T>) -> Expression<T> {
    call("rtrim", vec![text.into_typed()])
}

/// The text with one part replaced by another, wherever it stands.
#[must_use]
pub fn replace<T: ColumnType + Is<String>>(
    text: impl Typed<T>,
    part: impl Operand<String>,
    by: impl Operand<String>,
) -> Expression<T> {
    call("replace", vec![text.into_typed(), part.into_operand(), by.into_operand()])
}

/// A part of the text: so many characters, from a position on that counts from 1.
#[must_use]
pub fn substr<T: ColumnType + Is<String>>(
    text: impl Typed<T>,
    start: impl Operand<i32>,
    length: impl Operand<i32>,
) -> Expression<T> {
    call("substr", vec![text.into_typed(), start.into_operand(), length.into_operand()])
}

/// The number without its sign.
#[must_use]
pub fn abs<T: ColumnType>(number: impl Typed<T>) -> Expression<T>
where
    T::Base: Arithmetic<T::Base>,
{
    call("abs", vec![number.into_typed()])
}

/// The nearest whole number.
#[must_use]
pub fn round<T: ColumnType>(number: impl Typed<T>) -> Expression<T>
where
    T::Base: Arithmetic<T::Base>,
{
    call("round", vec![number.into_typed()])
}

/// NULL where the two are equal, and the first of them otherwise.
#[must_use]
pub fn nullif<T: ColumnType>(
    expression: impl Typed<T>,
    other: impl Operand<T::Base>,
) -> Expression<Option<T::Base>> {
    call("nullif", vec![expression.into_typed(), other.into_operand()])
}

/// The greater of the two. Where one is NULL, PostgreSQL gives the other, and the rest NULL.
#[must_use]
pub fn greatest<T: ColumnType>(expression: impl Typed<T>, other: impl Operand<T::Base>) -> Expression<T> {
    call("greatest", vec![expression.into_typed(), other.into_operand()])
}

/// The lesser of the two. Where one is NULL, PostgreSQL gives the other, and the rest NULL.
#[must_use]
pub fn least<T: ColumnType>(expression: impl Typed<T>, other: impl Operand<T::Base>) -> Expression<T> {
    call("least", vec![expression.into_typed(), other.into_operand()])
}

/// A text that is written out, where a database takes no parameter.
#[must_use]
pub fn literal_text(text: &str) -> Expression<String> {
    Expression::new(Node::construct(Construct::Text(text.into()), Vec::new()))
}

/// TRUE, written out.
#[must_use]
pub fn true_() -> Expression<bool> {
    Expression::new(Node::Boolean(true))
}

/// FALSE, written out.
#[must_use]
pub fn false_() -> Expression<bool> {
    Expression::new(Node::Boolean(false))
}

impl<T> Expression<T> {
    /// `CAST(self AS type)`, to any SQL type, read into a Rust type that is said by hand.
    #[must_use]
    pub fn cast_to<U>(self, sql_type: impl Into<SqlType>) -> Expression<U> {
        let cast = CastNode { operand: self.into_node(), sql_type: sql_type.into() };
        Expression::new(Node::Cast(cast.into()))
    }

    /// CAST that gives NULL for what cannot be converted: PostgreSQL from version 16 on, by `pg_input_is_valid`, where the
    /// expression stands twice. Elsewhere it is an error that names the dialect: SQLite and MySQL take as much of a text as
    /// they understand, so that their `cast` gives a number for anything.
    #[must_use]
    pub fn try_cast<U: ColumnType<Base = U>>(self) -> Expression<Option<U>> {
        Expression::new(Node::construct(Construct::TryCast(U::sql_type()), vec![self.into_node()]))
    }

    /// The same expression, read into another Rust type: nothing of it is written. Counterpart of SQLAlchemy's
    /// `type_coerce`.
    #[must_use]
    pub fn type_coerce<U>(self) -> Expression<U> {
        Expression::new(self.into_node())
    }
}
