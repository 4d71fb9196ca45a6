//! [`TableName`].

use std::fmt;

use aludel_sql_expression::schema::Table;

/// The name of a table or view, with its schema where one is said. Without one it is looked up as the database does with
/// names in statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema; none: the default one.
    pub schema: Option<String>,
    /// The name, as it is: without quotes.
    pub name: String,
}

impl TableName {
    /// A name in a schema, or in the default one.
    pub fn new(schema: Option<&str>, name: impl Into<String>) -> Self {
        Self { schema: schema.map(str::to_owned), name: name.into() }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(formatter, "{schema}.{}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

impl From<&str> for TableName {
    /// Takes the whole text as a name in the default schema: a point in it is part of the name.
    fn from(name: &str) -> Self {
        Self::new(None, name)
    }
}

impl From<String> for TableName {
    fn from(name: String) -> Self {
        Self::new(None, name)
    }
}

impl From<&String> for TableName {
    fn from(name: &String) -> Self {
        Self::new(None, name)
    }
}

impl From<(&str, &str)> for TableName {
    /// Takes a schema and a name.
    fn from((schema, name): (&str, &str)) -> Self {
        Self::new(Some(schema), name)
    }
}

impl From<(Option<&str>, &str)> for TableName {
    fn from((schema, name): (Option<&str>, &str)) -> Self {
        Self::new(schema, name)
    }
}

impl From<&Table> for TableName {
    fn from(table: &Table) -> Self {
        Self::new(table.schema().map(|schema| &**schema), &**table.name())
    }
}

impl From<&Self> for TableName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}
