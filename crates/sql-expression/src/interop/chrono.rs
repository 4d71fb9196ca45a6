//! Dates and times of `chrono`.

use chrono_0_4::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::mismatch,
    typed::{Temporal, column_types},
    types::SqlType,
    value::temporal::{MICROSECONDS_PER_DAY, parse_date, parse_datetime, parse_time},
};

/// Days from the first day of the year 1 to 1970-01-01, as chrono counts them.
const EPOCH: i32 = 719_163;

#[cold]
fn out_of_range(what: &str) -> Error {
    Error::data(format!("the {what} is out of chrono's range"))
}

fn microseconds(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000)
}

impl Decode for NaiveDate {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let days = match cell {
            Cell::Date(days) => days,
            Cell::Text(text) => parse_date(text)?,
            // A database without dates gives midnight.
            Cell::DateTime(microseconds) if microseconds.rem_euclid(MICROSECONDS_PER_DAY) == 0 => {
                microseconds.div_euclid(MICROSECONDS_PER_DAY) as i32
            }
            cell => return Err(mismatch(cell, "NaiveDate")),
        };
        days.checked_add(EPOCH).and_then(Self::from_num_days_from_ce_opt).ok_or_else(|| out_of_range("date"))
    }
}

impl Decode for NaiveTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let microseconds = match cell {
            Cell::Time(microseconds) => microseconds,
            Cell::Text(text) => parse_time(text)?,
            cell => return Err(mismatch(cell, "NaiveTime")),
        };
        let seconds = u32::try_from(microseconds.div_euclid(1_000_000)).ok();
        let nanoseconds = microseconds.rem_euclid(1_000_000) as u32 * 1_000;
        seconds
            .and_then(|seconds| Self::from_num_seconds_from_midnight_opt(seconds, nanoseconds))
            .ok_or_else(|| out_of_range("time"))
    }
}

/// Microseconds since 1970, in UTC where an offset is known.
fn instant(cell: Cell<'_>, wanted: &str) -> Result<i64> {
    Ok(match cell {
        Cell::DateTime(microseconds) | Cell::Instant(microseconds) => microseconds,
        Cell::Date(days) => i64::from(days) * MICROSECONDS_PER_DAY,
        Cell::Text(text) => {
            let (microseconds, offset) = parse_datetime(text)?;
            microseconds - i64::from(offset.unwrap_or(0)) * 1_000_000
        }
        cell => return Err(mismatch(cell, wanted)),
    })
}

impl Decode for NaiveDateTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let microseconds = instant(cell, "NaiveDateTime")?;
        DateTime::from_timestamp_micros(microseconds)
            .map(|instant| instant.naive_utc())
            .ok_or_else(|| out_of_range("date and time"))
    }
}

impl Decode for DateTime<Utc> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        DateTime::from_timestamp_micros(instant(cell, "DateTime<Utc>")?)
            .ok_or_else(|| out_of_range("instant"))
    }
}

impl Decode for DateTime<FixedOffset> {
    /// Databases keep the instant, not the offset that it was written with: it is read back in UTC.
    fn decode(cell: Cell<'_>) -> Result<Self> {
        DateTime::<Utc>::decode(cell).map(|instant| instant.fixed_offset())
    }
}

column_types! {
    NaiveDate: SqlType::Date, value => Value::Date(value.num_days_from_ce() - EPOCH);
    NaiveTime: SqlType::Time, value => Value::Time(microseconds(*value));
    NaiveDateTime: SqlType::DateTime, value => Value::DateTime(value.and_utc().timestamp_micros());
    DateTime<Utc>: SqlType::Timestamp, value => Value::Instant(value.timestamp_micros());
    DateTime<FixedOffset>: SqlType::Timestamp, value => Value::Instant(value.timestamp_micros());
}

impl Temporal for NaiveDate {}
impl Temporal for NaiveTime {}
impl Temporal for NaiveDateTime {}
impl Temporal for DateTime<Utc> {}
impl Temporal for DateTime<FixedOffset> {}
