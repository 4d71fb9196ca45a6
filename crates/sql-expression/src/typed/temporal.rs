//! Dates and times: their parts, and what is reckoned with them.

use std::ops;

use super::{ColumnType, Expression, IntoNode, functions::Typed};
use crate::expression::{Construct, DateField, DateUnit, Node};

/// A Rust type that is a date, a time, or both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no date or time",
    note = "chrono's types are, with the feature `chrono-0_4`; of an untyped column say it by `.of::<NaiveDateTime>()`"
)]
pub trait Temporal: ColumnType<Base = Self> {}

/// A length of time: months, days and microseconds, which do not make up each other. Counterpart of SQLAlchemy's `Interval`.
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

/// A part of a date or time, as a whole number, and the same on every database.
///
/// # Examples
/// ```
/// # #[cfg(feature = "chrono-0_4")] {
/// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
/// use aludel_sql_expression::{expression::DateField, typed::extract};
/// # use chrono_0_4 as chrono;
///
/// # let event = Table::unregistered("event").column(Column::new("at", DateTime));
/// let year = extract(DateField::Year, event.c("at").of::<chrono::NaiveDateTime>());
/// assert_eq!(
///     select(year).to_sql(&PostgresDialect::default())?,
///     "SELECT CAST(EXTRACT(YEAR FROM event.at) AS BIGINT) FROM event"
/// );
/// # }
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn extract<T: ColumnType>(field: DateField, moment: impl Typed<T>) -> Expression<T::Like<i64>>
where
    T::Base: Temporal,
{
    Expression::new(Node::construct(Construct::Extract(field), vec![moment.into_typed()]))
}

/// A date or time so much later. Where the day is not in the month that comes out, the databases differ.
///
/// SQLite keeps milliseconds.
pub fn date_add<T: ColumnType>(moment: impl Typed<T>, interval: Interval) -> Expression<T>
where
    T::Base: Temporal,
{
    let operands = vec![
        moment.into_typed(),
        i64::from(interval.months).into_node(),
        i64::from(interval.days).into_node(),
        interval.microseconds.into_node(),
    ];
    Expression::new(Node::construct(Construct::Later(T::sql_type()), operands))
}

/// A date or time so much earlier.
pub fn date_sub<T: ColumnType>(moment: impl Typed<T>, interval: Interval) -> Expression<T>
where
    T::Base: Temporal,
{
    date_add(moment, -interval)
}

/// The days of the calendar from one date to a later one; below zero where it is earlier.
pub fn days_between<T: ColumnType, U: ColumnType>(
    earlier: impl Typed<T>,
    later: impl Typed<U>,
) -> Expression<T::Like<i64>>
where
    T::Base: Temporal,
    U::Base: Temporal,
{
    between(DateUnit::Days, earlier.into_typed(), later.into_typed())
}

/// The whole seconds from one moment to a later one; below zero where it is earlier.
pub fn seconds_between<T: ColumnType, U: ColumnType>(
    earlier: impl Typed<T>,
    later: impl Typed<U>,
) -> Expression<T::Like<i64>>
where
    T::Base: Temporal,
    U::Base: Temporal,
{
    between(DateUnit::Seconds, earlier.into_typed(), later.into_typed())
}

fn between<T>(unit: DateUnit, earlier: Node, later: Node) -> Expression<T> {
    Expression::new(Node::construct(Construct::Between(unit), vec![later, earlier]))
}

/// The present date or time, as the database's clock says: of the transaction on PostgreSQL, of the statement elsewhere.
#[must_use]
pub fn now<T: Temporal>() -> Expression<T> {
    Expression::new(Node::construct(Construct::Now(T::sql_type()), Vec::new()))
}
