//! [`Value`]: an owned SQL value, on its way to a statement's parameter.

mod address;
mod bits;
mod columns;
mod decimal;
mod elements;
mod interval;
mod packed;
mod range;
mod sink;
pub mod temporal;
mod text;

pub use address::MacAddress;
#[cfg(feature = "ipnetwork-0_21")]
pub(crate) use address::network_of;
pub use bits::BitString;
pub use columns::Columns;
pub use decimal::Decimal;
pub use elements::{Elements, ElementsIter};
pub use interval::Interval;
pub use packed::{Packed, Texts};
pub(crate) use range::range_text;
pub use range::{Multirange, Range, RangeElement};
pub use sink::ValueSink;
pub use text::TextValue;

use crate::{BoundsVisitor, Cell, Error, NestedReader, Result, types::SqlType};

/// An owned SQL value, as bound to a parameter.
///
/// Dates and times are integers here, so that this crate needs no date library: days, or microseconds.
/// The features `chrono-0_4`, `time-0_3`, `jiff-0_2`, `rust_decimal-1`, `bigdecimal-0_4`, `serde_json-1`, `uuid-1` and
/// `ipnetwork-0_21` convert the usual Rust types.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// NULL of whatever type the place asks for.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer; only needed beyond `i64::MAX`, and by MySQL's UNSIGNED columns.
    U64(u64),
    /// A floating-point number of single precision.
    F32(f32),
    /// A floating-point number of double precision.
    F64(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// An exact decimal of more digits than a [`Decimal`] holds, as text.
    Number(TextValue),
    /// Text.
    Text(TextValue),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID, in its 16 bytes.
    Uuid([u8; 16]),
    /// A date: days since 1970-01-01.
    Date(i32),
    /// A time of day: microseconds since midnight.
    Time(i64),
    /// A date and time without a zone: microseconds since 1970-01-01T00:00:00.
    DateTime(i64),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// A length of time.
    Interval(Interval),
    /// A JSON document, as text.
    Json(TextValue),
    /// An array: one parameter that holds many values of one type.
    Array(Box<ArrayValue>),
}

/// The elements of a [`Value::Array`], and their type.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayValue {
    /// The type of each element.
    pub element: SqlType,
    /// The elements; `vec.into()` makes them.
    pub values: Elements,
}

impl NestedReader for ArrayValue {
    fn elements(&self, _: &[u8], visit: &mut dyn FnMut(Cell<'_>) -> Result<()>) -> Result<()> {
        self.values.iter().try_for_each(|value| visit(value.as_cell()))
    }

    fn bounds(&self, _: &[u8], _: &mut BoundsVisitor<'_>) -> Result<()> {
        Err(Error::data("an array has no bounds"))
    }
}

impl Value {
    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The kind of the value in plain words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a truth value",
            Self::I64(_) | Self::U64(_) => "an integer",
            Self::F32(_) | Self::F64(_) => "a floating-point number",
            Self::Decimal(_) | Self::Number(_) => "a decimal",
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
        }
    }
}
