//! [`Selectable`]: what `select` takes.

use std::sync::Arc;

use super::{Aliased, Attribute, ColumnExpression, ColumnType, Entity, Expression, Model, Nullable};
use crate::{
    Cell, ColumnInfo, Decode, Error, Few, Result, Row, RowPlan, Value,
    decode::{decode_at, read_cell},
    expression::Node,
    schema::Table,
    statement::{DynamicRow, SelectItem},
};

/// What `select` takes: a model, a column, an expression, or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    label = "not a model, a column or an expression",
    note = "select takes a model, a column, an expression, or a tuple of these"
)]
pub trait Selectable: Send + Sync {
    /// What a row gives through a `Connection`. A `Session` gives handles for models.
    type Value: Send + 'static;

    /// Whether it takes what is left of the row, whose columns are known only at run time.
    #[doc(hidden)]
    const IS_DYNAMIC: bool = false;

    /// Adds itself to the select list.
    fn items(&self, items: &mut Few<SelectItem>);

    /// Reads its cells from the row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit.
    fn read(reader: &mut RowReader<'_>) -> Result<Self::Value>;
}

/// Reads the cells of a row, one after the other.
#[derive(Clone, Copy)]
pub struct RowReader<'r> {
    row: &'r dyn Row,
    position: usize,
    /// The columns of the result, where something is read by them.
    columns: Option<&'r Arc<[ColumnInfo]>>,
}

impl<'r> RowReader<'r> {
    /// Begins at the first cell.
    pub fn new(row: &'r dyn Row) -> Self {
        Self { row, position: 0, columns: None }
    }

    /// Begins at the first cell, with what was found out of the columns.
    pub fn planned(row: &'r dyn Row, plan: &'r RowPlan) -> Self {
        Self { row, position: 0, columns: plan.columns() }
    }

    /// Begins at a position.
    pub fn at(row: &'r dyn Row, position: usize) -> Self {
        Self { row, position, columns: None }
    }

    /// The next cell, as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when the row has no more cells.
    #[inline]
    pub fn cell(&mut self) -> Result<Cell<'r>> {
        let position = self.advance();
        self.row.cell(position)
    }

    /// Reads the next cell.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when it does not fit; its position is named.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "each cell is read into the type that is asked for")]
    pub fn next<T: Decode>(&mut self) -> Result<T> {
        let position = self.advance();
        decode_at(self.row, position)
    }

    /// Reads the next cell, which is the column of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when it does not fit; the column is named.
    #[inline]
    pub fn field<T: Decode>(&mut self, model: &'static str, name: &'static str) -> Result<T> {
        let position = self.advance();
        read_cell(self.row, position, |error| field_error(error, model, name))
    }

    /// What is left of the row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell cannot be read.
    pub(super) fn rest(&mut self) -> Result<DynamicRow> {
        let from = std::mem::replace(&mut self.position, self.row.len());
        match self.columns {
            Some(columns) => DynamicRow::of_rest(self.row, from, columns),
            None => DynamicRow::of_rest(self.row, from, &Arc::default()),
        }
    }

    #[inline]
    fn advance(&mut self) -> usize {
        let position = self.position;
        self.position += 1;
        position
    }

    /// Whether the next so many cells are all NULL: a side of an outer join without a partner.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when the row has not so many.
    pub fn are_null(&self, count: usize) -> Result<bool> {
        for position in self.position..self.position + count {
            if !matches!(self.row.cell(position)?, Cell::Null) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes over so many cells.
    pub fn skip(&mut self, count: usize) {
        self.position += count;
    }

    /// The position of the next cell.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl std::fmt::Debug for RowReader<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RowReader at {} of {}", self.position, self.row.len())
    }
}

#[cold]
fn field_error(error: Error, model: &str, name: &str) -> Error {
    error.context(format_args!("{model}.{name}"))
}

fn entity(source: crate::expression::Source, table: &'static Table, nullable: bool) -> SelectItem {
    SelectItem::Entity { source, table: table.lend(), nullable }
}

fn expression(node: Node, nullable: bool) -> SelectItem {
    SelectItem::Expression { node, nullable }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Selectable for Entity<M> {
    type Value = M;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(entity(M::table().lend().into(), M::table(), false));
    }

    #[inline]
    fn read(reader: &mut RowReader<'_>) -> Result<M> {
        M::read(reader)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Selectable for Aliased<M> {
    type Value = M;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(entity(self.source(), M::table(), false));
    }

    fn read(reader: &mut RowReader<'_>) -> Result<M> {
        M::read(reader)
    }
}

fn read_nullable<M: Model>(reader: &mut RowReader<'_>) -> Result<Option<M>> {
    if reader.are_null(M::COLUMNS)? {
        reader.skip(M::COLUMNS);
        return Ok(None);
    }
    M::read(reader).map(Some)
}

#[diagnostic::do_not_recommend]
impl<M: Model> Selectable for Nullable<Entity<M>> {
    type Value = Option<M>;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(entity(M::table().lend().into(), M::table(), true));
    }

    fn read(reader: &mut RowReader<'_>) -> Result<Option<M>> {
        read_nullable(reader)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Selectable for Nullable<Aliased<M>> {
    type Value = Option<M>;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(entity(self.0.source(), M::table(), true));
    }

    fn read(reader: &mut RowReader<'_>) -> Result<Option<M>> {
        read_nullable(reader)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, T: ColumnType> Selectable for Attribute<M, T> {
    type Value = T;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(expression(self.node(), T::NULLABLE));
    }

    #[inline]
    fn read(reader: &mut RowReader<'_>) -> Result<T> {
        reader.next()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Decode + Send + 'static> Selectable for Expression<T> {
    type Value = T;

    fn items(&self, items: &mut Few<SelectItem>) {
        items.push(expression(self.node().clone(), T::ACCEPTS_NULL || self.is_marked_nullable()));
    }

    #[inline]
    fn read(reader: &mut RowReader<'_>) -> Result<T> {
        reader.next()
    }
}

#[diagnostic::do_not_recommend]
impl Selectable for ColumnExpression {
    type Value = Value;

    fn items(&self, items: &mut Few<SelectItem>) {
        // An untyped value can hold NULL, so an outer-joined side needs no mark.
        items.push(expression(self.node(), true));
    }

    fn read(reader: &mut RowReader<'_>) -> Result<Value> {
        reader.next()
    }
}

/// Why a tuple cannot be read.
const NOT_LAST: &str =
    "columns that are known only at run time take what is left of the row: they stand last in a tuple";

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($name: Selectable),*> Selectable for ($($name,)*) {
            type Value = ($($name::Value,)*);

            const IS_DYNAMIC: bool = false $(|| $name::IS_DYNAMIC)*;

            #[allow(non_snake_case, unused_assignments, reason = "the type parameters name the variables; nothing follows the last")]
            fn items(&self, items: &mut Few<SelectItem>) {
                let ($($name,)*) = self;
                let mut is_ended = false;
                $(
                    if is_ended {
                        items.push(expression(Node::Invalid(NOT_LAST.into()), true));
                    }
                    $name.items(items);
                    is_ended |= $name::IS_DYNAMIC;
                )*
            }

            #[inline]
            fn read(reader: &mut RowReader<'_>) -> Result<Self::Value> {
                Ok(($($name::read(reader)?,)*))
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O) (A B C D E F G H I J K L M N O P)
}
