//! [`BulkTarget`]: the table and the columns that many rows are loaded into.

use std::{fmt, sync::Arc};

use super::{
    check::physical_column,
    ddl::identifier,
    fit::Fit,
    wrap::{around_value, write_bound},
};
use crate::{Dialect, Error, Result, Value, name::Name, schema::Table, types::SqlType};

/// The table and the columns that many rows are loaded into, as the dialect of a server spells them.
///
/// A driver takes from it what its own way of loading needs: names for COPY or LOAD DATA, or the text of an INSERT.
#[derive(Clone)]
pub struct BulkTarget {
    name: Name,
    table: String,
    columns: Box<[BulkColumn]>,
    fits: Box<[Fit]>,
    dialect: Arc<dyn Dialect>,
}

/// One of the columns.
#[derive(Clone, Debug)]
pub struct BulkColumn {
    /// The name, as it was given: for messages.
    pub name: Name,
    /// The name as it is written in SQL, quoted where it must be.
    pub sql: String,
    /// The type that was said of it.
    pub sql_type: SqlType,
    /// The SQL that its type puts before and behind each of its values.
    pub around: Option<(Box<str>, Box<str>)>,
}

impl BulkTarget {
    /// The table with those of its columns, in this order, which get a value in each row.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a column that the table does not have, or that is named twice,
    /// and where there is none at all; [`ErrorKind::Compile`](crate::ErrorKind::Compile) where the dialect cannot say it.
    pub fn new(table: &Table, names: &[Name], dialect: &Arc<dyn Dialect>) -> Result<Self> {
        identifier::check_table(table, &**dialect)?;
        let definition = table.definition();
        if names.is_empty() {
            let message = format!("nothing can be loaded into `{}` without a column", table.name());
            return Err(Error::argument(message));
        }
        let mut columns: Vec<BulkColumn> = Vec::with_capacity(names.len());
        let mut fits = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let physical = physical_column(table, name, &**dialect)?;
            if columns.iter().any(|column| column.name == *name) {
                return Err(Error::argument(format!(
                    "the column `{name}` of `{}` is named twice",
                    table.name()
                )));
            }
            let Some(column) = definition.find(name) else { continue };
            fits.extend(Fit::of(place, name, &column.sql_type, &**dialect));
            let around = around_value(&**dialect, &column.sql_type)?;
            columns.push(BulkColumn {
                name: name.clone(),
                sql: dialect.identifier(&physical),
                sql_type: column.sql_type.clone(),
                around: around.map(|(before, after)| (before.into(), after.into())),
            });
        }
        Ok(Self {
            name: table.name().clone(),
            table: dialect.table_name(table),
            columns: columns.into(),
            fits: fits.into(),
            dialect: dialect.clone(),
        })
    }

    /// The table's name as it was given: for messages.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The table's name as it is written in SQL: with its schema, quoted where it must be.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns, in the order of the values of a row: one at least.
    pub fn columns(&self) -> &[BulkColumn] {
        &self.columns
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The names of the columns as they are written in SQL, with commas between them.
    pub fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.sql.as_str()).collect();
        names.join(", ")
    }

    /// The text of an INSERT of so many rows, whose values are parameters, one row after the other.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) where what stands around a value cannot be said.
    pub fn insert(&self, rows: usize) -> Result<String> {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.table, self.column_list());
        let mut number = 1;
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for (place, column) in self.columns.iter().enumerate() {
                if place > 0 {
                    sql.push_str(", ");
                }
                write_bound(&*self.dialect, &column.sql_type, number, &mut sql)?;
                number += 1;
            }
            sql.push(')');
        }
        Ok(sql)
    }

    /// Checks that the columns take the values of a row, as far as that can be told before they are sent.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when the row has more or fewer values than there are columns,
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for a value that its column cannot hold.
    #[inline]
    pub fn check(&self, row: &[Value]) -> Result<()> {
        self.check_width(row.len())?;
        Fit::check_row(&self.fits, row)
    }

    /// Checks one value of a row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when its column cannot hold it.
    #[inline]
    pub fn check_value(&self, place: usize, value: &Value) -> Result<()> {
        Fit::check_place(&self.fits, place, value)
    }

    /// Checks how many values a row had.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when there were more or fewer than there are columns.
    #[inline]
    pub fn check_width(&self, width: usize) -> Result<()> {
        if width == self.columns.len() { Ok(()) } else { Err(self.wrong_width(width)) }
    }

    #[cold]
    fn wrong_width(&self, width: usize) -> Error {
        let columns: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        Error::argument(format!(
            "the row has {width} values for the {} columns of `{}` that are loaded: {}",
            columns.len(),
            self.name,
            columns.join(", ")
        ))
    }
}

impl fmt::Debug for BulkTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.table, self.column_list())
    }
}
