//! [`select`].

use std::{any::Any, fmt, marker::PhantomData, sync::Arc};

use super::{
    Executable, LockStrength, LockWait, Locking, ScalarExecutable, SelectItem, SelectNode, SetOperation,
    SetOperator, StatementNode,
};
use crate::{
    ColumnInfo, Decode, Few, Result, Row, RowPlan,
    expression::{Alias, AliasTarget, Node, OrderBy, Source, Window},
    name::Name,
    typed::{
        Attribute, ColumnExpression, ColumnType, Condition, Expression, IntoNode, Model, OrderExpression,
        RowReader, Selectable,
    },
};

/// Begins a SELECT: of a model, a column, an expression, or a tuple of these. FROM follows from the columns that are used.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{select, schema::{Column, MetaData, Table}, types::{Integer, Varchar}};
/// # let metadata = MetaData::new();
/// # let users = Table::new("users", &metadata).column(Column::new("id", Integer).primary_key()).column(Column::new("name", Varchar(50)));
/// let statement = select(users.c("name")).filter(users.c("id").eq(1)).order_by(users.c("name").asc());
/// ```
pub fn select<S: Selectable>(selection: S) -> Select<S> {
    let mut node = SelectNode::default();
    selection.items(&mut node.items);
    Select { node: Arc::new(node), selection: PhantomData }
}

/// A SELECT, typed by what it selects. Cloning copies a pointer.
#[must_use]
pub struct Select<S> {
    node: Arc<SelectNode>,
    selection: PhantomData<fn() -> S>,
}

impl<S> Select<S> {
    pub(super) fn change(mut self, change: impl FnOnce(&mut SelectNode)) -> Self {
        change(Arc::make_mut(&mut self.node));
        self
    }

    /// The untyped tree.
    pub fn tree(&self) -> &Arc<SelectNode> {
        &self.node
    }

    /// The same tree, typed by another selection of the same shape: for layers above.
    #[doc(hidden)]
    pub fn retype<R>(self) -> Select<R> {
        Select { node: self.node, selection: PhantomData }
    }

    /// Changes what a set operation cannot have any more.
    pub(super) fn change_core(self, what: &str, change: impl FnOnce(&mut SelectNode)) -> Self {
        if self.node.set_operations.is_empty() {
            return self.change(change);
        }
        let message = format!(
            "`{what}` cannot follow a set operation: call it on the parts, or select from a subquery"
        );
        self.change(|node| node.filters.push(Node::Invalid(message.into())))
    }

    /// Keeps the rows for which the condition holds; several are joined by AND.
    pub fn filter(self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.change_core("filter", |node| node.filters.push(condition))
    }

    /// Orders the rows; later calls order what is equal.
    pub fn order_by(self, order: impl IntoOrderBy) -> Self {
        self.change(|node| order.push(&mut node.order_by))
    }

    /// Groups the rows by an expression, or by a tuple of them.
    pub fn group_by(self, expressions: impl IntoNodes) -> Self {
        self.change_core("group_by", |node| expressions.push(&mut node.group_by))
    }

    /// Keeps the groups for which the condition holds.
    pub fn having(self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.change_core("having", |node| node.having.push(condition))
    }

    /// Leaves out rows that were there before.
    pub fn distinct(self) -> Self {
        self.change_core("distinct", |node| node.distinct = true)
    }

    /// Leaves out rows whose expressions were there before (PostgreSQL).
    pub fn distinct_on(self, expressions: impl IntoNodes) -> Self {
        self.change_core("distinct_on", |node| expressions.push(&mut node.distinct_on))
    }

    /// Gives at most so many rows.
    pub fn limit(self, rows: u64) -> Self {
        self.change(|node| node.limit = Some(count(rows)))
    }

    /// Gives at most as many rows as the expression says.
    pub fn limit_expression(self, rows: impl IntoNode) -> Self {
        let rows = rows.into_node();
        self.change(|node| node.limit = Some(rows))
    }

    /// Gives at most so many rows, and those that ORDER BY puts together with the last of them: FETCH FIRST .. WITH TIES
    /// (PostgreSQL, MariaDB).
    pub fn fetch_with_ties(self, rows: u64) -> Self {
        self.change(|node| {
            node.limit = Some(count(rows));
            node.further_mut().with_ties = true;
        })
    }

    /// Leaves out so many rows at the beginning.
    pub fn offset(self, rows: u64) -> Self {
        self.change(|node| node.offset = Some(count(rows)))
    }

    /// Puts something into FROM that no column asks for, or fixes what FROM begins with.
    pub fn select_from(self, source: impl Into<Source>) -> Self {
        let source = source.into();
        self.change_core("select_from", |node| node.from.push(source))
    }

    /// Locks the rows until the transaction ends: FOR UPDATE.
    pub fn with_for_update(self) -> Self {
        self.change(|node| {
            node.locking =
                Some(Locking { strength: LockStrength::Update, wait: LockWait::Wait, of: Vec::new() });
        })
    }

    /// Locks the rows, in a chosen way.
    pub fn locking(self, locking: Locking) -> Self {
        self.change(|node| node.locking = Some(locking))
    }

    /// The rows of both, each once.
    pub fn union(self, other: Self) -> Self {
        self.set_operation(SetOperator::Union, other)
    }

    /// The rows of both.
    pub fn union_all(self, other: Self) -> Self {
        self.set_operation(SetOperator::UnionAll, other)
    }

    /// The rows that are in both.
    pub fn intersect(self, other: Self) -> Self {
        self.set_operation(SetOperator::Intersect, other)
    }

    /// The rows of this one that are not in the other.
    pub fn except(self, other: Self) -> Self {
        self.set_operation(SetOperator::Except, other)
    }

    /// The rows that are in both, as often as they are in both (not on SQLite).
    pub fn intersect_all(self, other: Self) -> Self {
        self.set_operation(SetOperator::IntersectAll, other)
    }

    /// The rows of this one without those of the other, each as often as it is more often in this one (not on SQLite).
    pub fn except_all(self, other: Self) -> Self {
        self.set_operation(SetOperator::ExceptAll, other)
    }

    fn set_operation(self, operator: SetOperator, other: Self) -> Self {
        let select = other.node;
        // What was ordered or limited before stays a select of its own, so that each part keeps its meaning.
        if self.node.order_by.is_empty() && self.node.limit.is_none() && self.node.offset.is_none() {
            return self.change(|node| node.set_operations.push(SetOperation { operator, select }));
        }
        let first = self.node;
        let mut node = SelectNode { items: first.items.clone(), ..SelectNode::default() };
        node.extensions = first.extensions.clone();
        node.first = Some(first);
        node.set_operations = vec![SetOperation { operator, select }];
        Self { node: Arc::new(node), selection: PhantomData }
    }

    /// Gives a window a name, by which several functions can be calculated over it: `.over(Window::named("w"))`.
    pub fn window(self, name: impl Into<Name>, window: Window) -> Self {
        let named = (name.into(), window);
        self.change_core("window", |node| node.further_mut().windows.push(named))
    }

    /// Says which sources are left to the select around this one, instead of all those that it has; an empty list leaves
    /// none.
    pub fn correlate<T: Into<Source>>(self, sources: impl IntoIterator<Item = T>) -> Self {
        let sources = sources.into_iter().map(Into::into).collect();
        self.change_core("correlate", |node| node.further_mut().correlate = Some(sources))
    }

    /// The select as a table of another statement's FROM, under a name, that sees what stands before it there: LATERAL
    /// (PostgreSQL, MySQL).
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, literal, schema::*, select, types::*};
    /// # let author = Table::unregistered("author").column(Column::new("id", Integer).primary_key());
    /// # let book = Table::unregistered("book").column(Column::new("title", Text)).column(Column::new("author_id", Integer));
    /// let latest = select(book.c("title")).filter(book.c("author_id").eq(author.c("id"))).limit(2).lateral("latest");
    /// assert_eq!(
    ///     select((author.c("id"), latest.c("title"))).to_sql(&PostgresDialect::default())?,
    ///     "SELECT author.id, latest.title FROM author, LATERAL (SELECT book.title FROM book WHERE book.author_id = author.id \
    ///      LIMIT 2) AS latest"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn lateral(&self, name: impl Into<Name>) -> Alias {
        Alias::new(Some(name.into()), AliasTarget::Lateral(self.node.clone()))
    }

    /// The select as a table of another statement's FROM, under a name.
    pub fn subquery(&self, name: impl Into<Name>) -> Alias {
        Alias::new(Some(name.into()), AliasTarget::Subquery(self.node.clone()))
    }

    /// Hangs something on the statement for a layer above, such as loader options. It is no part of the SQL.
    #[doc(hidden)]
    pub fn extension(self, extension: Arc<dyn Any + Send + Sync>) -> Self {
        self.change(|node| node.extensions.0.push(extension))
    }
}

impl<S: Selectable> Select<S> {
    /// The select as a value of another statement: its one column of its one row.
    pub fn scalar_subquery(&self) -> Expression<S::Value> {
        Expression::new(Node::Subquery(self.node.clone()))
    }
}

impl Alias {
    /// A column of the subquery or common table expression, by name.
    pub fn c(&self, name: impl Into<Name>) -> ColumnExpression {
        ColumnExpression::new(Source::Alias(self.clone()), name.into())
    }
}

fn count(rows: u64) -> Node {
    Node::typed_bind(rows.min(i64::MAX as u64).into_value(), crate::types::SqlType::BigInteger)
}

impl<S: Selectable> Executable for Select<S> {
    type Row = S::Value;

    fn node(&self) -> StatementNode {
        StatementNode::Select(self.node.clone())
    }

    #[inline]
    fn select_node(&self) -> Option<&SelectNode> {
        Some(&self.node)
    }

    fn needs_columns(&self) -> bool {
        S::IS_DYNAMIC
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        // The select list was written by us, in order.
        Ok(if S::IS_DYNAMIC { RowPlan::of_columns(columns) } else { RowPlan::default() })
    }

    #[inline]
    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<S::Value> {
        if S::IS_DYNAMIC {
            return S::read(&mut RowReader::planned(row, plan));
        }
        S::read(&mut RowReader::new(row))
    }
}

impl<S: Selectable + FirstValue<T>, T: Decode> ScalarExecutable<T> for Select<S> {
    fn decode_scalar(&self, row: &dyn Row) -> Result<T> {
        RowReader::new(row).next()
    }
}

/// A selection whose first value is a `T`.
#[diagnostic::on_unimplemented(message = "the first selected value of `{Self}` cannot be read into `{T}`")]
pub trait FirstValue<T> {}

impl<M: Model, T: ColumnType> FirstValue<T> for Attribute<M, T> {}
impl<T> FirstValue<T> for Expression<T> {}
impl<T> FirstValue<T> for ColumnExpression {}

impl<S> Clone for Select<S> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), selection: PhantomData }
    }
}

impl<S> fmt::Display for Select<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::compile::display(&StatementNode::Select(self.node.clone()), formatter)
    }
}

impl<S> fmt::Debug for Select<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(formatter)
    }
}

/// What `order_by` takes: a column, an expression, one of them with a direction, or a tuple of these.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be ordered by")]
pub trait IntoOrderBy {
    /// Adds itself to the list.
    fn push(self, order: &mut Vec<OrderBy>);
}

impl IntoOrderBy for OrderExpression {
    fn push(self, order: &mut Vec<OrderBy>) {
        order.push(self.0);
    }
}

fn ascending(node: Node) -> OrderBy {
    OrderBy { node, descending: false, nulls_first: None }
}

impl<M: Model, T: ColumnType> IntoOrderBy for Attribute<M, T> {
    fn push(self, order: &mut Vec<OrderBy>) {
        order.push(ascending(self.node()));
    }
}

impl<T> IntoOrderBy for Expression<T> {
    fn push(self, order: &mut Vec<OrderBy>) {
        order.push(ascending(self.into_node()));
    }
}

impl IntoOrderBy for ColumnExpression {
    fn push(self, order: &mut Vec<OrderBy>) {
        order.push(ascending(self.node()));
    }
}

/// What `group_by` takes: an expression, or a tuple of them.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be grouped by")]
pub trait IntoNodes {
    /// Adds itself to the list.
    fn push(self, nodes: &mut Vec<Node>);
}

impl<M: Model, T: ColumnType> IntoNodes for Attribute<M, T> {
    fn push(self, nodes: &mut Vec<Node>) {
        nodes.push(self.node());
    }
}

impl<T> IntoNodes for Expression<T> {
    fn push(self, nodes: &mut Vec<Node>) {
        nodes.push(IntoNode::into_node(self));
    }
}

impl IntoNodes for ColumnExpression {
    fn push(self, nodes: &mut Vec<Node>) {
        nodes.push(self.node());
    }
}

macro_rules! lists {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: IntoOrderBy),*> IntoOrderBy for ($($name,)*) {
            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn push(self, order: &mut Vec<OrderBy>) {
                let ($($name,)*) = self;
                $($name.push(order);)*
            }
        }

        impl<$($name: IntoNodes),*> IntoNodes for ($($name,)*) {
            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn push(self, nodes: &mut Vec<Node>) {
                let ($($name,)*) = self;
                $($name.push(nodes);)*
            }
        }
    )*};
}

lists! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// The items of a select list, for RETURNING.
pub(crate) fn items_of(selection: &impl Selectable) -> Few<SelectItem> {
    let mut items = Few::new();
    selection.items(&mut items);
    items
}
