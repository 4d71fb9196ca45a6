//! Indexes, out of the text of CREATE INDEX.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedIndex, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{create_index, objects};

#[derive(FromRow)]
struct Found {
    table_name: String,
    name: String,
    sql: String,
}

/// The indexes that were made by CREATE INDEX: those that SQLite makes for constraints have no text, and no name of a user's.
pub(super) async fn reflect(
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedIndex)>> {
    let (with, parameters) = objects(scope, "'index'", "tbl_name");
    let sql = format!(
        "{with} SELECT table_name, name, sql FROM object WHERE sql IS NOT NULL ORDER BY table_name, name"
    );
    let found: Vec<Found> = rows(catalog, sql, &parameters).await?;
    let of_index = |found: Found| (scope.name(found.table_name), create_index::parse(found.name, &found.sql));
    Ok(found.into_iter().map(of_index).collect())
}
