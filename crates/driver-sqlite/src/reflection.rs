//! [`SqliteReflection`]: what a database is made of, out of `sqlite_schema` and the pragmas.
//!
//! SQLite keeps the text of each CREATE as it was written, and its pragmas say less than that: so constraints and indexes are
//! read out of the text.

mod column_type;
mod columns;
mod constraints;
mod create_index;
mod create_table;
mod indexes;
mod tables;
mod tokens;

use aludel_driver::{
    BoxFuture, Result, Value,
    reflection::{
        Catalog, ReflectedColumn, ReflectedConstraints, ReflectedIndex, ReflectedTable, Reflection, Scope,
        TableName, TemporaryScope, rows,
    },
};
use aludel_sql_expression::FromRow;

/// Reads the catalogue of SQLite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SqliteReflection;

#[derive(FromRow)]
struct Named {
    name: String,
}

/// The schemas that a scope reaches into, and whether each is the one of what is temporary.
fn schemas(scope: &Scope) -> Vec<(&str, bool)> {
    match (scope.schema.as_deref(), scope.temporary) {
        (None, TemporaryScope::Without) => vec![("main", false)],
        (None, TemporaryScope::Only) => vec![("temp", true)],
        (None, TemporaryScope::With) => vec![("temp", true), ("main", false)],
        (Some("temp"), _) => vec![("temp", true)],
        (Some(schema), _) => vec![(schema, false)],
    }
}

/// A name between quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A query of the objects of a scope, to stand before others as `WITH`: `object (schema_name, temporary, kind, name,
/// table_name, sql)`, and its parameters.
///
/// A temporary table stands before one that stays, as it does in statements.
fn objects(scope: &Scope, kinds: &str, by: &str) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let mut sources = Vec::new();
    let schemas = schemas(scope);
    for (position, (schema, temporary)) in schemas.iter().enumerate() {
        let mut source = format!(
            "SELECT '{}' AS schema_name, {temporary} AS temporary, type AS kind, name, tbl_name AS table_name, sql \
             FROM {}.sqlite_schema WHERE type IN ({kinds}) AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
            schema.replace('\'', "''"),
            quoted(schema)
        );
        if scope.names.is_none() {
            // Tables that a virtual table keeps its own things in: they come and go with it.
            source.push_str(&format!(
                " AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE schema = '{}' AND type = 'shadow')",
                schema.replace('\'', "''")
            ));
        }
        if let Some(names) = &scope.names {
            let marks: Vec<&str> = names.iter().map(|_| "?").collect();
            source.push_str(&format!(" AND {by} IN ({})", marks.join(", ")));
            parameters.extend(names.iter().map(|name| Value::Text(name.into())));
        }
        if position > 0 {
            source.push_str(&format!(
                " AND {by} NOT IN (SELECT name FROM temp.sqlite_schema WHERE type IN ('table', 'view'))"
            ));
        }
        sources.push(source);
    }
    (format!("WITH object AS ({})", sources.join(" UNION ALL ")), parameters)
}

impl Reflection for SqliteReflection {
    fn default_schema<'a>(&'a self, _: &'a mut dyn Catalog) -> BoxFuture<'a, Result<String>> {
        Box::pin(async { Ok("main".to_owned()) })
    }

    fn schemas<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let sql = "SELECT name FROM pragma_database_list ORDER BY name";
            let found: Vec<Named> = rows(catalog, sql, &[]).await?;
            Ok(found.into_iter().map(|row| row.name).collect())
        })
    }

    fn tables<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedTable>>> {
        Box::pin(tables::reflect(catalog, scope))
    }

    fn columns<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedColumn)>>> {
        Box::pin(columns::reflect(catalog, scope))
    }

    fn constraints<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedConstraints)>>> {
        Box::pin(constraints::reflect(catalog, scope))
    }

    fn indexes<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedIndex)>>> {
        Box::pin(indexes::reflect(catalog, scope))
    }
}
