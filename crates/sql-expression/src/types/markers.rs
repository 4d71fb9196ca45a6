//! One marker for each common SQL type: `Column::new("name", Varchar(50))`.

use std::sync::Arc;

use super::SqlType;

macro_rules! markers {
    ($($(#[$doc:meta])* $name:ident => $type:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl From<$name> for SqlType {
            fn from(_: $name) -> Self {
                $type
            }
        }
    )*};
}

markers! {
    /// An 8-bit integer; 16 bits on PostgreSQL.
    TinyInteger => SqlType::TinyInteger;
    /// An 8-bit integer without a sign (MySQL; elsewhere a 16-bit integer).
    UnsignedTinyInteger => SqlType::UnsignedTinyInteger;
    /// A 16-bit integer without a sign (MySQL; elsewhere a 32-bit integer).
    UnsignedSmallInteger => SqlType::UnsignedSmallInteger;
    /// A 32-bit integer without a sign (MySQL; elsewhere a 64-bit integer).
    UnsignedInteger => SqlType::UnsignedInteger;
    /// A 64-bit integer without a sign (MySQL; elsewhere a 64-bit integer, which refuses what is beyond).
    UnsignedBigInteger => SqlType::UnsignedBigInteger;
    /// A length of time; microseconds where the database has no type for it.
    Interval => SqlType::Interval;
    /// An address of the internet, or a network with it.
    Inet => SqlType::Inet;
    /// A network of the internet.
    Cidr => SqlType::Cidr;
    /// The address of a network card.
    MacAddress => SqlType::MacAddress;
    /// A 16-bit integer.
    SmallInteger => SqlType::SmallInteger;
    /// A 32-bit integer.
    Integer => SqlType::Integer;
    /// A 64-bit integer.
    BigInteger => SqlType::BigInteger;
    /// A floating-point number of single precision.
    Float => SqlType::Float;
    /// A floating-point number of double precision.
    Double => SqlType::Double;
    /// A truth value.
    Boolean => SqlType::Boolean;
    /// Text of any length.
    Text => SqlType::Text;
    /// Bytes.
    LargeBinary => SqlType::LargeBinary;
    /// A date.
    Date => SqlType::Date;
    /// A time of day.
    Time => SqlType::Time;
    /// A date and time without a zone.
    DateTime => SqlType::DateTime;
    /// An instant.
    Timestamp => SqlType::Timestamp;
    /// A UUID.
    Uuid => SqlType::Uuid;
    /// A JSON document.
    Json => SqlType::Json;
}

/// Text of at most so many characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Varchar(pub u32);

impl From<Varchar> for SqlType {
    fn from(varchar: Varchar) -> Self {
        Self::Varchar(varchar.0)
    }
}

/// An exact decimal: digits in all, digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeric(pub u16, pub u16);

impl From<Numeric> for SqlType {
    fn from(numeric: Numeric) -> Self {
        Self::Numeric { precision: Some(numeric.0), scale: Some(numeric.1) }
    }
}

/// Text of just so many characters, filled up with spaces by the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Char(pub u32);

impl From<Char> for SqlType {
    fn from(char: Char) -> Self {
        Self::Char(char.0)
    }
}

/// A JSON document that is kept letter by letter where the database can (JSON in place of JSONB on PostgreSQL), and not in the
/// form in which it is quick to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainJson;

impl From<PlainJson> for SqlType {
    fn from(_: PlainJson) -> Self {
        Self::Json.with_variant(Self::Custom("JSON".into()), "postgresql")
    }
}

/// Just so many bits (PostgreSQL); elsewhere text of zeros and ones. Its values are
/// [`BitString`](crate::value::BitString)s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit(pub u32);

impl From<Bit> for SqlType {
    fn from(bit: Bit) -> Self {
        Self::Char(bit.0).with_variant(Self::Custom(format!("BIT({})", bit.0).into()), "postgresql")
    }
}

/// At most so many bits, or any number of them (PostgreSQL); elsewhere text of zeros and ones. Its values are
/// [`BitString`](crate::value::BitString)s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitVarying(pub Option<u32>);

impl From<BitVarying> for SqlType {
    fn from(bits: BitVarying) -> Self {
        let (text, name) = match bits.0 {
            Some(most) => (Self::Varchar(most), format!("BIT VARYING({most})")),
            None => (Self::Text, "BIT VARYING".to_owned()),
        };
        text.with_variant(Self::Custom(name.into()), "postgresql")
    }
}

/// An exact decimal on every database: digits in all, digits after the point.
///
/// [`Numeric`] is a double on SQLite, which takes 15 digits and refuses more. This one is text there, up to 38 digits: compared
/// and sorted as numbers by our collation `aludel_decimal`, and summed exactly by our function `aludel_sum`, which stands
/// wherever a statement says `sum`. Our SQLite driver brings both; other programs can read the table, but not sort by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExactNumeric(pub u16, pub u16);

impl From<ExactNumeric> for SqlType {
    fn from(numeric: ExactNumeric) -> Self {
        Self::from(Numeric(numeric.0, numeric.1)).with_variant(Self::DecimalText, "sqlite")
    }
}

/// An exact decimal on every database: digits in all, digits after the point.
///
/// On SQLite it is a whole number, `1999` for 19.99: small, quick to sort and to find, and read by every program that knows
/// the scale. It takes 18 digits in all and refuses more, and more after the point than it keeps; [`ExactNumeric`] takes up to
/// 38. Comparisons, order and sums are exact; what is calculated in a statement otherwise is calculated with doubles, as
/// with [`Numeric`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaledNumeric(pub u16, pub u16);

impl From<ScaledNumeric> for SqlType {
    fn from(numeric: ScaledNumeric) -> Self {
        let ScaledNumeric(precision, scale) = numeric;
        let kept = Self::ScaledInteger(scale)
            .column_expression(format!("aludel_unscaled({{}}, {scale}) COLLATE aludel_decimal"));
        Self::from(Numeric(precision, scale)).with_variant(kept, "sqlite")
    }
}

macro_rules! of_another_type {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<T>(pub T);

        impl<T: Into<SqlType>> From<$name<T>> for SqlType {
            fn from(of: $name<T>) -> Self {
                Self::$name(Arc::new(of.0.into()))
            }
        }
    )*};
}

of_another_type! {
    /// An array of another type (PostgreSQL): `Array(Integer)`.
    Array
    /// A range of another type (PostgreSQL): `Range(Date)`.
    Range
    /// A set of ranges of another type (PostgreSQL): `Multirange(Date)`.
    Multirange
}
