//! [`ExcludeConstraint`].

use super::{
    key::{PostgresqlKeyOptions, commented, indexed},
    timing::{Timing, timed},
};
use crate::{
    name::Name,
    schema::{DdlExpression, IndexElement},
};

/// Rows of which no two may compare as true by all of some operators (PostgreSQL): bookings of one room that overlap.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_table, dialect::PostgresDialect, schema::*, types::Integer, SqlType};
///
/// let booking = Table::unregistered("booking")
///     .column(Column::new("room", Integer))
///     .column(Column::new("during", SqlType::Custom("tsrange".into())))
///     .exclude(ExcludeConstraint::new().element("room", "=").element("during", "&&").using("gist").named("no_overlap"));
/// let sql = create_table(&booking).to_sql(&PostgresDialect::default())?;
/// assert!(sql.contains("CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&)"));
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExcludeConstraint {
    /// The constraint's name; none: the database chooses one.
    pub name: Option<Name>,
    /// What is compared, and how.
    pub elements: Vec<ExcludeElement>,
    /// The kind of index that serves it.
    pub using: Option<Name>,
    /// The rows that it is about; none: all.
    pub filter: Option<DdlExpression>,
    /// When it is checked.
    pub timing: Timing,
    /// Columns that the entries of its index carry beside what is compared: INCLUDE.
    pub include: Vec<Name>,
    /// What is said of its index.
    pub postgresql: PostgresqlKeyOptions,
    /// A comment kept in the database.
    pub comment: Option<Name>,
}

/// What an [`ExcludeConstraint`] compares, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExcludeElement {
    /// What is compared.
    pub element: IndexElement,
    /// The operator.
    pub operator: Name,
}

impl ExcludeConstraint {
    /// A constraint that compares nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares a column or an expression by an operator.
    #[must_use]
    pub fn element(mut self, element: impl Into<IndexElement>, operator: impl Into<Name>) -> Self {
        self.elements.push(ExcludeElement { element: element.into(), operator: operator.into() });
        self
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says what kind of index serves it: `gist`.
    #[must_use]
    pub fn using(mut self, using: impl Into<Name>) -> Self {
        self.using = Some(using.into());
        self
    }

    /// Says which rows it is about.
    #[must_use]
    pub fn filter(mut self, condition: impl Into<DdlExpression>) -> Self {
        self.filter = Some(condition.into());
        self
    }

    indexed!();
    commented!();
    timed!(timing);
}
