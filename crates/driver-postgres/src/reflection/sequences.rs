//! Sequences.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedSequence, Scope, rows},
};
use aludel_sql_expression::FromRow;

use super::{parameters, takes_relation};

#[derive(FromRow)]
struct Found {
    name: String,
    type_name: String,
    start: i64,
    increment: i64,
    minvalue: i64,
    maxvalue: i64,
    cycle: bool,
    cache: i64,
    owner_table: Option<String>,
    owner_column: Option<String>,
    comment: Option<String>,
}

/// The sequences of a scope, but for those of identity columns, which are part of their column.
pub(super) async fn reflect(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<ReflectedSequence>> {
    let sql = format!(
        "SELECT c.relname::text AS name, pg_catalog.format_type(s.seqtypid, NULL) AS type_name, s.seqstart AS start, \
         s.seqincrement AS increment, s.seqmin AS minvalue, s.seqmax AS maxvalue, s.seqcycle AS cycle, \
         s.seqcache AS cache, t.relname::text AS owner_table, a.attname::text AS owner_column, \
         pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
         FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_depend o ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid \
         AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i') \
         LEFT JOIN pg_catalog.pg_class t ON t.oid = o.refobjid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid \
         WHERE o.deptype IS DISTINCT FROM 'i' AND {} ORDER BY c.relname",
        takes_relation(scope)
    );
    let found: Vec<Found> = rows(catalog, sql, &parameters(scope)).await?;
    Ok(found.into_iter().map(sequence).collect())
}

fn sequence(found: Found) -> ReflectedSequence {
    let mut sequence = ReflectedSequence::default();
    sequence.name = found.name;
    sequence.type_name = Some(found.type_name);
    sequence.start = found.start;
    sequence.increment = found.increment;
    sequence.minvalue = found.minvalue;
    sequence.maxvalue = found.maxvalue;
    sequence.cycle = found.cycle;
    sequence.cache = found.cache;
    sequence.comment = found.comment;
    sequence.owned_by = found.owner_table.zip(found.owner_column);
    sequence
}
