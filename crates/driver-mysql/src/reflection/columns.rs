//! Columns.

use std::collections::HashSet;

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedColumn, ReflectedComputed, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{MySqlReflection, column_type, constraints, tables::without_database, takes_kinds, text};

#[derive(FromRow)]
struct Found {
    schema_name: String,
    table_name: String,
    name: String,
    default_text: Option<String>,
    nullable: String,
    type_name: String,
    collation: Option<String>,
    table_collation: Option<String>,
    extra: String,
    comment: Option<String>,
    computed: Option<String>,
}

pub(super) async fn reflect(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedColumn)>> {
    let (condition, parameters) = takes_kinds(scope, "c.table_schema", "c.table_name", "t.table_type");
    let sql = format!(
        "SELECT {} AS schema_name, {} AS table_name, {} AS name, {} AS default_text, {} AS nullable, {} AS type_name, {} AS collation, \
         {} AS table_collation, {} AS extra, {} AS comment, {} AS computed \
         FROM information_schema.columns c JOIN information_schema.tables t \
         ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
         WHERE {condition} AND t.table_type <> 'SEQUENCE' ORDER BY c.table_name, c.ordinal_position",
        text("c.table_schema"),
        text("c.table_name"),
        text("c.column_name"),
        text("c.column_default"),
        text("c.is_nullable"),
        text("c.column_type"),
        text("c.collation_name"),
        text("t.table_collation"),
        text("c.extra"),
        text("c.column_comment"),
        text("c.generation_expression")
    );
    let mut found: Vec<Found> = rows(catalog, sql, &parameters).await?;
    found.retain(|column| scope.takes(&column.table_name));
    if scope.schema.is_none() {
        // A table that is named without its database draws from a sequence of whatever database is there.
        for column in &mut found {
            if let Some(default) = column.default_text.as_mut().filter(|text| text.contains("nextval(")) {
                *default = without_database(default, &column.schema_name);
            }
        }
    }
    let documents = match server.is_mariadb && found.iter().any(|column| column.type_name == "longtext") {
        true => constraints::documents(server, catalog, scope).await?,
        false => HashSet::new(),
    };
    Ok(found
        .into_iter()
        .map(|column| {
            let is_document = documents.contains(&(column.table_name.clone(), column.name.clone()));
            (scope.name(column.table_name.clone()), reflected(server, column, is_document))
        })
        .collect())
}

fn reflected(server: MySqlReflection, found: Found, is_document: bool) -> ReflectedColumn {
    let mut column_type = column_type::reflect(&found.type_name);
    if is_document {
        column_type.sql_type = aludel_sql_expression::SqlType::Json;
    }
    let mut column = ReflectedColumn::new(found.name, column_type);
    let extra = found.extra.to_ascii_lowercase();
    column.nullable = found.nullable == "YES";
    column.autoincrement = extra.contains("auto_increment");
    column.invisible = extra.contains("invisible");
    column.comment = found.comment.filter(|comment| !comment.is_empty());
    let own =
        found.collation.filter(|collation| !is_document && found.table_collation.as_ref() != Some(collation));
    column.collation = own;
    if let Some(sqltext) = found.computed.filter(|text| !text.is_empty()) {
        column.computed = Some(ReflectedComputed::new(sqltext, !extra.contains("virtual")));
        return column;
    }
    if let Some(start) = extra.find("on update ") {
        let words = &found.extra[start + "on update ".len()..];
        column.on_update = words.split_whitespace().next().map(str::to_owned);
    }
    column.default = match found.default_text {
        None => None,
        // MariaDB says that there is none in this word.
        Some(text) if server.is_mariadb => Some(text).filter(|text| text != "NULL"),
        Some(text) if extra.contains("default_generated") => Some(match text.to_ascii_uppercase() {
            upper if upper.starts_with("CURRENT_TIMESTAMP") || text.starts_with('(') => text,
            _ => format!("({})", text.replace("\\'", "'")),
        }),
        Some(text) if text.starts_with("b'") => Some(text),
        Some(text) => Some(format!("'{}'", text.replace('\'', "''"))),
    };
    column
}
