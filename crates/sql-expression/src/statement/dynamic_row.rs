//! [`DynamicRow`]: a row whose types are not known beforehand.

use std::{fmt, sync::Arc};

use crate::{
    Cell, ColumnInfo, Decode, Error, FromRow, NestedCell, Result, Row, Value, typed::ColumnExpression,
};

/// A row whose types are not known beforehand, as `text(..)` gives it, and a select of
/// [`DynamicColumns`](crate::typed::DynamicColumns).
#[derive(Clone)]
pub struct DynamicRow {
    columns: Arc<[ColumnInfo]>,
    values: Box<[Value]>,
}

impl DynamicRow {
    /// What a row holds from a position on.
    pub(crate) fn of_rest(row: &dyn Row, from: usize, columns: &Arc<[ColumnInfo]>) -> Result<Self> {
        if from == 0 {
            return Self::of_row(row, columns);
        }
        let values = (from..row.len())
            .map(|position| crate::decode::decode_at(row, position))
            .collect::<Result<_>>()?;
        Ok(Self { columns: columns.iter().skip(from).cloned().collect(), values })
    }

    pub(crate) fn of_row(row: &dyn Row, columns: &Arc<[ColumnInfo]>) -> Result<Self> {
        let values =
            (0..row.len()).map(|position| crate::decode::decode_at(row, position)).collect::<Result<_>>()?;
        Ok(Self { columns: columns.clone(), values })
    }

    /// The columns of the result.
    pub fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    /// The values, in order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The columns' names, in order; a name may stand there twice.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| &*column.name)
    }

    /// The names with their values, in order: the row as a mapping.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.keys().zip(&self.values)
    }

    /// The value of a table's column, by its name in the result.
    ///
    /// # Errors
    /// As [`DynamicRow::get`].
    pub fn get_column<T: Decode>(&self, column: &ColumnExpression) -> Result<T> {
        self.get(column.name())
    }

    /// The whole row as a tuple, by position, or as a struct with `#[derive(FromRow)]`, by name.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when the columns do not fit;
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a value does not fit.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{DynamicRow, Result};
    /// # fn first(row: &DynamicRow) -> Result<bool> {
    /// Ok(row.read::<(i64, String)>()? == (1, "Ann".to_owned()))
    /// # }
    /// ```
    pub fn read<T: FromRow>(&self) -> Result<T> {
        T::from_row(self, &T::plan(&self.columns)?)
    }

    /// The value of the column with this name.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when there is no such column or more than one;
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when the value does not fit.
    pub fn get<T: Decode>(&self, name: &str) -> Result<T> {
        let plan = crate::RowPlan::by_name(&self.columns, &[name])?;
        self.get_at(plan.position(0)).map_err(|error| error.context(format_args!("column `{name}`")))
    }

    /// The value at a position, from 0.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when there is no such position;
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when the value does not fit.
    pub fn get_at<T: Decode>(&self, position: usize) -> Result<T> {
        let value = self.values.get(position).ok_or_else(|| no_position(position, self.values.len()))?;
        T::decode(value.as_cell())
    }
}

impl PartialEq for DynamicRow {
    /// Whether the values are the same, whatever their columns are called.
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Row for DynamicRow {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn cell(&self, position: usize) -> Result<Cell<'_>> {
        let value = self.values.get(position).ok_or_else(|| no_position(position, self.values.len()))?;
        Ok(value.as_cell())
    }
}

fn no_position(position: usize, columns: usize) -> Error {
    Error::argument(format!("a row of {columns} columns has no position {position}"))
}

impl Value {
    /// The value as a cell, so that it can be decoded like one that came from a driver.
    pub fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(flag) => Cell::Bool(*flag),
            Self::I64(number) => Cell::I64(*number),
            Self::U64(number) => Cell::U64(*number),
            Self::F32(number) => Cell::F32(*number),
            Self::F64(number) => Cell::F64(*number),
            Self::Decimal(number) => Cell::Decimal(*number),
            Self::Text(text) | Self::Number(text) => Cell::Text(text),
            Self::Bytes(bytes) => Cell::Bytes(bytes),
            Self::Uuid(bytes) => Cell::Uuid(*bytes),
            Self::Date(days) => Cell::Date(*days),
            Self::Time(microseconds) => Cell::Time(*microseconds),
            Self::DateTime(microseconds) => Cell::DateTime(*microseconds),
            Self::Instant(microseconds) => Cell::Instant(*microseconds),
            Self::Interval(interval) => Cell::Interval(*interval),
            Self::Json(text) => Cell::Json(text),
            Self::Array(array) => Cell::Array(NestedCell::new(&[], &**array)),
        }
    }
}

impl fmt::Debug for DynamicRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(self.columns.iter().map(|column| &column.name).zip(&self.values))
            .finish()
    }
}
