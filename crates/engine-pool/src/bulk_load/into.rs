//! [`BulkInto`]: what rows can be loaded into.

use std::borrow::Borrow;

use aludel_driver::{Error, ErrorKind, Result, Value};
use aludel_sql_expression::{
    Entity, Model, Name,
    schema::{Table, Tables},
    statement::{InsertRow, RowWriter},
    value::ValueSink,
};

/// What rows of type `R` can be loaded into: a model takes itself, owned or borrowed; a table takes tuples in the order of
/// its columns, lists of names with values, and models.
#[diagnostic::on_unimplemented(
    message = "rows of type `{R}` cannot be loaded into `{Self}`",
    note = "a model takes values of its struct; a `&Table` takes tuples in the order of the columns, or arrays of \
            (\"name\", value) pairs"
)]
pub trait BulkInto<R>: Clone + Send {
    /// The table.
    fn table(&self) -> Table;

    /// What the first row says of all of them.
    fn shape(&self, first: &R) -> RowShape;

    /// Adds the values of a row.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a row of another shape than the first.
    fn write(&self, row: R, shape: &RowShape, values: &mut Vec<Value>) -> Result<()>;

    /// Gives the values of a row to a sink; `scratch` is room for them on the way, and is left empty.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn write_to(
        &self,
        row: R,
        shape: &RowShape,
        scratch: &mut Vec<Value>,
        sink: &mut dyn ValueSink,
    ) -> Result<()> {
        scratch.clear();
        self.write(row, shape, scratch)?;
        scratch.drain(..).for_each(|value| sink.value(value));
        Ok(())
    }
}

/// What the first row says of all of them.
#[derive(Clone, Debug, Default)]
pub struct RowShape {
    /// The columns that it has values for; none: it does not say.
    pub columns: Option<Vec<Name>>,
    /// Whether the key is left to the database.
    pub leaves_key: bool,
}

impl<M: Model, R: Borrow<M>> BulkInto<R> for Entity<M> {
    fn table(&self) -> Table {
        M::table().lend()
    }

    fn shape(&self, first: &R) -> RowShape {
        let columns = first.borrow().columns();
        let leaves_key = columns.as_ref().is_some_and(|columns| columns.len() < M::WRITTEN);
        RowShape { columns, leaves_key }
    }

    #[inline]
    fn write(&self, row: R, shape: &RowShape, values: &mut Vec<Value>) -> Result<()> {
        let row = row.borrow();
        if row.is_key_unset() != shape.leaves_key {
            return Err(other_shape());
        }
        match shape.leaves_key {
            true => row.write_unnumbered(values),
            false => Model::write(row, values),
        }
        Ok(())
    }

    #[inline]
    fn write_to(&self, row: R, shape: &RowShape, _: &mut Vec<Value>, sink: &mut dyn ValueSink) -> Result<()> {
        let row = row.borrow();
        if row.is_key_unset() != shape.leaves_key {
            return Err(other_shape());
        }
        row.write_to(shape.leaves_key, sink);
        Ok(())
    }
}

/// Writes [`BulkInto`] for a table, owned or borrowed.
macro_rules! tables {
    ($($table:ty),*) => {$(
        impl<R: InsertRow> BulkInto<R> for $table {
            fn table(&self) -> Table {
                let mut found = None;
                Tables::each(self, &mut |table| found = Some(table.clone()));
                found.unwrap_or_else(|| Table::unregistered(""))
            }

            fn shape(&self, first: &R) -> RowShape {
                RowShape { columns: first.columns(), leaves_key: false }
            }

            #[inline]
            fn write(&self, row: R, shape: &RowShape, values: &mut Vec<Value>) -> Result<()> {
                write_row(row, shape, values)
            }
        }
    )*};
}

tables! { Table, &Table }

#[inline]
fn write_row<R: InsertRow>(row: R, shape: &RowShape, values: &mut Vec<Value>) -> Result<()> {
    if shape.columns.is_some() && !row.has_columns(shape.columns.as_deref()) {
        return Err(other_shape());
    }
    let mut writer = RowWriter::behind(std::mem::take(values));
    row.write(&mut writer);
    *values = writer.into_values().ok_or_else(holds_expression)?;
    Ok(())
}

#[cold]
fn other_shape() -> Error {
    Error::new(
        ErrorKind::Argument,
        "it has other columns than the first row; load rows of one shape together (those with a key, and those whose key the \
         database makes, are of two)",
    )
}

#[cold]
fn holds_expression() -> Error {
    Error::new(
        ErrorKind::Argument,
        "it holds an expression; rows are loaded by value: insert this row by `insert(..).values(..)`",
    )
}
