//! CREATE SCHEMA and DROP SCHEMA.

use super::{either, identifier, require};
use crate::{Result, dialect::Dialect, name::Name};

pub(super) fn create(name: &Name, if_not_exists: bool, dialect: &dyn Dialect) -> Result<String> {
    require(dialect.features().ddl.schemas, "CREATE SCHEMA", dialect)?;
    Ok(format!("CREATE SCHEMA {}{}", either(if_not_exists, "IF NOT EXISTS "), written(name, dialect)?))
}

pub(super) fn drop(name: &Name, if_exists: bool, cascade: bool, dialect: &dyn Dialect) -> Result<String> {
    let features = &dialect.features().ddl;
    require(features.schemas, "DROP SCHEMA", dialect)?;
    // Where there is no such word, all that is in it goes anyway.
    let cascade = either(cascade && features.drop_schema_cascade, " CASCADE");
    Ok(format!("DROP SCHEMA {}{}{cascade}", either(if_exists, "IF EXISTS "), written(name, dialect)?))
}

fn written(name: &Name, dialect: &dyn Dialect) -> Result<String> {
    identifier::check_schema(Some(name), dialect)?;
    Ok(match dialect.schema_name(Some(name)) {
        Some(name) => dialect.identifier(&name),
        None => dialect.identifier(name),
    })
}
