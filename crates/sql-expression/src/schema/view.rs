//! [`ViewDefinition`]: what a view is made of.

use crate::{
    Result,
    dialect::Dialect,
    name::Name,
    statement::{Executable, Select, StatementNode},
    typed::Selectable,
};

/// What a view is made of. A table that has one is read like others, and is never created as a table.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_view, dialect::SqliteDialect, schema::*, select, types::*};
///
/// let users = Table::unregistered("users").column(Column::new("id", Integer)).column(Column::new("age", Integer));
/// let adults = Table::unregistered("adults")
///     .column(Column::new("id", Integer))
///     .view(select(users.c("id")).filter(users.c("age").ge(18)));
/// assert_eq!(
///     create_view(&adults).to_sql(&SqliteDialect::default())?,
///     "CREATE VIEW adults (id) AS SELECT users.id FROM users WHERE users.age >= 18"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ViewDefinition {
    /// The query; none: the view is made elsewhere.
    pub query: Option<ViewQuery>,
    /// Whether its rows are kept until it is refreshed (PostgreSQL).
    pub materialized: bool,
    /// Whether rows that are written through it must be seen by it, as SQL: `LOCAL`, `CASCADED`.
    pub check_option: Option<Name>,
}

/// The query of a view.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ViewQuery {
    /// SQL that is written just so.
    Text(Name),
    /// A select, whose values are written into the text.
    Select(StatementNode),
}

impl ViewDefinition {
    /// A view that is made elsewhere.
    pub fn made_elsewhere() -> Self {
        Self::default()
    }

    /// Keeps its rows until it is refreshed (PostgreSQL).
    #[must_use]
    pub fn materialized(mut self) -> Self {
        self.materialized = true;
        self
    }

    /// Refuses rows written through it that it does not show: `LOCAL` looks at its own condition, `CASCADED` at those of the views
    /// below too. WITH CHECK OPTION (PostgreSQL, MySQL, MariaDB).
    #[must_use]
    pub fn check_option(mut self, which: impl Into<Name>) -> Self {
        self.check_option = Some(which.into());
        self
    }
}

impl ViewQuery {
    /// The query as SQL.
    pub(crate) fn to_sql(&self, dialect: &dyn Dialect) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text.to_string()),
            Self::Select(node) => crate::compile::to_sql(node, dialect),
        }
    }
}

impl<Q: Into<ViewQuery>> From<Q> for ViewDefinition {
    fn from(query: Q) -> Self {
        Self { query: Some(query.into()), ..Self::default() }
    }
}

impl From<&str> for ViewQuery {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ViewQuery {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Name> for ViewQuery {
    fn from(text: Name) -> Self {
        Self::Text(text)
    }
}

impl<S: Selectable> From<Select<S>> for ViewQuery {
    fn from(select: Select<S>) -> Self {
        Self::Select(select.node())
    }
}
