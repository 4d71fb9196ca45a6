//! [`CheckConstraint`].

use super::key::commented;
use crate::{name::Name, schema::DdlExpression};

/// A condition that every row must fulfil.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckConstraint {
    /// The constraint's name; none: the naming convention or the database chooses one.
    pub name: Option<Name>,
    /// The condition.
    pub condition: DdlExpression,
    /// Whether rows that are there already are not looked at: NOT VALID, in ALTER TABLE (PostgreSQL).
    pub not_valid: bool,
    /// Whether tables that inherit go without it: NO INHERIT (PostgreSQL).
    pub no_inherit: bool,
    /// Whether it is there and rows are not held to it: NOT ENFORCED (MySQL).
    pub not_enforced: bool,
    /// The column that it stands with; none: it stands by itself. MariaDB tells the two apart. It has no name then.
    pub column: Option<Name>,
    /// A comment kept in the database where it can (PostgreSQL).
    pub comment: Option<Name>,
}

impl CheckConstraint {
    /// A condition: SQL text, or an expression.
    pub fn new(condition: impl Into<DdlExpression>) -> Self {
        Self {
            name: None,
            condition: condition.into(),
            not_valid: false,
            no_inherit: false,
            not_enforced: false,
            column: None,
            comment: None,
        }
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Does not look at rows that are there already, when it is added by ALTER TABLE (PostgreSQL).
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }

    /// Does not hold rows to it (MySQL, from version 8.0.16 on).
    #[must_use]
    pub fn not_enforced(mut self) -> Self {
        self.not_enforced = true;
        self
    }

    /// Writes it with a column, as MariaDB tells it apart from one that stands by itself. A name it can have none then.
    #[must_use]
    pub fn of_column(mut self, column: impl Into<Name>) -> Self {
        self.column = Some(column.into());
        self
    }

    commented!();

    /// Leaves tables that inherit without it (PostgreSQL).
    #[must_use]
    pub fn no_inherit(mut self) -> Self {
        self.no_inherit = true;
        self
    }
}
