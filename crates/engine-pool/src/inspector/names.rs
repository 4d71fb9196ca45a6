//! What there is, by name.

use std::sync::Arc;

use aludel_driver::{
    Result,
    reflection::{ReflectedTable, Scope, TableKind, TableName, TemporaryScope},
};

use super::{Inspector, no_such_table};

impl Inspector<'_> {
    /// The schema that names without one are looked up in. SQLAlchemy's `default_schema_name`.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the backend cannot reflect; what the database says.
    /// So with all that asks.
    pub async fn default_schema_name(&mut self) -> Result<String> {
        if let Some(told) = &self.cache.default_schema {
            return Ok(told.clone());
        }
        let (reflection, connection) = self.asking().await?;
        let told = reflection.default_schema(connection).await?;
        self.cache.default_schema = Some(told.clone());
        Ok(told)
    }

    /// The schemas, in the order of their names; on MySQL and MariaDB the databases; on SQLite `main`, `temp` and those that
    /// are attached.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_schema_names(&mut self) -> Result<Vec<String>> {
        if let Some(told) = &self.cache.schemas {
            return Ok((**told).clone());
        }
        let (reflection, connection) = self.asking().await?;
        let told = Arc::new(reflection.schemas(connection).await?);
        self.cache.schemas = Some(told.clone());
        Ok((*told).clone())
    }

    /// Whether there is a schema of this name.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn has_schema(&mut self, schema: &str) -> Result<bool> {
        Ok(self.get_schema_names().await?.iter().any(|name| name == schema))
    }

    /// The tables and views of a scope, without columns, keys and indexes.
    pub(super) async fn tables(&mut self, scope: &Scope) -> Result<Arc<Vec<ReflectedTable>>> {
        if let Some(told) = self.cache.tables.get(scope) {
            return Ok(told.clone());
        }
        let (reflection, connection) = self.asking().await?;
        let told = Arc::new(reflection.tables(connection, scope).await?);
        self.cache.tables.insert(scope.clone(), told.clone());
        Ok(told)
    }

    async fn names(
        &mut self,
        schema: Option<&str>,
        temporary: TemporaryScope,
        kind: TableKind,
    ) -> Result<Vec<String>> {
        let tables = self.tables(&Scope::of_schema(schema).temporary(temporary)).await?;
        let named = tables.iter().filter(|table| table.kind == kind);
        Ok(named.map(|table| table.name.name.clone()).collect())
    }

    /// The tables of a schema, in the order of their names, but for views and what is temporary. None: the default schema.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_table_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.names(schema, TemporaryScope::Without, TableKind::Table).await
    }

    /// The views of a schema whose rows are not kept.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_view_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.names(schema, TemporaryScope::Without, TableKind::View).await
    }

    /// The materialized views of a schema: none where the database has no such thing.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_materialized_view_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.names(schema, TemporaryScope::Without, TableKind::MaterializedView).await
    }

    /// The temporary tables of the connection. MySQL, and MariaDB before 11.2, keep them out of their catalogue: there nothing is
    /// told of them, neither here nor by name, and a table that stays is told where one of its name hides it.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_temp_table_names(&mut self) -> Result<Vec<String>> {
        self.names(None, TemporaryScope::Only, TableKind::Table).await
    }

    /// The temporary views of the connection.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_temp_view_names(&mut self) -> Result<Vec<String>> {
        self.names(None, TemporaryScope::Only, TableKind::View).await
    }

    /// A table or view without its columns, keys and indexes: its kind, comment, options, and the text of a view.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchTable`](crate::ErrorKind::NoSuchTable) where it does not exist; as
    /// [`Inspector::default_schema_name`].
    pub async fn get_table(&mut self, table: impl Into<TableName>) -> Result<ReflectedTable> {
        let name = table.into();
        self.find(&name).await?.ok_or_else(|| no_such_table(&name))
    }

    /// Whether there is a table or view of this name, temporary or not.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn has_table(&mut self, table: impl Into<TableName>) -> Result<bool> {
        Ok(self.find(&table.into()).await?.is_some())
    }

    async fn find(&mut self, name: &TableName) -> Result<Option<ReflectedTable>> {
        // What was told of the whole schema holds for one of its tables.
        let all = Scope::of_schema(name.schema.as_deref()).temporary(TemporaryScope::With);
        let scope = if self.cache.tables.contains_key(&all) { all } else { Scope::of_table(name) };
        let tables = self.tables(&scope).await?;
        let named = || tables.iter().filter(|table| table.name == *name);
        Ok(named().find(|table| table.temporary).or_else(|| named().next()).cloned())
    }

    /// The comment of a table or view.
    ///
    /// # Errors
    /// As [`Inspector::get_table`].
    pub async fn get_table_comment(&mut self, table: impl Into<TableName>) -> Result<Option<String>> {
        Ok(self.get_table(table).await?.comment)
    }

    /// The text of a view: its query. None for a table.
    ///
    /// # Errors
    /// As [`Inspector::get_table`].
    pub async fn get_view_definition(&mut self, view: impl Into<TableName>) -> Result<Option<String>> {
        Ok(self.get_table(view).await?.definition)
    }

    /// How the database keeps a table.
    ///
    /// # Errors
    /// As [`Inspector::get_table`].
    pub async fn get_table_options(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<aludel_driver::reflection::ReflectedTableOptions> {
        Ok(self.get_table(table).await?.options)
    }
}
