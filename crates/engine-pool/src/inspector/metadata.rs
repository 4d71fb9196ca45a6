//! [`Reflect`]: a `MetaData` filled with the tables that are in a database.

use std::collections::{BTreeMap, BTreeSet};

use aludel_driver::{
    Result,
    reflection::{ReflectedTable, Scope, TableKind, TableName},
};
use aludel_sql_expression::schema::{MetaData, Table};

use super::no_such_table;
use crate::Connection;

/// Fills a [`MetaData`] with the tables that are in a database: `metadata.reflect(conn, &ReflectOptions::new()).await?`.
///
/// Counterpart of SQLAlchemy's `MetaData.reflect` and `Table(autoload_with=..)`.
pub trait Reflect {
    /// Adds the tables of a schema, with their columns, constraints and indexes, and gives them in the order of their names.
    /// A table of a name that is there already is left as it is, and given.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchTable`](crate::ErrorKind::NoSuchTable) when a table that was asked for by name does not exist;
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the backend cannot reflect; what the database says.
    fn reflect(
        &self,
        connection: &mut Connection,
        options: &ReflectOptions,
    ) -> impl Future<Output = Result<Vec<Table>>> + Send;

    /// Adds one table or view, and the tables that it references, and those that these reference.
    ///
    /// # Errors
    /// As [`Reflect::reflect`].
    fn reflect_table(
        &self,
        connection: &mut Connection,
        table: impl Into<TableName> + Send,
    ) -> impl Future<Output = Result<Table>> + Send;
}

/// Which tables [`Reflect::reflect`] adds.
///
/// # Examples
/// ```no_run
/// # use aludel_engine_pool::{Connection, Reflect, ReflectOptions, Result};
/// # use aludel_sql_expression::{schema::MetaData, select};
/// # async fn run(conn: &mut Connection) -> Result<()> {
/// let metadata = MetaData::new();
/// metadata.reflect(conn, &ReflectOptions::new().schema("library").views(true)).await?;
/// let author = metadata.table("library.author").unwrap();
/// let names: Vec<String> = conn.scalars(select(author.c("name").of::<String>())).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ReflectOptions {
    schema: Option<String>,
    only: Option<Vec<String>>,
    views: bool,
    types_and_sequences: bool,
    resolve_foreign_keys: bool,
}

impl Default for ReflectOptions {
    fn default() -> Self {
        Self {
            schema: None,
            only: None,
            views: false,
            types_and_sequences: false,
            resolve_foreign_keys: true,
        }
    }
}

impl ReflectOptions {
    /// All tables of the default schema, with those of other schemas that they reference.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which schema; none: that of the `MetaData`, or the default one.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Only tables with these names.
    pub fn only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Says whether views are added too, materialized or not. They are not, unless they are asked for by name.
    pub fn views(mut self, views: bool) -> Self {
        self.views = views;
        self
    }

    /// Says whether the sequences that stand alone (PostgreSQL, MariaDB), the domains and the enumerations (PostgreSQL) of the schema
    /// are added too, so that defaults and columns which name them can be created elsewhere. They are not; enumerations come with
    /// the columns that have them.
    pub fn types_and_sequences(mut self, types_and_sequences: bool) -> Self {
        self.types_and_sequences = types_and_sequences;
        self
    }

    /// Says whether tables are added that the others reference, and those that these reference. They are.
    pub fn resolve_foreign_keys(mut self, resolve: bool) -> Self {
        self.resolve_foreign_keys = resolve;
        self
    }
}

impl Reflect for MetaData {
    async fn reflect(&self, connection: &mut Connection, options: &ReflectOptions) -> Result<Vec<Table>> {
        let own = self.schema().map(|schema| schema.to_string());
        let schema = options.schema.clone().or(own);
        let mut scope = Scope::of_schema(schema.as_deref());
        if let Some(names) = &options.only {
            scope = scope.only(names.iter().map(String::as_str));
        }
        let mut found = connection.inspect().reflect_tables(&scope).await?;
        if let Some(names) = &options.only {
            for name in names {
                if !found.iter().any(|table| table.name.name == *name) {
                    return Err(no_such_table(&scope.name(name.as_str())));
                }
            }
        } else if !options.views {
            found.retain(|table| table.kind == TableKind::Table);
        }
        if options.types_and_sequences {
            add_objects(self, connection, schema.as_deref()).await?;
        }
        let tables: Vec<Table> = found.iter().map(|table| add(self, table)).collect();
        if options.resolve_foreign_keys {
            follow(self, connection, found).await?;
        }
        Ok(tables)
    }

    async fn reflect_table(
        &self,
        connection: &mut Connection,
        table: impl Into<TableName> + Send,
    ) -> Result<Table> {
        let name = table.into();
        if let Some(table) = named(self, &name) {
            return Ok(table);
        }
        let found = connection.inspect().reflect_table(&name).await?;
        let table = add(self, &found);
        follow(self, connection, vec![found]).await?;
        Ok(table)
    }
}

/// Adds the types of a schema, and the sequences that go with no column.
async fn add_objects(metadata: &MetaData, connection: &mut Connection, schema: Option<&str>) -> Result<()> {
    let mut inspector = connection.inspect();
    for enumeration in inspector.get_enums(schema).await? {
        metadata.add_enumeration(&enumeration.to_enumeration());
    }
    for domain in inspector.get_domains(schema).await? {
        metadata.add_domain(&domain.to_domain());
    }
    for sequence in inspector.get_sequences(schema).await? {
        if sequence.owned_by.is_none() {
            metadata.add_sequence(&sequence.to_sequence(schema));
        }
    }
    Ok(())
}

/// Adds the tables that others reference, and those that these reference. Each round asks for all that are missing of a
/// schema at once; circles end by themselves, as what is there is not asked for again.
async fn follow(
    metadata: &MetaData,
    connection: &mut Connection,
    mut from: Vec<ReflectedTable>,
) -> Result<()> {
    let mut asked: BTreeSet<TableName> = BTreeSet::new();
    loop {
        let mut missing: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
        for key in from.iter().flat_map(|table| &table.constraints.foreign_keys) {
            if named(metadata, &key.referred).is_none() && asked.insert(key.referred.clone()) {
                missing.entry(key.referred.schema.clone()).or_default().insert(key.referred.name.clone());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        from.clear();
        for (schema, names) in missing {
            let scope = Scope::of_schema(schema.as_deref()).only(names);
            // A table that is not there (SQLite lets keys reference it) is left out.
            from.extend(connection.inspect().reflect_tables(&scope).await?);
        }
        for table in &from {
            add(metadata, table);
        }
    }
}

fn named(metadata: &MetaData, name: &TableName) -> Option<Table> {
    metadata.tables().into_iter().find(|table| TableName::from(table) == *name)
}

/// The table of this name that is there, or else what was reflected.
fn add(metadata: &MetaData, reflected: &ReflectedTable) -> Table {
    named(metadata, &reflected.name).unwrap_or_else(|| {
        let table = reflected.to_table();
        metadata.add(&table);
        table
    })
}
