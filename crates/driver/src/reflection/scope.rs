//! [`Scope`]: which objects are asked for.

use super::TableName;

/// Which objects are asked for: those of a schema, all or by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Scope {
    /// The schema; none: the default one.
    pub schema: Option<String>,
    /// The names; none: all.
    pub names: Option<Vec<String>>,
    /// Whether temporary tables and views are asked for.
    pub temporary: TemporaryScope,
}

/// Whether temporary tables and views are asked for. Counterpart of SQLAlchemy's `ObjectScope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TemporaryScope {
    /// Only what stays. SQLAlchemy's `DEFAULT`.
    #[default]
    Without,
    /// Only what goes with the connection. SQLAlchemy's `TEMPORARY`.
    Only,
    /// Both. SQLAlchemy's `ANY`.
    With,
}

impl Scope {
    /// All of a schema that is not temporary.
    pub fn of_schema(schema: Option<&str>) -> Self {
        Self { schema: schema.map(str::to_owned), ..Self::default() }
    }

    /// One table or view, temporary or not.
    pub fn of_table(name: &TableName) -> Self {
        Self {
            schema: name.schema.clone(),
            names: Some(vec![name.name.clone()]),
            temporary: TemporaryScope::With,
        }
    }

    /// Only those with these names.
    #[must_use]
    pub fn only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Says whether temporary tables and views are asked for.
    #[must_use]
    pub fn temporary(mut self, temporary: TemporaryScope) -> Self {
        self.temporary = temporary;
        self
    }

    /// Whether a name is asked for.
    pub fn takes(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.iter().any(|own| own == name))
    }

    /// The name of a table of this scope, as it was asked for: with the schema that was said.
    pub fn name(&self, name: impl Into<String>) -> TableName {
        TableName { schema: self.schema.clone(), name: name.into() }
    }
}
