//! Functions over windows: `row_number().over(Window::new().order_by(..))`.

use super::{
    ColumnType, Expression, IntoNode,
    functions::{Typed, call},
    operand::Operand,
};
use crate::expression::Node;

/// `row_number()`: the rows of the window numbered, from 1 up.
#[must_use]
pub fn row_number() -> Expression<i64> {
    call("row_number", Vec::new())
}

/// `rank()`: equal rows have one number, and the next ones leave a gap.
#[must_use]
pub fn rank() -> Expression<i64> {
    call("rank", Vec::new())
}

/// `dense_rank()`: equal rows have one number, and there are no gaps.
#[must_use]
pub fn dense_rank() -> Expression<i64> {
    call("dense_rank", Vec::new())
}

/// `percent_rank()`: the rank, from 0 to 1.
#[must_use]
pub fn percent_rank() -> Expression<f64> {
    call("percent_rank", Vec::new())
}

/// `cume_dist()`: which part of the rows comes up to this one.
#[must_use]
pub fn cume_dist() -> Expression<f64> {
    call("cume_dist", Vec::new())
}

/// `ntile(parts)`: the rows dealt out to so many parts, numbered from 1 up.
#[must_use]
pub fn ntile(parts: u32) -> Expression<i64> {
    call("ntile", vec![Node::Integer(parts.into())])
}

/// `lag(expression, rows)`: its value so many rows before; NULL where there is none.
#[must_use]
pub fn lag<T: ColumnType>(expression: impl Typed<T>, rows: u32) -> Expression<Option<T::Base>> {
    call("lag", vec![expression.into_typed(), Node::Integer(rows.into())])
}

/// `lead(expression, rows)`: its value so many rows after; NULL where there is none.
#[must_use]
pub fn lead<T: ColumnType>(expression: impl Typed<T>, rows: u32) -> Expression<Option<T::Base>> {
    call("lead", vec![expression.into_typed(), Node::Integer(rows.into())])
}

/// `first_value(expression)`: its value in the first row of the frame.
#[must_use]
pub fn first_value<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<T::Base>> {
    call("first_value", vec![expression.into_typed()])
}

/// `last_value(expression)`: its value in the last row of the frame.
#[must_use]
pub fn last_value<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<T::Base>> {
    call("last_value", vec![expression.into_typed()])
}

/// `nth_value(expression, row)`: its value in a row of the frame, from 1 up; NULL where there is none.
#[must_use]
pub fn nth_value<T: ColumnType>(expression: impl Typed<T>, row: u32) -> Expression<Option<T::Base>> {
    call("nth_value", vec![expression.into_typed(), Node::Integer(row.into())])
}

/// `string_agg(text, separator)`: the texts of a group put together; NULL when there are none. In an order by
/// [`aggregate_order_by`](Expression::aggregate_order_by).
#[must_use]
pub fn string_agg<T: ColumnType + super::Is<String>>(
    text: impl Typed<T>,
    separator: &str,
) -> Expression<Option<String>> {
    let separator = Node::construct(crate::expression::Construct::Text(separator.into()), Vec::new());
    call("string_agg", vec![text.into_typed(), separator])
}

/// `percentile_cont(fraction) WITHIN GROUP (ORDER BY expression)`: the median, by 0.5 (PostgreSQL).
#[must_use]
pub fn percentile_cont<T: ColumnType>(
    fraction: impl Operand<f64>,
    expression: impl Typed<T>,
) -> Expression<Option<f64>> {
    call("percentile_cont", vec![fraction.into_operand()])
        .within_group(Expression::<T>::new(expression.into_typed()))
}

/// `percentile_disc(fraction) WITHIN GROUP (ORDER BY expression)`: the first value at or behind that fraction of them
/// (PostgreSQL).
#[must_use]
pub fn percentile_disc<T: ColumnType>(
    fraction: impl Operand<f64>,
    expression: impl Typed<T>,
) -> Expression<Option<T::Base>> {
    call("percentile_disc", vec![fraction.into_operand()])
        .within_group(Expression::<T>::new(expression.into_typed()))
}

/// `mode() WITHIN GROUP (ORDER BY expression)`: the value that is there most often (PostgreSQL).
#[must_use]
pub fn mode<T: ColumnType>(expression: impl Typed<T>) -> Expression<Option<T::Base>> {
    call("mode", Vec::new()).within_group(Expression::<T>::new(expression.into_typed()))
}

impl<T> Expression<T> {
    /// The aggregate takes the values in an order: `string_agg(name, ', ' ORDER BY name)`.
    #[must_use]
    pub fn aggregate_order_by(self, order: impl crate::statement::IntoOrderBy) -> Self {
        self.change_function("ORDER BY", |function| {
            order.push(&mut function.clauses.get_or_insert_default().order_by);
        })
    }

    /// What an aggregate is ordered by that depends on the order: WITHIN GROUP (ORDER BY ..) (PostgreSQL).
    #[must_use]
    pub fn within_group(self, order: impl crate::statement::IntoOrderBy) -> Self {
        self.change_function("WITHIN GROUP", |function| {
            order.push(&mut function.clauses.get_or_insert_default().within_group);
        })
    }
}

/// A value as an argument of a function by name: `func("f", [argument(1), argument(users.c("name"))])`.
#[must_use]
pub fn argument(value: impl IntoNode) -> Node {
    value.into_node()
}
