//! [`Enumeration`]: a type of words, as PostgreSQL has it.

use std::sync::Arc;

use crate::{name::Name, types::SqlType};

/// A type of words, as PostgreSQL has it: what CREATE TYPE .. AS ENUM makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enumeration {
    /// The schema, where one was given.
    pub schema: Option<Name>,
    /// The name.
    pub name: Name,
    /// The words, in order.
    pub values: Vec<Arc<str>>,
    /// A comment kept in the database.
    pub comment: Option<Name>,
}

impl Enumeration {
    /// A type of these words.
    pub fn new<V: Into<Arc<str>>>(name: impl Into<Name>, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self { schema: None, name: name.into(), values, comment: None }
    }

    /// Keeps a comment in the database.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Puts it into a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The type of a column on a dialect, where it is one of words; that of an array's elements too.
    pub fn of(sql_type: &SqlType, dialect: &str) -> Option<Self> {
        match sql_type.plain(dialect) {
            SqlType::Enum { schema, name, values } => Some(Self {
                schema: schema.clone().map(Name::Shared),
                name: Name::Shared(name.clone()),
                values: values.to_vec(),
                comment: None,
            }),
            SqlType::Array(element) => Self::of(element, dialect),
            _ => None,
        }
    }
}
