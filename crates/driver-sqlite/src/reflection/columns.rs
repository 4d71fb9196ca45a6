//! Columns.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedColumn, ReflectedComputed, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{column_type, create_table::CreateTable, objects};

/// A row of `pragma_table_xinfo`, with the text of its table.
#[derive(FromRow)]
struct Found {
    table_name: String,
    sql: Option<String>,
    name: String,
    type_name: String,
    not_null: bool,
    key_position: i64,
    hidden: i64,
}

/// What `hidden` says.
const HIDDEN: i64 = 1;
const COMPUTED_WHEN_READ: i64 = 2;
const COMPUTED_AND_KEPT: i64 = 3;

pub(super) async fn reflect(
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedColumn)>> {
    let (with, parameters) = objects(scope, "'table', 'view'", "name");
    // The text comes with the first column alone.
    let sql = format!(
        "{with} SELECT object.name AS table_name, CASE WHEN c.cid = 0 AND kind = 'table' THEN object.sql END AS sql, \
         c.name AS name, c.type AS type_name, c.\"notnull\" AS not_null, c.pk AS key_position, c.hidden AS hidden \
         FROM object, pragma_table_xinfo(object.name, object.schema_name) AS c ORDER BY object.name, c.cid"
    );
    let found: Vec<Found> = rows(catalog, sql, &parameters).await?;
    let mut columns = Vec::with_capacity(found.len());
    for members in found.chunk_by(|one, other| one.table_name == other.table_name) {
        let sql = members.iter().find_map(|member| member.sql.as_deref()).unwrap_or_default();
        let create = CreateTable::parse(sql);
        let is_lone_key = members.iter().filter(|member| member.key_position > 0).count() == 1;
        for member in members {
            columns.push((scope.name(member.table_name.clone()), column(member, &create, is_lone_key)));
        }
    }
    Ok(columns)
}

fn column(found: &Found, create: &CreateTable, is_lone_key: bool) -> ReflectedColumn {
    let mut column = ReflectedColumn::new(found.name.clone(), column_type::reflect(&found.type_name));
    let definition = create.column_definition(&found.name);
    let is_row_number = found.key_position > 0
        && is_lone_key
        && !create.without_rowid
        && found.type_name.eq_ignore_ascii_case("INTEGER")
        && definition.is_none_or(|definition| !definition.key_descends);
    column.nullable = !found.not_null && !is_row_number;
    column.autoincrement = is_row_number;
    column.invisible = found.hidden == HIDDEN;
    if let Some(definition) = definition {
        column.default = definition.default.clone();
        column.collation = definition.collation.clone();
        column.on_conflict_not_null =
            definition.on_conflict_not_null.clone().filter(|_| !column.nullable && !is_row_number);
        if matches!(found.hidden, COMPUTED_WHEN_READ | COMPUTED_AND_KEPT) {
            let sqltext = definition.computed.clone().unwrap_or_default();
            column.computed = Some(ReflectedComputed::new(sqltext, found.hidden == COMPUTED_AND_KEPT));
        }
    }
    column
}
