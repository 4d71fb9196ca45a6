//! A row of fixed cells.

use aludel_sql_expression::{Cell, ColumnInfo, Error, Result, Row};

/// A row of fixed cells.
pub(crate) struct Cells(pub(crate) Vec<Cell<'static>>);

impl Row for Cells {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, position: usize) -> Result<Cell<'_>> {
        self.0.get(position).copied().ok_or_else(|| Error::data("no such cell"))
    }
}

/// Columns of these names.
pub(crate) fn columns(names: &[&str]) -> Vec<ColumnInfo> {
    names.iter().map(|name| ColumnInfo { name: (*name).into(), type_name: "".into() }).collect()
}
