//! Constraints, and foreign keys that are added and dropped later.

use super::{column_list, either};
use crate::{
    Error, Result,
    dialect::{Dialect, ForeignKeyIfExists},
    name::Name,
    schema::{ForeignKeyConstraint, ReferentialAction, Table},
};

/// `CONSTRAINT name `, where there is a name.
pub(super) fn named(name: Option<&Name>, dialect: &dyn Dialect) -> String {
    name.map(|name| format!("CONSTRAINT {} ", dialect.identifier(name))).unwrap_or_default()
}

/// Refuses columns that the table does not have.
pub(super) fn check_columns(table: &Table, columns: &[Name]) -> Result<()> {
    let definition = table.definition();
    match columns.iter().find(|column| definition.find(column).is_none()) {
        Some(missing) => {
            let names: Vec<&str> = definition.columns.iter().map(|column| &*column.name).collect();
            Err(Error::argument(format!(
                "the table `{}` has no column `{missing}`; it has: {}",
                table.name(),
                names.join(", ")
            )))
        }
        None => Ok(()),
    }
}

/// A foreign key as it stands in CREATE TABLE and ALTER TABLE.
pub(super) fn foreign_key(
    table: &Table,
    key: &ForeignKeyConstraint,
    dialect: &dyn Dialect,
) -> Result<String> {
    check_columns(table, &key.columns)?;
    if key.table.is_empty() {
        let target = key.referenced.first().map_or("", |column| column);
        return Err(Error::argument(format!(
            "the foreign key of `{}` references `{target}`, which is not of the form `table.column`",
            table.name()
        )));
    }
    let schema = key.schema.as_ref().or(table.schema());
    let target = match schema {
        Some(schema) => format!("{}.{}", dialect.identifier(schema), dialect.column_name(&key.table)),
        None => dialect.column_name(&key.table),
    };
    let mut sql = format!(
        "{}FOREIGN KEY {} REFERENCES {target} {}",
        named(key.name.as_ref(), dialect),
        column_list(&key.columns, dialect),
        column_list(&key.referenced, dialect)
    );
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != ReferentialAction::NoAction {
            sql.push_str(&format!(" ON {event} {}", action.as_sql()));
        }
    }
    Ok(sql)
}

pub(super) fn add_foreign_key(
    table: &Table,
    key: &ForeignKeyConstraint,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    if !features.alter_foreign_keys {
        return Err(Error::unsupported("ALTER TABLE .. ADD FOREIGN KEY", dialect.name()));
    }
    let style = if if_not_exists { features.foreign_key_if_exists } else { ForeignKeyIfExists::Missing };
    let mut constraint = foreign_key(table, key, dialect)?;
    if style == ForeignKeyIfExists::Clause {
        constraint = constraint.replacen("FOREIGN KEY (", "FOREIGN KEY IF NOT EXISTS (", 1);
    }
    let sql = format!("ALTER TABLE {} ADD {constraint}", dialect.table_name(table));
    Ok(match style {
        ForeignKeyIfExists::Block => {
            format!("DO $$ BEGIN {sql}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        }
        ForeignKeyIfExists::Missing | ForeignKeyIfExists::Clause => sql,
    })
}

pub(super) fn drop_foreign_key(
    table: &Table,
    key: &ForeignKeyConstraint,
    if_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    if !features.alter_foreign_keys {
        return Err(Error::unsupported("ALTER TABLE .. DROP FOREIGN KEY", dialect.name()));
    }
    let Some(name) = &key.name else {
        return Err(Error::argument(format!(
            "a foreign key of `{}` cannot be dropped, because it has no name; give it one with `named`",
            table.name()
        )));
    };
    let can_ask = if_exists && features.foreign_key_if_exists != ForeignKeyIfExists::Missing;
    // The databases that number keys by a word of their own also have their own word here.
    let what = match features.foreign_key_if_exists {
        ForeignKeyIfExists::Block => "CONSTRAINT",
        ForeignKeyIfExists::Clause => "FOREIGN KEY",
        ForeignKeyIfExists::Missing if features.drop_index_on_table => "FOREIGN KEY",
        ForeignKeyIfExists::Missing => "CONSTRAINT",
    };
    Ok(format!(
        "ALTER TABLE {}{} DROP {what} {}{}",
        either(can_ask, "IF EXISTS "),
        dialect.table_name(table),
        either(can_ask, "IF EXISTS "),
        dialect.identifier(name)
    ))
}
