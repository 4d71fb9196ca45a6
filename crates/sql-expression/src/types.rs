//! SQL types: [`SqlType`] as a value, and a marker for each, as one writes them in a schema.

mod markers;

pub use markers::{
    BigInteger, Boolean, Date, DateTime, Double, Float, Integer, Json, LargeBinary, Numeric, SmallInteger,
    Text, Time, Timestamp, Uuid, Varchar,
};

use std::sync::Arc;

/// The type of a column or of a parameter, as a value. A dialect says how it is spelled.
///
/// Counterpart of SQLAlchemy's `TypeEngine`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// 16 bits.
    SmallInteger,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// 64 bits without a sign; only MySQL has it, elsewhere it is a 64-bit integer.
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
    /// A truth value.
    Boolean,
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
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
    /// One of a fixed list of words.
    Enum {
        /// The type's name, where the database has named enumerations.
        name: Arc<str>,
        /// The words, in order.
        values: Arc<[Arc<str>]>,
    },
    /// An array of another type (PostgreSQL).
    Array(Arc<SqlType>),
    /// A type that is spelled just so.
    Custom(Arc<str>),
    /// Not known: the database decides.
    Unknown,
}
