//! ALTER TABLE, where it changes a column.

use super::{column, comment, identifier, require, sequence, unsupported};
use crate::{
    Error, Result,
    dialect::{AlterColumnStyle, Dialect},
    name::Name,
    schema::{Column, Table},
    statement::{ColumnChange, IdentityChange},
};

/// The statements that change a column.
pub(super) fn statements(
    table: &Table,
    change: &ColumnChange,
    alter: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    match dialect.features().ddl.alter_column {
        AlterColumnStyle::Clauses => clauses(table, change, alter, dialect),
        AlterColumnStyle::Restate => restated(table, change, alter, dialect),
        AlterColumnStyle::Missing => {
            let ColumnChange { sql_type, nullable, server_default, comment, identity, rename, .. } = change;
            let (None, None, None, None, None, Some(to)) =
                (sql_type, nullable, server_default, comment, identity, rename)
            else {
                let what = format!("ALTER TABLE .. ALTER COLUMN (of `{}.{}`)", table.name(), change.name);
                return Err(unsupported(&what, dialect));
            };
            Ok(vec![format!("{alter} {}", self::rename(table, &change.name, to, None, dialect)?)])
        }
    }
}

/// One statement for each change.
fn clauses(table: &Table, change: &ColumnChange, alter: &str, dialect: &dyn Dialect) -> Result<Vec<String>> {
    let name = dialect.column_name(&change.name);
    let mut statements = Vec::new();
    let mut push = |clause: String| statements.push(format!("{alter} ALTER COLUMN {name} {clause}"));
    let definition = table.definition();
    let existing = change.existing.as_ref().or_else(|| definition.find(&change.name));
    match change.nullable {
        Some(true) => push("DROP NOT NULL".into()),
        Some(false) => push("SET NOT NULL".into()),
        None => {}
    }
    if let Some(sql_type) = &change.sql_type {
        let mut clause = format!("TYPE {}", dialect.type_name(sql_type)?);
        if let Some(using) = &change.using {
            clause.push_str(&format!(" USING {}", using.to_sql(dialect)?));
        }
        push(clause);
    }
    match &change.server_default {
        Some(Some(default)) => {
            let sql_type = change.sql_type.as_ref().or(existing.map(|column| &column.sql_type));
            let sql_type = sql_type.unwrap_or(&crate::types::SqlType::Unknown);
            push(format!("SET DEFAULT {}", column::default_text(default, sql_type, dialect)?));
        }
        Some(None) => push("DROP DEFAULT".into()),
        None => {}
    }
    match &change.identity {
        Some(IdentityChange::Add(identity)) => push(format!("ADD {}", sequence::identity(identity))),
        Some(IdentityChange::Set(identity)) => push(sequence::set_identity(identity)),
        Some(IdentityChange::Drop) => push("DROP IDENTITY".into()),
        None => {}
    }
    if let Some(comment) = &change.comment {
        statements.push(comment::on_column(table, &change.name, comment.as_deref(), dialect)?);
    }
    if let Some(to) = &change.rename {
        statements.push(format!("{alter} {}", rename(table, &change.name, to, None, dialect)?));
    }
    if statements.is_empty() {
        return Err(nothing(table, change));
    }
    Ok(statements)
}

/// MODIFY and CHANGE, which say all of the column again; a default alone needs it not.
fn restated(table: &Table, change: &ColumnChange, alter: &str, dialect: &dyn Dialect) -> Result<Vec<String>> {
    require(change.identity.is_none(), "ALTER COLUMN of an identity", dialect)?;
    let definition = table.definition();
    let existing = change.existing.as_ref().or_else(|| definition.find(&change.name));
    let ColumnChange { name, sql_type, nullable, server_default, comment, rename, .. } = change;
    if sql_type.is_none() && nullable.is_none() && comment.is_none() {
        match (server_default, rename) {
            (None, None) => return Err(nothing(table, change)),
            (None, Some(to)) => {
                return Ok(vec![format!("{alter} {}", self::rename(table, name, to, existing, dialect)?)]);
            }
            (Some(default), None) => {
                let column = dialect.column_name(name);
                let clause = match (default, existing) {
                    (None, _) => "DROP DEFAULT".to_owned(),
                    (Some(default), existing) => {
                        let sql_type =
                            existing.map_or(&crate::types::SqlType::Unknown, |column| &column.sql_type);
                        let sql = column::default_text(default, sql_type, dialect)?;
                        // SET DEFAULT takes a literal; anything else only in parentheses.
                        format!("SET DEFAULT {}", in_parentheses(&sql))
                    }
                };
                return Ok(vec![format!("{alter} ALTER COLUMN {column} {clause}")]);
            }
            (Some(_), Some(_)) => {}
        }
    }
    let mut column = match (existing, sql_type) {
        (Some(existing), _) => existing.clone(),
        (None, Some(sql_type)) if nullable.is_some() => Column::new(name.clone(), sql_type.clone()),
        _ => {
            return Err(Error::compile(format!(
                "{} must be told all of the column `{}.{name}` to change it, but it is not known; give it with `existing`",
                dialect.name(),
                table.name()
            )));
        }
    };
    if let Some(sql_type) = sql_type {
        column.sql_type = sql_type.clone();
    }
    if let Some(nullable) = nullable {
        column.nullable = *nullable;
    }
    if let Some(default) = server_default {
        column.server_default = default.clone();
    }
    if let Some(comment) = comment {
        column.comment = comment.clone();
    }
    let verb = match rename {
        Some(to) => {
            column.name = to.clone();
            format!("CHANGE {} ", dialect.column_name(name))
        }
        None => "MODIFY ".to_owned(),
    };
    Ok(vec![format!("{alter} {verb}{}", spelled(table, &column, dialect)?)])
}

/// Another name for a column. A database that must be told all of it has a word for the name alone, too.
pub(super) fn rename(
    table: &Table,
    from: &Name,
    to: &Name,
    existing: Option<&Column>,
    dialect: &dyn Dialect,
) -> Result<String> {
    identifier::check_column(table, to, dialect)?;
    let (old, new) = (dialect.column_name(from), dialect.column_name(to));
    Ok(match dialect.features().ddl.alter_column {
        AlterColumnStyle::Restate => match existing {
            Some(existing) => {
                let column = Column { name: to.clone(), ..existing.clone() };
                format!("CHANGE {old} {}", spelled(table, &column, dialect)?)
            }
            None => format!("RENAME COLUMN {old} TO {new}"),
        },
        AlterColumnStyle::Missing => format!("RENAME COLUMN {old} TO {new}"),
        AlterColumnStyle::Clauses => format!("RENAME {old} TO {new}"),
    })
}

fn spelled(table: &Table, column: &Column, dialect: &dyn Dialect) -> Result<String> {
    let style = column::Style {
        is_numbered: column.autoincrement == Some(true) || is_numbered(table, column),
        says_null: true,
        strict: false,
    };
    column::spell(table, column, style, dialect)
}

/// Whether the table's own column of that name is numbered.
fn is_numbered(table: &Table, column: &Column) -> bool {
    table.definition().autoincrement_column().is_some_and(|numbered| numbered.name == column.name)
}

fn in_parentheses(sql: &str) -> String {
    let literal = sql.starts_with(['\'', '(']) || sql.parse::<f64>().is_ok();
    let word = ["NULL", "TRUE", "FALSE"].contains(&sql.to_uppercase().as_str());
    if literal || word || sql.to_uppercase().starts_with("CURRENT_TIMESTAMP") {
        sql.to_owned()
    } else {
        format!("({sql})")
    }
}

fn nothing(table: &Table, change: &ColumnChange) -> Error {
    Error::argument(format!("nothing changes of the column `{}.{}`", table.name(), change.name))
}
