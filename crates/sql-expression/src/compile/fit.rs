//! [`Fit`]: values that a column does not take are found before anything is sent.

use super::key::Slot;
use crate::{
    Error, Result, Value,
    dialect::{Dialect, IntegerSizes},
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
    /// Whole numbers of 64 bits with a sign: what an `i64` holds needs no look.
    Long,
    /// Numbers, but not NaN.
    Number,
    /// Numbers, but neither NaN nor infinity.
    Finite,
}

impl Fit {
    /// The bounds of a column; none where it has none.
    pub(super) fn of(place: usize, column: &str, sql_type: &SqlType, dialect: &dyn Dialect) -> Option<Self> {
        let features = dialect.features();
        // What SQL makes of a value may be another one.
        if sql_type.bind_template(dialect.name()).is_some() {
            return None;
        }
        let bound = match sql_type.plain(dialect.name()) {
            SqlType::Float | SqlType::Double if !features.infinity => Bound::Finite,
            SqlType::Float | SqlType::Double if !features.not_a_number => Bound::Number,
            SqlType::ScaledInteger(scale) if features.scaled_integers => {
                // What is kept has 18 digits.
                let unit = 10_i128.checked_pow(u32::from(*scale)).unwrap_or(i128::MAX);
                let most = (10_i128.pow(18) - 1) / unit;
                Bound::Integer(-most, most)
            }
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

    /// Checks the value at a place of a row. The bounds are in the order of their places.
    ///
    /// # Errors
    /// As [`Fit::check_row`].
    #[inline]
    pub(super) fn check_place(fits: &[Self], place: usize, value: &Value) -> Result<()> {
        let found = fits.binary_search_by_key(&place, |fit| fit.place);
        found.map_or(Ok(()), |number| fits[number].check(value))
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

    #[inline]
    fn check(&self, value: &Value) -> Result<()> {
        match (self.bound, value) {
            (Bound::Long, Value::U64(number)) if i64::try_from(*number).is_err() => {
                self.check_integer(i128::from(*number), i128::from(i64::MIN), i128::from(i64::MAX))
            }
            (Bound::Integer(least, most), Value::I64(number)) => {
                self.check_integer(i128::from(*number), least, most)
            }
            (Bound::Integer(least, most), Value::U64(number)) => {
                self.check_integer(i128::from(*number), least, most)
            }
            (Bound::Number | Bound::Finite, Value::F32(number)) => self.check_float(f64::from(*number)),
            (Bound::Number | Bound::Finite, Value::F64(number)) => self.check_float(*number),
            _ => Ok(()),
        }
    }

    fn check_integer(&self, number: i128, least: i128, most: i128) -> Result<()> {
        if number >= least && number <= most {
            return Ok(());
        }
        Err(Error::data(format!(
            "the number {number} does not fit into the column `{}`, which takes {least} to {most}",
            self.column
        )))
    }

    fn check_float(&self, number: f64) -> Result<()> {
        let fits = match self.bound {
            Bound::Integer(..) | Bound::Long => true,
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
    let signed = |bits: u32| match bits {
        64 => Some(Bound::Long),
        bits => Some(Bound::Integer(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
    };
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
