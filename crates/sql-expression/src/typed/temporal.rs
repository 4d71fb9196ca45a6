//! Dates and times: their parts, and what is reckoned with them.

use super::{ColumnType, Expression, IntoNode, functions::Typed};
use crate::{
    expression::{Construct, DateField, DateUnit, Node},
    value::Interval,
};

/// A Rust type that is a date, a time, or both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no date or time",
    label = "this holds `{Self}`",
    note = "the types of chrono, time and jiff are, with the features `chrono-0_4`, `time-0_3` and `jiff-0_2`; of an untyped column say it by `.of::<NaiveDateTime>()`"
)]
pub trait Temporal: ColumnType<Base = Self> {}

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

/// A date or time so much later. Where the day is not in the month that comes out, it is the last one of that month; SQLite
/// before version 3.46 gives a day of the next.
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
