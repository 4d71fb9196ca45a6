//! Upserts: what becomes of a row that is there already.

use std::fmt;

use super::{Assign, Insert, IntoNodes};
use crate::{
    expression::{Construct, Node},
    name::Name,
    typed::{Attribute, ColumnExpression, ColumnType, Condition, Expression, Model},
};

/// What becomes of rows that are there already.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Upsert {
    /// ON CONFLICT (PostgreSQL, SQLite).
    OnConflict {
        /// Which conflict.
        target: Conflict,
        /// What is changed; none: DO NOTHING.
        update: Option<OnConflict>,
    },
    /// ON DUPLICATE KEY UPDATE (MySQL, MariaDB).
    OnDuplicateKey(OnConflict),
}

impl Upsert {
    /// Whether each row that is given is in the table afterwards as a changed or a new row, so that each comes back.
    pub(crate) fn returns_each_row(&self) -> bool {
        match self {
            Self::OnConflict { update, .. } => {
                update.as_ref().is_some_and(|update| update.filters.is_empty())
            }
            Self::OnDuplicateKey(_) => true,
        }
    }
}

/// Which conflict an upsert is about: made by [`conflict`], or by the names of the columns alone.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Conflict {
    /// The columns of a unique index.
    pub(crate) columns: Vec<Node>,
    /// The condition of a partial unique index.
    pub(crate) index_where: Option<Node>,
    /// The name of a constraint.
    pub(crate) constraint: Option<Name>,
}

/// The conflict in a unique index over these columns: `conflict(User::email)`, `conflict((users.c("a"), users.c("b")))`.
pub fn conflict(columns: impl IntoNodes) -> Conflict {
    let mut nodes = Vec::new();
    columns.push(&mut nodes);
    Conflict { columns: nodes, ..Conflict::default() }
}

impl Conflict {
    /// The conflict with a constraint of this name (PostgreSQL).
    pub fn constraint(name: impl Into<Name>) -> Self {
        Self { constraint: Some(name.into()), ..Self::default() }
    }

    /// The unique index is one with this condition.
    pub fn index_where(mut self, condition: impl Condition) -> Self {
        let condition = condition.into_condition();
        self.index_where = Node::all(self.index_where.into_iter().chain([condition]));
        self
    }
}

/// What `on_conflict_do_nothing` and `on_conflict_do_update` take: a column or a tuple of columns, `conflict(..)`, or `()` for
/// any conflict.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which conflict is meant",
    note = "give the column or the columns of the unique index, `conflict(..)`, or `()` for any conflict"
)]
pub trait IntoConflict {
    /// The conflict.
    fn into_conflict(self) -> Conflict;
}

impl<T: IntoNodes> IntoConflict for T {
    fn into_conflict(self) -> Conflict {
        conflict(self)
    }
}

impl IntoConflict for () {
    fn into_conflict(self) -> Conflict {
        Conflict::default()
    }
}

impl IntoConflict for Conflict {
    fn into_conflict(self) -> Conflict {
        self
    }
}

/// What an upsert changes of a row that is there already.
#[derive(Clone, Default)]
#[must_use]
pub struct OnConflict {
    pub(crate) assignments: Vec<(Name, Node)>,
    pub(crate) filters: Vec<Node>,
}

impl OnConflict {
    /// Gives a column a new value: one of its own, an expression over the row that is there, or what the INSERT had, by
    /// [`excluded`].
    pub fn set<C: Assign<V>, V>(mut self, column: C, value: V) -> Self {
        self.assignments.push(column.assign(value));
        self
    }

    /// Gives a column the value that the INSERT had for it.
    pub fn set_excluded(mut self, column: impl ExcludedColumn) -> Self {
        let name = column.into_name();
        let value = Node::construct(Construct::Excluded(name.clone()), Vec::new());
        self.assignments.push((name, value));
        self
    }

    /// Changes the row only where the condition holds; otherwise it stays as it is (not on MySQL).
    pub fn filter(mut self, condition: impl Condition) -> Self {
        self.filters.push(condition.into_condition());
        self
    }
}

impl fmt::Debug for OnConflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OnConflict")
            .field("assignments", &self.assignments)
            .field("filters", &self.filters)
            .finish()
    }
}

/// The value that the INSERT would have put into a column, in the changes of its upsert: `excluded.name`, or `VALUES(name)`.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::*, insert, schema::*, types::*};
/// use aludel_sql_expression::statement::excluded;
///
/// # let word = Table::unregistered("word").column(Column::new("text", Varchar(50)).primary_key()).column(Column::new("seen", Integer));
/// let statement = insert(&word).values(("the", 1)).on_conflict_do_update(word.c("text"), |update| {
///     update.set("seen", word.c("seen").of::<i32>() + excluded(word.c("seen")).of::<i32>())
/// });
/// assert_eq!(
///     statement.to_sql(&PostgresDialect::default())?,
///     "INSERT INTO word (text, seen) VALUES ('the', 1) ON CONFLICT (text) DO UPDATE SET seen = word.seen + excluded.seen"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn excluded<C: ExcludedColumn>(column: C) -> Expression<C::Value> {
    Expression::new(Node::construct(Construct::Excluded(column.into_name()), Vec::new()))
}

/// A column, for [`excluded`].
pub trait ExcludedColumn {
    /// What it holds.
    type Value;

    /// The column's name.
    fn into_name(self) -> Name;
}

impl<M: Model, T: ColumnType> ExcludedColumn for Attribute<M, T> {
    type Value = T;

    fn into_name(self) -> Name {
        Name::Static(self.column_name())
    }
}

impl ExcludedColumn for ColumnExpression {
    type Value = crate::Value;

    fn into_name(self) -> Name {
        self.name().clone()
    }
}

impl ExcludedColumn for &str {
    type Value = crate::Value;

    fn into_name(self) -> Name {
        self.into()
    }
}

impl Expression<crate::Value> {
    /// Says what Rust type the expression holds.
    pub fn of<T>(self) -> Expression<T> {
        Expression::new(self.into_node())
    }
}

impl<R> Insert<R> {
    /// Leaves rows out that are there already: ON CONFLICT DO NOTHING (PostgreSQL, SQLite). `()` stands for any conflict.
    ///
    /// MySQL and MariaDB have `prefix_with("IGNORE")`, which also passes over other errors, and
    /// [`on_duplicate_key_update`](Self::on_duplicate_key_update).
    pub fn on_conflict_do_nothing(self, target: impl IntoConflict) -> Self {
        let target = target.into_conflict();
        self.upsert(Upsert::OnConflict { target, update: None })
    }

    /// Changes rows that are there already: ON CONFLICT DO UPDATE (PostgreSQL, SQLite).
    ///
    /// Rows that come back by [`returning`](Self::returning) are in the order of those that were given where each of them
    /// comes back; where the changes have a condition, they come as the database gives them.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, insert, schema::*, types::*};
    /// # let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key()).column(Column::new("name", Varchar(50)));
    /// let statement = insert(&users)
    ///     .values((1, "Ann"))
    ///     .on_conflict_do_update(users.c("id"), |update| update.set_excluded("name"));
    /// assert_eq!(
    ///     statement.to_sql(&SqliteDialect::default())?,
    ///     "INSERT INTO users (id, name) VALUES (1, 'Ann') ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn on_conflict_do_update(
        self,
        target: impl IntoConflict,
        update: impl FnOnce(OnConflict) -> OnConflict,
    ) -> Self {
        let (target, update) = (target.into_conflict(), update(OnConflict::default()));
        self.upsert(Upsert::OnConflict { target, update: Some(update) })
    }

    /// Changes rows that are there already: ON DUPLICATE KEY UPDATE (MySQL, MariaDB), whatever unique key they are there by.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, insert, schema::*, types::*};
    /// # let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key()).column(Column::new("name", Varchar(50)));
    /// let statement =
    ///     insert(&users).values((1, "Ann")).on_duplicate_key_update(|update| update.set_excluded("name"));
    /// assert_eq!(
    ///     statement.to_sql(&MySqlDialect::mariadb((10, 11, 0)))?,
    ///     "INSERT INTO users (id, name) VALUES (1, 'Ann') ON DUPLICATE KEY UPDATE name = VALUES(name)"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn on_duplicate_key_update(self, update: impl FnOnce(OnConflict) -> OnConflict) -> Self {
        let update = update(OnConflict::default());
        self.upsert(Upsert::OnDuplicateKey(update))
    }

    fn upsert(self, upsert: Upsert) -> Self {
        self.change(|insert| insert.further.get_or_insert_default().upsert = Some(upsert))
    }
}
