//! [`Attribute`]: `Author::name`, one column of a model.

use super::{ColumnType, Expression, Model};
use crate::{
    expression::{ColumnReference, Node, Source},
    name::Name,
};

/// One column of a model, as the derive gives it: `Author::name`. It knows its model and its type.
pub struct Attribute<M, T> {
    name: &'static str,
    column: &'static str,
    index: u16,
    get: fn(&M) -> &T,
    get_mut: fn(&mut M) -> &mut T,
}

impl<M, T> Attribute<M, T> {
    /// An attribute: the field's name, the column's name, the position among the columns, and how to reach the field.
    pub const fn new(
        name: &'static str,
        column: &'static str,
        index: u16,
        get: fn(&M) -> &T,
        get_mut: fn(&mut M) -> &mut T,
    ) -> Self {
        Self { name, column, index, get, get_mut }
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The column's name.
    pub const fn column_name(&self) -> &'static str {
        self.column
    }

    /// The position among the model's columns.
    pub const fn index(&self) -> u16 {
        self.index
    }

    /// The model's type, as a null pointer, for the checks that the derive writes.
    #[doc(hidden)]
    pub const fn model_type(&self) -> *const M {
        std::ptr::null()
    }

    /// The field's type, as a null pointer, for the checks that the derive writes.
    #[doc(hidden)]
    pub const fn value_type(&self) -> *const T {
        std::ptr::null()
    }

    /// The field of a value.
    pub fn get<'m>(&self, model: &'m M) -> &'m T {
        (self.get)(model)
    }

    /// The field of a value, to be changed.
    pub fn get_mut<'m>(&self, model: &'m mut M) -> &'m mut T {
        (self.get_mut)(model)
    }
}

impl<M: Model, T: ColumnType> Attribute<M, T> {
    /// The untyped node.
    pub fn node(self) -> Node {
        self.node_of(Source::Table(M::table().lend()))
    }

    /// The untyped node, as a column of another source, such as an alias.
    pub fn node_of(self, source: Source) -> Node {
        Node::Column(ColumnReference { source, name: Name::Static(self.column) })
    }

    /// The column of a side that is outer-joined: its value may be missing.
    pub fn nullable(self) -> Expression<Option<T::Base>> {
        Expression::nullable_of(self.node())
    }
}

impl<M, T> Clone for Attribute<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Attribute<M, T> {}

impl<M, T> std::fmt::Debug for Attribute<M, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}
