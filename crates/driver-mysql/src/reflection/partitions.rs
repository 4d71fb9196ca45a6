//! How tables are cut into parts.

use std::{collections::HashMap, fmt::Write};

use aludel_driver::{
    Result,
    reflection::{Catalog, Scope, rows},
};
use aludel_sql_expression::FromRow;

use super::{quoted, takes, text};

#[derive(FromRow)]
struct Part {
    table_name: String,
    name: String,
    method: String,
    expression: Option<String>,
    limit: Option<String>,
}

/// The clause of each table of a scope that is cut into parts: `HASH (id) PARTITIONS 4`.
pub(super) async fn reflect(catalog: &mut dyn Catalog, scope: &Scope) -> Result<HashMap<String, String>> {
    let (condition, parameters) = takes(scope, "table_schema", "table_name");
    let sql = format!(
        "SELECT {} AS table_name, {} AS name, {} AS method, {} AS expression, {} AS `limit` \
         FROM information_schema.partitions WHERE {condition} AND partition_name IS NOT NULL \
         AND COALESCE(subpartition_ordinal_position, 1) = 1 ORDER BY table_name, partition_ordinal_position",
        text("table_name"),
        text("partition_name"),
        text("partition_method"),
        text("partition_expression"),
        text("partition_description")
    );
    let found: Vec<Part> = rows(catalog, sql, &parameters).await?;
    let clauses = found.chunk_by(|one, other| one.table_name == other.table_name);
    Ok(clauses.filter_map(|parts| Some((parts.first()?.table_name.clone(), clause(parts)?))).collect())
}

fn clause(parts: &[Part]) -> Option<String> {
    let first = parts.first()?;
    let mut clause = format!("{} ({})", first.method, first.expression.as_deref().unwrap_or_default());
    if first.limit.is_none() {
        let _ = write!(clause, " PARTITIONS {}", parts.len());
        return Some(clause);
    }
    let is_list = first.method.starts_with("LIST");
    let limits: Vec<String> = parts
        .iter()
        .map(|part| {
            let (name, limit) = (quoted(&part.name), part.limit.as_deref().unwrap_or_default());
            match (is_list, limit) {
                (true, limit) => format!("PARTITION {name} VALUES IN ({limit})"),
                (false, "MAXVALUE") => format!("PARTITION {name} VALUES LESS THAN MAXVALUE"),
                (false, limit) => format!("PARTITION {name} VALUES LESS THAN ({limit})"),
            }
        })
        .collect();
    let _ = write!(clause, " ({})", limits.join(", "));
    Some(clause)
}
