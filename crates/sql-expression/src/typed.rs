//! The typed shell: expressions that know what Rust type they hold, around the untyped tree of [`crate::expression`].

mod arithmetic;
mod attribute;
mod bitwise;
mod case;
mod column_expression;
mod column_input;
mod column_type;
mod dynamic_columns;
mod entity;
mod expression;
mod field_type;
mod functions;
mod grouping;
mod json;
mod key;
mod known_functions;
mod operand;
mod operators;
mod quantified;
mod search;
mod selectable;
mod temporal;
mod tuple;
mod window_functions;

pub use crate::value::Interval;
#[cfg(any(feature = "rust_decimal-1", feature = "bigdecimal-0_4"))]
pub(crate) use arithmetic::arithmetic;
pub use arithmetic::{Arithmetic, ArithmeticOperand};
pub use attribute::Attribute;
pub use bitwise::Bits;
pub use case::{Case, CaseOf, case};
pub use column_expression::ColumnExpression;
pub use column_input::{ColumnInput, IntoColumn};
pub(crate) use column_type::column_types;
pub use column_type::{ColumnType, Is};
pub use dynamic_columns::{DynamicColumns, columns};
pub(crate) use entity::numbered;
pub use entity::{Aliased, Entity, Model, Nullable, aliased};
pub use expression::{Expression, OrderExpression};
#[doc(hidden)]
pub use field_type::FieldType;
#[allow(unused_imports, reason = "the types of other crates are behind features")]
pub(crate) use functions::sums;
pub use functions::{
    Sum, Typed, avg, coalesce, count, count_all, exists, func, literal, lower, max, min, not, null, sum,
    upper,
};
pub use grouping::{GroupingSets, cube, grouping_sets, rollup};
pub use json::{JsonDocument, JsonPath};
pub use key::{IntoKey, Key};
pub use known_functions::{
    abs, char_length, false_, greatest, least, literal_text, ltrim, nullif, replace, round, rtrim, substr,
    trim, true_,
};
pub use operand::{Condition, IntoNode, Operand};
pub use quantified::{Quantified, all, all_elements, any, any_element, array};
pub use search::{FullText, full_text};
pub use selectable::{RowReader, Selectable};
pub use temporal::{Temporal, date_add, date_sub, days_between, extract, now, seconds_between};
pub use tuple::{Tuple, tuple};
pub use window_functions::{
    argument, cume_dist, dense_rank, first_value, lag, last_value, lead, mode, nth_value, ntile,
    percent_rank, percentile_cont, percentile_disc, rank, row_number, string_agg,
};
