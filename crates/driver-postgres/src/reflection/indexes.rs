//! Indexes, with all that they are made of.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedIndex, ReflectedIndexElement, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{bare, parameters, takes_relation};

/// One of the columns or expressions of an index.
#[derive(FromRow)]
struct Member {
    table_name: String,
    number: i64,
    name: String,
    is_unique: bool,
    is_valid: bool,
    nulls_not_distinct: bool,
    filter: Option<String>,
    using: String,
    storage_parameters: Option<String>,
    tablespace: Option<String>,
    constraint_name: Option<String>,
    comment: Option<String>,
    is_included: bool,
    column_name: Option<String>,
    expression: Option<String>,
    can_order: bool,
    order_flags: Option<i64>,
    collation: Option<String>,
    operator_class: Option<String>,
}

/// What `indoption` says.
const DESCENDING: i64 = 1;
const NULLS_FIRST: i64 = 2;

/// How the texts of a part (`a`: its column, `ea` and `et`: its place in the index with its type, `co`) are compared, where that is
/// not as in the column; of an expression, where it is not as its type is.
pub(super) const COLLATION: &str =
    "CASE WHEN co.oid <> COALESCE(a.attcollation, et.typcollation) THEN co.collname END::text";

/// The operator class of a part (`oc` in `ocn`), where it is not the usual one or has parameters, as SQL.
pub(super) const OPERATOR_CLASS: &str = "CASE WHEN NOT oc.opcdefault OR ea.attoptions IS NOT NULL THEN \
     CASE WHEN pg_catalog.pg_opclass_is_visible(oc.oid) THEN pg_catalog.quote_ident(oc.opcname) \
     ELSE pg_catalog.format('%I.%I', ocn.nspname, oc.opcname) END || COALESCE((SELECT ' (' || pg_catalog.string_agg( \
     pg_catalog.format('%I = %L', o.option_name, o.option_value), ', ') || ')' \
     FROM pg_catalog.pg_options_to_table(ea.attoptions) AS o), '') END";

pub(super) async fn reflect(
    major: u32,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedIndex)>> {
    let nulls = if major >= 15 { "x.indnullsnotdistinct" } else { "false" };
    let sql = format!(
        "SELECT c.relname::text AS table_name, x.indexrelid::bigint AS number, ic.relname::text AS name, \
         x.indisunique AS is_unique, x.indisvalid AS is_valid, {nulls} AS nulls_not_distinct, \
         pg_catalog.pg_get_expr(x.indpred, x.indrelid, true) AS filter, am.amname::text AS using, \
         pg_catalog.array_to_string(ic.reloptions, ', ') AS storage_parameters, ts.spcname::text AS tablespace, \
         r.conname::text AS constraint_name, pg_catalog.obj_description(ic.oid, 'pg_class') AS comment, \
         k.position > x.indnkeyatts AS is_included, a.attname::text AS column_name, \
         CASE WHEN a.attnum IS NULL THEN pg_catalog.pg_get_indexdef(x.indexrelid, k.position, true) END AS expression, \
         pg_catalog.pg_indexam_has_property(ic.relam, 'can_order') AS can_order, \
         x.indoption[k.position - 1]::bigint AS order_flags, \
         {COLLATION} AS collation, {OPERATOR_CLASS} AS operator_class \
         FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid JOIN pg_catalog.pg_am am ON am.oid = ic.relam \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = ic.reltablespace \
         LEFT JOIN pg_catalog.pg_constraint r ON r.conindid = x.indexrelid AND r.contype IN ('p', 'u', 'x') \
         CROSS JOIN LATERAL pg_catalog.generate_series(1, x.indnatts::int) AS k (position) \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.position - 1] \
         AND x.indkey[k.position - 1] <> 0 \
         LEFT JOIN pg_catalog.pg_attribute ea ON ea.attrelid = x.indexrelid AND ea.attnum = k.position \
         LEFT JOIN pg_catalog.pg_type et ON et.oid = ea.atttypid \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = x.indcollation[k.position - 1] \
         LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = x.indclass[k.position - 1] \
         LEFT JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace \
         WHERE NOT x.indisprimary AND x.indislive AND {} ORDER BY c.relname, ic.relname, x.indexrelid, k.position",
        takes_relation(scope)
    );
    let found: Vec<Member> = rows(catalog, sql, &parameters(scope)).await?;
    let of_index =
        |members: &[Member]| Some((scope.name(members.first()?.table_name.clone()), index(members)?));
    Ok(found.chunk_by(|one, other| one.number == other.number).filter_map(of_index).collect())
}

fn index(members: &[Member]) -> Option<ReflectedIndex> {
    let first = members.first()?;
    let mut index = ReflectedIndex::default();
    index.name = first.name.clone();
    index.unique = first.is_unique;
    index.invisible = !first.is_valid;
    index.nulls_not_distinct = first.nulls_not_distinct;
    index.filter = first.filter.as_deref().map(|filter| bare(filter).to_owned());
    index.using = Some(first.using.clone());
    index.with = first.storage_parameters.clone();
    index.tablespace = first.tablespace.clone();
    index.constraint = first.constraint_name.clone();
    index.comment = first.comment.clone();
    for member in members {
        match &member.column_name {
            Some(name) if member.is_included => index.include.push(name.clone()),
            _ => index.elements.push(element(member)),
        }
    }
    Some(index)
}

fn element(member: &Member) -> ReflectedIndexElement {
    let mut element = ReflectedIndexElement::default();
    element.column = member.column_name.clone();
    element.expression = member.expression.clone();
    element.collation = member.collation.clone();
    element.operator_class = member.operator_class.clone();
    (element.descending, element.nulls_first) = direction(member.order_flags.filter(|_| member.can_order));
    element
}

/// Whether a part goes down, and whether NULLs come first, where that is not as the direction has it by itself.
pub(super) fn direction(flags: Option<i64>) -> (bool, Option<bool>) {
    let flags = flags.unwrap_or_default();
    let (descending, nulls_first) = (flags & DESCENDING != 0, flags & NULLS_FIRST != 0);
    // By itself a way down begins with NULLs, and a way up ends with them.
    (descending, (nulls_first != descending).then_some(nulls_first))
}
