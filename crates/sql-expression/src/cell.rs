//! [`Cell`], [`Row`] and [`ColumnInfo`]: how a driver shows its rows, without copying them.

use std::{fmt, ops::Bound};

use crate::{
    Result,
    value::{Decimal, Interval},
};

/// One value of a row, borrowed from the driver's own buffer.
///
/// A driver gives what it has: SQLite shows a date as text, PostgreSQL as days. [`crate::Decode`] takes whatever
/// form fits the asked Rust type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell<'row> {
    /// NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer of any width.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// Single precision.
    F32(f32),
    /// Double precision.
    F64(f64),
    /// An exact decimal.
    Decimal(Decimal),
    /// Text.
    Text(&'row str),
    /// Bytes.
    Bytes(&'row [u8]),
    /// A UUID in its 16 bytes.
    Uuid([u8; 16]),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01T00:00:00, without a zone.
    DateTime(i64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// A length of time.
    Interval(Interval),
    /// A JSON document, as text.
    Json(&'row str),
    /// A list of values of one type.
    Array(NestedCell<'row>),
    /// All values from one bound to another.
    Range(NestedCell<'row>),
    /// A value of a type that only this backend has, in its wire form.
    Other {
        /// The type's name on the server.
        type_name: &'row str,
        /// The bytes as they came.
        bytes: &'row [u8],
    },
}

impl Cell<'_> {
    /// The kind of the value in plain words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a truth value",
            Self::I64(_) | Self::U64(_) => "an integer",
            Self::F32(_) | Self::F64(_) => "a floating-point number",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Uuid(_) => "a UUID",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::DateTime(_) => "a date and time",
            Self::Instant(_) => "an instant",
            Self::Interval(_) => "an interval",
            Self::Json(_) => "JSON",
            Self::Array(_) => "an array",
            Self::Range(_) => "a range",
            Self::Other { .. } => "a value of a type that only this database has",
        }
    }
}

/// A cell that holds others, in the driver's own form: they are read one by one, where they stand.
#[derive(Clone, Copy)]
pub struct NestedCell<'row> {
    bytes: &'row [u8],
    reader: &'row dyn NestedReader,
}

/// What is given the lower and the upper bound of a range.
pub type BoundsVisitor<'v> = dyn FnMut(Bound<Cell<'_>>, Bound<Cell<'_>>) -> Result<()> + 'v;

/// How a driver reads what stands in a cell.
pub trait NestedReader: fmt::Debug {
    /// Gives the elements of an array, one after the other.
    ///
    /// # Errors
    /// Those of `visit`; [`ErrorKind::Data`](crate::ErrorKind::Data) for an array of arrays, and for what is no array.
    fn elements(&self, bytes: &[u8], visit: &mut dyn FnMut(Cell<'_>) -> Result<()>) -> Result<()>;

    /// Gives the bounds of a range; not of one that is empty.
    ///
    /// # Errors
    /// Those of `visit`; [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no range.
    fn bounds(&self, bytes: &[u8], visit: &mut BoundsVisitor<'_>) -> Result<()>;
}

impl<'row> NestedCell<'row> {
    /// The bytes of an array or range, and how they are read.
    pub fn new(bytes: &'row [u8], reader: &'row dyn NestedReader) -> Self {
        Self { bytes, reader }
    }

    /// Gives the elements of an array, one after the other.
    ///
    /// # Errors
    /// As [`NestedReader::elements`].
    pub fn elements(&self, visit: &mut dyn FnMut(Cell<'_>) -> Result<()>) -> Result<()> {
        self.reader.elements(self.bytes, visit)
    }

    /// Gives the bounds of a range; not of one that is empty.
    ///
    /// # Errors
    /// As [`NestedReader::bounds`].
    pub fn bounds(&self, visit: &mut BoundsVisitor<'_>) -> Result<()> {
        self.reader.bounds(self.bytes, visit)
    }
}

impl fmt::Debug for NestedCell<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.bytes.len())
    }
}

impl PartialEq for NestedCell<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

/// One row, as the driver holds it. Implemented on the driver's own row type.
pub trait Row {
    /// How many cells the row has.
    fn len(&self) -> usize;

    /// Whether the row has no cells.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell at a position, borrowed.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) where there is no such position, or the bytes cannot be read.
    fn cell(&self, position: usize) -> Result<Cell<'_>>;

    /// Whether the cell holds NULL; not so where there is no such position.
    #[inline]
    fn is_null(&self, position: usize) -> bool {
        matches!(self.cell(position), Ok(Cell::Null))
    }

    /// A way around [`cell`](Self::cell) for what is read most, as small values travel in registers: the number, where the
    /// cell would be a [`Cell::I64`]. None says nothing; a row may always leave it out.
    #[inline]
    fn integer(&self, position: usize) -> Option<i64> {
        let _ = position;
        None
    }

    /// The same for a [`Cell::F64`].
    #[inline]
    fn float(&self, position: usize) -> Option<f64> {
        let _ = position;
        None
    }

    /// The same for a [`Cell::Text`].
    #[inline]
    fn text(&self, position: usize) -> Option<&str> {
        let _ = position;
        None
    }
}

/// What is known of a result's column, also when there are no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// The name or label of the column.
    pub name: Box<str>,
    /// The server's name for its type; empty where the server does not say (an expression on SQLite).
    pub type_name: Box<str>,
}
