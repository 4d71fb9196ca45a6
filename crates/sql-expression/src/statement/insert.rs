//! [`insert`].

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Executable, InsertNode, InsertRow, InsertRows, RowValues, Select, StatementNode, select::items_of,
};
use crate::{
    ColumnInfo, Few, Result, Row, RowPlan,
    expression::Node,
    name::Name,
    schema::{Table, Tables},
    typed::{Attribute, ColumnExpression, ColumnType, IntoNode, Model, Operand, RowReader, Selectable},
};

/// Begins an INSERT into a table or model.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{insert, schema::{Column, MetaData, Table}, types::{Integer, Varchar}};
/// # let metadata = MetaData::new();
/// # let users = Table::new("users", &metadata).column(Column::new("id", Integer).primary_key()).column(Column::new("name", Varchar(50)));
/// let one = insert(&users).value("name", "Ann");
/// let many = insert(&users).values_many([(1, "Ann"), (2, "Bob")]);
/// ```
pub fn insert(into: impl Tables) -> Insert {
    let mut table = None;
    into.each(&mut |found| table = Some(found.clone()));
    let table = table.unwrap_or_else(|| Table::unregistered(""));
    Insert {
        node: Arc::new(InsertNode {
            table,
            columns: None,
            rows: InsertRows::Default,
            returning: Few::new(),
            unordered: false,
            key_alone: false,
            in_arrays: false,
            further: None,
        }),
        returning: PhantomData,
    }
}

/// An INSERT, typed by what it returns.
#[must_use]
pub struct Insert<R = ()> {
    node: Arc<InsertNode>,
    returning: PhantomData<fn() -> R>,
}

impl<R> Insert<R> {
    pub(super) fn change(mut self, change: impl FnOnce(&mut InsertNode)) -> Self {
        change(Arc::make_mut(&mut self.node));
        self
    }

    /// The untyped tree.
    pub(crate) fn tree(&self) -> &Arc<InsertNode> {
        &self.node
    }

    /// Gives one column of the one row a value: a typed column takes its type, a name takes anything.
    pub fn value<C: Assign<V>, V>(self, column: C, value: V) -> Self {
        let (name, node) = column.assign(value);
        self.change(|insert| {
            let columns = insert.columns.get_or_insert_default();
            columns.push(name);
            insert.rows = match std::mem::replace(&mut insert.rows, InsertRows::Default) {
                InsertRows::Values(row) if row.count() == 1 && row.width() + 1 == columns.len() => {
                    let width = columns.len();
                    let mut row = row.into_writer();
                    row.node(node);
                    InsertRows::Values(row.finish(width, 1))
                }
                InsertRows::Default => InsertRows::Values(RowValues::one(node)),
                _ => InsertRows::Invalid("`value` cannot follow `values` or `values_many`".into()),
            };
        })
    }

    /// Names the columns of the rows to come, where they are not the table's in order.
    pub fn columns<N: Into<Name>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.change(|insert| insert.columns = Some(columns))
    }

    /// Inserts one row: a tuple of values in the order of the columns, a list of names with values, or a model.
    pub fn values(self, row: impl InsertRow) -> Self {
        self.values_many([row])
    }

    /// Inserts many rows of one shape, in few statements.
    ///
    /// With [`returning`](Self::returning) the rows that come back are in the order of those that were given, on every
    /// database: see [`unordered`](Self::unordered). A row of `()` takes the defaults of all columns.
    pub fn values_many<I>(self, rows: I) -> Self
    where
        I: IntoIterator,
        I::Item: InsertRow,
    {
        self.change(|insert| super::insert_row::append(insert, rows))
    }

    /// Inserts the rows of a select.
    pub fn from_select<S>(self, select: &Select<S>) -> Self {
        let select = select.tree().clone();
        self.change(|insert| insert.rows = InsertRows::Select(select))
    }

    /// Lets the rows that come back be in whatever order the database gives them (default: in the order of the rows that
    /// were inserted). SQLAlchemy says `sort_by_parameter_order=False`.
    ///
    /// No database promises the order of RETURNING. So rows are told by the key that the database numbered or by the key
    /// that they were given, and where there is neither, they are inserted one by one, which takes longer. What does not
    /// need to know which row is which says so here.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, insert, schema::{Column, Table}, types::{Integer, Varchar}};
    /// # let words = Table::unregistered("words").column(Column::new("word", Varchar(50))).column(Column::new("length", Integer));
    /// let lengths = insert(&words).columns(["word"]).values_many([("a",), ("the",)]).returning(words.c("length")).unordered();
    /// assert_eq!(
    ///     lengths.to_sql(&SqliteDialect::default())?,
    ///     "INSERT INTO words (word) VALUES ('a'), ('the') RETURNING length"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn unordered(self) -> Self {
        self.change(|insert| insert.unordered = true)
    }

    /// Gives back what was inserted, with what the database put in. Many rows come in the order in which they were given.
    pub fn returning<S: Selectable>(self, selection: S) -> Insert<S> {
        let items = items_of(&selection);
        let changed = self.change(|insert| insert.returning = items);
        Insert { node: changed.node, returning: PhantomData }
    }
}

/// A column that takes a value of type `V`: `Author::name` takes what its type takes, `"name"` and `users.c("name")`
/// anything.
#[diagnostic::on_unimplemented(
    message = "the column `{Self}` cannot be given `{V}`",
    label = "not a value for this column"
)]
pub trait Assign<V> {
    /// The column's name, and the value as a node.
    fn assign(self, value: V) -> (Name, Node);
}

#[diagnostic::do_not_recommend]
impl<M: Model, T: ColumnType, V: Operand<T::Base>> Assign<V> for Attribute<M, T> {
    fn assign(self, value: V) -> (Name, Node) {
        (Name::Static(self.column_name()), value.into_operand())
    }
}

#[diagnostic::do_not_recommend]
impl<V: IntoNode> Assign<V> for &str {
    fn assign(self, value: V) -> (Name, Node) {
        (self.into(), value.into_node())
    }
}

#[diagnostic::do_not_recommend]
impl<V: IntoNode> Assign<V> for ColumnExpression {
    fn assign(self, value: V) -> (Name, Node) {
        (self.name().clone(), value.into_node())
    }
}

/// What DML gives back: nothing, or what RETURNING selects.
pub trait Returned: 'static {
    /// What a row is read into.
    type Value: Send + 'static;

    /// Whether it takes a row whose columns are known only at run time.
    #[doc(hidden)]
    const IS_DYNAMIC: bool = false;

    /// Reads a row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit.
    fn read(row: &dyn Row, plan: &RowPlan) -> Result<Self::Value>;
}

impl Returned for () {
    type Value = ();

    fn read(_: &dyn Row, _: &RowPlan) -> Result<()> {
        Ok(())
    }
}

impl<S: Selectable + 'static> Returned for S {
    type Value = S::Value;

    const IS_DYNAMIC: bool = S::IS_DYNAMIC;

    fn read(row: &dyn Row, plan: &RowPlan) -> Result<S::Value> {
        S::read(&mut RowReader::planned(row, plan))
    }
}

/// Writes [`Executable`] for a DML statement that may return rows.
macro_rules! dml_statement {
    ($name:ident, $variant:ident, $($tree:tt)*) => {
        impl<R: crate::statement::insert::Returned> Executable for $name<R> {
            type Row = R::Value;

            fn node(&self) -> StatementNode {
                StatementNode::$variant(self.$($tree)*)
            }

            fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
                Ok(if R::IS_DYNAMIC { RowPlan::of_columns(columns) } else { RowPlan::default() })
            }

            fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<R::Value> {
                R::read(row, plan)
            }
        }

        impl<
            R: crate::statement::insert::Returned + crate::statement::select::FirstValue<T>,
            T: crate::Decode,
        > crate::statement::ScalarExecutable<T> for $name<R>
        {
            fn decode_scalar(&self, row: &dyn Row) -> Result<T> {
                crate::typed::RowReader::new(row).next()
            }
        }

        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                Self { node: self.node.clone(), returning: PhantomData }
            }
        }

        impl<R> fmt::Display for $name<R> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::compile::display(&StatementNode::$variant(self.$($tree)*), formatter)
            }
        }

        impl<R> fmt::Debug for $name<R> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.node.fmt(formatter)
            }
        }
    };
}

pub(crate) use dml_statement;

dml_statement!(Insert, Insert, tree().clone());
