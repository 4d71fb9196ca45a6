//! Dates, times and lengths of time from whatever form a driver shows them in.

use super::{Decode, mismatch};
use crate::{
    Cell, Error, Result,
    value::{
        Interval,
        temporal::{MICROSECONDS_PER_DAY, parse_date, parse_datetime, parse_time},
    },
};

/// Days since 1970-01-01.
#[allow(dead_code, reason = "the types that ask for it are behind features")]
pub(crate) fn date_of(cell: Cell<'_>, wanted: &str) -> Result<i32> {
    match cell {
        Cell::Date(days) => Ok(days),
        Cell::Text(text) => parse_date(text),
        // A database without dates gives midnight.
        Cell::DateTime(microseconds) if microseconds.rem_euclid(MICROSECONDS_PER_DAY) == 0 => {
            Ok(microseconds.div_euclid(MICROSECONDS_PER_DAY) as i32)
        }
        cell => Err(mismatch(cell, wanted)),
    }
}

/// Microseconds since midnight.
#[allow(dead_code, reason = "the types that ask for it are behind features")]
pub(crate) fn time_of(cell: Cell<'_>, wanted: &str) -> Result<i64> {
    match cell {
        Cell::Time(microseconds) => Ok(microseconds),
        Cell::Text(text) => parse_time(text),
        cell => Err(mismatch(cell, wanted)),
    }
}

/// Microseconds since 1970, in UTC where an offset is known.
#[allow(dead_code, reason = "the types that ask for it are behind features")]
pub(crate) fn moment_of(cell: Cell<'_>, wanted: &str) -> Result<i64> {
    Ok(moment_with_offset(cell, wanted)?.0)
}

/// The same, and the offset from UTC in seconds where the database kept it: in a text that others wrote.
#[allow(dead_code, reason = "the types that ask for it are behind features")]
pub(crate) fn moment_with_offset(cell: Cell<'_>, wanted: &str) -> Result<(i64, i32)> {
    Ok(match cell {
        Cell::DateTime(microseconds) | Cell::Instant(microseconds) => (microseconds, 0),
        Cell::Date(days) => (i64::from(days) * MICROSECONDS_PER_DAY, 0),
        Cell::Text(text) => {
            let (microseconds, offset) = parse_datetime(text)?;
            let offset = offset.unwrap_or(0);
            (microseconds - i64::from(offset) * 1_000_000, offset)
        }
        cell => return Err(mismatch(cell, wanted)),
    })
}

/// A length of time.
pub(crate) fn interval_of(cell: Cell<'_>, wanted: &str) -> Result<Interval> {
    match cell {
        Cell::Interval(interval) => Ok(interval),
        // A database without intervals keeps microseconds; a sum is a decimal on MySQL, and an average a fraction.
        Cell::I64(_) | Cell::U64(_) => i64::decode(cell).map(Interval::microseconds),
        Cell::Decimal(number) => rounded(number.to_f64(), cell, wanted),
        Cell::F64(number) => rounded(number, cell, wanted),
        cell => Err(mismatch(cell, wanted)),
    }
}

fn rounded(microseconds: f64, cell: Cell<'_>, wanted: &str) -> Result<Interval> {
    // Whole numbers beyond this are not all doubles; a decimal below it is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match cell {
        Cell::Decimal(number) if number.normalize().scale() == 0 => {
            i64::decode(Cell::Decimal(number)).map(Interval::microseconds)
        }
        _ if microseconds.abs() <= EXACT => Ok(Interval::microseconds(microseconds.round() as i64)),
        cell => Err(mismatch(cell, wanted)),
    }
}

/// A length of time without months, in microseconds.
#[allow(dead_code, reason = "the types that ask for it are behind features")]
pub(crate) fn microseconds_of(cell: Cell<'_>, wanted: &str) -> Result<i64> {
    let interval = interval_of(cell, wanted)?;
    interval.total_microseconds().ok_or_else(|| {
        Error::data(format!(
            "the interval of {} months, {} days and {} microseconds cannot be read into `{wanted}`, because months differ in \
             length; read it into `Interval`",
            interval.months, interval.days, interval.microseconds
        ))
    })
}

impl Decode for Interval {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        interval_of(cell, "Interval")
    }
}

impl Decode for std::time::Duration {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let microseconds = microseconds_of(cell, "Duration")?;
        u64::try_from(microseconds).map(Self::from_micros).map_err(|_error| {
            Error::data(format!(
                "the interval of {microseconds} microseconds is below zero, which `Duration` cannot hold"
            ))
        })
    }
}
