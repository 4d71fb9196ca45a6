//! [`FromRow`]: a Rust value from a whole row.

use std::sync::Arc;

use super::{Decode, read_cell};
use crate::{ColumnInfo, Error, Result, Row};

/// Where each field of a value stands in the row: found once for a result, used for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowPlan {
    positions: Box<[usize]>,
    columns: Option<Arc<[ColumnInfo]>>,
}

impl RowPlan {
    /// Finds each name among the columns.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when a name is missing, or stands there twice.
    pub fn by_name(columns: &[ColumnInfo], names: &[&str]) -> Result<Self> {
        names.iter().map(|name| position_of(columns, name)).collect::<Result<_>>().map(Self::of_positions)
    }

    /// Takes the columns in order, and checks that there are just so many.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when there are more or fewer.
    pub fn by_position(columns: &[ColumnInfo], wanted: usize) -> Result<Self> {
        if columns.len() == wanted {
            return Ok(Self::of_positions((0..wanted).collect()));
        }
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        Err(Error::argument(format!(
            "a row of {} columns ({}) cannot be read into {wanted} values",
            columns.len(),
            names.join(", ")
        )))
    }

    /// Keeps the columns themselves, for rows whose types are not known beforehand.
    pub(crate) fn of_columns(columns: &Arc<[ColumnInfo]>) -> Self {
        Self { positions: Box::default(), columns: Some(columns.clone()) }
    }

    fn of_positions(positions: Box<[usize]>) -> Self {
        Self { positions, columns: None }
    }

    /// The columns that were kept.
    pub(crate) fn columns(&self) -> Option<&Arc<[ColumnInfo]>> {
        self.columns.as_ref()
    }

    /// The position of the field.
    #[inline]
    pub fn position(&self, field: usize) -> usize {
        self.positions.get(field).copied().unwrap_or(usize::MAX)
    }
}

fn position_of(columns: &[ColumnInfo], name: &str) -> Result<usize> {
    let mut found = columns.iter().enumerate().filter(|(_, column)| &*column.name == name);
    match (found.next(), found.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => {
            Err(Error::argument(format!("the result has more than one column `{name}`; give them labels")))
        }
        (None, _) => {
            let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
            Err(Error::argument(format!("the result has no column `{name}`; it has: {}", names.join(", "))))
        }
    }
}

/// A Rust value that a whole row can be read into: a tuple by position, a derived struct by column name.
///
/// # Examples
/// ```
/// use aludel_sql_expression::FromRow;
///
/// #[derive(FromRow)]
/// struct Revenue {
///     artist: String,
///     total: f64,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read into `{Self}`",
    note = "use a tuple, or a struct with `#[derive(FromRow)]`"
)]
pub trait FromRow: Sized {
    /// Finds where each field stands; called once for a result.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when the columns do not fit.
    fn plan(columns: &[ColumnInfo]) -> Result<RowPlan>;

    /// Reads one row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit its field; the column is named.
    fn from_row(row: &dyn Row, plan: &RowPlan) -> Result<Self>;
}

/// Reads one cell, and names its column when it does not fit.
#[inline]
#[doc(hidden)]
pub fn decode_field<T: Decode>(row: &dyn Row, position: usize, name: &str) -> Result<T> {
    read_cell(row, position, |error| error.context(format_args!("column `{name}`")))
}

/// Reads one cell, and names its position when it does not fit.
#[inline]
pub(crate) fn decode_at<T: Decode>(row: &dyn Row, position: usize) -> Result<T> {
    read_cell(row, position, |error| error.context(format_args!("column {}", position + 1)))
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $index:tt)*;)*) => {$(
        impl<$($name: Decode),*> FromRow for ($($name,)*) {
            fn plan(columns: &[ColumnInfo]) -> Result<RowPlan> {
                RowPlan::by_position(columns, $count)
            }

            #[inline]
            fn from_row(row: &dyn Row, _: &RowPlan) -> Result<Self> {
                Ok(($(decode_at::<$name>(row, $index)?,)*))
            }
        }
    )*};
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
    13: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12;
    14: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13;
    15: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14;
    16: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15;
}

impl FromRow for Vec<crate::Value> {
    fn plan(_: &[ColumnInfo]) -> Result<RowPlan> {
        Ok(RowPlan::default())
    }

    fn from_row(row: &dyn Row, _: &RowPlan) -> Result<Self> {
        (0..row.len()).map(|position| decode_at(row, position)).collect()
    }
}
