//! [`case`]: CASE WHEN .. THEN .. ELSE .. END.

use std::{marker::PhantomData, sync::Arc};

use super::{ColumnType, Condition, Expression, functions::Typed, operand::Operand};
use crate::expression::{BinaryOperator, CaseNode, Node};

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

/// A CASE in the making, that compares one expression with values.
#[derive(Debug)]
#[must_use]
pub struct CaseOf<T, U> {
    case: Case<T>,
    compared: Node,
    of: PhantomData<fn() -> U>,
}

impl<T: ColumnType<Base = T>> Case<T> {
    /// Compares one expression with values, as `CASE expression WHEN value THEN ..` does. It is written with the comparisons
    /// that this stands for.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, case, dialect::*, schema::*, select, types::*};
    /// # let book = Table::unregistered("book").column(Column::new("pages", Integer));
    /// let size = case::<String>().of(book.c("pages").of::<i32>()).when(1, "a leaf").when(2, "a sheet").otherwise("a book");
    /// assert_eq!(
    ///     select(size).to_sql(&SqliteDialect::default())?,
    ///     "SELECT CASE WHEN book.pages = 1 THEN 'a leaf' WHEN book.pages = 2 THEN 'a sheet' ELSE 'a book' END FROM book"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn of<U: ColumnType>(self, compared: impl Typed<U>) -> CaseOf<T, U> {
        CaseOf { case: self, compared: compared.into_typed(), of: PhantomData }
    }

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

impl<T: ColumnType<Base = T>, U: ColumnType> CaseOf<T, U> {
    /// The value where the expression is equal to another, and was equal to none before.
    pub fn when(mut self, equal: impl Operand<U::Base>, value: impl Operand<T>) -> Self {
        let condition = Node::binary(self.compared.clone(), BinaryOperator::Equal, equal.into_operand());
        self.case.branches.push((condition, value.into_operand()));
        self
    }

    /// The value where the expression is equal to none of them.
    pub fn otherwise(self, value: impl Operand<T>) -> Expression<T> {
        self.case.otherwise(value)
    }

    /// NULL where the expression is equal to none of them.
    pub fn end(self) -> Expression<Option<T>> {
        self.case.end()
    }
}
