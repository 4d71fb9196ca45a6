//! Joins: [`Join`], [`joined`], and the methods that a SELECT and a join in parentheses have in common.

use super::Select;
use crate::{
    expression::{Alias, Node, Source},
    name::Name,
    typed::{Aliased, Condition, Entity, Model},
};

/// A join.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Join {
    /// What it starts from; none: whatever stands before it.
    pub left: Option<Source>,
    /// What is joined.
    pub right: Source,
    /// What is joined to the right side first, in parentheses with it.
    pub within: Vec<Join>,
    /// Which rows belong together.
    pub condition: JoinCondition,
    /// Which rows stay without a partner.
    pub kind: JoinKind,
}

impl Join {
    /// A join of one source to whatever stands before it.
    pub fn new(kind: JoinKind, right: Source, condition: JoinCondition) -> Self {
        Self { left: None, right, within: Vec::new(), condition, kind }
    }

    /// The same join, starting from a source.
    #[must_use]
    pub fn starting_from(mut self, left: Source) -> Self {
        self.left = Some(left);
        self
    }

    /// Each source that it brings, in order.
    pub(crate) fn sources<'j>(&'j self, visit: &mut dyn FnMut(&'j Source)) {
        visit(&self.right);
        self.within.iter().for_each(|join| join.sources(visit));
    }

    /// Whether the source is one that it brings.
    pub(crate) fn brings(&self, source: &Source) -> bool {
        self.right == *source || self.within.iter().any(|join| join.brings(source))
    }

    /// Each condition of it, in the order in which they are written.
    pub(crate) fn conditions<'j>(&'j self, visit: &mut dyn FnMut(&'j Node)) {
        self.within.iter().for_each(|join| join.conditions(visit));
        if let JoinCondition::On(on) = &self.condition {
            visit(on);
        }
    }
}

/// Which rows stay without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinKind {
    /// None.
    Inner,
    /// Those of the left side.
    Left,
    /// Those of the right side.
    Right,
    /// Those of both sides.
    Full,
    /// Every row with every row.
    Cross,
}

/// Which rows of a join belong together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JoinCondition {
    /// Those that the foreign key between the two says, which must be the only one.
    ForeignKey,
    /// Those for which the condition holds: ON.
    On(Node),
    /// Those with the same values in columns of these names: USING.
    Using(Vec<Name>),
    /// Those with the same values in all columns whose names both have: NATURAL.
    Natural,
    /// All: CROSS JOIN.
    None,
}

/// Sources that are joined with each other before they are joined with others: a join in parentheses. Made by [`joined`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Joined {
    source: Source,
    joins: Vec<Join>,
}

/// Begins a join in parentheses, which is joined as a whole: rows stay without a partner only where all of it has none.
///
/// The counterpart of SQLAlchemy's `a.outerjoin(b.join(c))`.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
/// # let author = Table::unregistered("author").column(Column::new("id", Integer).primary_key());
/// # let book = Table::unregistered("book").column(Column::new("id", Integer).primary_key()).column(Column::new("author_id", Integer));
/// # let review = Table::unregistered("review").column(Column::new("book_id", Integer)).column(Column::new("stars", Integer));
/// use aludel_sql_expression::statement::joined;
///
/// let reviewed = joined(&book).join_on(&review, review.c("book_id").eq(book.c("id")));
/// let statement = select((author.c("id"), review.c("stars")))
///     .outerjoin_on(reviewed, book.c("author_id").eq(author.c("id")));
/// assert_eq!(
///     statement.to_sql(&PostgresDialect::default())?,
///     "SELECT author.id, review.stars FROM author LEFT JOIN (book JOIN review ON review.book_id = book.id) ON \
///      book.author_id = author.id"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn joined(source: impl Into<Source>) -> Joined {
    Joined { source: source.into(), joins: Vec::new() }
}

impl Joined {
    fn add_joins(mut self, _: &str, add: impl FnOnce(&mut Vec<Join>)) -> Self {
        add(&mut self.joins);
        self
    }

    fn into_join(self, kind: JoinKind, condition: JoinCondition) -> Join {
        Join { within: self.joins, ..Join::new(kind, self.source, condition) }
    }
}

impl<T: Into<Source>> From<T> for Joined {
    fn from(source: T) -> Self {
        joined(source)
    }
}

impl<S> Select<S> {
    fn add_joins(self, what: &str, add: impl FnOnce(&mut Vec<Join>)) -> Self {
        self.change_core(what, |node| add(&mut node.joins))
    }
}

/// The methods by which a SELECT and a join in parentheses join: of every kind, by every condition.
macro_rules! join_methods {
    ($($generics:tt)*) => {
        $($generics)* {
            /// Joins along a relationship, or to a model or table by the foreign key between the two: `JOIN b ON b.a_id = a.id`.
            pub fn join(self, target: impl JoinTarget) -> Self {
                self.add_joins("join", |joins| target.joins(JoinKind::Inner, joins))
            }

            /// As [`join`](Self::join), and keeps the rows of the left side that have no partner: `LEFT JOIN`. Select the right
            /// side with `.nullable()`.
            pub fn outerjoin(self, target: impl JoinTarget) -> Self {
                self.add_joins("outerjoin", |joins| target.joins(JoinKind::Left, joins))
            }

            /// As [`join`](Self::join), and keeps the rows of the right side that have no partner: `RIGHT JOIN`. Select all that
            /// stands before it with `.nullable()`.
            pub fn right_outerjoin(self, target: impl JoinTarget) -> Self {
                self.add_joins("right_outerjoin", |joins| target.joins(JoinKind::Right, joins))
            }

            /// As [`join`](Self::join), and keeps the rows of both sides that have no partner: `FULL JOIN` (not on MySQL). Select
            /// both sides with `.nullable()`.
            pub fn full_outerjoin(self, target: impl JoinTarget) -> Self {
                self.add_joins("full_outerjoin", |joins| target.joins(JoinKind::Full, joins))
            }

            /// Joins by a condition: `JOIN b ON condition`.
            pub fn join_on(self, right: impl Into<Joined>, on: impl Condition) -> Self {
                let join = right.into().into_join(JoinKind::Inner, JoinCondition::On(on.into_condition()));
                self.add_joins("join_on", |joins| joins.push(join))
            }

            /// Joins by a condition, and keeps the rows of the left side that have no partner: `LEFT JOIN b ON condition`.
            pub fn outerjoin_on(self, right: impl Into<Joined>, on: impl Condition) -> Self {
                let join = right.into().into_join(JoinKind::Left, JoinCondition::On(on.into_condition()));
                self.add_joins("outerjoin_on", |joins| joins.push(join))
            }

            /// Joins by a condition, and keeps the rows of the right side that have no partner: `RIGHT JOIN b ON condition`.
            pub fn right_outerjoin_on(self, right: impl Into<Joined>, on: impl Condition) -> Self {
                let join = right.into().into_join(JoinKind::Right, JoinCondition::On(on.into_condition()));
                self.add_joins("right_outerjoin_on", |joins| joins.push(join))
            }

            /// Joins by a condition, and keeps the rows of both sides that have no partner: `FULL JOIN b ON condition` (not on
            /// MySQL).
            pub fn full_outerjoin_on(self, right: impl Into<Joined>, on: impl Condition) -> Self {
                let join = right.into().into_join(JoinKind::Full, JoinCondition::On(on.into_condition()));
                self.add_joins("full_outerjoin_on", |joins| joins.push(join))
            }

            /// Joins the rows with the same values in columns that both sides have: `JOIN b USING (id)`.
            ///
            /// Columns stay those of their tables: `a.c("id")` and `b.c("id")` are equal in every row. Where a side is kept
            /// without a partner, its own is the one that is there; `coalesce(a.c("id"), b.c("id"))` is always.
            pub fn join_using<N: Into<Name>>(
                self,
                right: impl Into<Joined>,
                columns: impl IntoIterator<Item = N>,
            ) -> Self {
                let join = right.into().into_join(JoinKind::Inner, using(columns));
                self.add_joins("join_using", |joins| joins.push(join))
            }

            /// As [`join_using`](Self::join_using), and keeps the rows of the left side that have no partner: `LEFT JOIN b USING
            /// (id)`.
            pub fn outerjoin_using<N: Into<Name>>(
                self,
                right: impl Into<Joined>,
                columns: impl IntoIterator<Item = N>,
            ) -> Self {
                let join = right.into().into_join(JoinKind::Left, using(columns));
                self.add_joins("outerjoin_using", |joins| joins.push(join))
            }

            /// As [`join_using`](Self::join_using), and keeps the rows of the right side that have no partner: `RIGHT JOIN b USING
            /// (id)`.
            pub fn right_outerjoin_using<N: Into<Name>>(
                self,
                right: impl Into<Joined>,
                columns: impl IntoIterator<Item = N>,
            ) -> Self {
                let join = right.into().into_join(JoinKind::Right, using(columns));
                self.add_joins("right_outerjoin_using", |joins| joins.push(join))
            }

            /// As [`join_using`](Self::join_using), and keeps the rows of both sides that have no partner: `FULL JOIN b USING
            /// (id)` (not on MySQL).
            pub fn full_outerjoin_using<N: Into<Name>>(
                self,
                right: impl Into<Joined>,
                columns: impl IntoIterator<Item = N>,
            ) -> Self {
                let join = right.into().into_join(JoinKind::Full, using(columns));
                self.add_joins("full_outerjoin_using", |joins| joins.push(join))
            }

            /// Joins the rows with the same values in all columns whose names both sides have: `NATURAL JOIN b`. The database
            /// finds these columns, so that a column which is added to a table may change what the statement gives.
            pub fn natural_join(self, right: impl Into<Joined>) -> Self {
                let join = right.into().into_join(JoinKind::Inner, JoinCondition::Natural);
                self.add_joins("natural_join", |joins| joins.push(join))
            }

            /// As [`natural_join`](Self::natural_join), and keeps the rows of the left side that have no partner: `NATURAL LEFT
            /// JOIN b`.
            pub fn natural_outerjoin(self, right: impl Into<Joined>) -> Self {
                let join = right.into().into_join(JoinKind::Left, JoinCondition::Natural);
                self.add_joins("natural_outerjoin", |joins| joins.push(join))
            }

            /// As [`natural_join`](Self::natural_join), and keeps the rows of the right side that have no partner: `NATURAL RIGHT
            /// JOIN b`.
            pub fn natural_right_outerjoin(self, right: impl Into<Joined>) -> Self {
                let join = right.into().into_join(JoinKind::Right, JoinCondition::Natural);
                self.add_joins("natural_right_outerjoin", |joins| joins.push(join))
            }

            /// As [`natural_join`](Self::natural_join), and keeps the rows of both sides that have no partner: `NATURAL FULL JOIN
            /// b` (not on MySQL).
            pub fn natural_full_outerjoin(self, right: impl Into<Joined>) -> Self {
                let join = right.into().into_join(JoinKind::Full, JoinCondition::Natural);
                self.add_joins("natural_full_outerjoin", |joins| joins.push(join))
            }

            /// Joins every row with every row: `CROSS JOIN b`.
            pub fn cross_join(self, right: impl Into<Joined>) -> Self {
                let join = right.into().into_join(JoinKind::Cross, JoinCondition::None);
                self.add_joins("cross_join", |joins| joins.push(join))
            }
        }
    };
}

join_methods! { impl<S> Select<S> }
join_methods! { impl Joined }

fn using<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> JoinCondition {
    JoinCondition::Using(columns.into_iter().map(Into::into).collect())
}

/// What `join` takes: a relationship, a model or a table, or what [`joined`] begins.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be joined",
    note = "join a relationship such as `Author::books`, or a model; with a condition of your own use `join_on`"
)]
pub trait JoinTarget {
    /// Adds the joins it stands for: a relationship over a secondary table stands for two.
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>);
}

fn by_foreign_key(right: impl Into<Joined>, kind: JoinKind) -> Join {
    right.into().into_join(kind, JoinCondition::ForeignKey)
}

impl<M: Model> JoinTarget for Entity<M> {
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        joins.push(by_foreign_key(self, kind));
    }
}

impl<M: Model> JoinTarget for &Aliased<M> {
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        joins.push(by_foreign_key(self, kind));
    }
}

impl JoinTarget for &crate::schema::Table {
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        joins.push(by_foreign_key(self, kind));
    }
}

impl JoinTarget for &Alias {
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        joins.push(by_foreign_key(self, kind));
    }
}

impl JoinTarget for Joined {
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        joins.push(by_foreign_key(self, kind));
    }
}
