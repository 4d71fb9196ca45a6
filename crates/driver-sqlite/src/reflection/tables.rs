//! Tables and views, with their options and texts.

use aludel_driver::{
    Result, Value,
    reflection::{Catalog, ReflectedTable, Scope, TableKind, rows},
};
use aludel_sql_expression::FromRow;

use super::{create_table::CreateTable, objects, tokens::Tokens};

/// A table or view.
#[derive(FromRow)]
pub(super) struct Object {
    pub(super) temporary: bool,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) sql: Option<String>,
}

/// The tables and views of a scope.
pub(super) async fn found(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<Object>> {
    let (with, parameters): (String, Vec<Value>) = objects(scope, "'table', 'view'", "name");
    let sql = format!("{with} SELECT temporary, kind, name, sql FROM object ORDER BY name");
    rows(catalog, sql, &parameters).await
}

pub(super) async fn reflect(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<ReflectedTable>> {
    let objects = found(catalog, scope).await?;
    Ok(objects.into_iter().map(|object| table(scope, object)).collect())
}

fn table(scope: &Scope, object: Object) -> ReflectedTable {
    let mut table = ReflectedTable::new(scope.name(object.name));
    table.temporary = object.temporary;
    if object.kind == "view" {
        table.kind = TableKind::View;
        table.definition = object.sql.as_deref().map(query);
        return table;
    }
    let create = CreateTable::parse(&object.sql.unwrap_or_default());
    table.options.strict = create.strict;
    table.options.without_rowid = create.without_rowid;
    table.options.autoincrement = create.autoincrement;
    table.options.virtual_table = create.virtual_table;
    table
}

/// The query of a view: what comes after AS.
fn query(sql: &str) -> String {
    let mut tokens = Tokens::of(sql);
    while !tokens.is_at_end() && !tokens.take(&["AS"]) {
        tokens.skip();
    }
    tokens.rest().to_owned()
}
