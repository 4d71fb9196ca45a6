//! Exact decimals of `rust_decimal`.

use rust_decimal_1::Decimal;

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, mismatch},
    typed::{Sum, arithmetic, column_types},
    types::SqlType,
    value,
};

impl TryFrom<value::Decimal> for Decimal {
    type Error = Error;

    /// Fails for what has more than 28 digits after the point, or does not fit into 96 bits.
    fn try_from(number: value::Decimal) -> Result<Self> {
        // Zeros at the end may be all that does not fit.
        [number, number.normalize()]
            .iter()
            .find_map(|number| Self::try_from_i128_with_scale(number.mantissa(), number.scale()).ok())
            .ok_or_else(|| {
                Error::data(format!(
                    "the decimal {number} has more digits than `rust_decimal::Decimal` holds"
                ))
            })
    }
}

impl From<Decimal> for value::Decimal {
    fn from(number: Decimal) -> Self {
        // 96 bits and a scale of at most 28 always fit.
        Self::new(number.mantissa(), number.scale()).unwrap_or_default()
    }
}

impl Decode for Decimal {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Null => Err(mismatch(cell, "Decimal")),
            Cell::I64(number) => Ok(number.into()),
            Cell::U64(number) => Ok(number.into()),
            // Doubles go through their first 15 digits, which is what they were made from.
            cell => value::Decimal::decode(cell)?.try_into(),
        }
    }
}

column_types! {
    Decimal: SqlType::Numeric { precision: None, scale: None }, value => Value::Decimal((*value).into());
}

array_elements! { Decimal }

impl value::RangeElement for Decimal {}

arithmetic! {
    Decimal, Decimal => Decimal, Decimal;
    Decimal, i32 => Decimal, Decimal; i32, Decimal => Decimal, Decimal;
    Decimal, i64 => Decimal, Decimal; i64, Decimal => Decimal, Decimal;
}

#[diagnostic::do_not_recommend]
impl Sum for Decimal {
    type Output = Self;
    type Average = Self;
}
