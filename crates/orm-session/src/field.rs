//! [`Field`]: what `Instance::set` sets.

use aludel_sql_expression::{Attribute, ColumnType};

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

    /// Sets it.
    fn set(&self, model: &mut M, value: Self::Value);
}

impl<M, T: ColumnType> Field<M> for Attribute<M, T> {
    type Value = T;

    fn set(&self, model: &mut M, value: T) {
        *self.get_mut(model) = value;
    }
}

impl<M, L: Link> Field<M> for Relationship<M, L> {
    type Value = L;

    fn set(&self, model: &mut M, value: L) {
        *self.get_mut(model) = value;
    }
}

/// What a field of type `T` can be set to.
#[diagnostic::on_unimplemented(
    message = "a `{T}` field cannot be set to `{Self}`",
    label = "not a `{T}`",
    note = "set it to a `{T}`; `&str` goes for `String`, a value for an `Option`, a handle for a link"
)]
pub trait IntoField<T> {
    /// The field's value.
    fn into_field(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> IntoField<T> for T {
    fn into_field(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType<Base = T>> IntoField<Option<T>> for T {
    fn into_field(self) -> Option<T> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoField<String> for &str {
    fn into_field(self) -> String {
        self.to_owned()
    }
}

#[diagnostic::do_not_recommend]
impl IntoField<Option<String>> for &str {
    fn into_field(self) -> Option<String> {
        Some(self.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<One<T>> for &Instance<T> {
    fn into_field(self) -> One<T> {
        self.into()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<One<T>> for T {
    fn into_field(self) -> One<T> {
        self.into()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped, const COUNT: usize> IntoField<Many<T>> for [&Instance<T>; COUNT] {
    fn into_field(self) -> Many<T> {
        self.into()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Mapped> IntoField<Many<T>> for Vec<Instance<T>> {
    fn into_field(self) -> Many<T> {
        self.into()
    }
}
