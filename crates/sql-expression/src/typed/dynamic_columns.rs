//! [`DynamicColumns`]: a select list that is known only at run time.

use super::{IntoNode, RowReader, Selectable};
use crate::{
    Few, Result,
    expression::{Alias, AliasTarget, Node, Source},
    schema::Table,
    statement::{DynamicRow, FirstValue, SelectItem, StatementNode},
};

/// A select list that is known only at run time, such as the columns of a table that was reflected: its rows are
/// [`DynamicRow`]s. Made by [`columns`], [`Table::all_columns`] and [`Alias::all_columns`].
///
/// In a tuple it stands last, and takes what is left of the row.
#[derive(Clone, Debug)]
#[must_use]
pub struct DynamicColumns {
    items: Vec<SelectItem>,
}

/// A select list that is known only at run time: any number of columns or expressions of one kind. Others are added by
/// [`and`](DynamicColumns::and).
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, count_all, dialect::*, schema::*, select, types::*};
/// use aludel_sql_expression::typed::columns;
///
/// # let book = Table::unregistered("book").column(Column::new("id", Integer)).column(Column::new("title", Text));
/// let asked_for = ["title", "id"];
/// let statement = select(columns(asked_for.map(|name| book.c(name))).and(count_all().over(Default::default())));
/// assert_eq!(
///     statement.to_sql(&SqliteDialect::default())?,
///     "SELECT book.title, book.id, count(*) OVER () FROM book"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn columns<C: IntoNode>(columns: impl IntoIterator<Item = C>) -> DynamicColumns {
    DynamicColumns { items: columns.into_iter().map(|column| item(column.into_node())).collect() }
}

// What is read into values can be NULL, so that no side needs a mark.
fn item(node: Node) -> SelectItem {
    SelectItem::Expression { node, nullable: true }
}

impl DynamicColumns {
    /// The same with one column or expression more.
    pub fn and(mut self, more: impl IntoNode) -> Self {
        self.items.push(item(more.into_node()));
        self
    }

    /// The same with all of another list.
    pub fn and_all(mut self, more: Self) -> Self {
        self.items.extend(more.items);
        self
    }

    fn of_table(source: Source, table: &Table) -> Self {
        Self { items: vec![SelectItem::Entity { source, table: table.clone(), nullable: true }] }
    }
}

impl Table {
    /// All columns of the table, to be selected or returned.
    ///
    /// The counterpart of SQLAlchemy's `select(table)`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, insert, schema::*, select, types::*};
    /// # let book = Table::unregistered("book").column(Column::new("id", Integer)).column(Column::new("title", Text));
    /// let statement = select(book.all_columns()).order_by(book.c("id"));
    /// assert_eq!(statement.to_sql(&SqliteDialect::default())?, "SELECT book.id, book.title FROM book ORDER BY book.id");
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn all_columns(&self) -> DynamicColumns {
        DynamicColumns::of_table(self.into(), self)
    }
}

impl Alias {
    /// All columns of what it stands for, to be selected. Each of them must have a name that is known here: one of a table, or a
    /// label.
    pub fn all_columns(&self) -> DynamicColumns {
        if let AliasTarget::Table(table) = self.target() {
            return DynamicColumns::of_table(self.into(), table);
        }
        let mut items = Vec::new();
        add_columns(self, self, &mut items);
        DynamicColumns { items }
    }
}

/// Adds the columns of what an alias stands for, under the name of another.
fn add_columns(alias: &Alias, target: &Alias, items: &mut Vec<SelectItem>) {
    let mut add = |name: &crate::name::Name| items.push(item(alias.c(name.clone()).into_node()));
    let listed = match target.target() {
        AliasTarget::Subquery(select)
        | AliasTarget::Lateral(select)
        | AliasTarget::CommonTableExpression { select, .. } => &select.items[..],
        AliasTarget::Changes(StatementNode::Insert(insert)) => &insert.returning[..],
        AliasTarget::Changes(StatementNode::Update(update)) => &update.returning[..],
        AliasTarget::Changes(StatementNode::Delete(delete)) => &delete.returning[..],
        AliasTarget::Table(table) => {
            return table.definition().columns.iter().for_each(|column| add(&column.name));
        }
        AliasTarget::Values(values) => return values.columns.iter().for_each(add),
        AliasTarget::Function(function) if !function.columns.is_empty() => {
            return function.columns.iter().for_each(add);
        }
        AliasTarget::Named(inner) => return add_columns(alias, inner, items),
        AliasTarget::Changes(_) | AliasTarget::Function(_) | AliasTarget::Text { .. } => {
            return items
                .push(unnamed("only the database knows the columns of a function or a text in FROM"));
        }
    };
    for listed in listed {
        match listed {
            SelectItem::Entity { table, .. } => {
                table.definition().columns.iter().for_each(|column| add(&column.name))
            }
            SelectItem::Expression { node: Node::Label(label), .. } => add(&label.name),
            SelectItem::Expression { node: Node::Column(column), .. } => add(&column.name),
            SelectItem::Expression { .. } => {
                return items.push(unnamed("an expression of the subquery has no name: give it a label"));
            }
        }
    }
}

fn unnamed(why: &str) -> SelectItem {
    item(Node::Invalid(
        format!("`all_columns` cannot tell the columns: {why}; or name them by `columns`").into(),
    ))
}

#[diagnostic::do_not_recommend]
impl Selectable for DynamicColumns {
    type Value = DynamicRow;

    const IS_DYNAMIC: bool = true;

    fn items(&self, items: &mut Few<SelectItem>) {
        self.items.iter().for_each(|item| items.push(item.clone()));
    }

    fn read(reader: &mut RowReader<'_>) -> Result<DynamicRow> {
        reader.rest()
    }
}

impl<T> FirstValue<T> for DynamicColumns {}
