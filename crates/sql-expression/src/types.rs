//! SQL types: [`SqlType`] as a value, and a marker for each, as one writes them in a schema.

mod decorated;
mod markers;

pub use decorated::Decorated;
pub(crate) use decorated::Template;
pub use markers::{
    Array, BigInteger, Bit, BitVarying, Boolean, Char, Cidr, Date, DateTime, Double, ExactNumeric, Float,
    Inet, Integer, Interval, Json, LargeBinary, MacAddress, Multirange, Numeric, PlainJson, Range,
    ScaledNumeric, SmallInteger, Text, Time, Timestamp, TinyInteger, UnsignedBigInteger, UnsignedInteger,
    UnsignedSmallInteger, UnsignedTinyInteger, Uuid, Varchar,
};

use std::sync::Arc;

/// The type of a column or of a parameter, as a value. A dialect says how it is spelled.
///
/// Counterpart of SQLAlchemy's `TypeEngine`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// 8 bits; PostgreSQL has no less than 16.
    TinyInteger,
    /// 16 bits.
    SmallInteger,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// 8 bits without a sign; only MySQL has it, elsewhere it is a 16-bit integer. So the next two, with twice their bits.
    UnsignedTinyInteger,
    /// 16 bits without a sign.
    UnsignedSmallInteger,
    /// 32 bits without a sign.
    UnsignedInteger,
    /// 64 bits without a sign; only MySQL has it. Elsewhere it is a 64-bit integer, which takes half of the numbers: those
    /// beyond are refused.
    UnsignedBigInteger,
    /// Single precision.
    Float,
    /// Double precision.
    Double,
    /// An exact decimal with so many digits in all, and so many of them after the point.
    Numeric {
        /// Digits in all; none: as many as the database allows.
        precision: Option<u16>,
        /// Digits after the point.
        scale: Option<u16>,
    },
    /// An exact decimal that SQLite keeps as text, put in the order of numbers by our own collation `aludel_decimal`. No
    /// other database has it: [`ExactNumeric`] takes it where it is needed.
    DecimalText,
    /// An exact decimal that SQLite keeps as a whole number, with so many of its digits after the point. No other database
    /// has it: [`ScaledNumeric`] takes it where it is needed.
    ScaledInteger(u16),
    /// A truth value.
    Boolean,
    /// Text of just so many characters, filled up with spaces by the database.
    Char(u32),
    /// Text of at most so many characters.
    Varchar(u32),
    /// Text of any length.
    Text,
    /// Bytes.
    LargeBinary,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A date and time without a zone.
    DateTime,
    /// An instant (`TIMESTAMP WITH TIME ZONE` where there is one).
    Timestamp,
    /// A length of time. Where the database has no type for it (SQLite, MySQL): its microseconds, as a 64-bit integer.
    Interval,
    /// A UUID.
    Uuid,
    /// An address of the internet, or a network with it. Text where the database has no type for it.
    Inet,
    /// A network of the internet. Text where the database has no type for it.
    Cidr,
    /// The address of a network card. Text where the database has no type for it.
    MacAddress,
    /// A JSON document.
    Json,
    /// One of a fixed list of words.
    Enum {
        /// The type's schema, where the database has named enumerations and one was given.
        schema: Option<Arc<str>>,
        /// The type's name, where the database has named enumerations.
        name: Arc<str>,
        /// The words, in order.
        values: Arc<[Arc<str>]>,
    },
    /// An array of another type (PostgreSQL).
    Array(Arc<SqlType>),
    /// A range of another type (PostgreSQL).
    Range(Arc<SqlType>),
    /// A set of ranges of another type (PostgreSQL).
    Multirange(Arc<SqlType>),
    /// A type with SQL around its values, and with other types on some databases.
    Decorated(Arc<Decorated>),
    /// A type that is spelled just so.
    Custom(Arc<str>),
    /// Not known: the database decides.
    Unknown,
}
