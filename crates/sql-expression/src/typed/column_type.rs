//! [`ColumnType`]: a Rust type that one column can hold.

use std::time::Duration;

use super::RowReader;
use crate::{
    Cell, Decode, Error, Result, Value,
    types::SqlType,
    value::{Decimal, Interval, ValueSink},
};

/// A Rust type that one column can hold. `Option` makes it nullable.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column type",
    label = "a column cannot hold `{Self}`",
    note = "use a type such as `i64`, `String`, `Option<String>`, or one with `#[derive(Enum)]` or `#[derive(ColumnType)]`; links to other models are `Many<T>` and `One<T>`"
)]
pub trait ColumnType: Decode + Clone + Send + Sync + 'static {
    /// The type without `Option`.
    type Base: ColumnType;

    /// Another type, nullable when this one is.
    type Like<U: ColumnType<Base = U>>: ColumnType<Base = U>;

    /// Whether NULL is a value of it.
    const NULLABLE: bool = false;

    /// The SQL type of a column that is not told otherwise.
    fn sql_type() -> SqlType;

    /// The value as a parameter.
    fn to_value(&self) -> Value;

    /// The value as a parameter, without a copy.
    fn into_value(self) -> Value {
        self.to_value()
    }

    /// Gives the value to a sink: numbers and texts without making a [`Value`].
    #[inline]
    fn write_to(&self, sink: &mut dyn ValueSink) {
        match self.to_value() {
            Value::Null => sink.null(),
            Value::I64(number) => sink.integer(number),
            value => sink.value(value),
        }
    }

    /// Reads a model's column. The derive asks this trait for all that it needs of a field's type, so that a type which is
    /// no column type is reported once.
    #[doc(hidden)]
    #[inline]
    fn decode_field(cell: Cell<'_>, model: &'static str, field: &'static str) -> Result<Self> {
        Self::decode(cell).map_err(|error| field_error(error, model, field))
    }

    /// Reads the next cell of a row, which is a model's column.
    #[doc(hidden)]
    #[inline]
    fn read_field(reader: &mut RowReader<'_>, model: &'static str, field: &'static str) -> Result<Self> {
        reader.field(model, field)
    }

    /// Whether both are the same value, so that a session has nothing to write. Cheaper where the type has `==`.
    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

#[cold]
fn field_error(error: Error, model: &str, field: &str) -> Error {
    error.context(format_args!("{model}.{field}"))
}

impl<T: ColumnType<Base = T>> ColumnType for Option<T> {
    type Base = T;
    type Like<U: ColumnType<Base = U>> = Option<U>;

    const NULLABLE: bool = true;

    fn sql_type() -> SqlType {
        T::sql_type()
    }

    #[inline]
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }

    #[inline]
    fn write_to(&self, sink: &mut dyn ValueSink) {
        match self {
            Some(value) => value.write_to(sink),
            None => sink.null(),
        }
    }

    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(own), Some(other)) => own.is_same(other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Writes a [`ColumnType`] for a type that is never NULL.
macro_rules! column_types {
    ($($type:ty: $sql_type:expr, $value:ident => $to_value:expr $(, $into_value:expr)?;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $crate::typed::ColumnType for $type {
            type Base = $type;
            type Like<U: $crate::typed::ColumnType<Base = U>> = U;

            fn sql_type() -> $crate::types::SqlType {
                $sql_type
            }

            #[inline]
            fn to_value(&self) -> $crate::Value {
                let $value = self;
                $to_value
            }

            #[inline]
            fn is_same(&self, other: &Self) -> bool {
                self == other
            }

            $(fn into_value(self) -> $crate::Value {
                let $value = self;
                $into_value
            })?
        }
    )*};
}

pub(crate) use column_types;

column_types! {
    i8: SqlType::TinyInteger, value => Value::I64(i64::from(*value));
    u8: SqlType::UnsignedTinyInteger, value => Value::I64(i64::from(*value));
    i16: SqlType::SmallInteger, value => Value::I64(i64::from(*value));
    i32: SqlType::Integer, value => Value::I64(i64::from(*value));
    i64: SqlType::BigInteger, value => Value::I64(*value);
    u16: SqlType::UnsignedSmallInteger, value => Value::I64(i64::from(*value));
    u32: SqlType::UnsignedInteger, value => Value::I64(i64::from(*value));
    u64: SqlType::UnsignedBigInteger, value => i64::try_from(*value).map_or(Value::U64(*value), Value::I64);
    bool: SqlType::Boolean, value => Value::Bool(*value);
    Vec<u8>: SqlType::LargeBinary, value => Value::Bytes(value.clone()), Value::Bytes(value);
    Decimal: SqlType::Numeric { precision: None, scale: None }, value => Value::Decimal(*value);
    Interval: SqlType::Interval, value => Value::Interval(*value);
    Duration: SqlType::Interval, value => Value::Interval(i64::try_from(value.as_micros()).map_or(Interval::TOO_LONG, Interval::microseconds));
}

#[diagnostic::do_not_recommend]
impl ColumnType for String {
    type Base = String;
    type Like<U: ColumnType<Base = U>> = U;

    fn sql_type() -> SqlType {
        SqlType::Text
    }

    #[inline]
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().into())
    }

    fn into_value(self) -> Value {
        Value::Text(self.into())
    }

    #[inline]
    fn write_to(&self, sink: &mut dyn ValueSink) {
        sink.text(self);
    }

    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Numbers with a point: two that are none (NaN) are the same value, or a session would write one again and again.
macro_rules! floats {
    ($($type:ty: $sql_type:expr, $value:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl ColumnType for $type {
            type Base = $type;
            type Like<U: ColumnType<Base = U>> = U;

            fn sql_type() -> SqlType {
                $sql_type
            }

            #[inline]
            fn to_value(&self) -> Value {
                Value::$value(*self)
            }

            #[inline]
            fn is_same(&self, other: &Self) -> bool {
                self == other || (self.is_nan() && other.is_nan())
            }
        }
    )*};
}

floats! {
    f32: SqlType::Float, F32;
    f64: SqlType::Double, F64;
}

/// A column or expression that holds `B`, or `Option<B>`.
#[diagnostic::on_unimplemented(
    message = "the column or expression holds `{Self}`, but `{B}` is needed here",
    label = "this holds `{Self}`, not `{B}`"
)]
pub trait Is<B> {}

#[diagnostic::do_not_recommend]
impl<T> Is<T> for T {}
#[diagnostic::do_not_recommend]
impl<T> Is<T> for Option<T> {}
