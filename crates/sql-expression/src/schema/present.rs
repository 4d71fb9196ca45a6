//! [`Present`]: what a database has already, so that only what is missing is made.

use std::collections::HashSet;

use super::{MetaData, Table};
use crate::{
    dialect::{Dialect, EnumerationStyle},
    name::Name,
};

/// What a database has already, of what a [`MetaData`] is made of.
#[derive(Clone, Debug, Default)]
pub struct Present {
    found: HashSet<(String, Option<String>, String)>,
    folds: bool,
}

/// The kinds of things that are looked for, as the query about the catalogue names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// A table.
    Table,
    /// A view, materialized or not.
    View,
    /// A sequence.
    Sequence,
    /// A type of words.
    Enumeration,
    /// A type with conditions.
    Domain,
}

impl ObjectKind {
    /// The word for it in the answer of [`Dialect::catalogue_query`].
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Sequence => "sequence",
            Self::Enumeration => "enumeration",
            Self::Domain => "domain",
        }
    }
}

/// What a database is asked for: names as they are in the database, and the schemas that are named.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Wanted {
    /// The names of tables, views, sequences and types.
    pub names: Vec<String>,
    /// The schemas that are named.
    pub schemas: Vec<String>,
}

impl Wanted {
    fn add(&mut self, schema: Option<&Name>, name: &str, dialect: &dyn Dialect) {
        if !self.names.iter().any(|own| own == name) {
            self.names.push(name.to_owned());
        }
        if let Some(schema) = dialect.schema_name(schema)
            && !self.schemas.iter().any(|own| **own == *schema)
        {
            self.schemas.push(schema.to_string());
        }
    }
}

impl Present {
    /// A database that has nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Notes one row of the answer to [`Dialect::catalogue_query`]: the kind, the schema, the name, whether the name alone
    /// finds it, and whether small and capital letters are the same in names.
    pub fn add(&mut self, kind: &str, schema: &str, name: &str, is_visible: bool, folds: bool) {
        self.folds |= folds;
        if is_visible {
            self.found.insert((kind.to_owned(), None, self.folded(name)));
        }
        self.found.insert((kind.to_owned(), Some(self.folded(schema)), self.folded(name)));
    }

    fn folded(&self, name: &str) -> String {
        if self.folds { name.to_lowercase() } else { name.to_owned() }
    }

    /// Whether there is something of this kind, schema and name, which is the name in the database.
    pub fn has(&self, kind: ObjectKind, schema: Option<&Name>, name: &str, dialect: &dyn Dialect) -> bool {
        let schema = dialect.schema_name(schema).map(|schema| self.folded(&schema));
        self.found.contains(&(kind.word().to_owned(), schema, self.folded(name)))
    }

    /// Whether there is such a table or view.
    pub fn has_table(&self, table: &Table, dialect: &dyn Dialect) -> bool {
        let kind = if table.definition().is_view() { ObjectKind::View } else { ObjectKind::Table };
        self.has(kind, table.schema(), &dialect.physical_name(table.name()), dialect)
    }
}

impl MetaData {
    /// What a database is asked for to see what it has of this.
    pub fn wanted(&self, dialect: &dyn Dialect) -> Wanted {
        let mut wanted = Wanted::default();
        for table in self.tables() {
            wanted.add(table.schema(), &dialect.physical_name(table.name()), dialect);
        }
        for sequence in self.sequences() {
            let definition = sequence.definition();
            wanted.add(definition.schema.as_ref(), &definition.name, dialect);
        }
        for domain in self.domains() {
            wanted.add(domain.schema.as_ref(), &domain.name, dialect);
        }
        // Elsewhere they are no types of their own, and their schema need not be there.
        let are_types = dialect.features().enumerations == EnumerationStyle::NamedType;
        for enumeration in self.enumerations(dialect).into_iter().filter(|_| are_types) {
            wanted.add(enumeration.schema.as_ref(), &enumeration.name, dialect);
        }
        wanted
    }
}
