//! [`Domain`]: a type with conditions, as PostgreSQL has it.

use super::{CheckConstraint, ServerDefault};
use crate::{name::Name, types::SqlType};

/// A type that is another one with a default and conditions: what CREATE DOMAIN makes (PostgreSQL).
///
/// A column has it by its name, [`SqlType::Custom`]; [`MetaData::add_domain`](super::MetaData::add_domain) has `create_all` make it
/// before the tables. Counterpart of SQLAlchemy's `DOMAIN`.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_domain, dialect::PostgresDialect, schema::*, types::Integer};
///
/// let positive = Domain::new("positive", Integer).not_null().check(CheckConstraint::new("VALUE > 0").named("above_zero"));
/// assert_eq!(
///     create_domain(&positive).to_sql(&PostgresDialect::default())?,
///     "CREATE DOMAIN positive AS INTEGER NOT NULL CONSTRAINT above_zero CHECK (VALUE > 0)"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Domain {
    /// The schema, where one was given.
    pub schema: Option<Name>,
    /// The name.
    pub name: Name,
    /// The type that it is made of.
    pub sql_type: SqlType,
    /// Whether it may hold NULL. It may, unless told otherwise.
    pub nullable: bool,
    /// What a column has where an INSERT leaves it out.
    pub server_default: Option<ServerDefault>,
    /// How its texts are compared: COLLATE.
    pub collation: Option<Name>,
    /// The conditions; `VALUE` in them is the value.
    pub checks: Vec<CheckConstraint>,
    /// A comment kept in the database.
    pub comment: Option<Name>,
}

impl Domain {
    /// A type that is another one, as it is.
    pub fn new(name: impl Into<Name>, sql_type: impl Into<SqlType>) -> Self {
        Self {
            schema: None,
            name: name.into(),
            sql_type: sql_type.into(),
            nullable: true,
            server_default: None,
            collation: None,
            checks: Vec::new(),
            comment: None,
        }
    }

    /// Puts it into a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Makes it NOT NULL.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Says what a column has where an INSERT leaves it out.
    #[must_use]
    pub fn server_default(mut self, default: impl Into<ServerDefault>) -> Self {
        self.server_default = Some(default.into());
        self
    }

    /// Says how its texts are compared.
    #[must_use]
    pub fn collate(mut self, collation: impl Into<Name>) -> Self {
        self.collation = Some(collation.into());
        self
    }

    /// Adds a condition; `VALUE` in it is the value.
    #[must_use]
    pub fn check(mut self, constraint: CheckConstraint) -> Self {
        self.checks.push(constraint);
        self
    }

    /// Keeps a comment in the database.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}
