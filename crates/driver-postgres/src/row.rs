//! [`PostgresRow`]: the server's bytes as cells, without copying them.

use std::error::Error as StdError;

use aludel_driver::{Cell, Row, from_utf8};
use aludel_sql_expression::{Error, NestedCell, Result, value::Interval};
use postgres_types::{FromSql, Kind, Type};

use crate::{
    nested::Element,
    numeric,
    parameter::{EPOCH_DAYS, EPOCH_MICROSECONDS},
};

/// How the bytes of one column are read, found out once for a statement.
#[derive(Debug)]
pub(crate) enum Decoder {
    Bool,
    Int2,
    Int4,
    Int8,
    /// 32 bits without a sign.
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    /// Text behind a byte that tells the format's version.
    VersionedText,
    Json,
    /// JSON behind a byte that tells the format's version.
    Jsonb,
    Bytes,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    /// A list, with what each of its elements is.
    Array(Box<Element>),
    /// From one bound to another, with what each bound is.
    Range(Box<Element>),
    /// A list of ranges, with what each range is.
    Multirange(Box<Element>),
    /// The bytes as they come.
    Other,
}

impl Decoder {
    /// The decoder of a column's type.
    pub(crate) fn of(kind: &Type) -> Self {
        match kind.kind() {
            Kind::Domain(base) => return Self::of(base),
            Kind::Enum(_) => return Self::Text,
            Kind::Array(element) => return Self::Array(Box::new(Element::of(element))),
            Kind::Range(bound) => return Self::Range(Box::new(Element::of(bound))),
            Kind::Multirange(bound) => return Self::Multirange(Box::new(Element::of_multirange(bound))),
            Kind::Composite(_) => return Self::Other,
            _ => {}
        }
        match *kind {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::OID
            | Type::XID
            | Type::CID
            | Type::REGPROC
            | Type::REGPROCEDURE
            | Type::REGOPER
            | Type::REGOPERATOR
            | Type::REGCLASS
            | Type::REGTYPE
            | Type::REGROLE
            | Type::REGNAMESPACE
            | Type::REGCOLLATION
            | Type::REGCONFIG
            | Type::REGDICTIONARY => Self::Oid,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::CHAR
            | Type::UNKNOWN
            | Type::XML
            | Type::CSTRING
            | Type::VOID => Self::Text,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::JSONPATH => Self::VersionedText,
            Type::BYTEA => Self::Bytes,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            Type::INTERVAL => Self::Interval,
            _ => match kind.name() {
                "citext" => Self::Text,
                "ltree" | "lquery" | "ltxtquery" => Self::VersionedText,
                _ => Self::Other,
            },
        }
    }

    /// The cell of these bytes.
    #[inline]
    pub(crate) fn cell<'row>(&'row self, bytes: &'row [u8], kind: &'row Type) -> Result<Cell<'row>> {
        Ok(match self {
            Self::Bool => Cell::Bool(fixed::<1>(bytes, kind)? != [0]),
            Self::Int2 => Cell::I64(i16::from_be_bytes(fixed(bytes, kind)?).into()),
            Self::Int4 => Cell::I64(i32::from_be_bytes(fixed(bytes, kind)?).into()),
            Self::Int8 => Cell::I64(i64::from_be_bytes(fixed(bytes, kind)?)),
            Self::Oid => Cell::I64(u32::from_be_bytes(fixed(bytes, kind)?).into()),
            Self::Float4 => Cell::F32(f32::from_be_bytes(fixed(bytes, kind)?)),
            Self::Float8 => Cell::F64(f64::from_be_bytes(fixed(bytes, kind)?)),
            // What is no number, or too long for a decimal, is for those who can read it.
            Self::Numeric => match numeric::decode(bytes) {
                Ok(number) => Cell::Decimal(number),
                Err(_) => Cell::Other { type_name: kind.name(), bytes },
            },
            Self::Text => Cell::Text(utf8(bytes, kind)?),
            Self::VersionedText => Cell::Text(utf8(versioned(bytes, kind)?, kind)?),
            Self::Json => Cell::Json(utf8(bytes, kind)?),
            Self::Jsonb => Cell::Json(utf8(versioned(bytes, kind)?, kind)?),
            Self::Bytes => Cell::Bytes(bytes),
            Self::Uuid => Cell::Uuid(fixed(bytes, kind)?),
            Self::Date => match i32::from_be_bytes(fixed(bytes, kind)?) {
                i32::MIN | i32::MAX => return Err(out_of_range(kind)),
                days => Cell::Date(days.checked_add(EPOCH_DAYS).ok_or_else(|| out_of_range(kind))?),
            },
            Self::Time => Cell::Time(i64::from_be_bytes(fixed(bytes, kind)?)),
            Self::Timestamp => Cell::DateTime(microseconds(bytes, kind)?),
            Self::TimestampTz => Cell::Instant(microseconds(bytes, kind)?),
            Self::Interval => Cell::Interval(interval(bytes, kind)?),
            Self::Array(element) => Cell::Array(NestedCell::new(bytes, &**element)),
            Self::Range(bound) => Cell::Range(NestedCell::new(bytes, &**bound)),
            Self::Multirange(range) => Cell::Array(NestedCell::new(bytes, &**range)),
            Self::Other => Cell::Other { type_name: kind.name(), bytes },
        })
    }
}

/// A row of tokio-postgres, with the decoders of its columns.
pub(crate) struct PostgresRow<'a> {
    row: &'a tokio_postgres::Row,
    decoders: &'a [Decoder],
}

impl<'a> PostgresRow<'a> {
    /// Shows a row through its statement's decoders.
    pub(crate) fn new(row: &'a tokio_postgres::Row, decoders: &'a [Decoder]) -> Self {
        Self { row, decoders }
    }
}

impl Row for PostgresRow<'_> {
    fn len(&self) -> usize {
        self.decoders.len()
    }

    #[inline]
    fn cell(&self, position: usize) -> Result<Cell<'_>> {
        let Some(decoder) = self.decoders.get(position) else {
            return Err(no_column(position, self.decoders.len()));
        };
        match self.row.try_get::<usize, Raw<'_>>(position) {
            Ok(Raw(Some(bytes))) => decoder.cell(bytes, self.row.columns()[position].type_()),
            Ok(Raw(None)) => Ok(Cell::Null),
            Err(error) => Err(Error::data(error.to_string())),
        }
    }

    #[inline]
    fn is_null(&self, position: usize) -> bool {
        matches!(self.row.try_get::<usize, Raw<'_>>(position), Ok(Raw(None)))
    }

    #[inline]
    fn integer(&self, position: usize) -> Option<i64> {
        let bytes = self.bytes(position)?;
        match self.decoders.get(position)? {
            Decoder::Int8 => bytes.try_into().ok().map(i64::from_be_bytes),
            Decoder::Int4 => bytes.try_into().ok().map(i32::from_be_bytes).map(i64::from),
            Decoder::Int2 => bytes.try_into().ok().map(i16::from_be_bytes).map(i64::from),
            _ => None,
        }
    }

    #[inline]
    fn float(&self, position: usize) -> Option<f64> {
        match self.decoders.get(position)? {
            Decoder::Float8 => self.bytes(position)?.try_into().ok().map(f64::from_be_bytes),
            _ => None,
        }
    }

    #[inline]
    fn text(&self, position: usize) -> Option<&str> {
        match self.decoders.get(position)? {
            Decoder::Text => from_utf8(self.bytes(position)?).ok(),
            _ => None,
        }
    }
}

impl PostgresRow<'_> {
    /// The bytes of a cell that is not NULL.
    #[inline]
    fn bytes(&self, position: usize) -> Option<&[u8]> {
        self.row.try_get::<usize, Raw<'_>>(position).ok()?.0
    }
}

/// The bytes of a cell of any type; none: NULL.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    #[inline]
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Some(bytes)))
    }

    #[inline]
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(None))
    }

    #[inline]
    fn accepts(_: &Type) -> bool {
        true
    }
}

#[inline]
fn fixed<const N: usize>(bytes: &[u8], kind: &Type) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_error| malformed(kind))
}

#[inline]
fn utf8<'row>(bytes: &'row [u8], kind: &Type) -> Result<&'row str> {
    from_utf8(bytes).map_err(|_error| malformed(kind))
}

fn versioned<'row>(bytes: &'row [u8], kind: &Type) -> Result<&'row [u8]> {
    match bytes {
        [1, text @ ..] => Ok(text),
        _ => Err(malformed(kind)),
    }
}

fn interval(bytes: &[u8], kind: &Type) -> Result<Interval> {
    let bytes: [u8; 16] = fixed(bytes, kind)?;
    let (microseconds, rest) = bytes.split_at(8);
    let (days, months) = rest.split_at(4);
    Ok(Interval {
        months: i32::from_be_bytes(fixed(months, kind)?),
        days: i32::from_be_bytes(fixed(days, kind)?),
        microseconds: i64::from_be_bytes(fixed(microseconds, kind)?),
    })
}

fn microseconds(bytes: &[u8], kind: &Type) -> Result<i64> {
    match i64::from_be_bytes(fixed(bytes, kind)?) {
        i64::MIN | i64::MAX => Err(out_of_range(kind)),
        microseconds => microseconds.checked_add(EPOCH_MICROSECONDS).ok_or_else(|| out_of_range(kind)),
    }
}

/// The error of bytes that are no value of their type.
#[cold]
pub(crate) fn malformed(kind: &Type) -> Error {
    Error::data(format!("the server's bytes are not a value of type {}", kind.name()))
}

#[cold]
fn out_of_range(kind: &Type) -> Error {
    Error::data(format!(
        "a value of type {} is infinite, or too far away to be counted; select it as text",
        kind.name()
    ))
}

#[cold]
pub(crate) fn no_column(position: usize, count: usize) -> Error {
    Error::data(format!("the row has {count} columns, and none at position {}", position + 1))
}
