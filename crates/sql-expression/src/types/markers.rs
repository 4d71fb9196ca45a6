//! One marker for each common SQL type: `Column::new("name", Varchar(50))`.

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
