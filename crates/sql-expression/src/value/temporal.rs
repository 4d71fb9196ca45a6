//! Dates and times between text and numbers: ISO 8601 in, ISO 8601 out, as SQLite and MySQL spell them.

use crate::{Error, Result};

/// Microseconds in a day.
pub const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar; the month and day count from 1.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    // Years begin in March here, so that a leap day is the last day of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The year, month (1-12) and day (1-31) of days since 1970-01-01.
pub fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// `2024-02-29`.
pub fn format_date(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    if year < 0 {
        format!("-{:04}-{month:02}-{day:02}", -year)
    } else {
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// `13:45:00.000000`: always six digits of fraction, so that text sorts as time does.
pub fn format_time(microseconds: i64) -> String {
    let seconds = microseconds.div_euclid(1_000_000);
    let fraction = microseconds.rem_euclid(1_000_000);
    format!("{:02}:{:02}:{:02}.{fraction:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `2024-02-29 13:45:00.000000`.
pub fn format_datetime(microseconds: i64) -> String {
    let days = microseconds.div_euclid(MICROSECONDS_PER_DAY) as i32;
    format!("{} {}", format_date(days), format_time(microseconds.rem_euclid(MICROSECONDS_PER_DAY)))
}

/// Days since 1970-01-01 of `2024-02-29`; a time after the date is left out.
///
/// # Errors
/// [`ErrorKind::Data`](crate::ErrorKind::Data) when the text is not a date.
pub fn parse_date(text: &str) -> Result<i32> {
    let date = text.split_once([' ', 'T']).map_or(text, |(date, _)| date);
    date_of(date).ok_or_else(|| Error::data(format!("`{text}` is not a date (expected YYYY-MM-DD)")))
}

/// Microseconds since midnight of `13:45`, `13:45:00` or `13:45:00.123456`.
///
/// # Errors
/// [`ErrorKind::Data`](crate::ErrorKind::Data) when the text is not a time.
pub fn parse_time(text: &str) -> Result<i64> {
    time_of(text).ok_or_else(|| Error::data(format!("`{text}` is not a time (expected HH:MM:SS.ffffff)")))
}

/// Microseconds since 1970-01-01 of a date with a time, and the offset from UTC in seconds where one is written.
///
/// # Errors
/// [`ErrorKind::Data`](crate::ErrorKind::Data) when the text is not a date and time.
pub fn parse_datetime(text: &str) -> Result<(i64, Option<i32>)> {
    datetime_of(text).ok_or_else(|| {
        Error::data(format!("`{text}` is not a date and time (expected YYYY-MM-DD HH:MM:SS.ffffff)"))
    })
}

fn datetime_of(text: &str) -> Option<(i64, Option<i32>)> {
    let Some((date, rest)) = text.split_once([' ', 'T']) else {
        return Some((i64::from(date_of(text)?) * MICROSECONDS_PER_DAY, None));
    };
    let (time, offset) = if let Some(time) = rest.strip_suffix(['Z', 'z']) {
        (time, Some(0))
    } else if let Some(at) = rest.rfind(['+', '-']) {
        let sign = if rest[at..].starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = match rest[at + 1..].split_once(':') {
            Some((hours, minutes)) => (hours, minutes),
            None => {
                (rest.get(at + 1..at + 3)?, rest.get(at + 3..).filter(|text| !text.is_empty()).unwrap_or("0"))
            }
        };
        (&rest[..at], Some(sign * (number(hours, 23)? as i32 * 3600 + number(minutes, 59)? as i32 * 60)))
    } else {
        (rest, None)
    };
    Some((i64::from(date_of(date)?) * MICROSECONDS_PER_DAY + time_of(time.trim_end())?, offset))
}

fn date_of(text: &str) -> Option<i32> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = text.splitn(3, '-');
    let year = number(parts.next()?, 999_999)? as i32;
    let month = number(parts.next()?, 12)?;
    let day = number(parts.next()?, 31)?;
    let days = days_from_civil(if negative { -year } else { year }, month.max(1), day.max(1));
    // A day that the month does not have would silently become one of the next month.
    (month > 0 && day > 0 && civil_from_days(days).2 == day).then_some(days)
}

fn time_of(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let hours = number(parts.next()?, 24)?;
    let minutes = number(parts.next()?, 59)?;
    let seconds = parts.next().map_or(Some(0), |text| number(text, 60))?;
    let mut microseconds = 0;
    for place in 0..6 {
        let digit = fraction.as_bytes().get(place).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        microseconds = microseconds * 10 + i64::from(digit - b'0');
    }
    Some((i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds)) * 1_000_000 + microseconds)
}

fn number(text: &str, most: u32) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value| *value <= most)
}
