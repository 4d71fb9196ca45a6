//! Tables and views, with their options, comments and texts.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedTable, ReflectedTableOptions, Scope, TableKind, rows},
};
use aludel_sql_expression::FromRow;

use super::{names, parameters, takes_relation};

#[derive(FromRow)]
struct Relation {
    name: String,
    kind: String,
    persistence: String,
    comment: Option<String>,
    definition: Option<String>,
    access_method: Option<String>,
    tablespace: Option<String>,
    storage_parameters: Option<String>,
    partition_by: Option<String>,
    partition_bound: Option<String>,
    inherits: Option<String>,
}

/// The kinds of `pg_class` that are tables and views.
pub(super) const KINDS: &str = "('r', 'p', 'v', 'm', 'f')";

pub(super) async fn reflect(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<ReflectedTable>> {
    let sql = format!(
        "SELECT c.relname::text AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence, \
         pg_catalog.obj_description(c.oid, 'pg_class') AS comment, \
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition, \
         am.amname::text AS access_method, ts.spcname::text AS tablespace, \
         pg_catalog.array_to_string(c.reloptions, ', ') AS storage_parameters, \
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_by, \
         CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound, \
         (SELECT pg_catalog.string_agg(CASE WHEN $1::text IS NULL AND pg_catalog.pg_table_is_visible(w.oid) \
          THEN pg_catalog.quote_ident(w.relname) ELSE pg_catalog.format('%I.%I', wn.nspname, w.relname) END, \
          pg_catalog.chr(30) ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class w ON w.oid = i.inhparent \
          JOIN pg_catalog.pg_namespace wn ON wn.oid = w.relnamespace WHERE i.inhrelid = c.oid) AS inherits \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace \
         WHERE c.relkind IN {KINDS} AND {} ORDER BY c.relname",
        takes_relation(scope)
    );
    let found: Vec<Relation> = rows(catalog, sql, &parameters(scope)).await?;
    Ok(found.into_iter().map(|relation| table(scope, relation)).collect())
}

fn table(scope: &Scope, relation: Relation) -> ReflectedTable {
    let mut options = ReflectedTableOptions::default();
    options.unlogged = relation.persistence == "u";
    options.tablespace = relation.tablespace;
    options.using = relation.access_method;
    options.with = relation.storage_parameters;
    options.partition_by = relation.partition_by;
    options.partition_bound = relation.partition_bound;
    options.inherits = names(relation.inherits);
    let mut table = ReflectedTable::new(scope.name(relation.name));
    table.kind = match relation.kind.as_str() {
        "v" => TableKind::View,
        "m" => TableKind::MaterializedView,
        _ => TableKind::Table,
    };
    table.temporary = relation.persistence == "t";
    table.comment = relation.comment;
    table.definition = relation.definition;
    table.options = options;
    table
}
