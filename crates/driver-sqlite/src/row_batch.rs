//! [`RowBatch`]: rows that were copied out of SQLite, to be read on another thread or later.

use std::ops::ControlFlow;

use aludel_driver::{Cell, Result, Row, Sink, from_utf8};
use rusqlite::types::ValueRef;

use crate::row;

/// Rows that were copied out of SQLite: all cells in one vector, all texts and bytes in another, so that a batch of any
/// size is two allocations.
#[derive(Debug, Default)]
pub(crate) struct RowBatch {
    width: usize,
    rows: usize,
    cells: Vec<StoredCell>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum StoredCell {
    Null,
    Integer(i64),
    Real(f64),
    Text { start: usize, length: usize },
    Blob { start: usize, length: usize },
}

impl RowBatch {
    /// How many rows it holds.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Whether it holds no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Copies a row. All rows of a batch are of one width.
    pub(crate) fn push(&mut self, row: &rusqlite::Row<'_>, width: usize) -> rusqlite::Result<()> {
        self.width = width;
        for position in 0..width {
            let cell = match row.get_ref(position)? {
                ValueRef::Null => StoredCell::Null,
                ValueRef::Integer(number) => StoredCell::Integer(number),
                ValueRef::Real(number) => StoredCell::Real(number),
                ValueRef::Text(bytes) => {
                    let (start, length) = self.keep(bytes);
                    StoredCell::Text { start, length }
                }
                ValueRef::Blob(bytes) => {
                    let (start, length) = self.keep(bytes);
                    StoredCell::Blob { start, length }
                }
            };
            self.cells.push(cell);
        }
        self.rows += 1;
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        (start, bytes.len())
    }

    /// The row at a position that the batch has.
    pub(crate) fn row(&self, position: usize) -> StoredRow<'_> {
        StoredRow {
            cells: &self.cells[position * self.width..(position + 1) * self.width],
            bytes: &self.bytes,
        }
    }

    /// Gives the rows to a sink, until it has enough.
    pub(crate) fn give(&self, sink: &mut dyn Sink) -> Result<ControlFlow<()>> {
        for position in 0..self.rows {
            if sink.row(&self.row(position))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// One row of a [`RowBatch`].
pub(crate) struct StoredRow<'batch> {
    cells: &'batch [StoredCell],
    bytes: &'batch [u8],
}

impl Row for StoredRow<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    #[inline]
    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        match self.cells.get(position) {
            Some(StoredCell::Null) => Ok(Cell::Null),
            Some(StoredCell::Integer(number)) => Ok(Cell::I64(*number)),
            Some(StoredCell::Real(number)) => Ok(Cell::F64(*number)),
            Some(StoredCell::Text { start, length }) => {
                row::text(&self.bytes[*start..start + length], position)
            }
            Some(StoredCell::Blob { start, length }) => Ok(Cell::Bytes(&self.bytes[*start..start + length])),
            None => Err(row::no_such_position(position, self.cells.len())),
        }
    }

    #[inline]
    fn is_null(&self, position: usize) -> bool {
        matches!(self.cells.get(position), Some(StoredCell::Null))
    }

    #[inline]
    fn integer(&self, position: usize) -> Option<i64> {
        match self.cells.get(position) {
            Some(StoredCell::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    #[inline]
    fn float(&self, position: usize) -> Option<f64> {
        match self.cells.get(position) {
            Some(StoredCell::Real(number)) => Some(*number),
            _ => None,
        }
    }

    #[inline]
    fn text(&self, position: usize) -> Option<&str> {
        match self.cells.get(position) {
            Some(StoredCell::Text { start, length }) => from_utf8(&self.bytes[*start..start + length]).ok(),
            _ => None,
        }
    }
}
