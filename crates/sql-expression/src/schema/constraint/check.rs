//! [`CheckConstraint`].

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
}

impl CheckConstraint {
    /// A condition: SQL text, or an expression.
    pub fn new(condition: impl Into<DdlExpression>) -> Self {
        Self { name: None, condition: condition.into(), not_valid: false, no_inherit: false }
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

    /// Leaves tables that inherit without it (PostgreSQL).
    #[must_use]
    pub fn no_inherit(mut self) -> Self {
        self.no_inherit = true;
        self
    }
}
