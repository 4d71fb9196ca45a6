//! CREATE INDEX and DROP INDEX.

use super::{column_list, constraint::check_columns, either};
use crate::{
    Result,
    dialect::Dialect,
    schema::{Index, Table},
};

/// CREATE INDEX.
pub(super) fn create(
    table: &Table,
    index: &Index,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    check_columns(table, &index.columns)?;
    Ok(format!(
        "CREATE {}INDEX {}{} ON {} {}",
        either(index.unique, "UNIQUE "),
        either(if_not_exists && dialect.features().index_if_exists, "IF NOT EXISTS "),
        dialect.identifier(&index.name),
        dialect.table_name(table),
        column_list(&index.columns, dialect)
    ))
}

/// An index as it stands in CREATE TABLE.
pub(super) fn inline(table: &Table, index: &Index, dialect: &dyn Dialect) -> Result<String> {
    check_columns(table, &index.columns)?;
    Ok(format!(
        "{}INDEX {} {}",
        either(index.unique, "UNIQUE "),
        dialect.identifier(&index.name),
        column_list(&index.columns, dialect)
    ))
}

/// DROP INDEX.
pub(super) fn drop(table: &Table, name: &str, if_exists: bool, dialect: &dyn Dialect) -> String {
    let features = dialect.features();
    let asks = either(if_exists && features.index_if_exists, "IF EXISTS ");
    let name = dialect.identifier(name);
    if features.drop_index_on_table {
        return format!("DROP INDEX {asks}{name} ON {}", dialect.table_name(table));
    }
    match table.schema() {
        Some(schema) => format!("DROP INDEX {asks}{}.{name}", dialect.identifier(schema)),
        None => format!("DROP INDEX {asks}{name}"),
    }
}
