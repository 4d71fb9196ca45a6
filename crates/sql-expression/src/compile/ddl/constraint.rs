//! Constraints as they stand in CREATE TABLE and ALTER TABLE.

use super::{column_list, either, identifier, index, require, unsupported};
use crate::{
    Error, Result,
    dialect::{Dialect, TableOptionsOf},
    name::Name,
    schema::{
        CheckConstraint, ConflictResolution, Constraint, ExcludeConstraint, ForeignKeyConstraint,
        IndexElement, IndexTarget, MatchType, PostgresqlKeyOptions, PrimaryKeyConstraint, ReferentialAction,
        Table, Timing, UniqueConstraint,
    },
};

/// `CONSTRAINT name `, where there is a name.
pub(super) fn named(name: Option<&Name>, dialect: &dyn Dialect) -> String {
    name.map(|name| format!("CONSTRAINT {} ", dialect.identifier(name))).unwrap_or_default()
}

/// Refuses columns that the table does not have. Of a table that is known by its name alone nothing is refused.
pub(super) fn check_columns(table: &Table, columns: &[Name]) -> Result<()> {
    let definition = table.definition();
    if definition.columns.is_empty() {
        return Ok(());
    }
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

/// A constraint of any kind.
pub(super) fn spell(table: &Table, constraint: &Constraint, dialect: &dyn Dialect) -> Result<String> {
    match constraint {
        Constraint::PrimaryKey(key) => primary_key(table, key, dialect),
        Constraint::Unique(unique) => self::unique(table, unique, dialect),
        Constraint::Check(check) => self::check(table, check, dialect),
        Constraint::ForeignKey(key) => foreign_key(table, key, dialect),
        Constraint::Exclude(exclude) => self::exclude(table, exclude, dialect),
    }
}

/// Looks at the columns and the name of a constraint, and begins it.
fn begin(table: &Table, name: Option<&Name>, columns: &[Name], dialect: &dyn Dialect) -> Result<String> {
    check_columns(table, columns)?;
    identifier::check_optional(name, &format!("a constraint of `{}`", table.name()), dialect)?;
    Ok(named(name, dialect))
}

fn over(columns: &[Name], what: &str, table: &Table) -> Result<()> {
    if columns.is_empty() {
        return Err(Error::argument(format!("{what} of `{}` is over no columns", table.name())));
    }
    Ok(())
}

/// PRIMARY KEY.
pub(super) fn primary_key(
    table: &Table,
    key: &PrimaryKeyConstraint,
    dialect: &dyn Dialect,
) -> Result<String> {
    over(&key.columns, "the primary key", table)?;
    Ok(format!(
        "{}PRIMARY KEY {}{}{}{}",
        begin(table, key.name.as_ref(), &key.columns, dialect)?,
        key_list(table, &key.columns, &key.elements, dialect)?,
        of_its_index(table, &key.include, &key.postgresql, dialect)?,
        on_conflict(key.sqlite_on_conflict, dialect),
        timing(&key.timing, dialect)?
    ))
}

/// ON CONFLICT, with a space before it, where it is said and the database is SQLite.
pub(super) fn on_conflict(resolution: Option<ConflictResolution>, dialect: &dyn Dialect) -> String {
    match resolution {
        Some(resolution) if dialect.features().ddl.table_options == TableOptionsOf::Sqlite => {
            format!(" ON CONFLICT {}", resolution.as_sql())
        }
        _ => String::new(),
    }
}

/// The columns of a key, with what is said of how its index takes them.
fn key_list(
    table: &Table,
    columns: &[Name],
    elements: &[IndexElement],
    dialect: &dyn Dialect,
) -> Result<String> {
    if elements.is_empty() {
        return Ok(column_list(columns, dialect));
    }
    if dialect.features().ddl.table_options == TableOptionsOf::Postgresql {
        return Err(unsupported("a say in how the index of a key takes its columns", dialect));
    }
    let is_column = |(column, element): (&Name, &IndexElement)| match &element.target {
        IndexTarget::Column(name) => name == column,
        IndexTarget::Expression(_) => false,
    };
    if elements.len() != columns.len() || !columns.iter().zip(elements).all(is_column) {
        return Err(Error::argument(format!(
            "the elements of a key of `{}` are not its columns in their order; leave them out, or say each",
            table.name()
        )));
    }
    let elements: Result<Vec<String>> =
        elements.iter().map(|element| index::element(table, element, dialect)).collect();
    Ok(format!("({})", elements?.join(", ")))
}

/// What is said of the index that serves a constraint, with a space before each word.
fn of_its_index(
    table: &Table,
    include: &[Name],
    options: &PostgresqlKeyOptions,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = &dialect.features().ddl;
    let mut sql = String::new();
    if !include.is_empty() {
        require(features.index_include, "INCLUDE in a constraint", dialect)?;
        check_columns(table, include)?;
        sql.push_str(&format!(" INCLUDE {}", column_list(include, dialect)));
    }
    if features.table_options == TableOptionsOf::Postgresql {
        if let Some(with) = &options.with {
            sql.push_str(&format!(" WITH ({with})"));
        }
        if let Some(tablespace) = &options.tablespace {
            sql.push_str(&format!(" USING INDEX TABLESPACE {}", dialect.identifier(tablespace)));
        }
    }
    Ok(sql)
}

/// UNIQUE.
pub(super) fn unique(table: &Table, unique: &UniqueConstraint, dialect: &dyn Dialect) -> Result<String> {
    over(&unique.columns, "a unique constraint", table)?;
    if unique.nulls_not_distinct {
        require(dialect.features().ddl.nulls_not_distinct, "NULLS NOT DISTINCT", dialect)?;
    }
    Ok(format!(
        "{}UNIQUE {}{}{}{}{}",
        begin(table, unique.name.as_ref(), &unique.columns, dialect)?,
        either(unique.nulls_not_distinct, "NULLS NOT DISTINCT "),
        key_list(table, &unique.columns, &unique.elements, dialect)?,
        of_its_index(table, &unique.include, &unique.postgresql, dialect)?,
        on_conflict(unique.sqlite_on_conflict, dialect),
        timing(&unique.timing, dialect)?
    ))
}

/// CHECK.
pub(super) fn check(table: &Table, check: &CheckConstraint, dialect: &dyn Dialect) -> Result<String> {
    if check.no_inherit {
        require(dialect.features().ddl.no_inherit, "NO INHERIT", dialect)?;
    }
    if check.not_enforced {
        require(dialect.features().ddl.not_enforced, "NOT ENFORCED", dialect)?;
    }
    Ok(format!(
        "{}CHECK ({}){}{}",
        begin(table, check.name.as_ref(), &[], dialect)?,
        check.condition.to_sql(dialect)?,
        either(check.no_inherit, " NO INHERIT"),
        either(check.not_enforced, " NOT ENFORCED")
    ))
}

/// EXCLUDE.
pub(super) fn exclude(table: &Table, exclude: &ExcludeConstraint, dialect: &dyn Dialect) -> Result<String> {
    require(dialect.features().ddl.exclude, "EXCLUDE", dialect)?;
    if exclude.elements.is_empty() {
        return Err(Error::argument(format!("an EXCLUDE constraint of `{}` compares nothing", table.name())));
    }
    let elements = exclude
        .elements
        .iter()
        .map(|one| Ok(format!("{} WITH {}", index::element(table, &one.element, dialect)?, one.operator)));
    let elements: Result<Vec<String>> = elements.collect();
    let using = exclude.using.as_ref().map(|using| format!(" USING {using}")).unwrap_or_default();
    let filter = match &exclude.filter {
        Some(filter) => format!(" WHERE ({})", filter.to_sql(dialect)?),
        None => String::new(),
    };
    Ok(format!(
        "{}EXCLUDE{using} ({}){}{filter}{}",
        begin(table, exclude.name.as_ref(), &[], dialect)?,
        elements?.join(", "),
        of_its_index(table, &exclude.include, &exclude.postgresql, dialect)?,
        timing(&exclude.timing, dialect)?
    ))
}

fn timing(timing: &Timing, dialect: &dyn Dialect) -> Result<String> {
    if !timing.is_empty() {
        require(
            dialect.features().ddl.deferrable_constraints,
            "DEFERRABLE (but for a foreign key)",
            dialect,
        )?;
    }
    Ok(timing.as_sql())
}

/// FOREIGN KEY.
pub(super) fn foreign_key(
    table: &Table,
    key: &ForeignKeyConstraint,
    dialect: &dyn Dialect,
) -> Result<String> {
    let begin = begin(table, key.name.as_ref(), &key.columns, dialect)?;
    if key.table.is_empty() {
        let target = key.referenced.first().map_or("", |column| column);
        return Err(Error::argument(format!(
            "the foreign key of `{}` references `{target}`, which is not of the form `table.column`",
            table.name()
        )));
    }
    over(&key.columns, "a foreign key", table)?;
    if key.columns.len() != key.referenced.len() {
        return Err(Error::argument(format!(
            "the foreign key of `{}` has {} columns, but references {} of `{}`",
            table.name(),
            key.columns.len(),
            key.referenced.len(),
            key.table
        )));
    }
    let mut sql = format!(
        "{begin}FOREIGN KEY {} REFERENCES {} {}",
        column_list(&key.columns, dialect),
        target(table, key, dialect)?,
        column_list(&key.referenced, dialect)
    );
    let features = &dialect.features().ddl;
    match key.options.match_type {
        Some(match_type) if features.match_clause => sql.push_str(&format!(" MATCH {}", match_type.as_sql())),
        // It is so by itself.
        None | Some(MatchType::Simple) => {}
        Some(other) => require(false, &format!("MATCH {}", other.as_sql()), dialect)?,
    }
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != ReferentialAction::NoAction {
            sql.push_str(&format!(" ON {event} {}", action.as_sql()));
        }
        if event == "DELETE" && !key.on_delete_columns.is_empty() {
            sql.push_str(&set_columns(table, key, dialect)?);
        }
    }
    if !key.options.timing.is_empty() {
        require(features.deferrable_foreign_keys, "DEFERRABLE", dialect)?;
        sql.push_str(&key.options.timing.as_sql());
    }
    Ok(sql)
}

/// The columns that ON DELETE sets, with a space before them.
fn set_columns(table: &Table, key: &ForeignKeyConstraint, dialect: &dyn Dialect) -> Result<String> {
    require(dialect.features().ddl.on_delete_columns, "ON DELETE SET NULL of some columns", dialect)?;
    if !matches!(key.on_delete, ReferentialAction::SetNull | ReferentialAction::SetDefault) {
        return Err(Error::argument(format!(
            "a foreign key of `{}` says which columns ON DELETE sets, but ON DELETE is {}; make it SET NULL or SET DEFAULT",
            table.name(),
            key.on_delete.as_sql()
        )));
    }
    if let Some(other) = key.on_delete_columns.iter().find(|column| !key.columns.contains(column)) {
        return Err(Error::argument(format!(
            "a foreign key of `{}` has ON DELETE set `{other}`, which is none of its columns",
            table.name()
        )));
    }
    Ok(format!(" {}", column_list(&key.on_delete_columns, dialect)))
}

/// The table that a foreign key references, as it is written.
fn target(table: &Table, key: &ForeignKeyConstraint, dialect: &dyn Dialect) -> Result<String> {
    let physical = dialect.physical_name(&key.table);
    identifier::check(&physical, "a referenced table", dialect)?;
    let schema = key.schema.as_ref().or(table.schema());
    if dialect.features().ddl.qualified_references {
        identifier::check_schema(schema, dialect)?;
        return Ok(dialect.qualified(schema, &physical));
    }
    if dialect.schema_name(schema) != dialect.schema_name(table.schema()) {
        require(
            false,
            &format!("a foreign key into another schema (from `{}` to `{}`)", table.name(), key.table),
            dialect,
        )?;
    }
    Ok(dialect.identifier(&physical))
}
