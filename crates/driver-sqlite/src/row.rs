//! [`BorrowedRow`]: a row as SQLite holds it.

use aludel_driver::{Cell, Row, from_utf8};
use aludel_sql_expression::{Error, Result};
use rusqlite::types::ValueRef;

/// A row as SQLite holds it: its cells borrow from SQLite's buffer until the next step.
pub(crate) struct BorrowedRow<'row> {
    row: &'row rusqlite::Row<'row>,
    width: usize,
}

impl<'row> BorrowedRow<'row> {
    pub(crate) fn new(row: &'row rusqlite::Row<'row>, width: usize) -> Self {
        Self { row, width }
    }
}

impl Row for BorrowedRow<'_> {
    fn len(&self) -> usize {
        self.width
    }

    #[inline]
    fn cell(&self, position: usize) -> Result<Cell<'_>> {
        match self.row.get_ref(position) {
            Ok(ValueRef::Null) => Ok(Cell::Null),
            Ok(ValueRef::Integer(number)) => Ok(Cell::I64(number)),
            Ok(ValueRef::Real(number)) => Ok(Cell::F64(number)),
            Ok(ValueRef::Text(bytes)) => text(bytes, position),
            Ok(ValueRef::Blob(bytes)) => Ok(Cell::Bytes(bytes)),
            Err(_) => Err(no_such_position(position, self.width)),
        }
    }

    #[inline]
    fn is_null(&self, position: usize) -> bool {
        matches!(self.row.get_ref(position), Ok(ValueRef::Null))
    }

    #[inline]
    fn integer(&self, position: usize) -> Option<i64> {
        match self.row.get_ref(position) {
            Ok(ValueRef::Integer(number)) => Some(number),
            _ => None,
        }
    }

    #[inline]
    fn float(&self, position: usize) -> Option<f64> {
        match self.row.get_ref(position) {
            Ok(ValueRef::Real(number)) => Some(number),
            _ => None,
        }
    }

    #[inline]
    fn text(&self, position: usize) -> Option<&str> {
        match self.row.get_ref(position) {
            Ok(ValueRef::Text(bytes)) => from_utf8(bytes).ok(),
            _ => None,
        }
    }
}

/// Text from its bytes; SQLite itself takes any bytes for text.
#[inline]
pub(crate) fn text(bytes: &[u8], position: usize) -> Result<Cell<'_>> {
    from_utf8(bytes).map(Cell::Text).map_err(|error| {
        Error::data(format!(
            "the text in column {position} (from 0) is not UTF-8 ({error}); read it as bytes with CAST(... AS BLOB)"
        ))
    })
}

#[cold]
pub(crate) fn no_such_position(position: usize, width: usize) -> Error {
    Error::data(format!("there is no column {position} (from 0): the row has {width}"))
}
