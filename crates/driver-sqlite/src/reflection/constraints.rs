//! Constraints, out of the text of CREATE TABLE.

use std::collections::HashMap;

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedConstraints, ReflectedForeignKeyConstraint, Scope, TableName, rows},
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
    if found.iter().any(|(_, constraints)| !constraints.foreign_keys.is_empty()) {
        let targets = targets(catalog, scope).await?;
        for key in found.iter_mut().flat_map(|(_, constraints)| &mut constraints.foreign_keys) {
            name_target(key, targets.get(&key.referred.name.to_ascii_lowercase()));
        }
    }
    Ok(found)
}

/// A table that a foreign key may reference.
struct Target {
    name: String,
    columns: Vec<String>,
    primary_key: Vec<String>,
}

/// Names the table and columns that a key references as they are declared: the key may write them in other letters, capital and
/// small, and leave the columns of a primary key out.
fn name_target(key: &mut ReflectedForeignKeyConstraint, target: Option<&Target>) {
    if let Some(target) = target {
        key.referred.name.clone_from(&target.name);
        for column in &mut key.referred_columns {
            if let Some(declared) = target.columns.iter().find(|own| own.eq_ignore_ascii_case(column)) {
                column.clone_from(declared);
            }
        }
    }
    if key.referred_columns.is_empty() {
        // Where the other table is not there, its columns are called like ours, as far as anyone can tell.
        let columns = target.map(|target| &target.primary_key).filter(|columns| !columns.is_empty());
        key.referred_columns = columns.unwrap_or(&key.columns).clone();
    }
}

#[derive(FromRow)]
struct TargetColumn {
    table_name: String,
    name: String,
    key_position: i64,
}

/// The tables of a schema, by their names in small letters.
async fn targets(catalog: &mut dyn Catalog, scope: &Scope) -> Result<HashMap<String, Target>> {
    let all = Scope::of_schema(scope.schema.as_deref()).temporary(scope.temporary);
    let (with, parameters) = objects(&all, "'table'", "name");
    let sql = format!(
        "{with} SELECT object.name AS table_name, c.name AS name, c.pk AS key_position \
         FROM object, pragma_table_xinfo(object.name, object.schema_name) AS c ORDER BY object.name, c.pk, c.cid"
    );
    let mut targets: HashMap<String, Target> = HashMap::new();
    for column in rows::<TargetColumn>(catalog, sql, &parameters).await? {
        let key = column.table_name.to_ascii_lowercase();
        let target = targets.entry(key).or_insert_with(|| Target {
            name: column.table_name,
            columns: Vec::new(),
            primary_key: Vec::new(),
        });
        if column.key_position > 0 {
            target.primary_key.push(column.name.clone());
        }
        target.columns.push(column.name);
    }
    Ok(targets)
}
