//! [`MySqlRow`]: a row's cells, borrowed from mysql_async.

use std::str::FromStr;

use aludel_driver::{Cell, Row, from_utf8};
use aludel_sql_expression::{
    Error, Result,
    value::{
        Decimal,
        temporal::{MICROSECONDS_PER_DAY, days_from_civil, parse_date, parse_datetime, parse_time},
    },
};
use mysql_async::Value;

use crate::shape::{Reading, Shape};

/// A row as mysql_async holds it.
pub(crate) struct MySqlRow<'row> {
    pub(crate) row: &'row mysql_async::Row,
    pub(crate) shape: &'row Shape,
}

impl Row for MySqlRow<'_> {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn cell(&self, position: usize) -> Result<Cell<'_>> {
        match (self.row.as_ref(position), self.shape.readings.get(position)) {
            (Some(value), Some(reading)) => {
                read(value, *reading).map_err(|error| self.locate(error, position))
            }
            _ => Err(Error::data(format!(
                "the row has no column {}: it has {} columns",
                position.saturating_add(1),
                self.row.len()
            ))),
        }
    }

    fn is_null(&self, position: usize) -> bool {
        matches!(self.row.as_ref(position), Some(Value::NULL))
    }

    fn integer(&self, position: usize) -> Option<i64> {
        match (self.row.as_ref(position)?, self.shape.readings.get(position)?) {
            (Value::Int(number), Reading::Signed) => Some(*number),
            _ => None,
        }
    }

    fn float(&self, position: usize) -> Option<f64> {
        match self.row.as_ref(position)? {
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }

    fn text(&self, position: usize) -> Option<&str> {
        match (self.row.as_ref(position)?, self.shape.readings.get(position)?) {
            (Value::Bytes(bytes), Reading::Text) => from_utf8(bytes).ok(),
            _ => None,
        }
    }
}

impl MySqlRow<'_> {
    #[cold]
    fn locate(&self, error: Error, position: usize) -> Error {
        match self.shape.columns.get(position) {
            Some(column) => {
                error.context(format_args!("column `{}` of type {}", column.name, column.type_name))
            }
            None => error,
        }
    }
}

#[inline]
fn read(value: &Value, reading: Reading) -> Result<Cell<'_>> {
    Ok(match value {
        Value::NULL => Cell::Null,
        Value::Int(number) if reading == Reading::Unsigned => Cell::U64(*number as u64),
        Value::Int(number) => Cell::I64(*number),
        Value::UInt(number) => Cell::U64(*number),
        Value::Float(number) => Cell::F32(*number),
        Value::Double(number) => Cell::F64(*number),
        Value::Bytes(bytes) => return read_bytes(bytes, reading),
        Value::Date(year, month, day, hour, minute, second, microsecond) => {
            if *month == 0 || *day == 0 {
                return Err(zero_date());
            }
            let days = days_from_civil(i32::from(*year), u32::from(*month), u32::from(*day));
            let time = time(u32::from(*hour), *minute, *second, *microsecond);
            let microseconds = i64::from(days) * MICROSECONDS_PER_DAY + time;
            match reading {
                Reading::Date => Cell::Date(days),
                Reading::Instant => Cell::Instant(microseconds),
                _ => Cell::DateTime(microseconds),
            }
        }
        Value::Time(false, 0, hour, minute, second, microsecond) => {
            Cell::Time(time(u32::from(*hour), *minute, *second, *microsecond))
        }
        Value::Time(..) => return Err(no_time_of_day(&value.as_sql(true))),
    })
}

/// Reads what comes as text in both protocols, and everything that the text protocol gives.
fn read_bytes(bytes: &[u8], reading: Reading) -> Result<Cell<'_>> {
    Ok(match reading {
        Reading::Bytes => Cell::Bytes(bytes),
        Reading::Text => Cell::Text(utf8(bytes)?),
        Reading::Json => Cell::Json(utf8(bytes)?),
        Reading::Decimal => match short_decimal(bytes) {
            Some(decimal) => Cell::Decimal(decimal),
            // The server's decimals have up to 65 digits.
            None => {
                let text = utf8(bytes)?;
                text.parse().map_or(Cell::Text(text), Cell::Decimal)
            }
        },
        Reading::Signed => Cell::I64(number(bytes)?),
        Reading::Unsigned => Cell::U64(number(bytes)?),
        Reading::Float => Cell::F32(number(bytes)?),
        Reading::Double => Cell::F64(number(bytes)?),
        Reading::Date => Cell::Date(parse_date(date(bytes)?)?),
        Reading::DateTime => Cell::DateTime(parse_datetime(date(bytes)?)?.0),
        Reading::Instant => Cell::Instant(parse_datetime(date(bytes)?)?.0),
        Reading::Time => {
            let text = utf8(bytes)?;
            match parse_time(text) {
                Ok(time) if time < MICROSECONDS_PER_DAY => Cell::Time(time),
                _ => return Err(no_time_of_day(text)),
            }
        }
    })
}

/// Reads a decimal whose digits fit 64 bits, as nearly all do.
fn short_decimal(bytes: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut mantissa: u64 = 0;
    let mut scale = None;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                scale = scale.map(|scale: u32| scale + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return None,
        }
    }
    let mantissa = i128::from(mantissa);
    Decimal::new(if negative { -mantissa } else { mantissa }, scale.unwrap_or(0)).ok()
}

fn time(hour: u32, minute: u8, second: u8, microsecond: u32) -> i64 {
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    seconds * 1_000_000 + i64::from(microsecond)
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    from_utf8(bytes).map_err(|error| {
        Error::data(format!(
            "the text is not valid UTF-8 from byte {} on; read it as bytes, by CAST(.. AS BINARY)",
            error.valid_up_to()
        ))
    })
}

fn number<T: FromStr>(bytes: &[u8]) -> Result<T> {
    let text = utf8(bytes)?;
    text.parse()
        .map_err(|_no_more_to_tell| Error::data(format!("`{text}` is not a number of the column's type")))
}

fn date(bytes: &[u8]) -> Result<&str> {
    let text = utf8(bytes)?;
    let date = text.get(..10).unwrap_or(text);
    if date.get(5..7) == Some("00") || date.get(8..) == Some("00") { Err(zero_date()) } else { Ok(text) }
}

#[cold]
fn zero_date() -> Error {
    Error::data(
        "the value is a zero date (its month or day is 0), which is no date; update such rows to NULL, or select \
         NULLIF(column, 0)",
    )
}

#[cold]
fn no_time_of_day(text: &str) -> Error {
    Error::data(format!(
        "the value {text} is a span of time, negative or longer than a day, and no time of day; select \
         TIME_TO_SEC(column), or CAST(column AS CHAR)"
    ))
}
