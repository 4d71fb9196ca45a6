//! [`Inspector`]: what a live database is made of.

mod cache;
mod metadata;
mod names;
mod objects;
mod parts;

use std::{fmt, sync::Arc};

use aludel_driver::{
    BoxFuture, Done, Error, ErrorKind, Result, Sink, Statement, Value,
    reflection::{Catalog, ReflectedTable, Reflection, Scope, TableName},
};

use self::cache::Cache;
pub use self::metadata::{Reflect, ReflectOptions};
use crate::Connection;

/// Tells what a live database is made of: schemas, tables, views, columns, keys, indexes, types. Counterpart of SQLAlchemy's
/// `Inspector`.
///
/// It asks on a connection, and so within its transaction; nothing is sent before it is asked for something. Questions about
/// one table and about all tables of a schema take the same number of queries. What it was told it keeps:
/// [`clear_cache`](Self::clear_cache) forgets it, after tables were changed.
///
/// A table is named by a text, or by a schema and a text: `"author"`, `("library", "author")`. Names are taken as they are,
/// without quotes.
///
/// # Examples
/// ```no_run
/// # use aludel_engine_pool::{Connection, Result};
/// # async fn run(conn: &mut Connection) -> Result<()> {
/// let mut inspector = conn.inspect();
/// for table in inspector.get_table_names(None).await? {
///     for column in inspector.get_columns(&table).await?.iter() {
///         println!("{table}.{}: {}", column.name, column.column_type.name);
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Inspector<'c> {
    connection: &'c mut Connection,
    cache: Cache,
}

impl Connection {
    /// Asks what the database is made of. Counterpart of SQLAlchemy's `inspect(connection)`.
    pub fn inspect(&mut self) -> Inspector<'_> {
        Inspector { connection: self, cache: Cache::default() }
    }
}

impl Inspector<'_> {
    /// The connection that it asks on.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection
    }

    /// Forgets what it was told, so that it asks anew: for when tables were changed.
    pub fn clear_cache(&mut self) {
        self.cache = Cache::default();
    }

    /// Who knows the server's catalogue, and the connection to ask on.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the backend cannot reflect.
    async fn asking(&mut self) -> Result<(Arc<dyn Reflection>, &mut Connection)> {
        self.connection.ready().await?;
        let driver = &**self.connection.pooled()?;
        match driver.reflection() {
            Some(reflection) => Ok((reflection, self.connection)),
            None => Err(Error::not_supported("reflection", driver.server().product)),
        }
    }

    /// All there is to know of a table or view.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchTable`] where it does not exist; [`ErrorKind::NotSupported`] where the backend cannot reflect; what
    /// the database says.
    pub async fn reflect_table(&mut self, table: impl Into<TableName>) -> Result<ReflectedTable> {
        let name = table.into();
        let mut found = self.reflect_tables(&Scope::of_table(&name)).await?;
        // A temporary table stands before one that stays, as it does in statements.
        found.sort_by_key(|table| !table.temporary);
        found.into_iter().next().ok_or_else(|| no_such_table(&name))
    }

    /// All there is to know of all tables and views of a scope, in the order of their names. What does not exist is left out.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the backend cannot reflect; what the database says.
    pub async fn reflect_tables(&mut self, scope: &Scope) -> Result<Vec<ReflectedTable>> {
        let mut tables = (*self.tables(scope).await?).clone();
        let columns = self.get_multi_columns(scope).await?;
        let constraints = self.get_multi_constraints(scope).await?;
        let indexes = self.get_multi_indexes(scope).await?;
        for table in &mut tables {
            table.columns = columns.get(&table.name).cloned().unwrap_or_default();
            table.constraints = constraints.get(&table.name).cloned().unwrap_or_default();
            table.indexes = indexes.get(&table.name).cloned().unwrap_or_default();
        }
        Ok(tables)
    }
}

/// The error for a table that was asked for by name, and is not there.
pub(crate) fn no_such_table(name: &TableName) -> Error {
    let place = match &name.schema {
        Some(schema) => format!("the schema `{schema}`"),
        None => "the default schema".to_owned(),
    };
    let message = format!(
        "there is no table or view `{}` in {place}; look at its spelling, which is taken with upper and lower case, and \
         at the schema",
        name.name
    );
    Error::new(ErrorKind::NoSuchTable, message)
}

impl Catalog for Connection {
    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(self.fetch_into(statement, parameters, sink))
    }
}

impl fmt::Debug for Inspector<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Inspector").field("connection", &self.connection).finish_non_exhaustive()
    }
}
