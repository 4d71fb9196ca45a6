//! Indexes.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedIndex, ReflectedIndexElement, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{MySqlReflection, takes, text};

/// One of the columns or expressions of an index.
#[derive(FromRow)]
struct Member {
    table_name: String,
    name: String,
    is_unique: bool,
    column_name: Option<String>,
    expression: Option<String>,
    direction: Option<String>,
    length: Option<u32>,
    kind: String,
    comment: Option<String>,
    invisible: bool,
}

pub(super) async fn reflect(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedIndex)>> {
    let (condition, parameters) = takes(scope, "s.table_schema", "s.table_name");
    let own = match server.is_mariadb {
        true if server.version >= (10, 6, 0) => "NULL AS expression, s.ignored = 'YES' AS invisible",
        true => "NULL AS expression, FALSE AS invisible",
        false => "CONVERT(s.expression USING utf8mb4) AS expression, s.is_visible = 'NO' AS invisible",
    };
    let sql = format!(
        "SELECT {} AS table_name, {} AS name, s.non_unique = 0 AS is_unique, {} AS column_name, {} AS direction, \
         s.sub_part AS length, {} AS kind, {} AS comment, {own} \
         FROM information_schema.statistics s \
         WHERE {condition} AND s.index_name <> 'PRIMARY' ORDER BY s.table_name, s.index_name, s.seq_in_index",
        text("s.table_name"),
        text("s.index_name"),
        text("s.column_name"),
        text("s.collation"),
        text("s.index_type"),
        text("s.index_comment")
    );
    let mut found: Vec<Member> = rows(catalog, sql, &parameters).await?;
    found.retain(|member| scope.takes(&member.table_name));
    let indexes =
        found.chunk_by(|one, other| (&one.table_name, &one.name) == (&other.table_name, &other.name));
    Ok(indexes
        .filter_map(|members| Some((scope.name(members.first()?.table_name.clone()), index(members)?)))
        .collect())
}

fn index(members: &[Member]) -> Option<ReflectedIndex> {
    let first = members.first()?;
    let mut index = ReflectedIndex::default();
    index.name = first.name.clone();
    index.unique = first.is_unique;
    index.using = Some(first.kind.clone());
    index.constraint = first.is_unique.then(|| first.name.clone());
    index.invisible = first.invisible;
    index.comment = first.comment.clone().filter(|comment| !comment.is_empty());
    index.elements = members
        .iter()
        .map(|member| {
            let mut element = ReflectedIndexElement::default();
            element.column = member.column_name.clone();
            element.expression = member.expression.as_ref().map(|text| text.replace("\\'", "'"));
            element.descending = member.direction.as_deref() == Some("D");
            // The parts of a spatial index say 32, which is none of a user's.
            element.length = member.length.filter(|_| first.kind != "SPATIAL");
            element
        })
        .collect();
    Some(index)
}
