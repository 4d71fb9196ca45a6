//! What tables are made of: columns, constraints, indexes.

use std::{collections::BTreeMap, sync::Arc};

use aludel_driver::{
    Result,
    reflection::{
        ReflectedCheckConstraint, ReflectedColumn, ReflectedConstraints, ReflectedExcludeConstraint,
        ReflectedForeignKeyConstraint, ReflectedIndex, ReflectedPrimaryKeyConstraint,
        ReflectedUniqueConstraint, Scope, TableName,
    },
};

use super::{Inspector, no_such_table};

/// What was told of each table.
type ByTable<T> = Arc<BTreeMap<TableName, T>>;

impl Inspector<'_> {
    /// The columns of a table or view, in order.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchTable`](crate::ErrorKind::NoSuchTable) where it does not exist; as
    /// [`Inspector::default_schema_name`].
    pub async fn get_columns(&mut self, table: impl Into<TableName>) -> Result<Vec<ReflectedColumn>> {
        let name = table.into();
        let told = match self.cache.columns.of_table(&name) {
            None => self.get_multi_columns(&Scope::of_table(&name)).await?.get(&name).cloned(),
            told => told,
        };
        self.or_nothing(&name, told).await
    }

    /// The columns of each table and view of a scope.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_multi_columns(&mut self, scope: &Scope) -> Result<ByTable<Vec<ReflectedColumn>>> {
        if let Some(told) = self.cache.columns.get(scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = by_table(reflection.columns(connection, scope).await?);
        Ok(self.cache.columns.keep(scope, told))
    }

    /// The constraints of each table of a scope that has any, of all kinds.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_multi_constraints(&mut self, scope: &Scope) -> Result<ByTable<ReflectedConstraints>> {
        if let Some(told) = self.cache.constraints.get(scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = reflection.constraints(connection, scope).await?.into_iter().collect();
        Ok(self.cache.constraints.keep(scope, told))
    }

    /// The indexes of each table and materialized view of a scope that has any, but for those of primary keys.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_multi_indexes(&mut self, scope: &Scope) -> Result<ByTable<Vec<ReflectedIndex>>> {
        if let Some(told) = self.cache.indexes.get(scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = by_table(reflection.indexes(connection, scope).await?);
        Ok(self.cache.indexes.keep(scope, told))
    }

    /// The constraints of a table, of all kinds.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`]. So with each kind of them.
    pub async fn get_constraints(&mut self, table: impl Into<TableName>) -> Result<ReflectedConstraints> {
        let name = table.into();
        let told = match self.cache.constraints.of_table(&name) {
            None => self.get_multi_constraints(&Scope::of_table(&name)).await?.get(&name).cloned(),
            told => told,
        };
        self.or_nothing(&name, told).await
    }

    /// The primary key of a table; none where it has none.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_pk_constraint(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<Option<ReflectedPrimaryKeyConstraint>> {
        Ok(self.get_constraints(table).await?.primary_key)
    }

    /// The foreign keys of a table.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_foreign_keys(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<Vec<ReflectedForeignKeyConstraint>> {
        Ok(self.get_constraints(table).await?.foreign_keys)
    }

    /// The unique constraints of a table.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_unique_constraints(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<Vec<ReflectedUniqueConstraint>> {
        Ok(self.get_constraints(table).await?.uniques)
    }

    /// The conditions of a table.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_check_constraints(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<Vec<ReflectedCheckConstraint>> {
        Ok(self.get_constraints(table).await?.checks)
    }

    /// The exclusion constraints of a table (PostgreSQL).
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_exclude_constraints(
        &mut self,
        table: impl Into<TableName>,
    ) -> Result<Vec<ReflectedExcludeConstraint>> {
        Ok(self.get_constraints(table).await?.excludes)
    }

    /// The indexes of a table or materialized view, but for that of its primary key. Those that serve a unique constraint name
    /// it.
    ///
    /// # Errors
    /// As [`Inspector::get_columns`].
    pub async fn get_indexes(&mut self, table: impl Into<TableName>) -> Result<Vec<ReflectedIndex>> {
        let name = table.into();
        let told = match self.cache.indexes.of_table(&name) {
            None => self.get_multi_indexes(&Scope::of_table(&name)).await?.get(&name).cloned(),
            told => told,
        };
        self.or_nothing(&name, told).await
    }

    /// Whether a table has an index of this name.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`]; a table that does not exist has none.
    pub async fn has_index(&mut self, table: impl Into<TableName>, index: &str) -> Result<bool> {
        let name = table.into();
        let told = match self.cache.indexes.of_table(&name) {
            None => self.get_multi_indexes(&Scope::of_table(&name)).await?.get(&name).cloned(),
            told => told,
        };
        Ok(told.unwrap_or_default().iter().any(|own| own.name == index))
    }

    /// What was told of a table; nothing at all, where the table is there.
    async fn or_nothing<T: Default>(&mut self, name: &TableName, told: Option<T>) -> Result<T> {
        match told {
            Some(told) => Ok(told),
            None if self.has_table(name).await? => Ok(T::default()),
            None => Err(no_such_table(name)),
        }
    }
}

fn by_table<T>(told: Vec<(TableName, T)>) -> BTreeMap<TableName, Vec<T>> {
    let mut tables: BTreeMap<TableName, Vec<T>> = BTreeMap::new();
    for (name, part) in told {
        tables.entry(name).or_default().push(part);
    }
    tables
}
