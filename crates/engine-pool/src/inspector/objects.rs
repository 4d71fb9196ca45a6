//! Sequences, enumerations and domains.

use std::{collections::HashMap, sync::Arc};

use aludel_driver::{
    Result,
    reflection::{ReflectedDomain, ReflectedEnum, ReflectedSequence, Scope, TemporaryScope},
};

use super::Inspector;

impl Inspector<'_> {
    /// The sequences of a schema, but for those of identity columns. Where the database has no such thing there are none.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_sequences(&mut self, schema: Option<&str>) -> Result<Vec<ReflectedSequence>> {
        let scope = Scope::of_schema(schema);
        if let Some(told) = told(&self.cache.sequences, &scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = reflection.sequences(connection, &scope).await?;
        self.cache.sequences.insert(scope, Arc::new(told.clone()));
        Ok(told)
    }

    /// The names of the sequences of a schema.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_sequence_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        Ok(self.get_sequences(schema).await?.into_iter().map(|sequence| sequence.name).collect())
    }

    /// Whether a schema has a sequence of this name.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn has_sequence(&mut self, name: &str, schema: Option<&str>) -> Result<bool> {
        let scope = Scope::of_schema(schema).only([name]).temporary(TemporaryScope::With);
        let (reflection, connection) = self.asking().await?;
        Ok(!reflection.sequences(connection, &scope).await?.is_empty())
    }

    /// The enumeration types of a schema (PostgreSQL). Where the words of an enumeration are part of its column, as on MySQL
    /// and MariaDB, there are none.
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_enums(&mut self, schema: Option<&str>) -> Result<Vec<ReflectedEnum>> {
        let scope = Scope::of_schema(schema);
        if let Some(told) = told(&self.cache.enums, &scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = reflection.enums(connection, &scope).await?;
        self.cache.enums.insert(scope, Arc::new(told.clone()));
        Ok(told)
    }

    /// The domain types of a schema (PostgreSQL).
    ///
    /// # Errors
    /// As [`Inspector::default_schema_name`].
    pub async fn get_domains(&mut self, schema: Option<&str>) -> Result<Vec<ReflectedDomain>> {
        let scope = Scope::of_schema(schema);
        if let Some(told) = told(&self.cache.domains, &scope) {
            return Ok(told);
        }
        let (reflection, connection) = self.asking().await?;
        let told = reflection.domains(connection, &scope).await?;
        self.cache.domains.insert(scope, Arc::new(told.clone()));
        Ok(told)
    }
}

fn told<T: Clone>(cache: &HashMap<Scope, Arc<Vec<T>>>, scope: &Scope) -> Option<Vec<T>> {
    cache.get(scope).map(|told| (**told).clone())
}
