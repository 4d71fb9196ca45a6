//! [`Fit`]: values that a column does not take are found before anything is sent.

use super::key::Slot;
use crate::{
    Error, Result, Value,
    dialect::{Features, IntegerSizes},
    types::SqlType,
};

/// What a column takes, where the database has bounds that a value of ours can be beyond.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// The value's place: in a row, or among the slots.
    place: usize,
    column: Box<str>,
    bound: Bound,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    /// Whole numbers from one to another.
    Integer(i128, i128),
    /// Numbers, but not NaN.
    Number,
    /// Numbers, but neither NaN nor infinity.
    Finite,
}

impl Fit {
    /// The bounds of a column; none where it has none.
    pub(super) fn of(place: usize, column: &str, sql_type: &SqlType, features: &Features) -> Option<Self> {
        let bound = match sql_type {
            SqlType::Float | SqlType::Double if !features.infinity => Bound::Finite,
            SqlType::Float | SqlType::Double if !features.not_a_number => Bound::Number,
            sql_type => integer_bound(sql_type, features.integer_sizes)?,
        };
        Some(Self { place, column: column.into(), bound })
    }

    /// Checks a row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) with the column's name.
    pub(super) fn check_row(fits: &[Self], row: &[Value]) -> Result<()> {
        fits.iter().try_for_each(|fit| row.get(fit.place).map_or(Ok(()), |value| fit.check(value)))
    }

    /// Checks values that stand in the text.
    ///
    /// # Errors
    /// As [`Fit::check_row`].
    pub(super) fn check_slots(fits: &[Self], slots: &[Slot<'_>]) -> Result<()> {
        fits.iter().try_for_each(|fit| match slots.get(fit.place) {
            Some(Slot::Value(value)) => fit.check(value),
            _ => Ok(()),
        })
    }

    fn check(&self, value: &Value) -> Result<()> {
        let number = match value {
            Value::I64(number) => i128::from(*number),
            Value::U64(number) => i128::from(*number),
            Value::F32(number) => return self.check_float(f64::from(*number)),
            Value::F64(number) => return self.check_float(*number),
            _ => return Ok(()),
        };
        match self.bound {
            Bound::Integer(least, most) if number < least || number > most => Err(Error::data(format!(
                "the number {number} does not fit into the column `{}`, which takes {least} to {most}",
                self.column
            ))),
            _ => Ok(()),
        }
    }

    fn check_float(&self, number: f64) -> Result<()> {
        let fits = match self.bound {
            Bound::Integer(..) => true,
            Bound::Number => !number.is_nan(),
            Bound::Finite => number.is_finite(),
        };
        if fits {
            return Ok(());
        }
        Err(Error::data(format!(
            "the column `{}` cannot hold {number}: the database has no such number; use NULL",
            self.column
        )))
    }
}

fn integer_bound(sql_type: &SqlType, sizes: IntegerSizes) -> Option<Bound> {
    let signed = |bits: u32| Some(Bound::Integer(-(1 << (bits - 1)), (1 << (bits - 1)) - 1));
    let unsigned = |bits: u32| Some(Bound::Integer(0, (1 << bits) - 1));
    match (sizes, sql_type) {
        (
            IntegerSizes::One,
            SqlType::TinyInteger
            | SqlType::SmallInteger
            | SqlType::Integer
            | SqlType::BigInteger
            | SqlType::UnsignedTinyInteger
            | SqlType::UnsignedSmallInteger
            | SqlType::UnsignedInteger
            | SqlType::UnsignedBigInteger,
        ) => signed(64),
        (_, SqlType::SmallInteger) => signed(16),
        (_, SqlType::Integer) => signed(32),
        (_, SqlType::BigInteger) => signed(64),
        (IntegerSizes::Signed, SqlType::TinyInteger | SqlType::UnsignedTinyInteger) => signed(16),
        (IntegerSizes::Signed, SqlType::UnsignedSmallInteger) => signed(32),
        (IntegerSizes::Signed, SqlType::UnsignedInteger | SqlType::UnsignedBigInteger) => signed(64),
        (IntegerSizes::All, SqlType::TinyInteger) => signed(8),
        (IntegerSizes::All, SqlType::UnsignedTinyInteger) => unsigned(8),
        (IntegerSizes::All, SqlType::UnsignedSmallInteger) => unsigned(16),
        (IntegerSizes::All, SqlType::UnsignedInteger) => unsigned(32),
        (IntegerSizes::All, SqlType::UnsignedBigInteger) => unsigned(64),
        _ => None,
    }
}
