//! [`Field`]: what `Instance::set` sets.

use aludel_sql_expression::{
    Attribute, ColumnType,
    typed::{ColumnInput, IntoColumn},
};

use crate::{
    Instance,
    link::{Link, Many, One},
    mapping::Mapped,
    relationship::Relationship,
};

/// A field of a model: a column or a relationship.
pub trait Field<M> {
    /// What it holds.
    type Value;
    /// [`ColumnField`] or [`LinkField`].
    type Kind;

    /// Sets it.
    fn set(&self, model: &mut M, value: Self::Value);

    /// The column's number; none: it is a relationship.
    fn column(&self) -> Option<u16>;
}

/// Marks fields that are columns.
#[derive(Clone, Copy, Debug)]
pub struct ColumnField;

/// Marks fields that are relationships.
#[derive(Clone, Copy, Debug)]
pub struct LinkField;

impl<M, T: ColumnType> Field<M> for Attribute<M, T> {
    type Value = T;
    type Kind = ColumnField;

    fn set(&self, model: &mut M, value: T) {
        *self.get_mut(model) = value;
    }

    fn column(&self) -> Option<u16> {
        Some(self.index())
    }
}

impl<M, L: Link> Field<M> for Relationship<M, L> {
    type Value = L;
    type Kind = LinkField;

    fn set(&self, model: &mut M, value: L) {
        *self.get_mut(model) = value;
    }

    fn column(&self) -> Option<u16> {
        None
    }
}

/// What a field of type `T` can be set to.
#[diagnostic::on_unimplemented(
    message = "a `{T}` field cannot be set to `{Self}`",
    label = "not a `{T}`",
    note = "set it to a `{T}`; `&str` goes for `String`, a value for an `Option`, a handle for a link"
)]
pub trait IntoField<T, K> {
    /// The field's value, or an expression that the database computes.
    fn into_field(self) -> ColumnInput<T>;
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoColumn<T>> IntoField<T, ColumnField> for V {
    fn into_field(self) -> ColumnInput<T> {
        self.into_column()
    }
}

#[diagnostic::do_not_recommend]
impl<L> IntoField<L, LinkField> for L {
    fn into_field(self) -> ColumnInput<L> {
        ColumnInput::Value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<One<T>, LinkField> for &Instance<T> {
    fn into_field(self) -> ColumnInput<One<T>> {
        ColumnInput::Value(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<One<T>, LinkField> for T {
    fn into_field(self) -> ColumnInput<One<T>> {
        ColumnInput::Value(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped, const COUNT: usize> IntoField<Many<T>, LinkField> for [&Instance<T>; COUNT] {
    fn into_field(self) -> ColumnInput<Many<T>> {
        ColumnInput::Value(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<Many<T>, LinkField> for Vec<Instance<T>> {
    fn into_field(self) -> ColumnInput<Many<T>> {
        ColumnInput::Value(self.into())
    }
}
