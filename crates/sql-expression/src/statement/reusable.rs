//! [`reusable`]: statements that are built once and executed with other values each time.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Executable, ScalarExecutable, StatementNode, StatementOptions};
use crate::{
    ColumnInfo, Few, Result, Row, RowPlan, Value,
    expression::{BindNode, Node},
    typed::{ColumnType, IntoNode, Operand},
};

/// Keeps a statement that is executed again and again with other values, so that its tree is not built and looked up each
/// time. Statements that are written in place are found in the cache as well; this saves the way there, which counts where
/// the database answers within a microsecond, as SQLite does.
///
/// The function gets a [`Parameter`], or a tuple of up to four, and uses them where it would use values. It must give the
/// same statement each time, whatever the values: do not look at anything else in it.
///
/// Counterpart of SQLAlchemy's `lambda_stmt`.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, schema::{Column, Table}, select, types::{Integer, Varchar}};
/// use aludel_sql_expression::statement::{Parameter, reusable};
///
/// # let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key()).column(Column::new("name", Varchar(50)));
/// let by_id = reusable(move |id: Parameter<i64>| select(users.c("name")).filter(users.c("id").eq(id)));
/// assert_eq!(
///     by_id.with(5).to_sql(&SqliteDialect::default())?,
///     "SELECT users.name FROM users WHERE users.id = 5"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn reusable<P: Parameters, S: Executable>(
    build: impl Fn(P) -> S + Send + Sync + 'static,
) -> Reusable<P, S> {
    let template = build(P::places(&mut 0));
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let node = template.node();
    // Values of `onupdate` are made anew each time, so that a finished tree must not keep them.
    let is_made_anew = matches!(&node, StatementNode::Update(update) if update.table.has_onupdate());
    Reusable { build: Box::new(build), node, template, id, is_made_anew }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A statement that is built once: made by [`reusable`].
pub struct Reusable<P, S> {
    build: Box<dyn Fn(P) -> S + Send + Sync>,
    template: S,
    node: StatementNode,
    id: u64,
    is_made_anew: bool,
}

impl<P: Parameters, S: Executable> Reusable<P, S> {
    /// The statement with these values: execute it as any other. Several values are a tuple.
    pub fn with(&self, values: P::Values) -> Filled<'_, P, S> {
        Filled { reusable: self, values }
    }
}

impl<P, S> fmt::Debug for Reusable<P, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Reusable").field(&self.node).finish()
    }
}

/// A [`Reusable`] statement with its values: made by [`Reusable::with`].
#[must_use]
pub struct Filled<'r, P: Parameters, S> {
    reusable: &'r Reusable<P, S>,
    values: P::Values,
}

impl<P: Parameters, S> fmt::Debug for Filled<'_, P, S> {
    /// Without the values.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reusable.fmt(formatter)
    }
}

/// What a [`Reusable`] statement is known by, and its values.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Reused<'a> {
    /// No other statement of this process has it.
    pub id: u64,
    /// The tree with places where the values go.
    pub template: &'a StatementNode,
    /// The values, in the order of their places.
    pub values: Few<Value, 4>,
}

impl<P: Parameters, S: Executable> Executable for Filled<'_, P, S> {
    type Row = S::Row;

    fn node(&self) -> StatementNode {
        (self.reusable.build)(P::of(&self.values)).node()
    }

    fn reused(&self) -> Option<Reused<'_>> {
        if self.reusable.is_made_anew {
            return None;
        }
        let mut values = Few::new();
        P::write(&self.values, &mut values);
        Some(Reused { id: self.reusable.id, template: &self.reusable.node, values })
    }

    fn statement_options(&self) -> Option<&StatementOptions> {
        self.reusable.template.statement_options()
    }

    fn needs_columns(&self) -> bool {
        self.reusable.template.needs_columns()
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        self.reusable.template.plan(columns)
    }

    #[inline]
    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<S::Row> {
        self.reusable.template.decode(row, plan)
    }
}

impl<T, P: Parameters, S: ScalarExecutable<T>> ScalarExecutable<T> for Filled<'_, P, S> {
    fn decode_scalar(&self, row: &dyn Row) -> Result<T> {
        self.reusable.template.decode_scalar(row)
    }
}

/// A value of a [`Reusable`] statement, used where the value itself would be used.
#[derive(Clone, Debug)]
pub struct Parameter<T> {
    value: Option<T>,
    place: u8,
}

impl<T: ColumnType> Parameter<T> {
    fn node(self) -> Node {
        let (value, place) = match self.value {
            Some(value) => (value.into_value(), None),
            None => (Value::Null, Some(self.place)),
        };
        Node::Bind(BindNode { value, sql_type: Some(T::sql_type()), place })
    }
}

#[diagnostic::do_not_recommend]
impl<B: ColumnType<Base = B>> Operand<B> for Parameter<B> {
    fn into_operand(self) -> Node {
        self.node()
    }
}

impl<T: ColumnType> IntoNode for Parameter<T> {
    fn into_node(self) -> Node {
        self.node()
    }
}

/// What the function of a [`Reusable`] statement takes: a [`Parameter`], or a tuple of up to four.
pub trait Parameters: Send + Sync + 'static {
    /// The values.
    type Values: Send + Sync;

    /// Parameters that are only places, from the next one on.
    #[doc(hidden)]
    fn places(next: &mut u8) -> Self;

    /// Parameters with values.
    #[doc(hidden)]
    fn of(values: &Self::Values) -> Self;

    /// The values, in the order of their places.
    #[doc(hidden)]
    fn write(values: &Self::Values, to: &mut Few<Value, 4>);
}

impl<T: ColumnType> Parameters for Parameter<T> {
    type Values = T;

    fn places(next: &mut u8) -> Self {
        let place = *next;
        *next += 1;
        Self { value: None, place }
    }

    fn of(value: &T) -> Self {
        Self { value: Some(value.clone()), place: 0 }
    }

    #[inline]
    fn write(value: &T, to: &mut Few<Value, 4>) {
        to.push(value.to_value());
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: ColumnType),*> Parameters for ($(Parameter<$name>,)*) {
            type Values = ($($name,)*);

            fn places(next: &mut u8) -> Self {
                ($(Parameter::<$name>::places(next),)*)
            }

            fn of(values: &Self::Values) -> Self {
                ($(Parameter::of(&values.$index),)*)
            }

            fn write(values: &Self::Values, to: &mut Few<Value, 4>) {
                $(Parameter::write(&values.$index, to);)*
            }
        }
    )*};
}

tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }
