//! Names that a database could not keep are refused before anything is sent.

use super::unsupported;
use crate::{
    Error, Result,
    dialect::Dialect,
    name::Name,
    schema::{Column, Table},
};

/// Refuses a name that is empty, too long, or has a NUL in it. What it names is for the message.
pub(in crate::compile) fn check(name: &str, what: &str, dialect: &dyn Dialect) -> Result<()> {
    check_length(name, what, dialect.features().max_identifier_length, dialect)
}

/// The same of a name that a statement makes up.
pub(in crate::compile) fn check_made_up(name: &str, what: &str, dialect: &dyn Dialect) -> Result<()> {
    check_length(name, what, dialect.features().max_alias_length, dialect)
}

fn check_length(name: &str, what: &str, most: usize, dialect: &dyn Dialect) -> Result<()> {
    let (length, of) = match dialect.features().ddl.names_in_characters {
        true => (name.chars().count(), "characters"),
        false => (name.len(), "bytes"),
    };
    if length > most {
        return Err(Error::argument(format!(
            "the name `{name}` of {what} has {length} {of}, but {} takes at most {most}; give it a shorter one",
            dialect.name()
        )));
    }
    if name.is_empty() {
        return Err(Error::argument(format!("the name of {what} is empty")));
    }
    if name.contains('\0') {
        return Err(Error::argument(format!("the name {name:?} of {what} has the character NUL in it")));
    }
    Ok(())
}

/// Checks a name, where there is one.
pub(super) fn check_optional(name: Option<&Name>, what: &str, dialect: &dyn Dialect) -> Result<()> {
    name.map_or(Ok(()), |name| check(name, what, dialect))
}

/// Checks the names of a table and its schema, and that the database has the system columns that the table is said to have.
pub(in crate::compile) fn check_table(table: &Table, dialect: &dyn Dialect) -> Result<()> {
    check_schema(table.schema(), dialect)?;
    if table.has_system_columns() {
        check_system_columns(table, dialect)?;
    }
    check(&dialect.physical_name(table.name()), "a table", dialect)
}

fn check_system_columns(table: &Table, dialect: &dyn Dialect) -> Result<()> {
    let there = dialect.features().ddl.system_columns;
    let definition = table.definition();
    let missing = |column: &&Column| column.system && !there.contains(&&*column.name);
    match definition.columns.iter().find(missing) {
        None => Ok(()),
        Some(column) => Err(unsupported(
            &format!("the system column `{}` of the table `{}`", column.name, table.name()),
            dialect,
        )),
    }
}

/// Checks the name of a schema, where there is one.
pub(super) fn check_schema(schema: Option<&Name>, dialect: &dyn Dialect) -> Result<()> {
    dialect.schema_name(schema).map_or(Ok(()), |schema| check(&schema, "a schema", dialect))
}

/// Checks the name of a column.
pub(super) fn check_column(table: &Table, name: &str, dialect: &dyn Dialect) -> Result<()> {
    check(&dialect.physical_name(name), &format!("a column of `{}`", table.name()), dialect)
}
