//! Primary keys, foreign keys, unique constraints, conditions and exclusion constraints.

use aludel_driver::{
    Result,
    reflection::{
        Catalog, ReflectedCheckConstraint, ReflectedConstraints, ReflectedExcludeConstraint,
        ReflectedExcludeElement, ReflectedForeignKeyConstraint, ReflectedPrimaryKeyConstraint,
        ReflectedTiming, ReflectedUniqueConstraint, Scope, TableName, rows,
    },
};
use aludel_sql_expression::{FromRow, schema::ReferentialAction};

use super::{bare, indexes, names, parameters, takes_relation};

/// A constraint, or one of its columns.
#[derive(FromRow)]
struct Member {
    table_name: String,
    number: i64,
    name: String,
    kind: String,
    is_deferrable: bool,
    is_deferred: bool,
    is_valid: bool,
    no_inherit: bool,
    condition: Option<String>,
    comment: Option<String>,
    column_name: Option<String>,
    referred_schema: Option<String>,
    referred_visible: Option<bool>,
    referred_table: Option<String>,
    referred_column: Option<String>,
    on_update: String,
    on_delete: String,
    on_delete_columns: Option<String>,
    match_type: String,
    nulls_not_distinct: bool,
    include: Option<String>,
    storage_parameters: Option<String>,
    tablespace: Option<String>,
    index_comment: Option<String>,
    index_name: Option<String>,
    using: Option<String>,
    filter: Option<String>,
    expression: Option<String>,
    collation: Option<String>,
    operator_class: Option<String>,
    can_order: Option<bool>,
    order_flags: Option<i64>,
    operator: Option<String>,
}

pub(super) async fn reflect(
    major: u32,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedConstraints)>> {
    let (nulls, set_columns) = match major {
        15.. => ("COALESCE(x.indnullsnotdistinct, false)", "r.confdelsetcols"),
        _ => ("false", "NULL::pg_catalog.int2[]"),
    };
    // A key to a table that is cut into parts has one more for each part, which come and go with it.
    let sql = format!(
        "SELECT c.relname::text AS table_name, r.oid::bigint AS number, r.conname::text AS name, \
         r.contype::text AS kind, r.condeferrable AS is_deferrable, r.condeferred AS is_deferred, \
         r.convalidated AS is_valid, r.connoinherit AS no_inherit, \
         pg_catalog.pg_get_expr(r.conbin, r.conrelid, true) AS condition, \
         pg_catalog.obj_description(r.oid, 'pg_constraint') AS comment, a.attname::text AS column_name, \
         fn.nspname::text AS referred_schema, pg_catalog.pg_table_is_visible(fc.oid) AS referred_visible, \
         fc.relname::text AS referred_table, fa.attname::text AS referred_column, \
         r.confupdtype::text AS on_update, r.confdeltype::text AS on_delete, \
         (SELECT pg_catalog.string_agg(sa.attname::text, pg_catalog.chr(30) ORDER BY pg_catalog.array_position({set_columns}, sa.attnum)) \
          FROM pg_catalog.pg_attribute sa WHERE sa.attrelid = r.conrelid AND sa.attnum = ANY ({set_columns})) \
         AS on_delete_columns, r.confmatchtype::text AS match_type, {nulls} AS nulls_not_distinct, \
         CASE WHEN x.indnatts > x.indnkeyatts AND r.contype <> 'f' THEN \
          (SELECT pg_catalog.string_agg(ia.attname::text, pg_catalog.chr(30) ORDER BY ia.attnum) \
           FROM pg_catalog.pg_attribute ia WHERE ia.attrelid = x.indexrelid AND ia.attnum > x.indnkeyatts) END AS include, \
         pg_catalog.array_to_string(ic.reloptions, ', ') AS storage_parameters, ts.spcname::text AS tablespace, \
         pg_catalog.obj_description(ic.oid, 'pg_class') AS index_comment, ic.relname::text AS index_name, am.amname::text AS using, \
         pg_catalog.pg_get_expr(x.indpred, x.indrelid, true) AS filter, \
         CASE WHEN r.contype = 'x' AND k.attnum = 0 THEN pg_catalog.pg_get_indexdef(r.conindid, k.position::int, true) END \
         AS expression, CASE WHEN r.contype = 'x' THEN {} END AS collation, \
         CASE WHEN r.contype = 'x' THEN {} END AS operator_class, \
         pg_catalog.pg_indexam_has_property(ic.relam, 'can_order') AS can_order, \
         x.indoption[k.position::int - 1]::bigint AS order_flags, \
         CASE WHEN pg_catalog.pg_operator_is_visible(op.oid) THEN op.oprname::text \
         WHEN op.oid IS NOT NULL THEN pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname) END AS operator \
         FROM pg_catalog.pg_constraint r JOIN pg_catalog.pg_class c ON c.oid = r.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_class fc ON fc.oid = r.confrelid AND r.contype = 'f' \
         LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace \
         LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = r.conindid AND r.contype IN ('p', 'u', 'x') \
         LEFT JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid \
         LEFT JOIN pg_catalog.pg_am am ON am.oid = ic.relam \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = ic.reltablespace \
         LEFT JOIN LATERAL unnest(r.conkey, r.confkey, r.conexclop) WITH ORDINALITY \
         AS k (attnum, referred, operator, position) ON r.contype <> 'c' \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.conrelid AND a.attnum = k.attnum AND k.attnum <> 0 \
         LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = r.confrelid AND fa.attnum = k.referred AND r.contype = 'f' \
         LEFT JOIN pg_catalog.pg_operator op ON op.oid = k.operator \
         LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace \
         LEFT JOIN pg_catalog.pg_attribute ea ON ea.attrelid = x.indexrelid AND ea.attnum = k.position \
         LEFT JOIN pg_catalog.pg_type et ON et.oid = ea.atttypid \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = x.indcollation[k.position::int - 1] \
         LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = x.indclass[k.position::int - 1] \
         LEFT JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace \
         WHERE r.contype IN ('p', 'u', 'f', 'c', 'x') AND {} \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint w WHERE w.oid = r.conparentid AND w.conrelid = r.conrelid) \
         ORDER BY c.relname, r.conname, r.oid, k.position",
        indexes::COLLATION,
        indexes::OPERATOR_CLASS,
        takes_relation(scope)
    );
    let found: Vec<Member> = rows(catalog, sql, &parameters(scope)).await?;
    let mut tables: Vec<(TableName, ReflectedConstraints)> = Vec::new();
    for members in found.chunk_by(|one, other| one.number == other.number) {
        let name = scope.name(members[0].table_name.clone());
        if tables.last().is_none_or(|(last, _)| *last != name) {
            tables.push((name, ReflectedConstraints::default()));
        }
        if let Some((_, constraints)) = tables.last_mut() {
            add(constraints, members, scope);
        }
    }
    Ok(tables)
}

fn add(constraints: &mut ReflectedConstraints, members: &[Member], scope: &Scope) {
    let Some(first) = members.first() else { return };
    let columns = || members.iter().filter_map(|member| member.column_name.clone()).collect();
    let timing = ReflectedTiming::new(first.is_deferrable, first.is_deferred);
    match first.kind.as_str() {
        "p" => {
            let mut key = ReflectedPrimaryKeyConstraint::default();
            key.name = Some(first.name.clone());
            key.columns = columns();
            key.include = names(first.include.clone());
            key.with = first.storage_parameters.clone();
            key.tablespace = first.tablespace.clone();
            key.index_comment = first.index_comment.clone();
            key.timing = timing;
            key.comment = first.comment.clone();
            constraints.primary_key = Some(key);
        }
        "u" => {
            let mut unique = ReflectedUniqueConstraint::default();
            unique.name = Some(first.name.clone());
            unique.columns = columns();
            unique.include = names(first.include.clone());
            unique.nulls_not_distinct = first.nulls_not_distinct;
            unique.timing = timing;
            unique.index = first.index_name.clone();
            unique.comment = first.comment.clone();
            constraints.uniques.push(unique);
        }
        "f" => constraints.foreign_keys.push(foreign_key(members, first, timing, scope)),
        "c" => {
            let mut check = ReflectedCheckConstraint::default();
            check.name = Some(first.name.clone());
            check.sqltext = first.condition.as_deref().map(bare).unwrap_or_default().to_owned();
            check.not_valid = !first.is_valid;
            check.no_inherit = first.no_inherit;
            check.comment = first.comment.clone();
            constraints.checks.push(check);
        }
        _ => constraints.excludes.push(exclude(members, first, timing)),
    }
}

fn foreign_key(
    members: &[Member],
    first: &Member,
    timing: ReflectedTiming,
    scope: &Scope,
) -> ReflectedForeignKeyConstraint {
    let mut key = ReflectedForeignKeyConstraint::default();
    key.name = Some(first.name.clone());
    key.columns = members.iter().filter_map(|member| member.column_name.clone()).collect();
    key.referred_columns = members.iter().filter_map(|member| member.referred_column.clone()).collect();
    let is_by_default = scope.schema.is_none() && first.referred_visible == Some(true);
    let schema = first.referred_schema.as_deref().filter(|_| !is_by_default);
    key.referred = TableName::new(schema, first.referred_table.clone().unwrap_or_default());
    key.on_delete = action(&first.on_delete);
    key.on_delete_columns = names(first.on_delete_columns.clone());
    key.on_update = action(&first.on_update);
    key.match_type = match first.match_type.as_str() {
        "f" => Some("FULL".to_owned()),
        "p" => Some("PARTIAL".to_owned()),
        _ => None,
    };
    key.timing = timing;
    key.not_valid = !first.is_valid;
    key.comment = first.comment.clone();
    key
}

fn exclude(members: &[Member], first: &Member, timing: ReflectedTiming) -> ReflectedExcludeConstraint {
    let mut exclude = ReflectedExcludeConstraint::default();
    exclude.name = first.name.clone();
    exclude.elements = members
        .iter()
        .map(|member| {
            let mut element = ReflectedExcludeElement::default();
            element.column = member.column_name.clone();
            element.expression = member.expression.clone();
            element.collation = member.collation.clone();
            element.operator_class = member.operator_class.clone();
            let flags = member.order_flags.filter(|_| member.can_order == Some(true));
            (element.descending, element.nulls_first) = indexes::direction(flags);
            element.operator = member.operator.clone().unwrap_or_default();
            element
        })
        .collect();
    exclude.include = names(first.include.clone());
    exclude.using = first.using.clone().unwrap_or_default();
    exclude.filter = first.filter.as_deref().map(|filter| bare(filter).to_owned());
    exclude.timing = timing;
    exclude.comment = first.comment.clone();
    exclude
}

fn action(letter: &str) -> ReferentialAction {
    match letter {
        "r" => ReferentialAction::Restrict,
        "c" => ReferentialAction::Cascade,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
