//! CREATE TABLE, with what belongs to it.

use super::{column, column_list, constraint, either, index};
use crate::{
    Error, Result, Value,
    dialect::{Autoincrement, Dialect, EnumerationStyle},
    schema::{Table, TableDefinition},
    types::SqlType,
};

/// The statements that create a table: its enumerations, itself, its comments and its indexes.
pub(super) fn create(
    table: &Table,
    if_not_exists: bool,
    without_foreign_keys_to: &[Table],
    with_indexes: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let definition = table.definition();
    if definition.columns.is_empty() {
        return Err(Error::argument(format!("the table `{}` has no columns", table.name())));
    }
    let features = dialect.features();
    let mut lines = Vec::new();
    for column in &definition.columns {
        lines.push(
            column::define(table, &definition, column, dialect).map_err(|error| in_table(error, table))?,
        );
    }
    lines.extend(primary_key(&definition, dialect));
    for column in definition.columns.iter().filter(|column| column.unique && !column.index) {
        lines.push(format!("UNIQUE {}", column_list([&column.name], dialect)));
    }
    for unique in &definition.uniques {
        constraint::check_columns(table, &unique.columns)?;
        lines.push(format!(
            "{}UNIQUE {}",
            constraint::named(unique.name.as_ref(), dialect),
            column_list(&unique.columns, dialect)
        ));
    }
    for check in &definition.checks {
        lines.push(format!("{}CHECK ({})", constraint::named(check.name.as_ref(), dialect), check.condition));
    }
    lines.extend(enumeration_checks(&definition, dialect)?);
    // MySQL makes up names from the table's, and refuses them when they are too long.
    let is_long =
        dialect.physical_name(table.name()).len() + "_ibfk_99".len() > features.max_identifier_length;
    for mut key in table.foreign_keys() {
        if !without_foreign_keys_to.iter().any(|target| key.is_to(table, target)) {
            if is_long {
                key.name_it(table, dialect);
            }
            lines.push(constraint::foreign_key(table, &key, dialect)?);
        }
    }
    let indexes = if with_indexes { table.indexes(dialect) } else { Vec::new() };
    if features.inline_indexes {
        for index in &indexes {
            lines.push(index::inline(table, index, dialect)?);
        }
    }
    check_text_keys(table, &definition, dialect)?;
    let mut statements = enumerations(&definition, dialect)?;
    statements.push(format!(
        "CREATE TABLE {}{} (\n    {}\n)",
        either(if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table),
        lines.join(",\n    ")
    ));
    statements.extend(comments(table, &definition, dialect)?);
    if !features.inline_indexes {
        for index in &indexes {
            statements.push(index::create(table, index, if_not_exists, dialect)?);
        }
    }
    Ok(statements)
}

fn in_table(error: Error, table: &Table) -> Error {
    error.context(format_args!("table `{}`", table.name()))
}

/// PRIMARY KEY, where it does not stand with its column.
fn primary_key(definition: &TableDefinition, dialect: &dyn Dialect) -> Option<String> {
    let columns: Vec<_> = definition.primary_key().map(|column| &column.name).collect();
    let with_column = dialect.features().autoincrement == Autoincrement::RowId
        && columns.len() == 1
        && definition.autoincrement_column().is_some_and(|column| column.primary_key);
    (!columns.is_empty() && !with_column).then(|| format!("PRIMARY KEY {}", column_list(columns, dialect)))
}

/// The types of enumerations, where they are types of their own. A type that is there already stays as it is, because several
/// tables can share one.
fn enumerations(definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
    if dialect.features().enumerations != EnumerationStyle::NamedType {
        return Ok(Vec::new());
    }
    let mut statements = Vec::new();
    for column in &definition.columns {
        if let SqlType::Enum { name, values } = &column.sql_type {
            let words = words(values, dialect)?;
            let statement = format!(
                "DO $$ BEGIN CREATE TYPE {} AS ENUM ({words}); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
                dialect.identifier(name)
            );
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
    Ok(statements)
}

fn enumeration_checks(definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
    if dialect.features().enumerations != EnumerationStyle::Check {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    for column in &definition.columns {
        if let SqlType::Enum { values, .. } = column.sql_type.plain(dialect.name()) {
            lines.push(format!(
                "CHECK ({} IN ({}))",
                dialect.column_name(&column.name),
                words(values, dialect)?
            ));
        }
    }
    Ok(lines)
}

fn words(values: &[std::sync::Arc<str>], dialect: &dyn Dialect) -> Result<String> {
    let mut sql = String::new();
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            sql.push_str(", ");
        }
        dialect.write_literal(&Value::Text((**value).into()), &mut sql)?;
    }
    Ok(sql)
}

fn comments(table: &Table, definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
    if !dialect.features().comment_statements {
        return Ok(Vec::new());
    }
    let mut statements = Vec::new();
    for column in &definition.columns {
        if let Some(comment) = &column.comment {
            let (table, column) = (dialect.table_name(table), dialect.column_name(&column.name));
            let mut sql = format!("COMMENT ON COLUMN {table}.{column} IS ");
            dialect.write_literal(&Value::Text((**comment).into()), &mut sql)?;
            statements.push(sql);
        }
    }
    Ok(statements)
}

/// Refuses keys and indexes over text of any length, where the database could not make them.
fn check_text_keys(table: &Table, definition: &TableDefinition, dialect: &dyn Dialect) -> Result<()> {
    if dialect.features().unlimited_text_keys {
        return Ok(());
    }
    let in_list = |name: &str| {
        let listed = |columns: &[crate::name::Name]| columns.iter().any(|column| &**column == name);
        definition.indexes.iter().any(|index| listed(&index.columns))
            || definition.uniques.iter().any(|unique| listed(&unique.columns))
            || definition.foreign_keys.iter().any(|key| listed(&key.columns))
    };
    for column in &definition.columns {
        let unlimited = matches!(column.sql_type, SqlType::Text | SqlType::LargeBinary | SqlType::Json);
        let is_key = column.primary_key || column.unique || column.index || column.foreign_key.is_some();
        if unlimited && (is_key || in_list(&column.name)) {
            return Err(Error::compile(format!(
                "the column `{}.{}` is a key or has an index, for which {} needs text of a limited length: give it one, with \
                 `Varchar(n)` or `#[column(length = n)]`",
                table.name(),
                column.name,
                dialect.name()
            )));
        }
    }
    Ok(())
}
