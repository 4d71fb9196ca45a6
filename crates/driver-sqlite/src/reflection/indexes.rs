//! Indexes, out of the text of CREATE INDEX.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedIndex, Scope, TableName, rows},
};
use aludel_sql_expression::FromRow;

use super::{create_index, objects};

/// One of the columns or expressions of an index.
#[derive(FromRow)]
struct Found {
    table_name: String,
    name: String,
    sql: String,
    /// The column, as it is declared; none for an expression.
    column_name: Option<String>,
}

/// The indexes that were made by CREATE INDEX: those that SQLite makes for constraints have no text, and no name of a user's.
pub(super) async fn reflect(
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedIndex)>> {
    let (with, parameters) = objects(scope, "'index'", "tbl_name");
    let sql = format!(
        "{with} SELECT object.table_name AS table_name, object.name AS name, object.sql AS sql, c.name AS column_name \
         FROM object, pragma_index_info(object.name, object.schema_name) AS c WHERE object.sql IS NOT NULL \
         ORDER BY object.table_name, object.name, c.seqno"
    );
    let found: Vec<Found> = rows(catalog, sql, &parameters).await?;
    let indexes =
        found.chunk_by(|one, other| (&one.table_name, &one.name) == (&other.table_name, &other.name));
    Ok(indexes
        .filter_map(|members| Some((scope.name(members.first()?.table_name.clone()), index(members)?)))
        .collect())
}

fn index(members: &[Found]) -> Option<ReflectedIndex> {
    let first = members.first()?;
    let mut index = create_index::parse(first.name.clone(), &first.sql);
    // The text may write columns in other letters, capital and small, than they are declared in.
    for (element, member) in index.elements.iter_mut().zip(members) {
        if let (Some(column), Some(declared)) = (&mut element.column, &member.column_name) {
            column.clone_from(declared);
        }
    }
    Some(index)
}
