//! Dates, times and lengths of time of `jiff`.

use jiff_0_2::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, Time},
};

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, date_of, microseconds_of, moment_of, time_of},
    typed::{Temporal, column_types, sums},
    types::SqlType,
    value::{
        Interval, RangeElement,
        temporal::{MICROSECONDS_PER_DAY, civil_from_days, days_from_civil},
    },
};

#[cold]
fn out_of_range(what: &str) -> Error {
    Error::data(format!("the {what} is out of jiff's range, which ends with the year 9999"))
}

fn date(days: i32) -> Result<Date> {
    let (year, month, day) = civil_from_days(days);
    let year = i16::try_from(year).map_err(|_error| out_of_range("date"))?;
    // Months and days are small numbers.
    Date::new(year, month as i8, day as i8).map_err(|_error| out_of_range("date"))
}

fn days(date: Date) -> i32 {
    days_from_civil(i32::from(date.year()), date.month() as u32, date.day() as u32)
}

fn time(microseconds: i64) -> Result<Time> {
    let seconds = microseconds.div_euclid(1_000_000);
    let part = |number: i64| i8::try_from(number).ok();
    let parts = (part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60));
    let (Some(hour), Some(minute), Some(second)) = parts else { return Err(out_of_range("time")) };
    Time::new(hour, minute, second, microseconds.rem_euclid(1_000_000) as i32 * 1_000)
        .map_err(|_error| out_of_range("time"))
}

fn microseconds(time: Time) -> i64 {
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * 1_000_000 + i64::from(time.subsec_nanosecond() / 1_000)
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

impl Decode for DateTime {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let moment = moment_of(cell, "DateTime")?;
        let day = i32::try_from(moment.div_euclid(MICROSECONDS_PER_DAY))
            .map_err(|_error| out_of_range("date and time"))?;
        Ok(Self::from_parts(date(day)?, time(moment.rem_euclid(MICROSECONDS_PER_DAY))?))
    }
}

impl Decode for Timestamp {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        Self::from_microsecond(moment_of(cell, "Timestamp")?).map_err(|_error| out_of_range("instant"))
    }
}

impl Decode for SignedDuration {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        microseconds_of(cell, "SignedDuration").map(Self::from_micros)
    }
}

/// The microsecond that an instant lies in.
fn moment(instant: Timestamp) -> i64 {
    // Below zero jiff rounds to the next, where the other libraries count the one before.
    instant.as_nanosecond().div_euclid(1_000) as i64
}

column_types! {
    Date: SqlType::Date, value => Value::Date(days(*value));
    Time: SqlType::Time, value => Value::Time(microseconds(*value));
    DateTime: SqlType::DateTime, value =>
        Value::DateTime(i64::from(days(value.date())) * MICROSECONDS_PER_DAY + microseconds(value.time()));
    Timestamp: SqlType::Timestamp, value => Value::Instant(moment(*value));
    SignedDuration: SqlType::Interval, value =>
        Value::Interval(i64::try_from(value.as_micros()).map_or(Interval::TOO_LONG, Interval::microseconds));
}

array_elements! { Date Time DateTime Timestamp SignedDuration }

#[diagnostic::do_not_recommend]
impl Temporal for Date {}
#[diagnostic::do_not_recommend]
impl Temporal for Time {}
#[diagnostic::do_not_recommend]
impl Temporal for DateTime {}
#[diagnostic::do_not_recommend]
impl Temporal for Timestamp {}

impl RangeElement for Date {}
impl RangeElement for DateTime {}
impl RangeElement for Timestamp {}

sums! { SignedDuration: SignedDuration, SignedDuration; }
