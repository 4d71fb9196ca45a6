//! Exact decimals: our collation `aludel_decimal`, our aggregates `aludel_sum` and `aludel_avg`, and our functions
//! `aludel_scaled` and `aludel_unscaled` for those that are kept as whole numbers.

use std::cmp::Ordering;

use aludel_sql_expression::value::Decimal;
use rusqlite::{
    Connection, Error, Result,
    functions::{Aggregate, Context, FunctionFlags, WindowAggregate},
    types::ValueRef,
};

/// Makes the collation and the aggregate known to a connection.
///
/// # Errors
/// What SQLite says.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    connection.create_collation("aludel_decimal", compare)?;
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_window_function("aludel_sum", 1, flags, Sum)?;
    connection.create_window_function("aludel_avg", 1, flags, Average)?;
    connection.create_scalar_function("aludel_scaled", 2, flags, scaled)?;
    connection.create_scalar_function("aludel_unscaled", 2, flags, unscaled)
}

/// The whole number that stands for a decimal: `aludel_scaled(19.99, 2)` is 1999.
fn scaled(context: &Context<'_>) -> Result<Option<i64>> {
    let places = context.get::<u16>(1)?;
    number(context)?.map(|number| number.scaled(places).map_err(refused)).transpose()
}

/// The decimal that a whole number stands for, as text: `aludel_unscaled(1999, 2)` is 19.99.
fn unscaled(context: &Context<'_>) -> Result<Option<String>> {
    let places = context.get::<u16>(1)?;
    match context.get_raw(0) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => {
            let number = Decimal::new(i128::from(number), u32::from(places)).map_err(refused)?;
            Ok(Some(number.to_string()))
        }
        _ => Err(refused("what is kept of a decimal here is a whole number")),
    }
}

/// The first argument as a decimal; none for NULL.
fn number(context: &Context<'_>) -> Result<Option<Decimal>> {
    Ok(Some(match context.get_raw(0) {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(number) => Decimal::from(number),
        ValueRef::Real(number) => Decimal::from_f64(number).map_err(refused)?,
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(refused)?;
            text.parse().map_err(refused)?
        }
        ValueRef::Blob(_) => return Err(refused("bytes are not a decimal number")),
    }))
}

/// A decimal number in its parts, without zeros that mean nothing.
#[derive(PartialEq, Eq)]
struct Parts<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Parts<'t> {
    /// The parts of `-12.50`, of any length; none of what is no such number.
    fn of(text: &'t str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // Nothing is below zero that is zero.
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        is_number.then_some(Self { negative, whole, fraction })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let magnitudes = || {
            (self.whole.len().cmp(&other.whole.len()))
                .then_with(|| self.whole.cmp(other.whole))
                .then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitudes(),
            (true, true) => magnitudes().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// Numbers in their order, before texts that are none.
fn compare(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    // SQLite itself writes large and small numbers with an exponent.
    let written = |text: &str| text.parse::<Decimal>().ok().map(|number| number.to_string());
    let (own, others);
    let left_parts = match Parts::of(left) {
        Some(parts) => Some(parts),
        None => {
            own = written(left);
            own.as_deref().and_then(Parts::of)
        }
    };
    let right_parts = match Parts::of(right) {
        Some(parts) => Some(parts),
        None => {
            others = written(right);
            others.as_deref().and_then(Parts::of)
        }
    };
    match (left_parts, right_parts) {
        (Some(left), Some(right)) => left.compare(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

/// The exact sum of decimals; NULL of none, as with `sum`.
struct Sum;

/// What was added, and how many.
type Added = (Decimal, u64);

impl Sum {
    fn add(context: &Context<'_>, added: &mut Added, sign: i8) -> Result<()> {
        let Some(number) = number(context)? else { return Ok(()) };
        let number = if sign < 0 { number.negate() } else { number };
        added.0 = added
            .0
            .checked_add(number)
            .ok_or_else(|| refused("the sum of the decimals has more than 38 digits"))?;
        added.1 = if sign < 0 { added.1.saturating_sub(1) } else { added.1 + 1 };
        Ok(())
    }

    fn shown(added: Option<&Added>) -> Option<String> {
        added.filter(|(_, count)| *count > 0).map(|(sum, _)| sum.to_string())
    }
}

impl Aggregate<Added, Option<String>> for Sum {
    fn init(&self, _: &mut Context<'_>) -> Result<Added> {
        Ok(Added::default())
    }

    fn step(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Self::add(context, added, 1)
    }

    fn finalize(&self, _: &mut Context<'_>, added: Option<Added>) -> Result<Option<String>> {
        Ok(Self::shown(added.as_ref()))
    }
}

impl WindowAggregate<Added, Option<String>> for Sum {
    fn value(&self, added: Option<&mut Added>) -> Result<Option<String>> {
        Ok(Self::shown(added.as_deref()))
    }

    fn inverse(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Self::add(context, added, -1)
    }
}

/// The exact average of decimals, rounded to 16 digits after the point or more; NULL of none, as with `avg`.
struct Average;

impl Average {
    fn shown(added: Option<&Added>) -> Option<String> {
        added.and_then(|(sum, count)| sum.divided_by(*count)).map(|average| average.to_string())
    }
}

impl Aggregate<Added, Option<String>> for Average {
    fn init(&self, _: &mut Context<'_>) -> Result<Added> {
        Ok(Added::default())
    }

    fn step(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Sum::add(context, added, 1)
    }

    fn finalize(&self, _: &mut Context<'_>, added: Option<Added>) -> Result<Option<String>> {
        Ok(Self::shown(added.as_ref()))
    }
}

impl WindowAggregate<Added, Option<String>> for Average {
    fn value(&self, added: Option<&mut Added>) -> Result<Option<String>> {
        Ok(Self::shown(added.as_deref()))
    }

    fn inverse(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Sum::add(context, added, -1)
    }
}

fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::UserFunctionError(error.into())
}
