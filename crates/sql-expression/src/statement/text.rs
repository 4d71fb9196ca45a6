//! [`text`]: SQL written by hand.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{DynamicRow, Executable, IntoNodes, IntoOrderBy, ScalarExecutable, StatementNode, TextNode};
use crate::{
    ColumnInfo, Decode, FromRow, Result, Row, RowPlan, Value,
    expression::{Alias, AliasTarget, InNode, Node, OrderBy},
    name::Name,
    typed::{ColumnType, Condition, Expression, IntoNode},
};

/// SQL written by hand, with parameters as `:name`. It takes literals; a built text must be marked by [`trusted`], so that
/// input never becomes SQL by accident.
///
/// `::` is left alone, so that PostgreSQL's casts can be written; `\:` is a colon.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::text;
/// let statement = text("UPDATE users SET name = :name WHERE id = :id").bind("name", "x").bind("id", 1);
/// ```
pub fn text(sql: impl IntoSqlText) -> TextStatement {
    let node = TextNode { sql: sql.into_sql_text(), parameters: Vec::new(), lists: Vec::new() };
    TextStatement { node: Arc::new(node), row: PhantomData }
}

/// Marks a built text as SQL that the program itself made, without input in it.
pub fn trusted(sql: impl Into<String>) -> Trusted {
    Trusted(sql.into())
}

/// A built text that is SQL.
#[derive(Clone, Debug)]
pub struct Trusted(String);

/// What [`text`] takes: a literal, or a text marked by [`trusted`].
#[diagnostic::on_unimplemented(
    message = "`text` takes a literal, not `{Self}`",
    note = "bind values with `:name`; if the text itself was built, and holds no input, mark it: `text(trusted(sql))`"
)]
pub trait IntoSqlText {
    /// The text.
    fn into_sql_text(self) -> Name;
}

impl IntoSqlText for &'static str {
    fn into_sql_text(self) -> Name {
        Name::Static(self)
    }
}

impl IntoSqlText for Trusted {
    fn into_sql_text(self) -> Name {
        self.0.into()
    }
}

/// SQL written by hand, typed by what its rows are read into.
#[must_use]
pub struct TextStatement<R = DynamicRow> {
    node: Arc<TextNode>,
    row: PhantomData<fn() -> R>,
}

impl<R> TextStatement<R> {
    /// Gives a parameter its value. A value missing, or one too many, is an error when the statement is compiled.
    pub fn bind(self, name: impl Into<Name>, value: impl IntoParameter) -> Self {
        let mut node = self.node;
        Arc::make_mut(&mut node).parameters.push((name.into(), value.into_parameter()));
        Self { node, row: PhantomData }
    }

    /// Gives a parameter a list of values, to stand behind IN: `id IN :ids`. The number of values is no part of what is cached,
    /// and an empty list is one that nothing is in.
    ///
    /// The counterpart of SQLAlchemy's `bindparam(.., expanding=True)`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, text};
    /// let statement = text("SELECT name FROM users WHERE id IN :ids").bind_list("ids", [1, 2, 3]);
    /// assert_eq!(statement.to_sql(&SqliteDialect::default())?, "SELECT name FROM users WHERE id IN (1, 2, 3)");
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn bind_list<T: ColumnType>(
        self,
        name: impl Into<Name>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values = values.into_iter().map(|value| Node::bind(value.into_value())).collect();
        let list = InNode { left: Node::Null, values, negated: false, sql_type: Some(T::sql_type()) };
        let mut node = self.node;
        Arc::make_mut(&mut node).lists.push((name.into(), Arc::new(list)));
        Self { node, row: PhantomData }
    }

    /// Says what rows are read into: a tuple by position, or a struct with `#[derive(FromRow)]` by column name.
    pub fn returns<T: FromRow>(self) -> TextStatement<Typed<T>> {
        TextStatement { node: self.node, row: PhantomData }
    }
}

impl<R> TextStatement<R> {
    /// The query as a table of another statement's FROM, under a name. Its columns are those that the text gives, so that one
    /// which it does not have is found by the database.
    ///
    /// The counterpart of SQLAlchemy's `text(..).columns(..).subquery()`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, select, text};
    /// let recent = text("SELECT id FROM book WHERE published > :since").bind("since", "2024-01-01").subquery("recent");
    /// assert_eq!(
    ///     select(recent.c("id")).to_sql(&SqliteDialect::default())?,
    ///     "SELECT recent.id FROM (SELECT id FROM book WHERE published > '2024-01-01') AS recent"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn subquery(&self, name: impl Into<Name>) -> Alias {
        Alias::new(Some(name.into()), AliasTarget::Text { text: self.node.clone(), in_with: false })
    }

    /// The query as a common table expression, under a name: `WITH name AS (..)`.
    pub fn cte(&self, name: impl Into<Name>) -> Alias {
        Alias::new(Some(name.into()), AliasTarget::Text { text: self.node.clone(), in_with: true })
    }
}

/// Marks the rows of a [`TextStatement`] as read by [`FromRow`].
#[derive(Debug)]
pub struct Typed<T>(PhantomData<fn() -> T>);

/// A value of a `text` parameter.
pub trait IntoParameter {
    /// The value.
    fn into_parameter(self) -> Value;
}

impl<T: ColumnType> IntoParameter for T {
    fn into_parameter(self) -> Value {
        self.into_value()
    }
}

impl IntoParameter for Value {
    fn into_parameter(self) -> Value {
        self
    }
}

impl IntoParameter for &str {
    fn into_parameter(self) -> Value {
        Value::Text(self.into())
    }
}

impl IntoParameter for &String {
    fn into_parameter(self) -> Value {
        Value::Text(self.as_str().into())
    }
}

impl IntoParameter for Option<&str> {
    fn into_parameter(self) -> Value {
        self.map_or(Value::Null, IntoParameter::into_parameter)
    }
}

impl TextStatement {
    /// The text as an expression of a type, to be selected or compared. What a statement around it holds is written with its
    /// table before it, so the names in the text must not be those of several tables.
    ///
    /// The counterpart of SQLAlchemy's `literal_column`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, text, types::*};
    /// # let book = Table::unregistered("book").column(Column::new("id", Integer)).column(Column::new("pages", Integer));
    /// let sheets = text("pages / :sides").bind("sides", 2).of::<i64>();
    /// let statement = select((book.c("id"), sheets.label("sheets"))).order_by(text("pages DESC"));
    /// assert_eq!(
    ///     statement.to_sql(&SqliteDialect::default())?,
    ///     "SELECT book.id, pages / 2 AS sheets FROM book ORDER BY pages DESC"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn of<T>(self) -> Expression<T> {
        Expression::new(self.into_node())
    }
}

impl IntoOrderBy for TextStatement {
    fn push(self, order: &mut Vec<OrderBy>) {
        order.push(OrderBy { node: self.into_node(), descending: false, nulls_first: None });
    }
}

impl IntoNodes for TextStatement {
    fn push(self, nodes: &mut Vec<Node>) {
        nodes.push(self.into_node());
    }
}

#[diagnostic::do_not_recommend]
impl Condition for TextStatement {
    fn into_condition(self) -> Node {
        Node::Text(self.node)
    }
}

impl IntoNode for TextStatement {
    fn into_node(self) -> Node {
        Node::Text(self.node)
    }
}

impl Executable for TextStatement<DynamicRow> {
    type Row = DynamicRow;

    fn node(&self) -> StatementNode {
        StatementNode::Text(self.node.clone())
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        Ok(RowPlan::of_columns(columns))
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<DynamicRow> {
        match plan.columns() {
            Some(columns) => DynamicRow::of_row(row, columns),
            None => DynamicRow::of_row(row, &Arc::default()),
        }
    }
}

impl<T: FromRow + Send + 'static> Executable for TextStatement<Typed<T>> {
    type Row = T;

    fn node(&self) -> StatementNode {
        StatementNode::Text(self.node.clone())
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        T::plan(columns)
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<T> {
        T::from_row(row, plan)
    }
}

impl<T: Decode> ScalarExecutable<T> for TextStatement<DynamicRow> {
    fn decode_scalar(&self, row: &dyn Row) -> Result<T> {
        crate::decode::decode_at(row, 0)
    }
}

impl<R> Clone for TextStatement<R> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), row: PhantomData }
    }
}

impl<R> fmt::Display for TextStatement<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::compile::display(&StatementNode::Text(self.node.clone()), formatter)
    }
}

impl<R> fmt::Debug for TextStatement<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(formatter)
    }
}
