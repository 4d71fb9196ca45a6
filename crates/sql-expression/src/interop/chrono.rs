//! Dates and times of `chrono`.

use chrono_0_4::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, date_of, microseconds_of, moment_of, moment_with_offset, time_of},
    typed::{Temporal, column_types, sums},
    types::SqlType,
    value::{Interval, RangeElement},
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
        let days = date_of(cell, "NaiveDate")?;
        days.checked_add(EPOCH).and_then(Self::from_num_days_from_ce_opt).ok_or_else(|| out_of_range("date"))
    }
}

impl Decode for NaiveTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let microseconds = time_of(cell, "NaiveTime")?;
        let seconds = u32::try_from(microseconds.div_euclid(1_000_000)).ok();
        let nanoseconds = microseconds.rem_euclid(1_000_000) as u32 * 1_000;
        seconds
            .and_then(|seconds| Self::from_num_seconds_from_midnight_opt(seconds, nanoseconds))
            .ok_or_else(|| out_of_range("time"))
    }
}

impl Decode for NaiveDateTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let microseconds = moment_of(cell, "NaiveDateTime")?;
        DateTime::from_timestamp_micros(microseconds)
            .map(|instant| instant.naive_utc())
            .ok_or_else(|| out_of_range("date and time"))
    }
}

impl Decode for DateTime<Utc> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        DateTime::from_timestamp_micros(moment_of(cell, "DateTime<Utc>")?)
            .ok_or_else(|| out_of_range("instant"))
    }
}

impl Decode for DateTime<FixedOffset> {
    /// Databases keep the instant, not the offset that it was written with: it is read back in UTC. A text that others wrote
    /// into SQLite keeps its offset.
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let (microseconds, offset) = moment_with_offset(cell, "DateTime<FixedOffset>")?;
        let instant = DateTime::from_timestamp_micros(microseconds);
        let offset = FixedOffset::east_opt(offset);
        instant
            .zip(offset)
            .map(|(instant, offset)| instant.with_timezone(&offset))
            .ok_or_else(|| out_of_range("instant"))
    }
}

impl Decode for TimeDelta {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        microseconds_of(cell, "TimeDelta").map(Self::microseconds)
    }
}

column_types! {
    NaiveDate: SqlType::Date, value => Value::Date(value.num_days_from_ce() - EPOCH);
    NaiveTime: SqlType::Time, value => Value::Time(microseconds(*value));
    NaiveDateTime: SqlType::DateTime, value => Value::DateTime(value.and_utc().timestamp_micros());
    DateTime<Utc>: SqlType::Timestamp, value => Value::Instant(value.timestamp_micros());
    DateTime<FixedOffset>: SqlType::Timestamp, value => Value::Instant(value.timestamp_micros());
    TimeDelta: SqlType::Interval, value =>
        Value::Interval(value.num_microseconds().map_or(Interval::TOO_LONG, Interval::microseconds));
}

array_elements! { NaiveDate NaiveTime NaiveDateTime DateTime<Utc> DateTime<FixedOffset> TimeDelta }

impl RangeElement for NaiveDate {}
impl RangeElement for NaiveDateTime {}
impl RangeElement for DateTime<Utc> {}
impl RangeElement for DateTime<FixedOffset> {}

sums! { TimeDelta: TimeDelta, TimeDelta; }

#[diagnostic::do_not_recommend]
impl Temporal for NaiveDate {}
#[diagnostic::do_not_recommend]
impl Temporal for NaiveTime {}
#[diagnostic::do_not_recommend]
impl Temporal for NaiveDateTime {}
#[diagnostic::do_not_recommend]
impl Temporal for DateTime<Utc> {}
#[diagnostic::do_not_recommend]
impl Temporal for DateTime<FixedOffset> {}
