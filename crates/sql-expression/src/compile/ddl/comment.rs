//! Comments, where they are statements of their own. A database that has no comments goes without them.

use super::require;
use crate::{
    Error, Result, Value,
    dialect::{Dialect, TableOptionsOf},
    name::Name,
    schema::{Constraint, Index, Table, TableConstraints, TableDefinition},
};

/// The comments on a table or view and its columns.
pub(super) fn of_table(
    table: &Table,
    definition: &TableDefinition,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    if !dialect.features().comment_statements {
        return Ok(Vec::new());
    }
    let mut statements = Vec::new();
    if let Some(comment) = &definition.options.comment {
        statements.push(on_table(table, Some(comment), dialect)?);
    }
    for column in definition.columns.iter().filter(|column| !column.system) {
        if let Some(comment) = &column.comment {
            statements.push(on_column(table, &column.name, Some(comment), dialect)?);
        }
    }
    Ok(statements)
}

/// The comments on constraints that were created with their table.
pub(super) fn of_constraints(
    table: &Table,
    constraints: &TableConstraints,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let mut all: Vec<Constraint> = constraints.primary_key.iter().cloned().map(Into::into).collect();
    all.extend(constraints.uniques.iter().cloned().map(Constraint::from));
    all.extend(constraints.checks.iter().cloned().map(Constraint::from));
    all.extend(constraints.foreign_keys.iter().cloned().map(Constraint::from));
    all.extend(constraints.excludes.iter().cloned().map(Constraint::from));
    let statements: Result<Vec<Vec<String>>> =
        all.iter().map(|constraint| of_constraint(table, constraint, dialect)).collect();
    Ok(statements?.concat())
}

/// The comments on a constraint and on its index.
pub(super) fn of_constraint(
    table: &Table,
    constraint: &Constraint,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    if dialect.features().ddl.table_options != TableOptionsOf::Postgresql {
        return Ok(Vec::new());
    }
    let index_comment = match constraint {
        Constraint::PrimaryKey(key) => key.postgresql.index_comment.as_ref(),
        Constraint::Unique(unique) => unique.postgresql.index_comment.as_ref(),
        Constraint::Exclude(exclude) => exclude.postgresql.index_comment.as_ref(),
        Constraint::Check(_) | Constraint::ForeignKey(_) => None,
    };
    let mut statements = Vec::new();
    if let Some(comment) = constraint.comment() {
        let name = dialect.identifier(name_of(table, constraint)?);
        let what = format!("CONSTRAINT {name} ON {}", dialect.table_name(table));
        statements.push(on(&what, Some(comment), dialect)?);
    }
    if let Some(comment) = index_comment {
        // It is called like its constraint.
        statements.push(on_index(table, name_of(table, constraint)?, comment, dialect)?);
    }
    Ok(statements)
}

fn name_of<'c>(table: &Table, constraint: &'c Constraint) -> Result<&'c Name> {
    constraint.name().ok_or_else(|| {
        Error::argument(format!(
            "a constraint of `{}` has a comment, but no name by which it can be said; give it one",
            table.name()
        ))
    })
}

/// The comment on an index, where that is a statement of its own.
pub(super) fn of_index(
    table: &Table,
    index: &Index,
    name: &Name,
    dialect: &dyn Dialect,
) -> Result<Option<String>> {
    match &index.comment {
        Some(comment) if dialect.features().ddl.table_options == TableOptionsOf::Postgresql => {
            on_index(table, name, comment, dialect).map(Some)
        }
        _ => Ok(None),
    }
}

fn on_index(table: &Table, name: &Name, comment: &str, dialect: &dyn Dialect) -> Result<String> {
    on(&format!("INDEX {}", dialect.qualified(table.schema(), name)), Some(comment), dialect)
}

/// A comment on a table or view, or none, as a statement of its own.
pub(super) fn on_table(table: &Table, comment: Option<&str>, dialect: &dyn Dialect) -> Result<String> {
    let features = dialect.features();
    let name = dialect.table_name(table);
    if features.inline_comments {
        let mut sql = format!("ALTER TABLE {name} COMMENT ");
        dialect.write_constant_text(comment.unwrap_or_default(), &mut sql)?;
        return Ok(sql);
    }
    require(features.comment_statements, "a comment on a table", dialect)?;
    let kind = match &table.definition().view {
        None => "TABLE",
        Some(view) if view.materialized => "MATERIALIZED VIEW",
        Some(_) => "VIEW",
    };
    on(&format!("{kind} {name}"), comment, dialect)
}

/// A comment on a column, or none, as a statement of its own.
pub(super) fn on_column(
    table: &Table,
    column: &str,
    comment: Option<&str>,
    dialect: &dyn Dialect,
) -> Result<String> {
    require(dialect.features().comment_statements, "a comment on a column", dialect)?;
    on(&format!("COLUMN {}.{}", dialect.table_name(table), dialect.column_name(column)), comment, dialect)
}

/// A comment on anything, or none: what it is, and its name as it is written.
pub(super) fn on(what: &str, comment: Option<&str>, dialect: &dyn Dialect) -> Result<String> {
    let mut sql = format!("COMMENT ON {what} IS ");
    let comment = comment.map_or(Value::Null, |comment| Value::Text(comment.into()));
    dialect.write_literal(&comment, &mut sql)?;
    Ok(sql)
}
