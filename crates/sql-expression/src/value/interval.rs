//! [`Interval`]: a length of time.

use std::ops;

use super::temporal::MICROSECONDS_PER_DAY;

/// A length of time: months, days and microseconds, which do not make up each other. Counterpart of SQLAlchemy's `Interval`.
///
/// PostgreSQL keeps the three apart. The other databases keep microseconds: a day has 24 hours there, and months are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Interval {
    /// Months of the calendar.
    pub months: i32,
    /// Days of the calendar.
    pub days: i32,
    /// Microseconds.
    pub microseconds: i64,
}

impl Interval {
    /// What stands for a length of time that is too long to be counted: no database takes it.
    pub(crate) const TOO_LONG: Self = Self { months: i32::MAX, days: i32::MAX, microseconds: i64::MAX };

    /// So many years.
    pub const fn years(years: i32) -> Self {
        Self::months(years.saturating_mul(12))
    }

    /// So many months.
    pub const fn months(months: i32) -> Self {
        Self { months, days: 0, microseconds: 0 }
    }

    /// So many weeks.
    pub const fn weeks(weeks: i32) -> Self {
        Self::days(weeks.saturating_mul(7))
    }

    /// So many days.
    pub const fn days(days: i32) -> Self {
        Self { months: 0, days, microseconds: 0 }
    }

    /// So many hours.
    pub const fn hours(hours: i64) -> Self {
        Self::seconds(hours.saturating_mul(3600))
    }

    /// So many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// So many seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self::microseconds(seconds.saturating_mul(1_000_000))
    }

    /// So many microseconds. SQLite reckons with no less than milliseconds.
    pub const fn microseconds(microseconds: i64) -> Self {
        Self { months: 0, days: 0, microseconds }
    }

    /// The whole length in microseconds, where no months are in it: a day has 24 hours.
    pub fn total_microseconds(&self) -> Option<i64> {
        let days = i64::from(self.days).checked_mul(MICROSECONDS_PER_DAY)?;
        if self.months == 0 { days.checked_add(self.microseconds) } else { None }
    }

    /// Whether it is too long for any database.
    #[doc(hidden)]
    pub fn is_too_long(&self) -> bool {
        *self == Self::TOO_LONG
    }
}

impl ops::Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            months: self.months.saturating_add(other.months),
            days: self.days.saturating_add(other.days),
            microseconds: self.microseconds.saturating_add(other.microseconds),
        }
    }
}

impl ops::Neg for Interval {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            months: self.months.saturating_neg(),
            days: self.days.saturating_neg(),
            microseconds: self.microseconds.saturating_neg(),
        }
    }
}
