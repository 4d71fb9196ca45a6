//! Sequences, which MariaDB has.

use std::collections::HashMap;

use aludel_driver::{
    Result, Value,
    reflection::{Catalog, ReflectedSequence, Scope, rows},
};
use aludel_sql_expression::FromRow;

use super::{MySqlReflection, quoted, takes, text};

#[derive(FromRow)]
struct Named {
    schema_name: String,
    name: String,
    comment: Option<String>,
}

#[derive(FromRow)]
struct Found {
    name: String,
    start: i64,
    increment: i64,
    minvalue: i64,
    maxvalue: i64,
    cycle: bool,
    cache: i64,
}

/// The sequences of a scope, by two queries: each is a table of one row, and all are read in one statement.
pub(super) async fn reflect(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<ReflectedSequence>> {
    if !server.is_mariadb {
        return Ok(Vec::new());
    }
    let (condition, parameters) = takes(scope, "table_schema", "table_name");
    let sql = format!(
        "SELECT {} AS schema_name, {} AS name, {} AS comment FROM information_schema.tables \
         WHERE {condition} AND table_type = 'SEQUENCE' ORDER BY table_name",
        text("table_schema"),
        text("table_name"),
        text("table_comment")
    );
    let mut named: Vec<Named> = rows(catalog, sql, &parameters).await?;
    named.retain(|sequence| scope.takes(&sequence.name));
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let selects: Vec<String> = named
        .iter()
        .map(|sequence| {
            format!(
                "SELECT ? AS name, start_value AS start, increment, minimum_value AS `minvalue`, \
                 maximum_value AS `maxvalue`, cycle_option AS `cycle`, cache_size AS `cache` FROM {}.{}",
                quoted(&sequence.schema_name),
                quoted(&sequence.name)
            )
        })
        .collect();
    let names: Vec<Value> = named.iter().map(|sequence| Value::Text(sequence.name.as_str().into())).collect();
    let found: Vec<Found> = rows(catalog, selects.join(" UNION ALL "), &names).await?;
    let mut comments: HashMap<String, String> = named
        .into_iter()
        .filter_map(|own| Some((own.name, own.comment.filter(|comment| !comment.is_empty())?)))
        .collect();
    let commented = found.into_iter().map(|found| {
        let comment = comments.remove(&found.name);
        let mut sequence = sequence(found);
        sequence.comment = comment;
        sequence
    });
    Ok(commented.collect())
}

fn sequence(found: Found) -> ReflectedSequence {
    let mut sequence = ReflectedSequence::default();
    sequence.name = found.name;
    sequence.start = found.start;
    sequence.increment = found.increment;
    sequence.minvalue = found.minvalue;
    sequence.maxvalue = found.maxvalue;
    sequence.cycle = found.cycle;
    sequence.cache = found.cache;
    sequence
}
