//! Exact decimals of any length, of `bigdecimal`.

use std::fmt::Write as _;

use bigdecimal_0_4::{BigDecimal, num_bigint::BigInt};

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, mismatch},
    typed::{Sum, arithmetic, column_types},
    types::SqlType,
    value::{Decimal, RangeElement},
};

/// How many zeros are written out; no database takes a number with more.
const MOST_ZEROS: i64 = 200_000;

impl Decode for BigDecimal {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Decimal(number) => {
                Ok(Self::new(BigInt::from(number.mantissa()), i64::from(number.scale())))
            }
            Cell::I64(number) => Ok(number.into()),
            Cell::U64(number) => Ok(number.into()),
            // Doubles go through their first 15 digits, which is what they were made from.
            Cell::F64(_) | Cell::F32(_) => Self::decode(Cell::Decimal(Decimal::decode(cell)?)),
            Cell::Text(text) => {
                text.parse().map_err(|_error| Error::data(format!("`{text}` is not a decimal number")))
            }
            Cell::Other { type_name: "numeric", bytes } => {
                of_wire(bytes).ok_or_else(|| mismatch(cell, "BigDecimal"))
            }
            cell => Err(mismatch(cell, "BigDecimal")),
        }
    }
}

/// PostgreSQL's own form, of a number that has too many digits for the driver's: groups of four digits.
fn of_wire(bytes: &[u8]) -> Option<BigDecimal> {
    let number = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let (count, weight, sign, scale) = (number(0)?, number(2)? as i16, number(4)?, number(6)?);
    let mut digits = String::with_capacity(usize::from(count) * 4 + 1);
    match sign {
        0x0000 => {}
        0x4000 => digits.push('-'),
        // NaN and the infinities.
        _ => return None,
    }
    if count == 0 {
        digits.push('0');
    }
    for group in 0..usize::from(count) {
        write!(digits, "{:04}", number(8 + group * 2)?).ok()?;
    }
    let exponent = (i64::from(weight) + 1 - i64::from(count)) * 4;
    Some(BigDecimal::new(digits.parse().ok()?, -exponent).with_scale(i64::from(scale)))
}

fn value(number: &BigDecimal) -> Value {
    let (mantissa, scale) = number.as_bigint_and_exponent();
    let small = i128::try_from(&mantissa).ok().zip(u32::try_from(scale).ok());
    if let Some(decimal) = small.and_then(|(mantissa, scale)| Decimal::new(mantissa, scale).ok()) {
        return Value::Decimal(decimal);
    }
    let text =
        if scale.abs() > MOST_ZEROS { number.to_scientific_notation() } else { number.to_plain_string() };
    match text.parse() {
        Ok(decimal) => Value::Decimal(decimal),
        Err(_) => Value::Number(text.into()),
    }
}

column_types! {
    BigDecimal: SqlType::Numeric { precision: None, scale: None }, number => value(number);
}

array_elements! { BigDecimal }

impl RangeElement for BigDecimal {}

arithmetic! {
    BigDecimal, BigDecimal => BigDecimal, BigDecimal;
    BigDecimal, i32 => BigDecimal, BigDecimal; i32, BigDecimal => BigDecimal, BigDecimal;
    BigDecimal, i64 => BigDecimal, BigDecimal; i64, BigDecimal => BigDecimal, BigDecimal;
}

#[diagnostic::do_not_recommend]
impl Sum for BigDecimal {
    type Output = Self;
    type Average = Self;
}
