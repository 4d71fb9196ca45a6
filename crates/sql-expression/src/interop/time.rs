//! Dates, times and lengths of time of `time`.

use time_0_3::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, date_of, microseconds_of, moment_of, moment_with_offset, time_of},
    typed::{Temporal, column_types, sums},
    types::SqlType,
    value::{Interval, RangeElement, temporal::MICROSECONDS_PER_DAY},
};

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

#[cold]
fn out_of_range(what: &str) -> Error {
    Error::data(format!("the {what} is out of the range of the crate `time`, which ends with the year 9999"))
}

fn date(days: i32) -> Result<Date> {
    let day = days.checked_add(EPOCH).and_then(|day| Date::from_julian_day(day).ok());
    day.ok_or_else(|| out_of_range("date"))
}

fn days(date: Date) -> i32 {
    date.to_julian_day() - EPOCH
}

fn time(microseconds: i64) -> Result<Time> {
    let seconds = microseconds.div_euclid(1_000_000);
    let part = |number: i64| u8::try_from(number).ok();
    let parts = (part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60));
    let (Some(hour), Some(minute), Some(second)) = parts else { return Err(out_of_range("time")) };
    Time::from_hms_micro(hour, minute, second, microseconds.rem_euclid(1_000_000) as u32)
        .map_err(|_error| out_of_range("time"))
}

fn microseconds(time: Time) -> i64 {
    let (hour, minute, second, microsecond) = time.as_hms_micro();
    (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1_000_000 + i64::from(microsecond)
}

impl Decode for Date {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        date(date_of(cell, "Date")?)
    }
}

impl Decode for Time {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        time(time_of(cell, "Time")?)
    }
}

impl Decode for PrimitiveDateTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let moment = moment_of(cell, "PrimitiveDateTime")?;
        let day = i32::try_from(moment.div_euclid(MICROSECONDS_PER_DAY))
            .map_err(|_error| out_of_range("date and time"))?;
        Ok(Self::new(date(day)?, time(moment.rem_euclid(MICROSECONDS_PER_DAY))?))
    }
}

impl Decode for OffsetDateTime {
    /// Databases keep the instant, not the offset that it was written with: it is read back in UTC. A text that others wrote
    /// into SQLite keeps its offset.
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let (moment, offset) = moment_with_offset(cell, "OffsetDateTime")?;
        let instant = Self::from_unix_timestamp_nanos(i128::from(moment) * 1_000);
        let offset = UtcOffset::from_whole_seconds(offset);
        match (instant, offset) {
            (Ok(instant), Ok(offset)) => {
                instant.checked_to_offset(offset).ok_or_else(|| out_of_range("instant"))
            }
            _ => Err(out_of_range("instant")),
        }
    }
}

impl Decode for Duration {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        microseconds_of(cell, "Duration").map(Self::microseconds)
    }
}

fn moment(instant: OffsetDateTime) -> i64 {
    // Of years that have four digits it always fits.
    instant.unix_timestamp_nanos().div_euclid(1_000) as i64
}

column_types! {
    Date: SqlType::Date, value => Value::Date(days(*value));
    Time: SqlType::Time, value => Value::Time(microseconds(*value));
    PrimitiveDateTime: SqlType::DateTime, value =>
        Value::DateTime(i64::from(days(value.date())) * MICROSECONDS_PER_DAY + microseconds(value.time()));
    OffsetDateTime: SqlType::Timestamp, value => Value::Instant(moment(*value));
    Duration: SqlType::Interval, value =>
        Value::Interval(i64::try_from(value.whole_microseconds()).map_or(Interval::TOO_LONG, Interval::microseconds));
}

array_elements! { Date Time PrimitiveDateTime OffsetDateTime Duration }

#[diagnostic::do_not_recommend]
impl Temporal for Date {}
#[diagnostic::do_not_recommend]
impl Temporal for Time {}
#[diagnostic::do_not_recommend]
impl Temporal for PrimitiveDateTime {}
#[diagnostic::do_not_recommend]
impl Temporal for OffsetDateTime {}

impl RangeElement for Date {}
impl RangeElement for PrimitiveDateTime {}
impl RangeElement for OffsetDateTime {}

sums! { Duration: Duration, Duration; }
