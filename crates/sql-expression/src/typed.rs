//! The typed shell: expressions that know what Rust type they hold, around the untyped tree of [`crate::expression`].

mod attribute;
mod arithmetic;
mod case;
mod column_expression;
mod column_type;
mod entity;
mod expression;
mod functions;
mod operand;
mod operators;
mod selectable;

pub use attribute::Attribute;
pub use arithmetic::{Arithmetic, ArithmeticOperand};
pub use case::{Case, case};
pub use column_expression::ColumnExpression;
pub use column_type::{ColumnType, Is, References, check_foreign_key};
pub use entity::{Aliased, Entity, Model, Nullable, aliased};
pub use expression::{Expression, OrderExpression};
pub use functions::{
    Sum, Typed, avg, coalesce, count, count_all, exists, func, literal, lower, max, min, not, null, sum, upper,
};
pub use operand::{Condition, IntoNode, Operand};
pub use selectable::{RowReader, Selectable};
