//! CREATE TABLE, with what belongs to it.

use super::{
    alter, block, column, comment, constraint, either, enumeration, identifier, index, options, unsupported,
};
use crate::{
    Error, Result, Value,
    dialect::{Dialect, TableOptionsOf},
    schema::{
        CheckConstraint, Column, Constraint, ForeignKeyConstraint, PartitionOf, Table, TableConstraints,
        TableDefinition, ViewQuery,
    },
    statement::DdlNode,
    types::SqlType,
};

/// The statements that create a table: its enumerations, itself, its comments and its indexes.
pub(super) fn create(node: &DdlNode, dialect: &dyn Dialect) -> Result<Vec<String>> {
    let DdlNode::CreateTable {
        table,
        if_not_exists,
        without_foreign_keys_to,
        with_indexes,
        with_types,
        naming,
    } = node
    else {
        return Ok(Vec::new());
    };
    let definition = table.definition();
    if definition.is_view() {
        return Err(Error::argument(format!("`{}` is a view, and is not created as a table", table.name())));
    }
    let is_sqlite = dialect.features().ddl.table_options == TableOptionsOf::Sqlite;
    let module = definition.options.sqlite.virtual_table.as_deref().filter(|_| is_sqlite);
    let part = definition.options.postgresql.partition_of.as_ref();
    let part = part.filter(|_| dialect.features().ddl.table_options == TableOptionsOf::Postgresql);
    if definition.columns.is_empty() && module.is_none() && part.is_none() {
        return Err(Error::argument(format!("the table `{}` has no columns", table.name())));
    }
    identifier::check_table(table, dialect)?;
    let mut constraints = table.constraints_by(naming.as_ref(), dialect)?;
    if let Some(module) = module {
        let sql = create_virtual(table, &definition, &constraints, module, *if_not_exists, dialect)
            .map_err(|error| error.context(format_args!("table `{}`", table.name())))?;
        return Ok(vec![sql]);
    }
    let later = leave_for_later(table, &mut constraints, without_foreign_keys_to, dialect);
    let lines = lines(table, &definition, &mut constraints, without_foreign_keys_to, *with_indexes, dialect)
        .map_err(|error| error.context(format_args!("table `{}`", table.name())))?;
    check_text_keys(table, &definition, &constraints, dialect)?;
    let mut statements =
        if *with_types { enumeration::of_columns(&definition, dialect)? } else { Vec::new() };
    let body = match part.filter(|_| lines.is_empty()) {
        Some(PartitionOf { table: whole, bound }) => format!(" PARTITION OF {whole} {bound}"),
        None => format!(" (\n    {}\n)", lines.join(",\n    ")),
    };
    statements.push(format!(
        "CREATE {}TABLE {}{}{body}{}",
        options::before(&definition.options, dialect),
        either(*if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table),
        options::after(&definition.options, dialect)?
    ));
    let alter = format!("ALTER TABLE {}", dialect.table_name(table));
    for constraint in &later {
        statements.extend(alter::add_constraint(table, constraint, *if_not_exists, &alter, dialect)?);
    }
    statements.extend(comment::of_table(table, &definition, dialect)?);
    constraints.foreign_keys.retain(|key| !comes_later(table, key, without_foreign_keys_to, dialect));
    statements.extend(comment::of_constraints(table, &constraints, dialect)?);
    if *with_indexes && !dialect.features().inline_indexes {
        for index in &constraints.indexes {
            statements.extend(index::create(table, index, *if_not_exists, dialect)?);
        }
    }
    if let Some(part) = part.filter(|_| !lines.is_empty()) {
        statements.push(attach(table, part, *if_not_exists, dialect)?);
    }
    Ok(statements)
}

/// Takes out the constraints that ALTER TABLE adds: CREATE TABLE takes NOT VALID, and forgets it.
fn leave_for_later(
    table: &Table,
    constraints: &mut TableConstraints,
    without: &[Table],
    dialect: &dyn Dialect,
) -> Vec<Constraint> {
    if !dialect.features().ddl.not_valid {
        return Vec::new();
    }
    let checks = constraints.checks.extract_if(.., |check| check.not_valid).map(Constraint::from);
    let mut later: Vec<Constraint> = checks.collect();
    let keys = constraints
        .foreign_keys
        .extract_if(.., |key| key.options.not_valid && !comes_later(table, key, without, dialect));
    later.extend(keys.map(Constraint::from));
    later
}

/// ATTACH PARTITION.
fn attach(table: &Table, part: &PartitionOf, if_not_exists: bool, dialect: &dyn Dialect) -> Result<String> {
    let PartitionOf { table: whole, bound } = part;
    let name = dialect.table_name(table);
    let sql = format!("ALTER TABLE {whole} ATTACH PARTITION {name} {bound}");
    if !if_not_exists {
        return Ok(sql);
    }
    // Nothing attaches a second time.
    let mut literal = String::new();
    dialect.write_literal(&Value::Text(name.into()), &mut literal)?;
    Ok(block::of(&format!(
        "IF NOT (SELECT relispartition FROM pg_catalog.pg_class WHERE oid = {literal}::pg_catalog.regclass) THEN {sql}; \
         END IF;"
    )))
}

/// The statement that creates a virtual table: its module says what columns it has.
fn create_virtual(
    table: &Table,
    definition: &TableDefinition,
    constraints: &TableConstraints,
    module: &str,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let options = &definition.options;
    if options.temporary || options.sqlite.strict || options.sqlite.without_rowid {
        return Err(unsupported("a virtual table that is TEMPORARY, STRICT or WITHOUT ROWID", dialect));
    }
    if !constraints.indexes.is_empty() {
        return Err(unsupported("an index of a virtual table", dialect));
    }
    Ok(format!(
        "CREATE VIRTUAL TABLE {}{} USING {module}",
        either(if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table)
    ))
}

/// The statement that creates a table of a query.
pub(super) fn create_as(
    table: &Table,
    query: &ViewQuery,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    identifier::check_table(table, dialect)?;
    let options = table.definition().options.clone();
    let after = options::after(&options, dialect)?;
    if !after.is_empty() && dialect.features().ddl.table_options == TableOptionsOf::Sqlite {
        return Err(unsupported("WITHOUT ROWID and STRICT of CREATE TABLE .. AS", dialect));
    }
    Ok(format!(
        "CREATE {}TABLE {}{}{after} AS {}",
        options::before(&options, dialect),
        either(if_not_exists, "IF NOT EXISTS "),
        dialect.table_name(table),
        query.to_sql(dialect)?
    ))
}

/// What stands between the parentheses.
fn lines(
    table: &Table,
    definition: &TableDefinition,
    constraints: &mut TableConstraints,
    without_foreign_keys_to: &[Table],
    with_indexes: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let features = dialect.features();
    if let Some(column) = definition.columns.iter().find(|column| column.autoincrement == Some(true))
        && definition.options.sqlite.without_rowid
        && features.ddl.table_options == TableOptionsOf::Sqlite
    {
        return Err(column::in_column(unsupported("AUTOINCREMENT with WITHOUT ROWID", dialect), column));
    }
    let mut lines = Vec::new();
    let mut has_key = false;
    let key = constraints.primary_key.as_ref();
    for column in definition.columns.iter().filter(|column| !column.system) {
        has_key |= column::is_row_id(definition, column, dialect)
            || key.is_some_and(|key| column::is_descending_key(definition, column, key, dialect));
        let mut line = column::define(table, definition, column, key, dialect)?;
        for check in constraints.checks.iter().filter(|check| is_of(check, column)) {
            line.push(' ');
            line.push_str(&constraint::check(table, check, dialect)?);
        }
        lines.push(line);
    }
    if let Some(key) = constraints.primary_key.as_ref().filter(|_| !has_key) {
        lines.push(constraint::primary_key(table, key, dialect)?);
    }
    for unique in &constraints.uniques {
        lines.push(constraint::unique(table, unique, dialect)?);
    }
    let of_column = |check: &&CheckConstraint| definition.columns.iter().any(|column| is_of(check, column));
    for check in constraints.checks.iter().filter(|check| !of_column(check)) {
        lines.push(constraint::check(table, check, dialect)?);
    }
    lines.extend(enumeration::checks(definition, dialect)?);
    // MySQL makes up names from the table's, and refuses them when they are too long.
    let is_long =
        dialect.physical_name(table.name()).len() + "_ibfk_99".len() > features.max_identifier_length;
    for key in &mut constraints.foreign_keys {
        if !comes_later(table, key, without_foreign_keys_to, dialect) {
            if is_long {
                key.name_it(table, dialect);
            }
            lines.push(constraint::foreign_key(table, key, dialect)?);
        }
    }
    for exclude in &constraints.excludes {
        lines.push(constraint::exclude(table, exclude, dialect)?);
    }
    if with_indexes && features.inline_indexes {
        for index in &constraints.indexes {
            lines.push(index::inline(table, index, dialect)?);
        }
    }
    Ok(lines)
}

/// Whether a check stands with a column.
fn is_of(check: &CheckConstraint, column: &Column) -> bool {
    check.name.is_none() && check.column.as_ref() == Some(&column.name)
}

/// Whether a foreign key is added after all tables.
fn comes_later(table: &Table, key: &ForeignKeyConstraint, without: &[Table], dialect: &dyn Dialect) -> bool {
    dialect.features().alter_foreign_keys
        && (key.options.use_alter || without.iter().any(|target| key.is_to(table, target)))
}

/// Refuses keys and indexes over text of any length, where the database could not make them.
fn check_text_keys(
    table: &Table,
    definition: &TableDefinition,
    constraints: &TableConstraints,
    dialect: &dyn Dialect,
) -> Result<()> {
    if dialect.features().unlimited_text_keys {
        return Ok(());
    }
    for column in &definition.columns {
        if !matches!(
            column.sql_type.plain(dialect.name()),
            SqlType::Text | SqlType::LargeBinary | SqlType::Json
        ) {
            continue;
        }
        let listed = |columns: &[crate::name::Name]| columns.contains(&column.name);
        let is_key = constraints.primary_key.as_ref().is_some_and(|key| listed(&key.columns))
            || constraints.uniques.iter().any(|unique| listed(&unique.columns))
            || constraints.foreign_keys.iter().any(|key| listed(&key.columns));
        if is_key || constraints.indexes.iter().any(|index| index.takes_whole(&column.name)) {
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
