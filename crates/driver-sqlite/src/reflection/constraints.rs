//! Constraints, out of the text of CREATE TABLE.

use std::collections::HashMap;

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedConstraints, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{create_table::CreateTable, objects, tables};

pub(super) async fn reflect(
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedConstraints)>> {
    let mut found = Vec::new();
    for object in tables::found(catalog, scope).await? {
        if object.kind != "table" {
            continue;
        }
        let mut constraints = CreateTable::parse(&object.sql.unwrap_or_default()).constraints;
        for key in &mut constraints.foreign_keys {
            key.referred.schema = scope.schema.clone();
        }
        if constraints != ReflectedConstraints::default() {
            found.push((scope.name(object.name), constraints));
        }
    }
    let mut keys = found.iter_mut().flat_map(|(_, constraints)| &mut constraints.foreign_keys);
    if keys.any(|key| key.referred_columns.is_empty()) {
        let primary_keys = primary_keys(catalog, scope).await?;
        for (_, constraints) in &mut found {
            for key in &mut constraints.foreign_keys {
                if key.referred_columns.is_empty() {
                    // Where the other table is not there, its columns are called like ours, as far as anyone can tell.
                    key.referred_columns = primary_keys
                        .get(&key.referred.name.to_ascii_lowercase())
                        .unwrap_or(&key.columns)
                        .clone();
                }
            }
        }
    }
    Ok(found)
}

#[derive(FromRow)]
struct KeyColumn {
    table_name: String,
    name: String,
}

/// The primary keys of all tables of a schema: a foreign key that names no columns references the whole of one.
async fn primary_keys(catalog: &mut dyn Catalog, scope: &Scope) -> Result<HashMap<String, Vec<String>>> {
    let all = Scope::of_schema(scope.schema.as_deref()).temporary(scope.temporary);
    let (with, parameters) = objects(&all, "'table'", "name");
    let sql = format!(
        "{with} SELECT object.name AS table_name, c.name AS name \
         FROM object, pragma_table_xinfo(object.name, object.schema_name) AS c WHERE c.pk > 0 ORDER BY object.name, c.pk"
    );
    let mut keys: HashMap<String, Vec<String>> = HashMap::new();
    for column in rows::<KeyColumn>(catalog, sql, &parameters).await? {
        keys.entry(column.table_name.to_ascii_lowercase()).or_default().push(column.name);
    }
    Ok(keys)
}
