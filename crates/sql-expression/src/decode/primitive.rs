//! [`Decode`] for the types of the standard library, for [`Value`] and for [`Decimal`].

use super::{Decode, mismatch};
use crate::{
    Cell, Error, Result, Row,
    types::SqlType,
    value::{ArrayValue, Decimal, Value, range_text},
};

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl Decode for $type {
            #[inline]
            fn decode(cell: Cell<'_>) -> Result<Self> {
                match cell {
                    Cell::I64(number) => $type::try_from(number).map_err(|_| out_of_range(number, stringify!($type))),
                    Cell::U64(number) => $type::try_from(number).map_err(|_| out_of_range(number, stringify!($type))),
                    Cell::Bool(flag) => Ok($type::from(flag)),
                    // SUM over integers is a decimal on PostgreSQL and MySQL.
                    Cell::Decimal(number) if number.normalize().scale() == 0 => $type::try_from(number.normalize().mantissa())
                        .map_err(|_| out_of_range(number, stringify!($type))),
                    cell => Err(mismatch(cell, stringify!($type))),
                }
            }

            #[inline]
            fn decode_directly(row: &dyn Row, position: usize) -> Option<Self> {
                $type::try_from(row.integer(position)?).ok()
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

#[cold]
fn out_of_range(number: impl std::fmt::Display, wanted: &str) -> Error {
    Error::data(format!("the number {number} is out of the range of `{wanted}`"))
}

impl Decode for bool {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bool(flag) => Ok(flag),
            Cell::I64(0) | Cell::U64(0) => Ok(false),
            Cell::I64(1) | Cell::U64(1) => Ok(true),
            Cell::I64(number) => Err(Error::data(format!("{number} is not a truth value (0 or 1)"))),
            Cell::Bytes([byte @ (0 | 1)]) => Ok(*byte == 1),
            cell => Err(mismatch(cell, "bool")),
        }
    }
}

impl Decode for f64 {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::F64(number) => Ok(number),
            Cell::F32(number) => Ok(f64::from(number)),
            Cell::I64(number) => Ok(number as f64),
            Cell::U64(number) => Ok(number as f64),
            Cell::Decimal(number) => Ok(number.to_f64()),
            cell => Err(mismatch(cell, "f64")),
        }
    }

    #[inline]
    fn decode_directly(row: &dyn Row, position: usize) -> Option<Self> {
        row.float(position)
    }
}

impl Decode for f32 {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::F32(number) => Ok(number),
            cell => f64::decode(cell).map(|number| number as f32),
        }
    }
}

impl Decode for Decimal {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Decimal(number) => Ok(number),
            Cell::I64(number) => Ok(number.into()),
            Cell::U64(number) => Decimal::new(i128::from(number), 0),
            Cell::F64(number) => Decimal::from_f64(number),
            Cell::F32(number) => Decimal::from_f64(f64::from(number)),
            Cell::Text(text) => text.parse(),
            cell => Err(mismatch(cell, "Decimal")),
        }
    }
}

impl Decode for String {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) | Cell::Json(text) => Ok(text.to_owned()),
            cell => Err(mismatch(cell, "String")),
        }
    }

    #[inline]
    fn decode_directly(row: &dyn Row, position: usize) -> Option<Self> {
        row.text(position).map(str::to_owned)
    }
}

impl Decode for Box<str> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        String::decode(cell).map(String::into_boxed_str)
    }
}

impl Decode for Vec<u8> {
    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bytes(bytes) => Ok(bytes.to_vec()),
            cell => Err(mismatch(cell, "Vec<u8>")),
        }
    }
}

impl Decode for Value {
    const ACCEPTS_NULL: bool = true;

    fn decode(cell: Cell<'_>) -> Result<Self> {
        Ok(match cell {
            Cell::Null => Self::Null,
            Cell::Bool(flag) => Self::Bool(flag),
            Cell::I64(number) => Self::I64(number),
            Cell::U64(number) => i64::try_from(number).map_or(Self::U64(number), Self::I64),
            Cell::F32(number) => Self::F32(number),
            Cell::F64(number) => Self::F64(number),
            Cell::Decimal(number) => Self::Decimal(number),
            Cell::Text(text) => Self::Text(text.into()),
            Cell::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Cell::Uuid(bytes) => Self::Uuid(bytes),
            Cell::Date(days) => Self::Date(days),
            Cell::Time(microseconds) => Self::Time(microseconds),
            Cell::DateTime(microseconds) => Self::DateTime(microseconds),
            Cell::Instant(microseconds) => Self::Instant(microseconds),
            Cell::Interval(interval) => Self::Interval(interval),
            Cell::Json(text) => Self::Json(text.into()),
            Cell::Array(array) => {
                let mut values = Vec::new();
                array.elements(&mut |cell| {
                    values.push(Self::decode(cell)?);
                    Ok(())
                })?;
                Self::Array(Box::new(ArrayValue { element: SqlType::Unknown, values: values.into() }))
            }
            Cell::Range(range) => Self::Text(range_text(range)?.into()),
            cell @ Cell::Other { .. } => return Err(mismatch(cell, "Value")),
        })
    }
}
