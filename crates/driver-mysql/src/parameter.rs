//! Our values as parameters.

use aludel_driver::{Error, ErrorKind, Result, Value};
use aludel_sql_expression::value::temporal::{MICROSECONDS_PER_DAY, civil_from_days};
use mysql_async::Value as Parameter;

use crate::server::MAX_PARAMETERS;

/// From this size on, mysql_async sends each text by itself, in pieces.
const ONE_PACKET: usize = (1 << 24) - 1;

/// The parameters as mysql_async takes them.
///
/// # Errors
/// `Data` for what MySQL cannot hold, `NotSupported` for arrays, `Argument` for too many.
pub(crate) fn convert(values: &[Value], max_allowed_packet: usize) -> Result<Vec<Parameter>> {
    if values.len() > MAX_PARAMETERS {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "the statement has {} parameters, and MySQL takes at most {MAX_PARAMETERS}",
                values.len()
            ),
        ));
    }
    let mut parameters = Vec::with_capacity(values.len());
    let mut total = 0;
    let mut longest = 0;
    for (position, value) in values.iter().enumerate() {
        let parameter = convert_one(value).map_err(|error| {
            error.context(format_args!("parameter {}", position + 1)).with_parameter(position + 1)
        })?;
        if let Parameter::Bytes(bytes) = &parameter {
            total += bytes.len();
            longest = longest.max(bytes.len());
        }
        // The type, and the value or its length.
        total += 11;
        parameters.push(parameter);
    }
    // The server would close the connection over it.
    let in_pieces = total > ONE_PACKET && max_allowed_packet > ONE_PACKET;
    let largest = if in_pieces { longest } else { total };
    if largest >= max_allowed_packet {
        return Err(too_large("parameters", largest, max_allowed_packet));
    }
    Ok(parameters)
}

/// The error for what does not fit into one packet.
pub(crate) fn too_large(what: &str, size: usize, max_allowed_packet: usize) -> Error {
    Error::new(
        ErrorKind::Data,
        format!(
            "the statement's {what} take {size} bytes, and the server takes at most {max_allowed_packet} at once; send less, \
             or raise the server's max_allowed_packet"
        ),
    )
}

pub(crate) fn convert_one(value: &Value) -> Result<Parameter> {
    Ok(match value {
        Value::Null => Parameter::NULL,
        Value::Bool(flag) => Parameter::Int(i64::from(*flag)),
        Value::I64(number) => Parameter::Int(*number),
        Value::U64(number) => Parameter::UInt(*number),
        Value::F32(number) if number.is_finite() => Parameter::Float(*number),
        Value::F64(number) if number.is_finite() => Parameter::Double(*number),
        Value::F32(_) | Value::F64(_) => {
            return Err(Error::new(ErrorKind::Data, "MySQL has neither NaN nor infinity; use NULL"));
        }
        Value::Decimal(decimal) => Parameter::Bytes(decimal.to_string().into_bytes()),
        Value::Interval(interval) => match interval.total_microseconds() {
            Some(microseconds) => Parameter::Int(microseconds),
            None => {
                return Err(Error::new(
                    ErrorKind::Data,
                    "an interval of months has no fixed length, or is too long: MySQL keeps intervals as microseconds",
                ));
            }
        },
        Value::Text(text) | Value::Number(text) | Value::Json(text) => {
            Parameter::Bytes(text.as_bytes().to_vec())
        }
        Value::Bytes(bytes) => Parameter::Bytes(bytes.clone()),
        Value::Uuid(bytes) => Parameter::Bytes(bytes.to_vec()),
        Value::Date(days) => date(i64::from(*days), 0)?,
        Value::Time(microseconds) => time(*microseconds)?,
        Value::DateTime(microseconds) | Value::Instant(microseconds) => date(
            microseconds.div_euclid(MICROSECONDS_PER_DAY),
            microseconds.rem_euclid(MICROSECONDS_PER_DAY),
        )?,
        Value::Array(_) => return Err(Error::not_supported("an array as a parameter", "MySQL")),
        other => return Err(Error::not_supported(other.kind(), "the MySQL driver")),
    })
}

fn date(days: i64, microseconds: i64) -> Result<Parameter> {
    let (year, month, day) = i32::try_from(days).map_or((i32::MAX, 1, 1), civil_from_days);
    let year = u16::try_from(year).ok().filter(|year| *year <= 9999).ok_or_else(|| {
        Error::new(
            ErrorKind::Data,
            "the date lies outside of the years 0 to 9999, which are all that MySQL holds",
        )
    })?;
    let (hour, minute, second, microsecond) = clock(microseconds);
    // Months and days are small numbers.
    Ok(Parameter::Date(year, month as u8, day as u8, hour, minute, second, microsecond))
}

fn time(microseconds: i64) -> Result<Parameter> {
    if !(0..MICROSECONDS_PER_DAY).contains(&microseconds) {
        return Err(Error::new(
            ErrorKind::Data,
            format!("{microseconds} microseconds are no time of day: it lies between midnight and midnight"),
        ));
    }
    let (hour, minute, second, microsecond) = clock(microseconds);
    Ok(Parameter::Time(false, 0, hour, minute, second, microsecond))
}

/// Hours, minutes, seconds and microseconds of a time of day.
fn clock(microseconds: i64) -> (u8, u8, u8, u32) {
    let seconds = microseconds / 1_000_000;
    (
        (seconds / 3600) as u8,
        (seconds / 60 % 60) as u8,
        (seconds % 60) as u8,
        (microseconds % 1_000_000) as u32,
    )
}
