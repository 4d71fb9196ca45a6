//! [`Decimal`]: the exact decimal number that drivers exchange.

use std::{cmp::Ordering, fmt, str::FromStr};

use crate::{Error, Result};

/// An exact decimal number of up to 38 digits: a whole number divided by a power of ten.
///
/// It carries values between drivers and Rust types; calculate with `rust_decimal` (feature `rust_decimal-1`).
/// Numbers that are equal compare equal whatever their scale: `1.50 == 1.5`.
#[derive(Clone, Copy, Default)]
pub struct Decimal {
    // Two halves instead of an `i128` keep the alignment at 8, and so `Value` and `Cell` small.
    high: i64,
    low: u64,
    scale: u8,
}

/// The most digits a [`Decimal`] holds.
const DIGITS: u32 = 38;

impl Decimal {
    /// The number `mantissa / 10^scale`.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when there are more than 38 digits, before or after the point.
    pub fn new(mantissa: i128, scale: u32) -> Result<Self> {
        if scale > DIGITS || mantissa.unsigned_abs() >= 10_u128.pow(DIGITS) {
            return Err(Error::data(format!(
                "the decimal {mantissa}e-{scale} has more than {DIGITS} digits"
            )));
        }
        let scale =
            u8::try_from(scale).map_err(|_error| Error::data("the scale of a decimal is at most 38"))?;
        Ok(Self { high: (mantissa >> 64) as i64, low: mantissa as u64, scale })
    }

    /// The whole number that is divided.
    pub fn mantissa(&self) -> i128 {
        (i128::from(self.high) << 64) | i128::from(self.low)
    }

    /// How many digits stand after the point.
    pub fn scale(&self) -> u32 {
        u32::from(self.scale)
    }

    /// The nearest double-precision number.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The decimal that a floating-point number most likely stands for: its first 15 significant digits.
    ///
    /// SQLite keeps decimals as doubles; 15 digits come back from one exactly as they went in.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for infinities, NaN and what needs more than 38 digits.
    pub fn from_f64(number: f64) -> Result<Self> {
        if !number.is_finite() {
            return Err(Error::data(format!("{number} is not a decimal number")));
        }
        format!("{number:.14e}").parse::<Self>().map(Self::normalize)
    }

    /// The sum of both; none where it has more than 38 digits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale().max(other.scale());
        let raised =
            |number: Self| number.mantissa().checked_mul(10_i128.checked_pow(scale - number.scale())?);
        let sum = |left: Self, right: Self| raised(left)?.checked_add(raised(right)?);
        Self::new(sum(self, other)?, scale).ok()
    }

    /// The same number of the other sign.
    #[must_use]
    pub fn negate(self) -> Self {
        // As many digits as before.
        Self::new(-self.mantissa(), self.scale()).unwrap_or(self)
    }

    /// The whole number that stands for it where so many digits after the point are kept: 1999 for 19.99 and 2.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when it has more digits after the point, or more than 18 in all.
    pub fn scaled(self, places: u16) -> Result<i64> {
        let normal = self.normalize();
        let Some(more) = u32::from(places).checked_sub(normal.scale()) else {
            return Err(Error::data(format!(
                "the decimal {self} has {} digits after the point, and only {places} are kept: round it",
                normal.scale()
            )));
        };
        let scaled = 10_i128.checked_pow(more).and_then(|power| normal.mantissa().checked_mul(power));
        scaled.filter(|scaled| scaled.unsigned_abs() < 10_u128.pow(18)).map(|scaled| scaled as i64).ok_or_else(
            || {
                Error::data(format!(
                    "the decimal {self} does not fit: with {places} digits after the point, {} before it are kept",
                    18_u16.saturating_sub(places)
                ))
            },
        )
    }

    /// The number divided by a count, rounded to 16 digits after the point, or to as many as it has if these are more, and to
    /// fewer where there is no room for them. None for a count of 0.
    #[must_use]
    pub fn divided_by(self, count: u64) -> Option<Self> {
        let count = i128::from(count);
        let wanted = self.scale().max(16);
        // What more than the wanted digits is needed to round by.
        let (mut mantissa, mut scale) = (self.mantissa(), self.scale());
        while scale < wanted {
            match mantissa.checked_mul(10).filter(|raised| raised.unsigned_abs() < 10_u128.pow(DIGITS)) {
                Some(raised) => (mantissa, scale) = (raised, scale + 1),
                None => break,
            }
        }
        let quotient = mantissa.checked_div(count)?;
        let rest = (mantissa % count).unsigned_abs();
        let rounded = if rest * 2 >= count.unsigned_abs() { quotient + mantissa.signum() } else { quotient };
        Self::new(rounded, scale).ok().map(Self::normalize)
    }

    /// The same number without zeros at its end.
    #[must_use]
    pub fn normalize(self) -> Self {
        let (mut mantissa, mut scale) = (self.mantissa(), self.scale());
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self::new(mantissa, scale).unwrap_or(self)
    }
}

impl FromStr for Decimal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::data(format!("`{text}` is not a decimal number of at most {DIGITS} digits"));
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_error| invalid())?),
            None => (text, 0),
        };
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, mut fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() > DIGITS as usize {
            // Some databases give all the zeros that there is room for.
            fraction = fraction.trim_end_matches('0');
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let mut mantissa: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(invalid());
            }
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|value| value.checked_add(i128::from(digit - b'0')))
                .ok_or_else(invalid)?;
        }
        let mut scale = i32::try_from(fraction.len())
            .map_err(|_error| invalid())?
            .checked_sub(exponent)
            .ok_or_else(invalid)?;
        while scale > DIGITS as i32 && mantissa % 10 == 0 && mantissa != 0 {
            mantissa /= 10;
            scale -= 1;
        }
        while scale < 0 {
            mantissa = mantissa
                .checked_mul(10)
                .filter(|value| value.unsigned_abs() < 10_u128.pow(DIGITS))
                .ok_or_else(invalid)?;
            scale += 1;
        }
        if mantissa == 0 {
            scale = scale.min(DIGITS as i32);
        }
        Self::new(if negative { -mantissa } else { mantissa }, scale as u32).map_err(|_error| invalid())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = self.mantissa().unsigned_abs().to_string();
        let scale = self.scale() as usize;
        if digits.len() <= scale {
            digits.insert_str(0, &"0".repeat(scale + 1 - digits.len()));
        }
        if scale > 0 {
            digits.insert(digits.len() - scale, '.');
        }
        formatter.pad_integral(self.mantissa() >= 0, "", &digits)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self { high: if number < 0 { -1 } else { 0 }, low: number as u64, scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.normalize(), other.normalize());
        let scale = left.scale().max(right.scale());
        let raised = |decimal: &Self| decimal.mantissa().checked_mul(10_i128.pow(scale - decimal.scale()));
        match (raised(&left), raised(&right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Only a number far from zero overflows, and it is the larger in its direction.
            (None, Some(_)) => left.mantissa().cmp(&0),
            (Some(_), None) => 0.cmp(&right.mantissa()),
            (None, None) => left.mantissa().cmp(&right.mantissa()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl std::hash::Hash for Decimal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let number = self.normalize();
        (number.high, number.low, number.scale).hash(state);
    }
}
