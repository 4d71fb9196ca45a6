//! Arrays as `Vec`.

use std::sync::Arc;

use super::{Decode, mismatch};
use crate::{
    Cell, Error, Result, Value,
    typed::ColumnType,
    types::SqlType,
    value::{ArrayValue, Elements},
};

/// A type that a list of is an array (PostgreSQL). `Option` lets NULLs stand among the elements.
///
/// A type of one's own needs nothing but `impl ArrayElement for Email {}`.
#[diagnostic::on_unimplemented(
    message = "a list of `{Self}` is not a column type",
    label = "a column cannot hold a list of `{Self}`",
    note = "lists of the common types are arrays; a type of one's own needs `impl ArrayElement`, links to other models are \
            `Many<T>`, and an array of arrays is read by `unnest`"
)]
pub trait ArrayElement: ColumnType {}

impl<T: ArrayElement + ColumnType<Base = T>> ArrayElement for Option<T> {}

macro_rules! array_elements {
    ($($type:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $crate::decode::ArrayElement for $type {}
    )*};
}

#[allow(unused_imports, reason = "the types of other crates are behind features")]
pub(crate) use array_elements;

// Not `u8`: a list of these is bytes.
array_elements! {
    i8 i16 i32 i64 u16 u32 u64 f32 f64 bool String Vec<u8>
    crate::value::Decimal crate::value::Interval crate::value::MacAddress std::net::IpAddr
}

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Decode for Vec<T> {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let Cell::Array(array) = cell else { return Err(mismatch(cell, "Vec")) };
        let mut list = Self::new();
        array.elements(&mut |cell| {
            let element = T::decode(cell).map_err(|error| at(error, list.len()))?;
            list.push(element);
            Ok(())
        })?;
        Ok(list)
    }
}

#[cold]
fn at(error: Error, position: usize) -> Error {
    error.context(format_args!("element {} of the array", position + 1))
}

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> ColumnType for Vec<T> {
    type Base = Self;
    type Like<U: ColumnType<Base = U>> = U;

    fn sql_type() -> SqlType {
        SqlType::Array(Arc::new(T::sql_type()))
    }

    fn to_value(&self) -> Value {
        of_values::<T>(self.iter().map(T::to_value).collect())
    }

    fn into_value(self) -> Value {
        of_values::<T>(self.into_iter().map(T::into_value).collect())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(own, other)| own.is_same(other))
    }
}

fn of_values<T: ColumnType>(values: Elements) -> Value {
    Value::Array(Box::new(ArrayValue { element: T::sql_type(), values }))
}
