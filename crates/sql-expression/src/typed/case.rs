//! [`case`]: CASE WHEN .. THEN .. ELSE .. END.

use std::{marker::PhantomData, sync::Arc};

use super::{ColumnType, Condition, Expression, operand::Operand};
use crate::expression::{CaseNode, Node};

/// Begins a CASE: conditions with their values, and a value for the rest.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{case, literal, Expression};
///
/// let size: Expression<String> = case::<String>()
///     .when(literal(3).gt(2), "large")
///     .otherwise("small");
/// ```
pub fn case<T: ColumnType<Base = T>>() -> Case<T> {
    Case { branches: Vec::new(), value: PhantomData }
}

/// A CASE in the making.
#[derive(Debug)]
#[must_use]
pub struct Case<T> {
    branches: Vec<(Node, Node)>,
    value: PhantomData<fn() -> T>,
}

impl<T: ColumnType<Base = T>> Case<T> {
    /// The value where the condition holds, and none before it did.
    pub fn when(mut self, condition: impl Condition, value: impl Operand<T>) -> Self {
        self.branches.push((condition.into_condition(), value.into_operand()));
        self
    }

    /// The value where no condition holds.
    pub fn otherwise(self, value: impl Operand<T>) -> Expression<T> {
        Expression::new(Node::Case(Arc::new(CaseNode {
            branches: self.branches,
            otherwise: Some(value.into_operand()),
        })))
    }

    /// NULL where no condition holds.
    pub fn end(self) -> Expression<Option<T>> {
        Expression::new(Node::Case(Arc::new(CaseNode { branches: self.branches, otherwise: None })))
    }
}
