//! [`BitString`]: bits in a row.

use std::{fmt, ops::Deref, str::FromStr};

use super::Value;
use crate::{
    Cell, Decode, Error, Result,
    decode::mismatch,
    typed::column_types,
    types::{BitVarying, SqlType},
};

/// Bits in a row, the first one first: a bit string of PostgreSQL, and text of zeros and ones elsewhere.
///
/// # Examples
/// ```
/// use aludel_sql_expression::value::BitString;
///
/// let bits: BitString = "0110".parse()?;
/// assert_eq!(bits[..], [false, true, true, false]);
/// assert_eq!(bits.iter().map(|bit| !bit).collect::<BitString>().to_string(), "1001");
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BitString(Vec<bool>);

impl Deref for BitString {
    type Target = [bool];

    fn deref(&self) -> &[bool] {
        &self.0
    }
}

impl FromIterator<bool> for BitString {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        Self(bits.into_iter().collect())
    }
}

impl fmt::Display for BitString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.0.iter().map(|bit| if *bit { '1' } else { '0' }).collect();
        formatter.pad(&text)
    }
}

impl FromStr for BitString {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bits = text.chars().map(|digit| match digit {
            '0' => Ok(false),
            '1' => Ok(true),
            _ => {
                Err(Error::data(format!("`{text}` is not a row of bits, which is written in zeros and ones")))
            }
        });
        bits.collect()
    }
}

impl Decode for BitString {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) => text.parse(),
            Cell::Other { type_name: "bit" | "varbit", bytes: [a, b, c, d, bytes @ ..] } => {
                let count = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                let bits = bytes.iter().flat_map(|byte| (0..8).map(move |place| byte & (0x80 >> place) != 0));
                let bits: Self = bits.take(count).collect();
                if bits.len() == count { Ok(bits) } else { Err(mismatch(cell, "BitString")) }
            }
            cell => Err(mismatch(cell, "BitString")),
        }
    }
}

column_types! {
    BitString: SqlType::from(BitVarying(None)), value => Value::Text(value.to_string().into());
}
