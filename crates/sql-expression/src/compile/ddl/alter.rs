//! ALTER TABLE.

use super::{
    alter_column, block, cascading, column, comment, constraint, either, enumeration, identifier, index,
    require, unsupported,
};
use crate::{
    Error, Result,
    dialect::{Autoincrement, Dialect, DropConstraintStyle, ForeignKeyIfExists, SetSchemaStyle},
    name::Name,
    schema::{
        Column, Constraint, ConstraintKind, ForeignKeyConstraint, Index, NamingConvention, Numbering, Table,
    },
    statement::TableChange,
    types::SqlType,
};

/// The statements of one change.
pub(super) fn table(
    table: &Table,
    change: &TableChange,
    if_exists: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    identifier::check_table(table, dialect)?;
    let features = &dialect.features().ddl;
    let alter = format!(
        "ALTER TABLE {}{}",
        either(if_exists && features.alter_if_exists, "IF EXISTS "),
        dialect.table_name(table)
    );
    let one = |sql: String| Ok(vec![format!("{alter} {sql}")]);
    match change {
        TableChange::AddColumn { column, if_not_exists } => {
            add_column(table, column, *if_not_exists, &alter, dialect)
        }
        TableChange::DropColumn { name, if_exists, cascade } => {
            require(!if_exists || features.alter_if_exists, "DROP COLUMN IF EXISTS", dialect)?;
            one(format!(
                "DROP COLUMN {}{}{}",
                either(*if_exists, "IF EXISTS "),
                dialect.column_name(name),
                cascading(*cascade, "DROP COLUMN", dialect)?
            ))
        }
        TableChange::RenameColumn { from, to } => one(alter_column::rename(table, from, to, None, dialect)?),
        TableChange::AlterColumn(change) => alter_column::statements(table, change, &alter, dialect),
        TableChange::Rename(to) => {
            let physical = dialect.physical_name(to);
            identifier::check(&physical, "a table", dialect)?;
            // A name without its schema would move the table into another.
            one(match features.set_schema {
                Some(SetSchemaStyle::Rename) => {
                    format!("RENAME TO {}", dialect.qualified(table.schema(), &physical))
                }
                _ => format!("RENAME TO {}", dialect.identifier(&physical)),
            })
        }
        TableChange::SetSchema(to) => {
            identifier::check_schema(Some(to), dialect)?;
            match features.set_schema {
                Some(SetSchemaStyle::Clause) => one(format!("SET SCHEMA {}", dialect.identifier(to))),
                Some(SetSchemaStyle::Rename) => {
                    let name = dialect.column_name(table.name());
                    one(format!("RENAME TO {}.{name}", dialect.identifier(to)))
                }
                None => Err(unsupported("ALTER TABLE .. SET SCHEMA", dialect)),
            }
        }
        TableChange::AddConstraint { constraint, if_not_exists } => {
            add_constraint(table, constraint, *if_not_exists, &alter, dialect)
        }
        TableChange::DropConstraint { name, kind, if_exists, cascade } => {
            one(drop_constraint(table, name, *kind, *if_exists, *cascade, dialect)?)
        }
        TableChange::RenameConstraint { from, to } => {
            require(features.rename_constraint, "ALTER TABLE .. RENAME CONSTRAINT", dialect)?;
            identifier::check(to, "a constraint", dialect)?;
            one(format!("RENAME CONSTRAINT {} TO {}", dialect.identifier(from), dialect.identifier(to)))
        }
        TableChange::ValidateConstraint(name) => {
            require(features.not_valid, "ALTER TABLE .. VALIDATE CONSTRAINT", dialect)?;
            one(format!("VALIDATE CONSTRAINT {}", dialect.identifier(name)))
        }
        TableChange::SetComment(words) => Ok(vec![comment::on_table(table, words.as_deref(), dialect)?]),
    }
}

/// ADD COLUMN, with the column's type, index, foreign key and comment.
fn add_column(
    table: &Table,
    column: &Column,
    if_not_exists: bool,
    alter: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let features = dialect.features();
    let refuse = |what: &str| Err(column::in_column(unsupported(what, dialect), column));
    let can_alter = features.ddl.drop_constraint.is_some();
    if !can_alter && column.primary_key {
        return refuse("ADD COLUMN with PRIMARY KEY");
    }
    if !can_alter && column.unique && !column.index {
        return refuse("ADD COLUMN with UNIQUE");
    }
    if features.autoincrement == Autoincrement::RowId && column.identity.is_some() {
        return refuse("ADD COLUMN with an identity");
    }
    if if_not_exists && !features.ddl.alter_if_exists {
        return refuse("ADD COLUMN IF NOT EXISTS");
    }
    if !can_alter && column.computed.as_ref().is_some_and(|computed| computed.persisted) {
        return refuse("ADD COLUMN with a computed value that is kept (STORED)");
    }
    // The column alone is a table of its own, of the same name.
    let part = match table.schema() {
        Some(schema) => Table::in_schema(schema, table.name()),
        None => Table::unregistered(table.name()),
    }
    .column(column.clone());
    let definition = part.definition();
    let is_numbered = column.autoincrement == Some(true) || column.identity.is_some();
    let style = column::Style {
        is_numbered: is_numbered && column.numbering() == Numbering::Usual,
        says_null: false,
        strict: table.definition().options.sqlite.strict && !can_alter,
    };
    let mut statements = enumeration::of_columns(&definition, dialect)?;
    let mut sql = format!(
        "{alter} ADD COLUMN {}{}",
        either(if_not_exists, "IF NOT EXISTS "),
        column::spell(&part, column, style, dialect)?
    );
    let constraints = match &table.definition().naming_convention {
        Some(convention) => part.constraints_by(Some(convention), dialect)?,
        None => part.constraints(dialect)?,
    };
    let mut later = Vec::new();
    if let Some(key) = constraints.primary_key.as_ref() {
        // MySQL numbers only what is a key already.
        sql.push_str(either(key.name.is_none(), " PRIMARY KEY"));
        if key.name.is_some() {
            later.push(constraint::primary_key(&part, key, dialect)?);
        }
    }
    for unique in &constraints.uniques {
        later.push(constraint::unique(&part, unique, dialect)?);
    }
    for key in &constraints.foreign_keys {
        match features.alter_foreign_keys {
            true => later.push(constraint::foreign_key(&part, key, dialect)?),
            // It can only stand with the column.
            false => sql.push_str(&references(&part, key, dialect)?),
        }
    }
    let checks = enumeration::checks(&definition, dialect)?;
    match can_alter {
        true => later.extend(checks),
        false => checks.iter().for_each(|check| {
            sql.push(' ');
            sql.push_str(check);
        }),
    }
    statements.push(sql);
    statements.extend(later.into_iter().map(|constraint| format!("{alter} ADD {constraint}")));
    statements.extend(comment::of_table(&part, &definition, dialect)?);
    for index in &constraints.indexes {
        check_text_index(&part, column, index, dialect)?;
        statements.extend(index::create(&part, index, if_not_exists, dialect)?);
    }
    Ok(statements)
}

/// REFERENCES, as it stands with a column.
fn references(table: &Table, key: &ForeignKeyConstraint, dialect: &dyn Dialect) -> Result<String> {
    let whole = constraint::foreign_key(table, key, dialect)?;
    let name = constraint::named(key.name.as_ref(), dialect);
    let from = whole.find(" REFERENCES ").unwrap_or_default();
    Ok(format!(" {name}{}", whole[from..].trim_start()))
}

fn check_text_index(table: &Table, column: &Column, index: &Index, dialect: &dyn Dialect) -> Result<()> {
    let is_long =
        matches!(column.sql_type.plain(dialect.name()), SqlType::Text | SqlType::LargeBinary | SqlType::Json);
    if is_long && !dialect.features().unlimited_text_keys && index.takes_whole(&column.name) {
        return Err(Error::compile(format!(
            "the column `{}.{}` has an index, for which {} needs text of a limited length",
            table.name(),
            column.name,
            dialect.name()
        )));
    }
    Ok(())
}

/// ADD of a constraint, with its comment.
pub(super) fn add_constraint(
    table: &Table,
    constraint: &Constraint,
    if_not_exists: bool,
    alter: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let features = dialect.features();
    let what = word(constraint.kind());
    require(features.ddl.drop_constraint.is_some(), &format!("ALTER TABLE .. ADD {what}"), dialect)?;
    let constraint = &named(table, constraint, dialect)?;
    let mut sql = constraint::spell(table, constraint, dialect)?;
    let not_valid = match constraint {
        Constraint::ForeignKey(key) => key.options.not_valid,
        Constraint::Check(check) => check.not_valid,
        _ => false,
    };
    if not_valid {
        require(features.ddl.not_valid, "NOT VALID", dialect)?;
        sql.push_str(" NOT VALID");
    }
    let style = if if_not_exists { features.foreign_key_if_exists } else { ForeignKeyIfExists::Missing };
    if style == ForeignKeyIfExists::Clause && constraint.kind() == ConstraintKind::ForeignKey {
        sql = sql.replacen("FOREIGN KEY (", "FOREIGN KEY IF NOT EXISTS (", 1);
    }
    let sql = format!("{alter} ADD {sql}");
    let mut statements = vec![match style {
        ForeignKeyIfExists::Block => block::unless_there(&sql),
        ForeignKeyIfExists::Missing | ForeignKeyIfExists::Clause => sql,
    }];
    statements.extend(comment::of_constraint(table, constraint, dialect)?);
    Ok(statements)
}

/// The constraint with the name that the table's naming convention gives it.
fn named(table: &Table, constraint: &Constraint, dialect: &dyn Dialect) -> Result<Constraint> {
    let mut named = constraint.clone();
    if let Some(convention) = &table.definition().naming_convention {
        NamingConvention::name(convention, &mut named, table, dialect)?;
    }
    Ok(named)
}

fn word(kind: ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::PrimaryKey => "PRIMARY KEY",
        ConstraintKind::Unique => "UNIQUE",
        ConstraintKind::Check => "CHECK",
        ConstraintKind::ForeignKey => "FOREIGN KEY",
        ConstraintKind::Exclude => "EXCLUDE",
    }
}

fn drop_constraint(
    table: &Table,
    name: &Name,
    kind: ConstraintKind,
    if_exists: bool,
    cascade: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    let what = word(kind);
    let style = features
        .ddl
        .drop_constraint
        .ok_or_else(|| unsupported(&format!("ALTER TABLE .. DROP {what}"), dialect))?;
    let what = match (style, kind) {
        (DropConstraintStyle::Constraint, _)
        | (DropConstraintStyle::EachKindButChecks, ConstraintKind::Check) => "CONSTRAINT",
        (_, ConstraintKind::Unique) => "INDEX",
        (_, ConstraintKind::PrimaryKey) => return Ok("DROP PRIMARY KEY".to_owned()),
        (_, ConstraintKind::Exclude) => return Err(unsupported("ALTER TABLE .. DROP EXCLUDE", dialect)),
        (_, ConstraintKind::Check | ConstraintKind::ForeignKey) => what,
    };
    if name.is_empty() {
        return Err(Error::argument(format!(
            "a constraint of `{}` cannot be dropped, because it has no name",
            table.name()
        )));
    }
    identifier::check(name, &format!("a constraint of `{}`", table.name()), dialect)?;
    Ok(format!(
        "DROP {what} {}{}{}",
        either(if_exists && features.ddl.alter_if_exists, "IF EXISTS "),
        dialect.identifier(name),
        cascading(cascade, "DROP CONSTRAINT", dialect)?
    ))
}
