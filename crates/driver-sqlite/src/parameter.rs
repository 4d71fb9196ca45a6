//! Values on their way into a statement.

use aludel_driver::{Error, ErrorKind, Result, Value};
use aludel_sql_expression::value::{Decimal, temporal};
use rusqlite::types::{Null, ToSqlOutput, Value as Owned, ValueRef};

use crate::session::Failure;

/// The most digits of a decimal number that come back from a double exactly as they went in.
const EXACT_DIGITS: u32 = 15;

/// The powers of ten that a double holds exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// That a statement takes so many parameters.
#[inline]
pub(crate) fn check_count(expected: usize, given: usize) -> Result<()> {
    if expected == given { Ok(()) } else { Err(wrong_count(expected, given)) }
}

#[cold]
fn wrong_count(expected: usize, given: usize) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!("the statement takes {expected} parameters, but {given} were given"),
    )
}

/// Binds parameters whose number is known to be right, by position, and says whether SQLite copied any text or bytes.
#[inline]
pub(crate) fn bind_all(
    prepared: &mut rusqlite::Statement<'_>,
    parameters: &[Value],
) -> Result<bool, Failure> {
    let mut is_copied = false;
    for (position, value) in (1..).zip(parameters) {
        // The most frequent ones go the straight way.
        match value {
            Value::I64(number) => prepared.raw_bind_parameter(position, *number)?,
            Value::Null => prepared.raw_bind_parameter(position, Null)?,
            Value::Text(text) => {
                is_copied = true;
                prepared.raw_bind_parameter(position, text.as_str())?;
            }
            value => {
                is_copied = true;
                bind_encoded(prepared, position, value)?;
            }
        }
    }
    Ok(is_copied)
}

fn bind_encoded(
    prepared: &mut rusqlite::Statement<'_>,
    position: usize,
    value: &Value,
) -> Result<(), Failure> {
    if let Value::Decimal(_) | Value::Number(_) = value
        && prepared.parameter_name(position).is_some_and(|name| name.starts_with(":decimal_text_"))
    {
        // The column keeps its decimals as text, in full.
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::Decimal(number) => number.to_string(),
            _ => String::new(),
        };
        return Ok(prepared.raw_bind_parameter(position, text)?);
    }
    if let Value::Decimal(_) | Value::Number(_) = value
        && let Some(places) = prepared.parameter_name(position).and_then(places_of)
    {
        // It is sent as text, in full, and made a whole number by our function.
        let text = match value {
            Value::Number(number) => {
                Err(too_many_digits(number, number.bytes().filter(u8::is_ascii_digit).count()))
            }
            Value::Decimal(number) => number.scaled(places).map(|_| number.to_string()).map_err(Error::from),
            _ => Ok(String::new()),
        };
        let text = text
            .map_err(|error| error.context(format_args!("parameter {position}")).with_parameter(position))?;
        return Ok(prepared.raw_bind_parameter(position, text)?);
    }
    let output = encode(value)
        .map_err(|error| error.context(format_args!("parameter {position}")).with_parameter(position))?;
    Ok(prepared.raw_bind_parameter(position, output)?)
}

/// The form in which SQLite keeps a value; text and bytes are borrowed.
pub(crate) fn encode(value: &Value) -> Result<ToSqlOutput<'_>> {
    let owned = match value {
        Value::Null => Owned::Null,
        Value::Bool(flag) => Owned::Integer(i64::from(*flag)),
        Value::I64(number) => Owned::Integer(*number),
        Value::U64(number) => Owned::Integer(i64::try_from(*number).ok().ok_or_else(|| {
            data(format!("the number {number} does not fit: SQLite's largest integer is {}", i64::MAX))
        })?),
        Value::F32(number) => real(f64::from(*number))?,
        Value::F64(number) => real(*number)?,
        Value::Decimal(number) => decimal(*number)?,
        Value::Number(number) => {
            let digits = number.bytes().filter(u8::is_ascii_digit).count();
            return Err(too_many_digits(number, digits));
        }
        Value::Interval(interval) => match interval.total_microseconds() {
            Some(microseconds) => Owned::Integer(microseconds),
            None => {
                return Err(data(
                    "an interval of months has no fixed length, or is too long: SQLite keeps intervals as microseconds"
                        .to_owned(),
                ));
            }
        },
        Value::Text(text) | Value::Json(text) => {
            return Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())));
        }
        Value::Bytes(bytes) => return Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes))),
        Value::Uuid(bytes) => Owned::Text(uuid(bytes)),
        Value::Date(days) => Owned::Text(temporal::format_date(*days)),
        Value::Time(microseconds) => Owned::Text(temporal::format_time(*microseconds)),
        Value::DateTime(microseconds) => Owned::Text(temporal::format_datetime(*microseconds)),
        Value::Instant(microseconds) => {
            let mut text = temporal::format_datetime(*microseconds);
            text.push_str("+00:00");
            Owned::Text(text)
        }
        Value::Array(_) => return Err(Error::not_supported("an array as a parameter", "SQLite")),
        other => return Err(Error::not_supported(other.kind(), "SQLite")),
    };
    Ok(ToSqlOutput::Owned(owned))
}

/// The digits after the point that the column keeps whose parameter has this name: 2 of `:scaled_integer_2_7`.
fn places_of(name: &str) -> Option<u16> {
    name.strip_prefix(":scaled_integer_")?.split_once('_')?.0.parse().ok()
}

fn real(number: f64) -> Result<Owned> {
    if number.is_nan() {
        return Err(data("NaN cannot be stored: SQLite would make it NULL".to_owned()));
    }
    Ok(Owned::Real(number))
}

/// A decimal as a number, so that SQLite orders, compares and sums it rightly.
fn decimal(number: Decimal) -> Result<Owned> {
    let normal = number.normalize();
    let (mut mantissa, mut scale) = (normal.mantissa(), i64::from(normal.scale()));
    if scale == 0
        && let Ok(whole) = i64::try_from(mantissa)
    {
        return Ok(Owned::Integer(whole));
    }
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    let digits = mantissa.unsigned_abs().checked_ilog10().map_or(1, |digits| digits + 1);
    if digits > EXACT_DIGITS {
        return Err(too_many_digits(&number, digits));
    }
    // Both are exact as doubles, so the quotient is the double nearest to the decimal.
    let quotient = match scale {
        0..=22 => mantissa as f64 / POWERS_OF_TEN[scale as usize],
        _ => number.to_f64(),
    };
    Ok(Owned::Real(quotient))
}

#[cold]
fn too_many_digits(number: &dyn std::fmt::Display, digits: impl std::fmt::Display) -> Error {
    data(format!(
        "the decimal {number} has {digits} significant digits; SQLite keeps a decimal as a double, which holds \
         {EXACT_DIGITS}: round it, or give the column the type `ExactNumeric`, which is text there"
    ))
}

/// The hyphenated form in lower case.
fn uuid(bytes: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn data(message: String) -> Error {
    Error::new(ErrorKind::Data, message)
}
