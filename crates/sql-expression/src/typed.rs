//! The typed shell: expressions that know what Rust type they hold, around the untyped tree of [`crate::expression`].

mod arithmetic;
mod attribute;
mod case;
mod column_expression;
mod column_type;
mod entity;
mod expression;
mod functions;
mod key;
mod operand;
mod operators;
mod selectable;
mod tuple;

#[cfg(feature = "rust_decimal-1")]
pub(crate) use arithmetic::arithmetic;
pub use arithmetic::{Arithmetic, ArithmeticOperand};
pub use attribute::Attribute;
pub use case::{Case, case};
pub use column_expression::ColumnExpression;
#[cfg(any(
    feature = "chrono-0_4",
    feature = "rust_decimal-1",
    feature = "serde_json-1",
    feature = "uuid-1"
))]
pub(crate) use column_type::column_types;
pub use column_type::{ColumnType, Is};
pub(crate) use entity::numbered;
pub use entity::{Aliased, Entity, Model, Nullable, aliased};
pub use expression::{Expression, OrderExpression};
pub use functions::{
    Sum, Typed, avg, coalesce, count, count_all, exists, func, literal, lower, max, min, not, null, sum,
    upper,
};
pub use key::{IntoKey, Key};
pub use operand::{Condition, IntoNode, Operand};
pub use selectable::{RowReader, Selectable};
pub use tuple::{Tuple, tuple};
