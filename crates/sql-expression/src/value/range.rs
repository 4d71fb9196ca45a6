//! [`Range`] and [`Multirange`]: values from one bound to another (PostgreSQL).

use std::{
    fmt::Write as _,
    ops::{self, Bound},
    sync::Arc,
};

use super::{
    Value,
    temporal::{format_date, format_datetime},
};
use crate::{Cell, Decode, Error, Result, decode::mismatch, typed::ColumnType, types::SqlType};

/// A type that PostgreSQL has ranges of: `i32`, `i64`, decimals, and dates and times of `chrono`, `time` and `jiff`.
#[diagnostic::on_unimplemented(
    message = "PostgreSQL has no range of `{Self}`",
    note = "it has ranges of `i32`, `i64`, decimals, dates, and dates with times"
)]
pub trait RangeElement: ColumnType<Base = Self> + PartialEq {}

impl RangeElement for i32 {}
impl RangeElement for i64 {}
impl RangeElement for super::Decimal {}

/// All values from one bound to another, or none at all; a column of PostgreSQL's range types.
///
/// PostgreSQL writes ranges of whole numbers and of dates in one form: `1..=9` comes back as `1..10`.
///
/// # Examples
/// ```
/// use aludel_sql_expression::value::Range;
/// use std::ops::Bound;
///
/// let teens = Range::from(13..20);
/// assert_eq!(teens.lower(), Some(Bound::Included(&13)));
/// assert!(Range::<i32>::empty().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Range<T>(Option<(Bound<T>, Bound<T>)>);

impl<T> Range<T> {
    /// From one bound to another.
    pub fn new(lower: Bound<T>, upper: Bound<T>) -> Self {
        Self(Some((lower, upper)))
    }

    /// No value at all.
    pub fn empty() -> Self {
        Self(None)
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The lower bound; none of an empty range.
    pub fn lower(&self) -> Option<Bound<&T>> {
        self.0.as_ref().map(|(lower, _)| lower.as_ref())
    }

    /// The upper bound; none of an empty range.
    pub fn upper(&self) -> Option<Bound<&T>> {
        self.0.as_ref().map(|(_, upper)| upper.as_ref())
    }
}

impl<T> From<ops::Range<T>> for Range<T> {
    fn from(range: ops::Range<T>) -> Self {
        Self::new(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl<T> From<ops::RangeInclusive<T>> for Range<T> {
    fn from(range: ops::RangeInclusive<T>) -> Self {
        let (start, end) = range.into_inner();
        Self::new(Bound::Included(start), Bound::Included(end))
    }
}

impl<T> From<ops::RangeFrom<T>> for Range<T> {
    fn from(range: ops::RangeFrom<T>) -> Self {
        Self::new(Bound::Included(range.start), Bound::Unbounded)
    }
}

impl<T> From<ops::RangeTo<T>> for Range<T> {
    fn from(range: ops::RangeTo<T>) -> Self {
        Self::new(Bound::Unbounded, Bound::Excluded(range.end))
    }
}

impl<T> From<ops::RangeFull> for Range<T> {
    fn from(_: ops::RangeFull) -> Self {
        Self::new(Bound::Unbounded, Bound::Unbounded)
    }
}

impl<T: RangeElement> Range<T> {
    fn write(&self, text: &mut String) {
        let Some((lower, upper)) = &self.0 else { return text.push_str("empty") };
        match lower {
            Bound::Included(value) => {
                text.push('[');
                write_bound(value, text);
            }
            Bound::Excluded(value) => {
                text.push('(');
                write_bound(value, text);
            }
            Bound::Unbounded => text.push('('),
        }
        text.push(',');
        match upper {
            Bound::Included(value) => {
                write_bound(value, text);
                text.push(']');
            }
            Bound::Excluded(value) => {
                write_bound(value, text);
                text.push(')');
            }
            Bound::Unbounded => text.push(')'),
        }
    }
}

fn write_bound<T: ColumnType>(value: &T, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value.to_value() {
        Value::I64(number) => write!(text, "{number}"),
        Value::Decimal(number) => write!(text, "{number}"),
        Value::Number(number) => write!(text, "{number}"),
        Value::Date(days) => write!(text, "{}", format_date(days)),
        Value::DateTime(microseconds) => write!(text, "\"{}\"", format_datetime(microseconds)),
        Value::Instant(microseconds) => write!(text, "\"{}+00\"", format_datetime(microseconds)),
        // No other type is a `RangeElement`; the server refuses what it cannot read.
        other => write!(text, "\"{}\"", other.kind()),
    };
}

impl<T: RangeElement> Decode for Range<T> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let Cell::Range(range) = cell else { return Err(mismatch(cell, "Range")) };
        let mut found = Self::empty();
        range.bounds(&mut |lower, upper| {
            found = Self::new(decoded(lower)?, decoded(upper)?);
            Ok(())
        })?;
        Ok(found)
    }
}

fn decoded<T: Decode>(bound: Bound<Cell<'_>>) -> Result<Bound<T>> {
    Ok(match bound {
        Bound::Included(cell) => Bound::Included(T::decode(cell)?),
        Bound::Excluded(cell) => Bound::Excluded(T::decode(cell)?),
        Bound::Unbounded => Bound::Unbounded,
    })
}

impl<T: RangeElement> ColumnType for Range<T> {
    type Base = Self;
    type Like<U: ColumnType<Base = U>> = U;

    fn sql_type() -> SqlType {
        SqlType::Range(Arc::new(T::sql_type()))
    }

    fn to_value(&self) -> Value {
        let mut text = String::new();
        self.write(&mut text);
        Value::Text(text.into())
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Ranges that do not touch each other, in order; a column of PostgreSQL's multirange types. The server puts together what
/// touches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Multirange<T>(pub Vec<Range<T>>);

impl<T> Default for Multirange<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: RangeElement> Decode for Multirange<T> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let Cell::Array(ranges) = cell else { return Err(mismatch(cell, "Multirange")) };
        let mut found = Vec::new();
        ranges.elements(&mut |cell| {
            found.push(Range::decode(cell)?);
            Ok(())
        })?;
        Ok(Self(found))
    }
}

impl<T: RangeElement> ColumnType for Multirange<T> {
    type Base = Self;
    type Like<U: ColumnType<Base = U>> = U;

    fn sql_type() -> SqlType {
        SqlType::Multirange(Arc::new(T::sql_type()))
    }

    fn to_value(&self) -> Value {
        let mut text = String::from("{");
        for (position, range) in self.0.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            range.write(&mut text);
        }
        text.push('}');
        Value::Text(text.into())
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A range of the server as text, for those who do not know its type.
pub(crate) fn range_text(range: crate::cell::NestedCell<'_>) -> Result<String> {
    let mut text = None;
    range.bounds(&mut |lower, upper| {
        let bound = |bound: &Bound<Cell<'_>>| match bound {
            Bound::Included(cell) | Bound::Excluded(cell) => bound_text(*cell),
            Bound::Unbounded => Ok(String::new()),
        };
        text = Some(format!(
            "{}{},{}{}",
            if matches!(lower, Bound::Included(_)) { '[' } else { '(' },
            bound(&lower)?,
            bound(&upper)?,
            if matches!(upper, Bound::Included(_)) { ']' } else { ')' },
        ));
        Ok(())
    })?;
    Ok(text.unwrap_or_else(|| "empty".to_owned()))
}

fn bound_text(cell: Cell<'_>) -> Result<String> {
    Ok(match cell {
        Cell::I64(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Date(days) => format_date(days),
        Cell::DateTime(microseconds) => format!("\"{}\"", format_datetime(microseconds)),
        Cell::Instant(microseconds) => format!("\"{}+00\"", format_datetime(microseconds)),
        Cell::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        cell => return Err(Error::data(format!("a range of {} cannot be read as text", cell.kind()))),
    })
}
