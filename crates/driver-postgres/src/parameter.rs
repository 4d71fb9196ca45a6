//! [`Parameter`]: a value on its way to the server, encoded by the type that the server asks for.

use std::{error::Error as StdError, fmt, fmt::Write as _};

use aludel_driver::Value;
use aludel_sql_expression::value::{Decimal, temporal};
use bytes::{BufMut, BytesMut};
use postgres_types::{Format, IsNull, ToSql, Type};

use crate::{array, numeric, prepared::Prepared, target::Target};

/// The most parameters of one statement.
pub(crate) const MOST_PARAMETERS: usize = 65_535;

/// Days from 1970-01-01 to 2000-01-01, from which the server counts.
pub(crate) const EPOCH_DAYS: i32 = 10_957;

/// The same in microseconds.
pub(crate) const EPOCH_MICROSECONDS: i64 = EPOCH_DAYS as i64 * temporal::MICROSECONDS_PER_DAY;

/// A value and what the server wants it to be.
pub(crate) struct Parameter<'a> {
    value: &'a Value,
    target: &'a Target,
    number: usize,
    /// Found once: of an array it takes a look at each element.
    encoding: Encoding,
}

/// Pairs values with what the statement wants them to be. There must be as many values as the statement has parameters.
pub(crate) fn bind<'a>(
    prepared: &'a Prepared,
    values: &'a [Value],
) -> impl ExactSizeIterator<Item = Parameter<'a>> + Send + 'a {
    let pairs = values.iter().zip(&prepared.targets).enumerate();
    pairs.map(|(position, (value, target))| Parameter {
        value,
        target,
        number: position + 1,
        encoding: encoding(value, target),
    })
}

/// Why a value cannot be what the server wants.
#[derive(Debug)]
pub(crate) struct ParameterError {
    message: String,
    /// Which of the parameters; the first has number 1.
    pub(crate) number: usize,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for ParameterError {}

/// What is wrong with a value, in words that follow "it is ..".
pub(crate) type Refusal = &'static str;

/// PostgreSQL ends texts with this character, and keeps none in them.
pub(crate) const NUL: Refusal =
    "it holds the character NUL, which no text of PostgreSQL can; keep it as bytes";

// tokio-postgres writes parameters to its debug log, so only the kind of the value is shown.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.value.kind())
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        if self.value.is_null() {
            return Ok(IsNull::Yes);
        }
        let written = match self.encoding {
            Encoding::Binary => binary(self.value, self.target, out),
            Encoding::Text => text(self.value, out),
            Encoding::Refused => Err("it is of another type"),
        };
        match written {
            Ok(()) => Ok(IsNull::No),
            Err(refusal) => Err(Box::new(ParameterError {
                message: format!(
                    "parameter {} is {}, which cannot be sent as {}: {refusal}",
                    self.number,
                    self.value.kind(),
                    kind.name(),
                ),
                number: self.number,
            })),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql(kind, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        match self.encoding {
            Encoding::Text => Format::Text,
            Encoding::Binary | Encoding::Refused => Format::Binary,
        }
    }
}

/// How a value is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// In the type's binary form.
    Binary,
    /// As text, for the server to read.
    Text,
    /// Not at all.
    Refused,
}

/// How a value is sent to what the server wants.
pub(crate) fn encoding(value: &Value, target: &Target) -> Encoding {
    match (value, target) {
        (Value::Null, _)
        | (Value::Bool(_), Target::Bool | Target::Text)
        | (
            Value::I64(_) | Value::U64(_) | Value::Decimal(_),
            Target::Int2
            | Target::Int4
            | Target::Int8
            | Target::Oid
            | Target::Float4
            | Target::Float8
            | Target::Numeric
            | Target::Text,
        )
        | (Value::F32(_) | Value::F64(_), Target::Float4 | Target::Float8 | Target::Text)
        | (Value::Text(_), Target::Text | Target::Json | Target::Jsonb)
        | (Value::Bytes(_), Target::Bytes | Target::Other)
        | (Value::Uuid(_), Target::Uuid | Target::Text)
        | (Value::Date(_), Target::Date | Target::Text)
        | (Value::Time(_), Target::Time | Target::Text)
        | (Value::DateTime(_) | Value::Instant(_), Target::Timestamp | Target::TimestampTz | Target::Text)
        | (Value::Interval(_), Target::Interval)
        | (Value::Json(_), Target::Json | Target::Jsonb | Target::Text) => Encoding::Binary,
        (Value::Number(_), Target::Numeric | Target::Float4 | Target::Float8 | Target::Text)
        | (Value::Interval(_), Target::Text) => Encoding::Text,
        // Shortest text that gives the same float again: a float's own digits are what a numeric should hold.
        (Value::F32(_) | Value::F64(_), Target::Numeric) => Encoding::Text,
        (
            Value::Text(_),
            Target::Numeric
            | Target::Uuid
            | Target::Date
            | Target::Time
            | Target::Timestamp
            | Target::TimestampTz
            | Target::Interval
            | Target::Array { .. }
            | Target::Other,
        ) => Encoding::Text,
        (Value::Array(elements), Target::Array { element, .. }) => array::encoding(elements, element),
        _ => Encoding::Refused,
    }
}

/// Writes a value in the binary form of its target.
pub(crate) fn binary(value: &Value, target: &Target, out: &mut BytesMut) -> Result<(), Refusal> {
    match (target, value) {
        (Target::Bool, Value::Bool(flag)) => out.put_u8(u8::from(*flag)),
        (Target::Int2, value) => out.put_i16(whole(value)?),
        (Target::Int4, value) => out.put_i32(whole(value)?),
        (Target::Int8, value) => out.put_i64(whole(value)?),
        (Target::Oid, value) => out.put_u32(whole(value)?),
        (Target::Float8, value) => out.put_f64(float(value)?),
        (Target::Float4, Value::F32(number)) => out.put_f32(*number),
        (Target::Float4, value) => {
            let number = float(value)?;
            let narrow = number as f32;
            if number.is_finite() && narrow.is_infinite() {
                return Err("it is out of the type's range");
            }
            out.put_f32(narrow);
        }
        (Target::Numeric, Value::I64(number)) => numeric::encode(Decimal::from(*number), out),
        (Target::Numeric, Value::U64(number)) => {
            let number = Decimal::new(i128::from(*number), 0).map_err(|_error| "it has too many digits")?;
            numeric::encode(number, out);
        }
        (Target::Numeric, Value::Decimal(number)) => numeric::encode(*number, out),
        (Target::Jsonb, Value::Json(text) | Value::Text(text)) => {
            if has_nul(text) {
                return Err(NUL);
            }
            // The version of the format.
            out.put_u8(1);
            out.put_slice(text.as_bytes());
        }
        (Target::Uuid, Value::Uuid(bytes)) => out.put_slice(bytes),
        (Target::Date, Value::Date(days)) => {
            let days = days.checked_sub(EPOCH_DAYS).filter(|days| *days != i32::MIN);
            out.put_i32(days.ok_or("it is out of the type's range")?);
        }
        (Target::Time, Value::Time(microseconds)) => out.put_i64(*microseconds),
        (
            Target::Timestamp | Target::TimestampTz,
            Value::DateTime(microseconds) | Value::Instant(microseconds),
        ) => {
            // The least number stands for -infinity.
            let microseconds =
                microseconds.checked_sub(EPOCH_MICROSECONDS).filter(|value| *value != i64::MIN);
            out.put_i64(microseconds.ok_or("it is out of the type's range")?);
        }
        (Target::Interval, Value::Interval(interval)) => {
            if interval.is_too_long() {
                return Err("it is too long to be counted");
            }
            out.put_i64(interval.microseconds);
            out.put_i32(interval.days);
            out.put_i32(interval.months);
        }
        (Target::Array { element, oid }, Value::Array(elements)) => {
            array::binary(elements, element, *oid, out)?
        }
        (_, Value::Bytes(bytes)) => out.put_slice(bytes),
        // What is left is text in both forms.
        (_, value) => text(value, out)?,
    }
    Ok(())
}

/// Writes a value as text that the server can read.
pub(crate) fn text(value: &Value, out: &mut BytesMut) -> Result<(), Refusal> {
    let written = match value {
        Value::Text(text) | Value::Number(text) | Value::Json(text) => {
            if has_nul(text) {
                return Err(NUL);
            }
            out.put_slice(text.as_bytes());
            Ok(())
        }
        Value::Interval(interval) if interval.is_too_long() => return Err("it is too long to be counted"),
        Value::Interval(interval) => {
            write!(out, "{} mons {} days {} us", interval.months, interval.days, interval.microseconds)
        }
        Value::Bool(flag) => write!(out, "{flag}"),
        Value::I64(number) => write!(out, "{number}"),
        Value::U64(number) => write!(out, "{number}"),
        Value::F32(number) if number.is_finite() => write!(out, "{number}"),
        Value::F64(number) if number.is_finite() => write!(out, "{number}"),
        Value::F32(number) => out.write_str(not_finite(f64::from(*number))),
        Value::F64(number) => out.write_str(not_finite(*number)),
        Value::Decimal(number) => write!(out, "{number}"),
        Value::Uuid(bytes) => {
            let number = u128::from_be_bytes(*bytes);
            let digits = format!("{number:032x}");
            let parts = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
            write!(out, "{}-{}-{}-{}-{}", parts.0, parts.1, parts.2, parts.3, parts.4)
        }
        Value::Date(days) => out.write_str(&temporal::format_date(*days)),
        Value::Time(microseconds) => out.write_str(&temporal::format_time(*microseconds)),
        Value::DateTime(microseconds) => out.write_str(&temporal::format_datetime(*microseconds)),
        Value::Instant(microseconds) => write!(out, "{}+00", temporal::format_datetime(*microseconds)),
        Value::Bytes(bytes) => {
            out.put_slice(b"\\x");
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
        Value::Array(elements) => return array::text(elements, out),
        _ => return Err("it has no text form"),
    };
    written.map_err(|_error| "its text form could not be written")
}

fn not_finite(number: f64) -> &'static str {
    match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

fn whole<T: TryFrom<i64> + TryFrom<u64> + TryFrom<i128>>(value: &Value) -> Result<T, Refusal> {
    const RANGE: Refusal = "it is out of the type's range";
    match value {
        Value::I64(number) => T::try_from(*number).map_err(|_error| RANGE),
        Value::U64(number) => T::try_from(*number).map_err(|_error| RANGE),
        Value::Decimal(number) => {
            let number = number.normalize();
            if number.scale() > 0 {
                return Err("it is not a whole number");
            }
            T::try_from(number.mantissa()).map_err(|_error| RANGE)
        }
        _ => Err("it is not a whole number"),
    }
}

fn float(value: &Value) -> Result<f64, Refusal> {
    match value {
        Value::F32(number) => Ok(f64::from(*number)),
        Value::F64(number) => Ok(*number),
        Value::I64(number) => Ok(*number as f64),
        Value::U64(number) => Ok(*number as f64),
        Value::Decimal(number) => Ok(number.to_f64()),
        _ => Err("it is not a number"),
    }
}

/// Whether there is a NUL in a text. All bytes are looked at, many at once: texts are short, and nearly none holds one.
#[inline]
pub(crate) fn has_nul(text: &str) -> bool {
    text.as_bytes().iter().fold(false, |found, byte| found | (*byte == 0))
}
