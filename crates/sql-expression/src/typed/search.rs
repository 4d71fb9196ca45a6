//! Searches in text: LIKE with an escape or without regard to case, regular expressions, collations, full text.

use super::{
    Attribute, ColumnExpression, ColumnType, Expression, IntoNode, Is, Model,
    operand::Operand,
    operators::{like_literally, literal_like},
};
use crate::{
    expression::{BinaryNode, BinaryOperator, Construct, FullTextMode, Node},
    name::Name,
    statement::IntoNodes,
};

super::operators::typed_operators! {
    /// `self LIKE pattern ESCAPE character`: after the character, `%` and `_` stand for themselves.
    pub fn like_escape(self, pattern: impl Operand<String>, escape: char) -> Expression<bool>
    where
        T: Is<String>,
    {
        escaped(IntoNode::into_node(self), BinaryOperator::Like, pattern.into_operand(), escape)
    }

    /// `self NOT LIKE pattern ESCAPE character`.
    pub fn not_like_escape(self, pattern: impl Operand<String>, escape: char) -> Expression<bool>
    where
        T: Is<String>,
    {
        escaped(IntoNode::into_node(self), BinaryOperator::NotLike, pattern.into_operand(), escape)
    }

    /// `self ILIKE pattern ESCAPE character`: LIKE without regard to upper and lower case.
    pub fn ilike_escape(self, pattern: impl Operand<String>, escape: char) -> Expression<bool>
    where
        T: Is<String>,
    {
        escaped(IntoNode::into_node(self), BinaryOperator::ILike, pattern.into_operand(), escape)
    }

    /// `self NOT ILIKE pattern ESCAPE character`.
    pub fn not_ilike_escape(self, pattern: impl Operand<String>, escape: char) -> Expression<bool>
    where
        T: Is<String>,
    {
        escaped(IntoNode::into_node(self), BinaryOperator::NotILike, pattern.into_operand(), escape)
    }

    /// `self NOT ILIKE pattern`.
    pub fn not_ilike(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        Expression::new(Node::binary(IntoNode::into_node(self), BinaryOperator::NotILike, pattern.into_operand()))
    }

    /// The text begins with this text, taken literally, without regard to upper and lower case.
    pub fn istarts_with(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        like_literally(IntoNode::into_node(self), BinaryOperator::ILike, "", text, "%")
    }

    /// The text ends with this text, taken literally, without regard to upper and lower case.
    pub fn iends_with(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        like_literally(IntoNode::into_node(self), BinaryOperator::ILike, "%", text, "")
    }

    /// The text contains this text, taken literally, without regard to upper and lower case.
    pub fn icontains(self, text: &str) -> Expression<bool>
    where
        T: Is<String>,
    {
        like_literally(IntoNode::into_node(self), BinaryOperator::ILike, "%", text, "%")
    }

    /// The regular expression is found in the text, with regard to upper and lower case. The language is the database's own.
    ///
    /// On SQLite the program brings the function `regexp` behind it.
    pub fn regexp_match(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        regexp(IntoNode::into_node(self), pattern.into_operand(), false, false)
    }

    /// The regular expression is found in the text, without regard to upper and lower case.
    pub fn regexp_imatch(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        regexp(IntoNode::into_node(self), pattern.into_operand(), false, true)
    }

    /// The regular expression is not found in the text.
    pub fn not_regexp_match(self, pattern: impl Operand<String>) -> Expression<bool>
    where
        T: Is<String>,
    {
        regexp(IntoNode::into_node(self), pattern.into_operand(), true, false)
    }

    /// `self COLLATE name`: compared and ordered by these rules.
    pub fn collate(self, collation: impl Into<Name>) -> Expression<T>
    where
        T: Is<String>,
    {
        Expression::new(Node::construct(Construct::Collate(collation.into()), vec![IntoNode::into_node(self)]))
    }
}

fn regexp(text: Node, pattern: Node, negated: bool, ignore_case: bool) -> Expression<bool> {
    Expression::new(Node::construct(Construct::Regexp { negated, ignore_case }, vec![text, pattern]))
}

impl ColumnExpression {
    /// The text begins with this text, taken literally.
    pub fn starts_with(self, text: &str) -> Expression<bool> {
        literal_like(self.node(), "", text, "%")
    }

    /// The text ends with this text, taken literally.
    pub fn ends_with(self, text: &str) -> Expression<bool> {
        literal_like(self.node(), "%", text, "")
    }

    /// The text contains this text, taken literally.
    pub fn contains(self, text: &str) -> Expression<bool> {
        literal_like(self.node(), "%", text, "%")
    }
}

/// A full-text search in a column or a tuple of columns.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
/// use aludel_sql_expression::typed::full_text;
///
/// # let book = Table::unregistered("book").column(Column::new("title", Text)).column(Column::new("summary", Text));
/// let found = select(book.c("title")).filter(full_text((book.c("title"), book.c("summary"))).matches("whale"));
/// assert_eq!(
///     found.to_sql(&MySqlDialect::default())?,
///     "SELECT book.title FROM book WHERE MATCH (book.title, book.summary) AGAINST ('whale' IN NATURAL LANGUAGE MODE)"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn full_text(columns: impl IntoNodes) -> FullText {
    let mut nodes = Vec::new();
    columns.push(&mut nodes);
    FullText { columns: nodes, mode: FullTextMode::Words, configuration: None }
}

/// A full-text search: made by [`full_text`].
#[derive(Clone, Debug)]
#[must_use]
pub struct FullText {
    columns: Vec<Node>,
    mode: FullTextMode,
    configuration: Option<Name>,
}

impl FullText {
    /// Reads the query in the database's own language: `to_tsquery` on PostgreSQL, boolean mode on MySQL (default: as words).
    pub fn in_query_language(mut self) -> Self {
        self.mode = FullTextMode::Query;
        self
    }

    /// Uses a text search configuration, such as `english` (PostgreSQL; default: that of the session).
    pub fn configuration(mut self, name: impl Into<Name>) -> Self {
        self.configuration = Some(name.into());
        self
    }

    /// The text matches the query.
    #[must_use]
    pub fn matches(self, query: impl Operand<String>) -> Expression<bool> {
        self.search(query.into_operand(), false)
    }

    /// How well the text matches the query: the more, the better (PostgreSQL, MySQL).
    #[must_use]
    pub fn rank(self, query: impl Operand<String>) -> Expression<f64> {
        self.search(query.into_operand(), true)
    }

    fn search<T>(self, query: Node, rank: bool) -> Expression<T> {
        let construct = Construct::FullText { mode: self.mode, configuration: self.configuration, rank };
        let mut operands = self.columns;
        operands.push(query);
        Expression::new(Node::construct(construct, operands))
    }
}

fn escaped(left: Node, operator: BinaryOperator, right: Node, escape: char) -> Expression<bool> {
    Expression::new(Node::Binary(Box::new(BinaryNode { left, operator, right, escape: Some(escape) })))
}
