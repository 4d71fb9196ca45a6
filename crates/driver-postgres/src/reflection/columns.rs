//! Columns, with their types, defaults, identities and comments.

use std::collections::HashMap;

use aludel_driver::{
    Result,
    reflection::{
        Catalog, ReflectedColumn, ReflectedComputed, ReflectedIdentity, ReflectedSequence, Scope, TableName,
        rows,
    },
};
use aludel_sql_expression::FromRow;

use super::{
    column_type::{self, UserType},
    parameters,
    tables::KINDS,
    takes_relation,
};

#[derive(FromRow)]
struct Attribute {
    table_name: String,
    name: String,
    type_name: String,
    /// The number of the type, or of the element's where it is an array.
    type_number: i64,
    type_kind: String,
    is_array: bool,
    not_null: bool,
    expression: Option<String>,
    generated: String,
    identity: String,
    is_numbered: bool,
    start: Option<i64>,
    increment: Option<i64>,
    minvalue: Option<i64>,
    maxvalue: Option<i64>,
    cycle: Option<bool>,
    cache: Option<i64>,
    sequence_name: Option<String>,
    sequence_type: Option<String>,
    sequence_comment: Option<String>,
    collation: Option<String>,
    comment: Option<String>,
}

#[derive(FromRow)]
struct Label {
    type_number: i64,
    schema_name: String,
    name: String,
    visible: bool,
    label: Option<String>,
}

pub(super) async fn reflect(
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedColumn)>> {
    let sql = format!(
        "SELECT c.relname::text AS table_name, a.attname::text AS name, \
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name, \
         COALESCE(et.oid, t.oid)::bigint AS type_number, COALESCE(et.typtype, t.typtype)::text AS type_kind, \
         et.oid IS NOT NULL AS is_array, a.attnotnull AS not_null, \
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression, a.attgenerated::text AS generated, \
         a.attidentity::text AS identity, s.seqrelid IS NOT NULL AS is_numbered, \
         s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minvalue, s.seqmax AS maxvalue, \
         s.seqcycle AS cycle, s.seqcache AS cache, \
         sc.relname::text AS sequence_name, pg_catalog.format_type(s.seqtypid, NULL) AS sequence_type, \
         pg_catalog.obj_description(sc.oid, 'pg_class') AS sequence_comment, \
         CASE WHEN a.attcollation <> t.typcollation THEN co.collname END::text AS collation, \
         pg_catalog.col_description(c.oid, a.attnum) AS comment \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_type et ON et.oid = t.typelem AND t.typelem <> 0 AND t.typcategory = 'A' \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation \
         LEFT JOIN pg_catalog.pg_depend o ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjid = c.oid \
         AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i') \
         AND EXISTS (SELECT FROM pg_catalog.pg_sequence e WHERE e.seqrelid = o.objid) \
         LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = o.objid \
         LEFT JOIN pg_catalog.pg_class sc ON sc.oid = s.seqrelid AND sc.relnamespace = c.relnamespace \
         WHERE c.relkind IN {KINDS} AND {} ORDER BY c.relname, a.attnum",
        takes_relation(scope)
    );
    let found: Vec<Attribute> = rows(catalog, sql, &parameters(scope)).await?;
    let enums = match found.iter().any(|attribute| attribute.type_kind == "e") {
        true => enums(catalog).await?,
        false => HashMap::new(),
    };
    let mut columns: Vec<(TableName, ReflectedColumn)> = Vec::with_capacity(found.len());
    let mut last: Option<(String, String)> = None;
    for attribute in found {
        // A column that owns two sequences comes twice.
        let key = (attribute.table_name.clone(), attribute.name.clone());
        if last.as_ref() != Some(&key) {
            columns.push((scope.name(attribute.table_name.clone()), column(attribute, &enums)));
        }
        last = Some(key);
    }
    Ok(columns)
}

/// The enumerations of the database, by their numbers.
pub(super) async fn enums(catalog: &mut dyn Catalog) -> Result<HashMap<i64, UserType>> {
    let sql = "SELECT t.oid::bigint AS type_number, n.nspname::text AS schema_name, t.typname::text AS name, \
               pg_catalog.pg_type_is_visible(t.oid) AS visible, e.enumlabel::text AS label \
               FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
               LEFT JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid \
               WHERE t.typtype = 'e' ORDER BY t.oid, e.enumsortorder";
    let mut enums: HashMap<i64, UserType> = HashMap::new();
    for row in rows::<Label>(catalog, sql, &[]).await? {
        let found = enums.entry(row.type_number).or_insert_with(|| UserType {
            schema: (!row.visible).then_some(row.schema_name),
            name: row.name,
            values: Vec::new(),
        });
        found.values.extend(row.label);
    }
    Ok(enums)
}

/// The sequence that goes with a column.
fn sequence(attribute: &Attribute) -> Option<ReflectedSequence> {
    let mut sequence = ReflectedSequence::default();
    sequence.name = attribute.sequence_name.clone()?;
    sequence.type_name = attribute.sequence_type.clone();
    sequence.start = attribute.start?;
    sequence.increment = attribute.increment?;
    sequence.minvalue = attribute.minvalue?;
    sequence.maxvalue = attribute.maxvalue?;
    sequence.cycle = attribute.cycle?;
    sequence.cache = attribute.cache?;
    sequence.comment = attribute.sequence_comment.clone();
    sequence.owned_by = Some((attribute.table_name.clone(), attribute.name.clone()));
    Some(sequence)
}

fn column(attribute: Attribute, enums: &HashMap<i64, UserType>) -> ReflectedColumn {
    let own = sequence(&attribute);
    let user_type = enums.get(&attribute.type_number);
    let column_type = column_type::reflect(&attribute.type_name, attribute.is_array, user_type);
    let mut column = ReflectedColumn::new(attribute.name, column_type);
    column.nullable = !attribute.not_null;
    match attribute.generated.as_str() {
        "" => column.default = attribute.expression,
        how => {
            let sqltext = attribute.expression.as_deref().map(super::bare).unwrap_or_default();
            column.computed = Some(ReflectedComputed::new(sqltext, how == "s"));
        }
    }
    if !attribute.identity.is_empty() {
        let mut identity = ReflectedIdentity::default();
        identity.always = attribute.identity == "a";
        identity.start = attribute.start.unwrap_or_default();
        identity.increment = attribute.increment.unwrap_or_default();
        identity.minvalue = attribute.minvalue.unwrap_or_default();
        identity.maxvalue = attribute.maxvalue.unwrap_or_default();
        identity.cycle = attribute.cycle.unwrap_or_default();
        identity.cache = attribute.cache.unwrap_or_default();
        column.identity = Some(identity);
    }
    let draws = column.default.as_deref().is_some_and(|default| default.starts_with("nextval("));
    column.autoincrement = column.identity.is_some() || (attribute.is_numbered && draws);
    // Its default may draw from another one.
    let is_drawn = |own: &ReflectedSequence| {
        let plain = |text: &str| text.replace('"', "");
        column.default.as_deref().is_some_and(|default| plain(default).contains(&plain(&own.name)))
    };
    column.sequence = own.filter(|own| draws && is_drawn(own));
    column.collation = attribute.collation;
    column.comment = attribute.comment;
    column
}
