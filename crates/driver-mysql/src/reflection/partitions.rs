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
    comment: Option<String>,
    sub_method: Option<String>,
    sub_expression: Option<String>,
    sub_parts: Option<i64>,
}

/// The clause of each table of a scope that is cut into parts: `HASH (id) PARTITIONS 4`.
pub(super) async fn reflect(catalog: &mut dyn Catalog, scope: &Scope) -> Result<HashMap<String, String>> {
    let (condition, parameters) = takes(scope, "table_schema", "table_name");
    let sql = format!(
        "SELECT {} AS table_name, {} AS name, {} AS method, {} AS expression, {} AS `limit`, \
         {} AS comment, {} AS sub_method, {} AS sub_expression, \
         (SELECT COUNT(*) FROM information_schema.partitions o WHERE o.table_schema = p.table_schema \
          AND o.table_name = p.table_name AND o.partition_name = p.partition_name AND o.subpartition_name IS NOT NULL) AS sub_parts \
         FROM information_schema.partitions p WHERE {condition} AND partition_name IS NOT NULL \
         AND COALESCE(subpartition_ordinal_position, 1) = 1 ORDER BY table_name, partition_ordinal_position",
        text("table_name"),
        text("partition_name"),
        text("partition_method"),
        text("partition_expression"),
        text("partition_description"),
        text("partition_comment"),
        text("subpartition_method"),
        text("subpartition_expression")
    );
    let found: Vec<Part> = rows(catalog, sql, &parameters).await?;
    let clauses = found.chunk_by(|one, other| one.table_name == other.table_name);
    Ok(clauses.filter_map(|parts| Some((parts.first()?.table_name.clone(), clause(parts)?))).collect())
}

fn clause(parts: &[Part]) -> Option<String> {
    let first = parts.first()?;
    let mut clause = spelled(&first.method, first.expression.as_deref());
    if let Some(method) = &first.sub_method {
        let parts = first.sub_parts.unwrap_or(1);
        let by = spelled(method, first.sub_expression.as_deref());
        let _ = write!(clause, " SUBPARTITION BY {by} SUBPARTITIONS {parts}");
    }
    let is_plain = |(number, part): (usize, &Part)| {
        part.limit.is_none() && part.name == format!("p{number}") && part.comment().is_none()
    };
    if parts.iter().enumerate().all(is_plain) && first.method != "SYSTEM_TIME" {
        let _ = write!(clause, " PARTITIONS {}", parts.len());
        return Some(clause);
    }
    let is_list = first.method.starts_with("LIST");
    let parts: Vec<String> = parts.iter().map(|part| part.spelled(is_list)).collect();
    let _ = write!(clause, " ({})", parts.join(", "));
    Some(clause)
}

/// `HASH (id)`, `KEY ()`.
fn spelled(method: &str, expression: Option<&str>) -> String {
    format!("{method} ({})", expression.unwrap_or_default())
}

impl Part {
    fn comment(&self) -> Option<&str> {
        self.comment.as_deref().filter(|comment| !comment.is_empty())
    }

    /// `PARTITION p0 VALUES LESS THAN (10) COMMENT 'the first'`.
    fn spelled(&self, is_list: bool) -> String {
        let mut sql = format!("PARTITION {}", quoted(&self.name));
        match self.limit.as_deref() {
            None => {}
            Some("MAXVALUE") if is_list => sql.push_str(" DEFAULT"),
            Some("MAXVALUE") => sql.push_str(" VALUES LESS THAN MAXVALUE"),
            Some(limit) if is_list => drop(write!(sql, " VALUES IN ({limit})")),
            Some(limit) => drop(write!(sql, " VALUES LESS THAN ({limit})")),
        }
        if let Some(comment) = self.comment() {
            let _ = write!(sql, " COMMENT '{}'", comment.replace('\\', "\\\\").replace('\'', "''"));
        }
        sql
    }
}
