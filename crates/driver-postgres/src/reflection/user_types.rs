//! Enumerations and domains.

use std::collections::HashMap;

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedCheckConstraint, ReflectedDomain, ReflectedEnum, Scope, rows},
};
use aludel_sql_expression::FromRow;

use super::{
    bare,
    column_type::{self, UserType},
    columns, parameters, takes,
};

#[derive(FromRow)]
struct Label {
    number: i64,
    schema_name: String,
    name: String,
    visible: bool,
    comment: Option<String>,
    label: Option<String>,
}

/// The enumerations of a scope.
pub(super) async fn enums(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<ReflectedEnum>> {
    let sql = format!(
        "SELECT t.oid::bigint AS number, n.nspname::text AS schema_name, t.typname::text AS name, \
         pg_catalog.pg_type_is_visible(t.oid) AS visible, pg_catalog.obj_description(t.oid, 'pg_type') AS comment, \
         e.enumlabel::text AS label \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         LEFT JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid \
         WHERE t.typtype = 'e' AND {} ORDER BY n.nspname, t.typname, e.enumsortorder",
        takes("t.typname", "pg_catalog.pg_type_is_visible(t.oid)")
    );
    let found: Vec<Label> = rows(catalog, sql, &parameters(scope)).await?;
    let of_type = |labels: &[Label]| {
        let first = labels.first()?;
        let mut reflected = ReflectedEnum::default();
        reflected.schema = first.schema_name.clone();
        reflected.name = first.name.clone();
        reflected.visible = first.visible;
        reflected.comment = first.comment.clone();
        reflected.values = labels.iter().filter_map(|label| label.label.clone()).collect();
        Some(reflected)
    };
    Ok(found.chunk_by(|one, other| one.number == other.number).filter_map(of_type).collect())
}

#[derive(FromRow)]
struct Condition {
    number: i64,
    schema_name: String,
    name: String,
    visible: bool,
    comment: Option<String>,
    type_name: String,
    /// The number of the type that it is made of, or of the element's where that is an array.
    type_number: i64,
    type_kind: String,
    is_array: bool,
    not_null: bool,
    default_text: Option<String>,
    collation: Option<String>,
    constraint_name: Option<String>,
    condition: Option<String>,
    is_valid: Option<bool>,
    condition_comment: Option<String>,
}

/// The domains of a scope.
pub(super) async fn domains(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<ReflectedDomain>> {
    let sql = format!(
        "SELECT t.oid::bigint AS number, n.nspname::text AS schema_name, t.typname::text AS name, \
         pg_catalog.pg_type_is_visible(t.oid) AS visible, pg_catalog.obj_description(t.oid, 'pg_type') AS comment, \
         pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type_name, et.oid IS NOT NULL AS is_array, \
         COALESCE(et.oid, b.oid)::bigint AS type_number, COALESCE(et.typtype, b.typtype)::text AS type_kind, \
         t.typnotnull AS not_null, COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS default_text, \
         CASE WHEN t.typcollation <> b.typcollation THEN co.collname END::text AS collation, \
         r.conname::text AS constraint_name, pg_catalog.pg_get_expr(r.conbin, 0, true) AS condition, \
         r.convalidated AS is_valid, pg_catalog.obj_description(r.oid, 'pg_constraint') AS condition_comment \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype \
         LEFT JOIN pg_catalog.pg_type et ON et.oid = b.typelem AND b.typelem <> 0 AND b.typcategory = 'A' \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = t.typcollation \
         LEFT JOIN pg_catalog.pg_constraint r ON r.contypid = t.oid AND r.contype = 'c' \
         WHERE t.typtype = 'd' AND {} ORDER BY n.nspname, t.typname, r.conname",
        takes("t.typname", "pg_catalog.pg_type_is_visible(t.oid)")
    );
    let found: Vec<Condition> = rows(catalog, sql, &parameters(scope)).await?;
    let enums = match found.iter().any(|condition| condition.type_kind == "e") {
        true => columns::enums(catalog).await?,
        false => HashMap::new(),
    };
    let groups = found.chunk_by(|one, other| one.number == other.number);
    Ok(groups.filter_map(|conditions| domain(conditions, &enums)).collect())
}

fn domain(conditions: &[Condition], enums: &HashMap<i64, UserType>) -> Option<ReflectedDomain> {
    let first = conditions.first()?;
    let mut domain = ReflectedDomain::default();
    domain.schema = first.schema_name.clone();
    domain.name = first.name.clone();
    domain.visible = first.visible;
    domain.comment = first.comment.clone();
    domain.base = column_type::reflect(&first.type_name, first.is_array, enums.get(&first.type_number));
    domain.nullable = !first.not_null;
    domain.default = first.default_text.clone();
    domain.collation = first.collation.clone();
    for found in conditions {
        if let (Some(name), Some(condition)) = (&found.constraint_name, &found.condition) {
            let mut check = ReflectedCheckConstraint::default();
            check.name = Some(name.clone());
            check.sqltext = bare(condition).to_owned();
            check.comment = found.condition_comment.clone();
            check.not_valid = found.is_valid == Some(false);
            domain.checks.push(check);
        }
    }
    Some(domain)
}
