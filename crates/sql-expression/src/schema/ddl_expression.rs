//! [`DdlExpression`]: an expression inside of DDL.

use crate::{
    Result,
    dialect::Dialect,
    expression::Node,
    name::Name,
    typed::{Attribute, ColumnExpression, ColumnType, Expression, Model},
};

/// An expression inside of DDL: a condition, a default, what an index is over. It is SQL text, or an expression whose values
/// are written into the text and whose columns are written without their table.
///
/// # Examples
/// ```
/// use aludel_sql_expression::schema::{CheckConstraint, Column, Table};
/// use aludel_sql_expression::types::Integer;
///
/// let book = Table::unregistered("book").column(Column::new("pages", Integer));
/// let by_hand = CheckConstraint::new("pages > 0");
/// let built = CheckConstraint::new(book.c("pages").gt(0));
/// # let _ = (by_hand, built);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DdlExpression {
    /// SQL that is written just so.
    Text(Name),
    /// An expression.
    Node(Box<Node>),
}

impl DdlExpression {
    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Node(_) => None,
        }
    }

    /// The expression as SQL.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the dialect cannot say.
    pub fn to_sql(&self, dialect: &dyn Dialect) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text.to_string()),
            Self::Node(node) => crate::compile::inline(node, dialect),
        }
    }
}

impl From<&str> for DdlExpression {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for DdlExpression {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Name> for DdlExpression {
    fn from(text: Name) -> Self {
        Self::Text(text)
    }
}

impl From<Node> for DdlExpression {
    fn from(node: Node) -> Self {
        Self::Node(Box::new(node))
    }
}

impl<T> From<Expression<T>> for DdlExpression {
    fn from(expression: Expression<T>) -> Self {
        expression.into_node().into()
    }
}

impl From<ColumnExpression> for DdlExpression {
    fn from(column: ColumnExpression) -> Self {
        column.node().into()
    }
}

impl<M: Model, T: ColumnType> From<Attribute<M, T>> for DdlExpression {
    fn from(attribute: Attribute<M, T>) -> Self {
        attribute.node().into()
    }
}
