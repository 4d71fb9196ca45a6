//! Views.

use super::{cascading, column_list, either, identifier, require};
use crate::{
    Error, Result,
    dialect::Dialect,
    schema::{Table, ViewQuery},
};

pub(super) fn create(
    table: &Table,
    query: Option<&ViewQuery>,
    or_replace: bool,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let definition = table.definition();
    let view = definition.view.as_ref();
    let Some(query) = query.or(view.and_then(|view| view.query.as_ref())) else {
        return Err(Error::argument(format!(
            "`{}` cannot be created as a view, because it has no query; give it one with `view`",
            table.name()
        )));
    };
    let features = &dialect.features().ddl;
    let materialized = view.is_some_and(|view| view.materialized);
    require(!materialized || features.materialized_views, "a materialized view", dialect)?;
    require(!or_replace || features.replace_view && !materialized, "CREATE OR REPLACE VIEW", dialect)?;
    let can_ask = features.view_if_not_exists || materialized;
    require(!if_not_exists || can_ask, "CREATE VIEW IF NOT EXISTS", dialect)?;
    identifier::check_table(table, dialect)?;
    for column in &definition.columns {
        identifier::check_column(table, &column.name, dialect)?;
    }
    let columns = match definition.columns.is_empty() {
        true => String::new(),
        false => format!(" {}", column_list(definition.columns.iter().map(|column| &column.name), dialect)),
    };
    Ok(format!(
        "CREATE {}{}{}VIEW {}{}{columns} AS {}",
        either(or_replace, "OR REPLACE "),
        either(definition.options.temporary, "TEMPORARY "),
        either(materialized, "MATERIALIZED "),
        either(if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table),
        query.to_sql(dialect)?
    ))
}

pub(super) fn drop(table: &Table, if_exists: bool, cascade: bool, dialect: &dyn Dialect) -> Result<String> {
    identifier::check_table(table, dialect)?;
    Ok(format!(
        "DROP {}VIEW {}{}{}",
        either(is_materialized(table), "MATERIALIZED "),
        either(if_exists, "IF EXISTS "),
        dialect.table_name(table),
        cascading(cascade, "DROP VIEW", dialect)?
    ))
}

pub(super) fn refresh(table: &Table, concurrently: bool, dialect: &dyn Dialect) -> Result<String> {
    require(dialect.features().ddl.materialized_views, "REFRESH MATERIALIZED VIEW", dialect)?;
    identifier::check_table(table, dialect)?;
    Ok(format!(
        "REFRESH MATERIALIZED VIEW {}{}",
        either(concurrently, "CONCURRENTLY "),
        dialect.table_name(table)
    ))
}

fn is_materialized(table: &Table) -> bool {
    table.definition().view.as_ref().is_some_and(|view| view.materialized)
}
