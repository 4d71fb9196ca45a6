//! [`Cache`]: what an inspector was told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aludel_driver::reflection::{
    ReflectedColumn, ReflectedConstraints, ReflectedDomain, ReflectedEnum, ReflectedIndex, ReflectedSequence,
    ReflectedTable, Scope, TableName, TemporaryScope,
};

/// What an inspector was told.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) default_schema: Option<String>,
    pub(super) schemas: Option<Arc<Vec<String>>>,
    pub(super) tables: HashMap<Scope, Arc<Vec<ReflectedTable>>>,
    pub(super) columns: Parts<Vec<ReflectedColumn>>,
    pub(super) constraints: Parts<ReflectedConstraints>,
    pub(super) indexes: Parts<Vec<ReflectedIndex>>,
    pub(super) sequences: HashMap<Scope, Arc<Vec<ReflectedSequence>>>,
    pub(super) enums: HashMap<Scope, Arc<Vec<ReflectedEnum>>>,
    pub(super) domains: HashMap<Scope, Arc<Vec<ReflectedDomain>>>,
}

/// What was told of tables, by what was asked.
#[derive(Debug)]
pub(super) struct Parts<T> {
    told: HashMap<Scope, Arc<BTreeMap<TableName, T>>>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self { told: HashMap::new() }
    }
}

impl<T: Clone> Parts<T> {
    pub(super) fn get(&self, scope: &Scope) -> Option<Arc<BTreeMap<TableName, T>>> {
        self.told.get(scope).cloned()
    }

    pub(super) fn keep(
        &mut self,
        scope: &Scope,
        told: BTreeMap<TableName, T>,
    ) -> Arc<BTreeMap<TableName, T>> {
        let told = Arc::new(told);
        self.told.insert(scope.clone(), told.clone());
        told
    }

    /// What was told of a table when all of its schema were asked for. A temporary table could stand before one that stays, so
    /// only what was told of both counts.
    pub(super) fn of_table(&self, name: &TableName) -> Option<T> {
        let scope = Scope::of_schema(name.schema.as_deref()).temporary(TemporaryScope::With);
        self.told.get(&scope)?.get(name).cloned()
    }
}
