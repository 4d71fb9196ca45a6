//! Views.

use super::{cascading, column, column_list, comment, either, identifier, index, options, require};
use crate::{
    Error, Result,
    dialect::{Dialect, TableOptionsOf},
    schema::{Table, TableDefinition, ViewQuery},
};

/// CREATE VIEW, with its comments, and the indexes of one whose rows are kept.
pub(super) fn create(
    table: &Table,
    query: Option<&ViewQuery>,
    or_replace: bool,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
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
    let check = match view.and_then(|view| view.check_option.as_ref()) {
        None => String::new(),
        Some(which) => {
            require(features.check_option && !materialized, "WITH CHECK OPTION", dialect)?;
            format!(" WITH {which} CHECK OPTION")
        }
    };
    let of_mysql = match (&definition.options.mysql.further, features.table_options) {
        (Some(further), TableOptionsOf::Mysql) => format!("{further} "),
        _ => String::new(),
    };
    let mut statements = vec![format!(
        "CREATE {}{of_mysql}{}{}VIEW {}{}{columns}{} AS {}{check}",
        either(or_replace, "OR REPLACE "),
        either(definition.options.temporary, "TEMPORARY "),
        either(materialized, "MATERIALIZED "),
        either(if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table),
        options::of_view(&definition.options, materialized, dialect),
        query.to_sql(dialect)?
    )];
    if features.table_options == TableOptionsOf::Postgresql && !materialized {
        statements.extend(defaults(table, &definition, dialect)?);
    }
    statements.extend(comment::of_table(table, &definition, dialect)?);
    if materialized {
        for own in &table.indexes(dialect)? {
            statements.extend(index::create(table, own, if_not_exists, dialect)?);
        }
    }
    Ok(statements)
}

/// What an INSERT into a view of PostgreSQL puts in where it leaves a column out.
fn defaults(table: &Table, definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
    let said = definition.columns.iter().filter_map(|column| Some((column, column.server_default.as_ref()?)));
    said.map(|(column, default)| {
        Ok(format!(
            "ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}",
            dialect.table_name(table),
            dialect.column_name(&column.name),
            column::default_text(default, &column.sql_type, dialect)?
        ))
    })
    .collect()
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
