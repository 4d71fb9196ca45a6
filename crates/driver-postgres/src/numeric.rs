//! Exact decimals on the wire: groups of four digits.

use aludel_sql_expression::{Error, Result, value::Decimal};
use bytes::{BufMut, BytesMut};

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// The most decimal digits, and with them the largest scale, of a [`Decimal`].
const DIGITS: i32 = 38;

/// Writes a decimal.
pub(crate) fn encode(number: Decimal, out: &mut BytesMut) {
    let scale = number.scale();
    let unit = 10_u128.pow(scale);
    let magnitude = number.mantissa().unsigned_abs();
    let (mut whole, mut fraction) = (magnitude / unit, magnitude % unit);

    // At most ten groups stand before the point and ten behind it.
    let mut groups = [0_u16; 20];
    let mut first = 10;
    while whole > 0 {
        first -= 1;
        groups[first] = (whole % 10_000) as u16;
        whole /= 10_000;
    }
    let mut end = 10;
    let mut left = scale;
    while fraction > 0 {
        if left >= 4 {
            left -= 4;
            let unit = 10_u128.pow(left);
            groups[end] = (fraction / unit) as u16;
            fraction %= unit;
        } else {
            groups[end] = (fraction * 10_u128.pow(4 - left)) as u16;
            fraction = 0;
        }
        end += 1;
    }
    while first < end && groups[first] == 0 {
        first += 1;
    }
    while first < end && groups[end - 1] == 0 {
        end -= 1;
    }

    let weight = if first == end { 0 } else { 9 - first as i16 };
    out.put_u16((end - first) as u16);
    out.put_i16(weight);
    out.put_u16(if number.mantissa() < 0 { NEGATIVE } else { POSITIVE });
    out.put_u16(scale as u16);
    for group in &groups[first..end] {
        out.put_u16(*group);
    }
}

/// Reads a decimal.
///
/// # Errors
/// `Data` for NaN, infinities and numbers of more than 38 digits.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decimal> {
    let number = |at: usize| bytes.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (Some(count), Some(weight), Some(sign), Some(shown)) = (number(0), number(2), number(4), number(6))
    else {
        return Err(Error::data("a numeric value of the server is too short"));
    };
    match sign {
        POSITIVE | NEGATIVE => {}
        NOT_A_NUMBER => return Err(not_finite("NaN")),
        INFINITY => return Err(not_finite("infinity")),
        NEGATIVE_INFINITY => return Err(not_finite("-infinity")),
        _ => return Err(Error::data("a numeric value of the server has an unknown sign")),
    }
    let groups = &bytes[8..];
    if groups.len() != usize::from(count) * 2 {
        return Err(Error::data("a numeric value of the server has a wrong length"));
    }

    let mut mantissa: i128 = 0;
    // The power of ten that the mantissa is multiplied by.
    let mut exponent = (i32::from(weight as i16) - i32::from(count) + 1) * 4;
    for (position, pair) in groups.chunks_exact(2).enumerate() {
        let mut group = i128::from(u16::from_be_bytes([pair[0], pair[1]]));
        let mut factor = 10_000;
        if position + 1 == usize::from(count) {
            // Zeros at the end only fill the last group; with them a number of 38 digits would not fit.
            while factor > 1 && group % 10 == 0 {
                (group, factor, exponent) = (group / 10, factor / 10, exponent + 1);
            }
        }
        mantissa =
            mantissa.checked_mul(factor).and_then(|value| value.checked_add(group)).ok_or_else(too_long)?;
    }
    if count == 0 {
        exponent = 0;
    }

    // The server says how many digits it shows behind the point: zeros among them are kept where they fit.
    let wanted = i32::from(shown).min(DIGITS);
    let mut scale = -exponent;
    while scale < wanted {
        match mantissa.checked_mul(10).filter(|value| value.unsigned_abs() < 10_u128.pow(DIGITS as u32)) {
            Some(value) => (mantissa, scale) = (value, scale + 1),
            None if scale < 0 => return Err(too_long()),
            None => break,
        }
    }
    let scale = u32::try_from(scale).map_err(|_error| too_long())?;
    Decimal::new(if sign == NEGATIVE { -mantissa } else { mantissa }, scale).map_err(|_error| too_long())
}

#[cold]
fn not_finite(what: &str) -> Error {
    Error::data(format!(
        "the numeric value {what} is not a decimal number; select it as double precision or text"
    ))
}

#[cold]
fn too_long() -> Error {
    Error::data(format!("a numeric value has more than {DIGITS} digits; select it rounded, or as text"))
}
