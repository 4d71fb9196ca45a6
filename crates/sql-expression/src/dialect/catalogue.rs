//! The queries that show what a database has of what is wanted.

use crate::{Result, Value, dialect::Dialect, schema::Wanted};

/// SQLite: every schema has a catalogue of its own.
pub(super) fn of_sqlite(wanted: &Wanted, dialect: &dyn Dialect) -> Result<String> {
    let names = list(&wanted.names, dialect)?;
    let own = ["main", "temp"].map(str::to_owned);
    let mut parts = Vec::new();
    for schema in own.iter().chain(wanted.schemas.iter().filter(|schema| !own.contains(schema))) {
        let mut literal = String::new();
        dialect.write_literal(&Value::Text((**schema).into()), &mut literal)?;
        let visible = i32::from(own.contains(schema));
        parts.push(format!(
            "SELECT type, {literal}, name, {visible}, 1 FROM {}.sqlite_master WHERE type IN ('table', 'view') AND name COLLATE \
             NOCASE IN ({names})",
            dialect.identifier(schema)
        ));
    }
    Ok(parts.join(" UNION ALL "))
}

/// PostgreSQL: relations and types.
pub(super) fn of_postgres(wanted: &Wanted, dialect: &dyn Dialect) -> Result<String> {
    let names = list(&wanted.names, dialect)?;
    Ok(format!(
        "SELECT CASE WHEN c.relkind = 'S' THEN 'sequence' WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, \
         CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT), CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN 1 ELSE 0 END, 0 \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f', \
         'v', 'm', 'S') AND c.relname IN ({names}) UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'enumeration' END, CAST(n.nspname AS TEXT), CAST(t.typname AS \
         TEXT), CASE WHEN pg_catalog.pg_type_is_visible(t.oid) THEN 1 ELSE 0 END, 0 FROM pg_catalog.pg_type t JOIN \
         pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd') AND t.typname IN ({names})"
    ))
}

/// MySQL and MariaDB.
pub(super) fn of_mysql(wanted: &Wanted, dialect: &dyn Dialect) -> Result<String> {
    let names = list(&wanted.names, dialect)?;
    let schemas = match wanted.schemas.is_empty() {
        true => String::new(),
        false => format!(", {}", list(&wanted.schemas, dialect)?),
    };
    Ok(format!(
        "SELECT CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END, CAST(table_schema AS \
         CHAR), CAST(table_name AS CHAR), CASE WHEN table_schema = DATABASE() THEN 1 ELSE 0 END, CASE WHEN \
         @@lower_case_table_names = 0 THEN 0 ELSE 1 END FROM information_schema.tables WHERE table_schema IN (DATABASE(){schemas}) \
         AND table_name IN ({names})"
    ))
}

fn list(names: &[String], dialect: &dyn Dialect) -> Result<String> {
    let mut sql = String::new();
    for (position, name) in names.iter().enumerate() {
        if position > 0 {
            sql.push_str(", ");
        }
        dialect.write_literal(&Value::Text((**name).into()), &mut sql)?;
    }
    // An empty list is no list.
    if names.is_empty() {
        sql.push_str("NULL");
    }
    Ok(sql)
}
