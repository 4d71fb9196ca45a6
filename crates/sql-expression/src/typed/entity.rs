//! [`Model`], and [`Entity`]: the constant that is named like a model.

use std::{fmt, marker::PhantomData};

use super::{Attribute, ColumnType, Expression, RowReader};
use crate::{
    Result, Value,
    expression::{Alias, AliasTarget, Source},
    name::Name,
    schema::{Table, Tables},
    value::ValueSink,
};

/// A struct that stands for the rows of a table. Written by `#[derive(Mapped)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    note = "write `#[derive(Mapped)]` on the struct, and `#[column(primary_key)]` on its key"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// The struct's name.
    const NAME: &'static str;

    /// The table's name.
    const TABLE_NAME: &'static str;

    /// The table's schema, where it has one.
    const SCHEMA: Option<&'static str> = None;

    /// How many columns it has.
    const COLUMNS: usize;

    /// How many of them an INSERT writes: all but those that the database computes.
    const WRITTEN: usize = Self::COLUMNS;

    /// The table.
    fn table() -> &'static Table;

    /// Reads a row whose cells are the model's columns, in order.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit; the column is named.
    fn read(reader: &mut RowReader<'_>) -> Result<Self>;

    /// Gives the value of each column that an INSERT writes, in order.
    fn write(&self, values: &mut Vec<Value>);

    /// Gives the value of each such column but the numbered key, in order: what an INSERT writes while the key is unset. The
    /// derive writes one that never makes the value of the key.
    fn write_unnumbered(&self, values: &mut Vec<Value>) {
        let start = values.len();
        self.write(values);
        if let Some(place) = numbered::<Self>() {
            values.remove(start + place);
        }
    }

    /// Gives the value of each column that an INSERT writes to a sink, in order; `is_unnumbered`: of each but the numbered key.
    /// The derive writes one that makes no [`Value`] of numbers and texts.
    fn write_to(&self, is_unnumbered: bool, sink: &mut dyn ValueSink) {
        let mut values = Vec::with_capacity(Self::WRITTEN);
        if is_unnumbered {
            self.write_unnumbered(&mut values);
        } else {
            self.write(&mut values);
        }
        values.into_iter().for_each(|value| sink.value(value));
    }

    /// Whether the numbered key is not set yet, so that an INSERT leaves it to the database.
    fn is_key_unset(&self) -> bool;
}

/// The place of the key that the database numbers.
pub(crate) fn numbered<M: Model>() -> Option<usize> {
    let definition = M::table().definition();
    let column = definition.autoincrement_column()?;
    definition.columns.iter().position(|other| other.name == column.name)
}

/// The constant that is named like a model: what `select(Author)` and `session.get(Author, 1)` take.
pub struct Entity<M>(PhantomData<fn() -> M>);

impl<M> Entity<M> {
    /// The constant. The derive writes it.
    #[expect(clippy::new_without_default, reason = "only the derive makes one")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// The model of a side that is outer-joined: it gives `Option`.
    pub const fn nullable(self) -> Nullable<Self> {
        Nullable(self)
    }
}

impl<M> Clone for Entity<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Entity<M> {}

impl<M: Model> fmt::Debug for Entity<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(M::NAME)
    }
}

impl<M: Model> From<Entity<M>> for Source {
    fn from(_: Entity<M>) -> Self {
        Self::Table(M::table().lend())
    }
}

impl<M: Model> Tables for Entity<M> {
    fn each(&self, take: &mut dyn FnMut(&Table)) {
        take(M::table());
    }
}

/// A selected side that is outer-joined: it gives `Option`.
#[derive(Clone, Copy, Debug)]
pub struct Nullable<S>(pub(crate) S);

/// A model under another name, so that its table can be used twice in a statement.
///
/// # Examples
/// `let boss = aliased(Employee); select((Employee::name, boss.c(Employee::name)))…`
pub fn aliased<M: Model>(_: Entity<M>) -> Aliased<M> {
    Aliased { alias: Alias::new(None, AliasTarget::Table(M::table().lend())), model: PhantomData }
}

/// A model under another name.
pub struct Aliased<M> {
    alias: Alias,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Aliased<M> {
    /// The same under a name of the caller's choice.
    pub fn named(name: impl Into<Name>) -> Self {
        let alias = Alias::new(Some(name.into()), AliasTarget::Table(M::table().lend()));
        Self { alias, model: PhantomData }
    }

    /// A column of it.
    pub fn c<T: ColumnType>(&self, attribute: Attribute<M, T>) -> Expression<T> {
        Expression::new(attribute.node_of(self.source()))
    }

    /// What its columns come from.
    pub fn source(&self) -> Source {
        Source::Alias(self.alias.clone())
    }

    /// The same as a side that is outer-joined: it gives `Option`.
    pub fn nullable(&self) -> Nullable<Self> {
        Nullable(self.clone())
    }
}

impl<M> Clone for Aliased<M> {
    fn clone(&self) -> Self {
        Self { alias: self.alias.clone(), model: PhantomData }
    }
}

impl<M> fmt::Debug for Aliased<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.alias.fmt(formatter)
    }
}

impl<M> From<&Aliased<M>> for Source {
    fn from(aliased: &Aliased<M>) -> Self {
        Self::Alias(aliased.alias.clone())
    }
}
