//! Enumerations: as types of their own, and as conditions.

use super::{block, comment, either, identifier, unsupported};
use crate::{
    Error, Result, Value,
    dialect::{Dialect, EnumerationStyle},
    name::Name,
    schema::{Enumeration, TableDefinition},
    statement::TypeChange,
    types::SqlType,
};

/// CREATE TYPE; nothing where enumerations are no types of their own.
pub(super) fn create(
    enumeration: &Enumeration,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    if dialect.features().enumerations != EnumerationStyle::NamedType {
        return Ok(Vec::new());
    }
    let name = written(enumeration.schema.as_ref(), &enumeration.name, dialect)?;
    let words = words(&enumeration.values, dialect)?;
    let sql = format!("CREATE TYPE {name} AS ENUM ({words})");
    let mut statements = vec![match if_not_exists {
        // There is no IF NOT EXISTS here.
        true => block::unless_there(&sql),
        false => sql,
    }];
    if let Some(comment) = &enumeration.comment {
        statements.push(comment::on(&format!("TYPE {name}"), Some(comment), dialect)?);
    }
    Ok(statements)
}

/// DROP TYPE; nothing where enumerations are no types of their own.
pub(super) fn drop(
    schema: Option<&Name>,
    name: &Name,
    if_exists: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    if dialect.features().enumerations != EnumerationStyle::NamedType {
        return Ok(Vec::new());
    }
    Ok(vec![format!("DROP TYPE {}{}", either(if_exists, "IF EXISTS "), written(schema, name, dialect)?)])
}

pub(super) fn alter(
    schema: Option<&Name>,
    name: &Name,
    change: &TypeChange,
    dialect: &dyn Dialect,
) -> Result<String> {
    if dialect.features().enumerations != EnumerationStyle::NamedType {
        return Err(unsupported(&format!("ALTER TYPE (of `{name}`)"), dialect));
    }
    let mut sql = format!("ALTER TYPE {} ", written(schema, name, dialect)?);
    let mut word = |before: &str, word: &Name| {
        sql.push_str(before);
        dialect.write_literal(&Value::Text((**word).into()), &mut sql)
    };
    match change {
        TypeChange::AddValue { value, before, after, if_not_exists } => {
            word(if *if_not_exists { "ADD VALUE IF NOT EXISTS " } else { "ADD VALUE " }, value)?;
            match (before, after) {
                (Some(before), None) => word(" BEFORE ", before)?,
                (None, Some(after)) => word(" AFTER ", after)?,
                (None, None) => {}
                (Some(_), Some(_)) => {
                    return Err(Error::argument(format!(
                        "`{value}` of `{name}` cannot be both before and after another"
                    )));
                }
            }
        }
        TypeChange::RenameValue { from, to } => {
            word("RENAME VALUE ", from)?;
            word(" TO ", to)?;
        }
        TypeChange::Rename(to) => {
            identifier::check(to, "a type", dialect)?;
            sql.push_str(&format!("RENAME TO {}", dialect.identifier(to)));
        }
        TypeChange::SetSchema(to) => {
            identifier::check(to, "a schema", dialect)?;
            sql.push_str(&format!("SET SCHEMA {}", dialect.identifier(to)));
        }
    }
    Ok(sql)
}

/// The types of a table's columns, each once. A type that is there already stays as it is, because several tables can share
/// one.
pub(super) fn of_columns(definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    for column in &definition.columns {
        if let Some(enumeration) = Enumeration::of(&column.sql_type, dialect.name()) {
            for statement in create(&enumeration, true, dialect)? {
                if !statements.contains(&statement) {
                    statements.push(statement);
                }
            }
        }
    }
    Ok(statements)
}

/// The conditions that hold columns to their words, where that is the way.
pub(super) fn checks(definition: &TableDefinition, dialect: &dyn Dialect) -> Result<Vec<String>> {
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

fn written(schema: Option<&Name>, name: &Name, dialect: &dyn Dialect) -> Result<String> {
    identifier::check_schema(schema, dialect)?;
    identifier::check(name, "a type", dialect)?;
    Ok(match schema {
        // As columns name it: without a schema, whatever other schemas there are.
        None => dialect.identifier(name),
        schema => dialect.qualified(schema, name),
    })
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
