//! [`FieldType`]: what the derive asks of a field's type.

use super::{ColumnType, RowReader};
use crate::{Cell, Result, Value, types::SqlType, value::ValueSink};

/// What the derive asks of a field's type: a [`ColumnType`], under a name that stands on no other trait, so that a type which
/// is none is reported once.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column type",
    label = "a column cannot hold `{Self}`",
    note = "use a type such as `i64`, `String`, `Option<String>`, a list of these, or one with `#[derive(Enum)]` or `#[derive(ColumnType)]`; links to other models are `Many<T>` and `One<T>`"
)]
pub trait FieldType: Sized {
    /// Whether NULL is a value of it.
    const NULLABLE: bool;

    fn sql_type() -> SqlType;
    fn to_value(&self) -> Value;
    fn into_value(self) -> Value;
    fn write_to(&self, sink: &mut dyn ValueSink);
    fn decode_field(cell: Cell<'_>, model: &'static str, field: &'static str) -> Result<Self>;
    fn read_field(reader: &mut RowReader<'_>, model: &'static str, field: &'static str) -> Result<Self>;
    fn is_same(&self, other: &Self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType> FieldType for T {
    const NULLABLE: bool = <T as ColumnType>::NULLABLE;

    fn sql_type() -> SqlType {
        <T as ColumnType>::sql_type()
    }

    #[inline]
    fn to_value(&self) -> Value {
        ColumnType::to_value(self)
    }

    #[inline]
    fn into_value(self) -> Value {
        ColumnType::into_value(self)
    }

    #[inline]
    fn write_to(&self, sink: &mut dyn ValueSink) {
        ColumnType::write_to(self, sink);
    }

    #[inline]
    fn decode_field(cell: Cell<'_>, model: &'static str, field: &'static str) -> Result<Self> {
        <T as ColumnType>::decode_field(cell, model, field)
    }

    #[inline]
    fn read_field(reader: &mut RowReader<'_>, model: &'static str, field: &'static str) -> Result<Self> {
        <T as ColumnType>::read_field(reader, model, field)
    }

    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        ColumnType::is_same(self, other)
    }
}
