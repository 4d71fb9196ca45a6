//! Values as text; names, truth values and placeholders through sea-query, which knows how each database spells them.

use std::fmt::Write;

use sea_query::{QueryBuilder, QuotedBuilder};

use super::text_style::TextStyle;
use crate::{
    Error, Result, Value,
    value::{
        Interval,
        temporal::{format_date, format_datetime, format_time},
    },
};

/// Writes a name between quotes.
pub(super) fn write_quoted(builder: &impl QuotedBuilder, name: &str, sql: &mut String) {
    // Only an owned name has its quotes doubled.
    builder.prepare_iden(&sea_query::DynIden::from(name.to_owned()), sql);
}

/// Writes the placeholder of a parameter.
pub(super) fn write_placeholder(builder: &impl QueryBuilder, number: usize, sql: &mut String) {
    let (mark, numbered) = builder.placeholder();
    sql.push_str(mark);
    if numbered {
        let _ = write!(sql, "{number}");
    }
}

/// Why a length of time cannot be kept as microseconds.
const INTERVAL_OF_MONTHS: &str = "an interval of months has no fixed length, or is too long, and this database keeps intervals as microseconds";

/// What of a literal differs between dialects beyond escaping.
pub(super) struct LiteralStyle {
    /// Whether the database has lengths of time; else they are microseconds.
    pub(super) intervals: bool,
    /// Whether a type name can stand before text: `DATE '2024-02-29'`.
    pub(super) typed: bool,
    /// Whether a UUID is sixteen bytes.
    pub(super) binary_uuid: bool,
    /// How text and bytes are written.
    pub(super) text: TextStyle,
}

/// Writes a value.
#[inline]
pub(super) fn write_literal(
    builder: &impl QueryBuilder,
    style: &LiteralStyle,
    value: &Value,
    sql: &mut String,
) -> Result<()> {
    match value {
        Value::Null => sql.push_str("NULL"),
        Value::I64(number) => sql.push_str(itoa::Buffer::new().format(*number)),
        Value::U64(number) => sql.push_str(itoa::Buffer::new().format(*number)),
        Value::Text(text) | Value::Json(text) => return style.text.write(text, sql),
        value => return write_further(builder, style, value, sql),
    }
    Ok(())
}

/// Writes a value of a kind that is less common.
fn write_further(
    builder: &impl QueryBuilder,
    style: &LiteralStyle,
    value: &Value,
    sql: &mut String,
) -> Result<()> {
    match value {
        Value::Null | Value::I64(_) | Value::U64(_) | Value::Text(_) | Value::Json(_) => {
            return write_literal(builder, style, value, sql);
        }
        Value::Bool(flag) => write_simple(builder, &sea_query::Value::Bool(Some(*flag)), sql)?,
        Value::F32(number) if !number.is_finite() => return Err(not_finite(f64::from(*number))),
        Value::F64(number) if !number.is_finite() => return Err(not_finite(*number)),
        Value::F32(number) => push(sql, format_args!("{number:?}")),
        Value::F64(number) => push(sql, format_args!("{number:?}")),
        Value::Decimal(number) => push(sql, format_args!("{number}")),
        Value::Number(number) => sql.push_str(number),
        Value::Interval(interval) if style.intervals => {
            if interval.is_too_long() {
                return Err(Error::data("the length of time is too long to be counted"));
            }
            let Interval { months, days, microseconds } = interval;
            push(sql, format_args!("INTERVAL '{months} mons {days} days {microseconds} us'"));
        }
        Value::Interval(interval) => match interval.total_microseconds() {
            Some(microseconds) => push(sql, format_args!("{microseconds}")),
            None => return Err(Error::data(INTERVAL_OF_MONTHS)),
        },
        Value::Bytes(bytes) => style.text.write_bytes(bytes, sql),
        Value::Uuid(bytes) if style.binary_uuid => style.text.write_bytes(bytes, sql),
        Value::Uuid(bytes) => push(sql, format_args!("'{}'", format_uuid(*bytes))),
        Value::Date(days) => write_typed(style, "DATE", format_args!("{}", format_date(*days)), sql),
        Value::Time(microseconds) => {
            write_typed(style, "TIME", format_args!("{}", format_time(*microseconds)), sql);
        }
        Value::DateTime(microseconds) => {
            write_typed(style, "TIMESTAMP", format_args!("{}", format_datetime(*microseconds)), sql);
        }
        Value::Instant(microseconds) => {
            let moment = format_datetime(*microseconds);
            write_typed(style, "TIMESTAMP WITH TIME ZONE", format_args!("{moment}+00:00"), sql);
        }
        Value::Array(array) => {
            sql.push_str("ARRAY[");
            for (position, value) in array.values.iter().enumerate() {
                if position > 0 {
                    sql.push_str(", ");
                }
                write_literal(builder, style, value, sql)?;
            }
            sql.push(']');
        }
    }
    Ok(())
}

/// Writes text that has nothing to be escaped in it, after its type's name where one can stand there.
fn write_typed(style: &LiteralStyle, name: &str, text: std::fmt::Arguments<'_>, sql: &mut String) {
    if style.typed {
        sql.push_str(name);
        sql.push(' ');
    }
    push(sql, format_args!("'{text}'"));
}

#[cold]
fn not_finite(number: f64) -> Error {
    Error::data(format!("the number {number} cannot be written as an SQL literal; bind it as a parameter"))
}

fn write_simple(builder: &impl QueryBuilder, value: &sea_query::Value, sql: &mut String) -> Result<()> {
    builder
        .write_value(sql, value)
        .map_err(|_error| Error::data("the value cannot be written as an SQL literal"))
}

fn push(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = sql.write_fmt(text);
}

/// `67e55044-10b1-426f-9247-bb680e5fe0c8`.
pub(crate) fn format_uuid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push(&mut text, format_args!("{byte:02x}"));
    }
    text
}
