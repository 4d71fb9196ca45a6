//! The definition of a column.

use std::fmt::Write;

use super::{either, identifier, require, sequence, unsupported};
use crate::{
    Error, Result,
    dialect::{Autoincrement, Dialect, TableOptionsOf},
    expression::Node,
    schema::{Column, DdlExpression, Numbering, PrimaryKeyConstraint, ServerDefault, Table, TableDefinition},
    types::SqlType,
};

/// A column as it stands in CREATE TABLE. The key is for where it stands with its column.
pub(super) fn define(
    table: &Table,
    definition: &TableDefinition,
    column: &Column,
    key: Option<&PrimaryKeyConstraint>,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    identifier::check_column(table, &column.name, dialect)?;
    if is_row_id(definition, column, dialect) {
        refuse_identity(column, dialect)?;
        // Any other type's name would make it a column beside the row's own number.
        return Ok(format!(
            "{} INTEGER {}{}",
            dialect.column_name(&column.name),
            key.map_or_else(|| "PRIMARY KEY".to_owned(), |key| key_of_column(key, dialect)),
            either(definition.options.sqlite.autoincrement, " AUTOINCREMENT")
        ));
    }
    let is_numbered = definition.autoincrement_column().is_some_and(|numbered| numbered.name == column.name);
    let in_place = features.autoincrement != Autoincrement::RowId && column.numbering() == Numbering::Usual;
    if column.identity.is_some() && features.autoincrement == Autoincrement::RowId {
        let what = "an identity that is not the lone whole number of the primary key";
        return Err(in_column(unsupported(what, dialect), column));
    }
    let strict = definition.options.sqlite.strict && features.ddl.table_options == TableOptionsOf::Sqlite;
    let style = Style { is_numbered: is_numbered && in_place, says_null: false, strict };
    let mut sql = spell(table, column, style, dialect)?;
    if let Some(key) = key.filter(|key| is_descending_key(definition, column, key, dialect)) {
        let _ = write!(sql, " {}", key_of_column(key, dialect));
    }
    Ok(sql)
}

/// PRIMARY KEY as it stands with its column on SQLite.
fn key_of_column(key: &PrimaryKeyConstraint, dialect: &dyn Dialect) -> String {
    let descends = key.elements.first().is_some_and(|element| element.descending == Some(true));
    format!(
        "{}PRIMARY KEY{}{}",
        super::constraint::named(key.name.as_ref(), dialect),
        either(descends, " DESC"),
        super::constraint::on_conflict(key.sqlite_on_conflict, dialect)
    )
}

/// Whether a column has to say itself that it is the key, from the highest down: behind the columns, a lone INTEGER would be
/// the row's own number on SQLite, whatever its direction.
pub(super) fn is_descending_key(
    definition: &TableDefinition,
    column: &Column,
    key: &PrimaryKeyConstraint,
    dialect: &dyn Dialect,
) -> bool {
    dialect.features().autoincrement == Autoincrement::RowId
        && !definition.options.sqlite.without_rowid
        && key.columns == [column.name.clone()]
        && key.elements.first().is_some_and(|element| element.descending == Some(true))
        && !is_row_id(definition, column, dialect)
}

/// How a column is spelled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Whether the database numbers it.
    pub(super) is_numbered: bool,
    /// Whether NULL is said where it may hold it.
    pub(super) says_null: bool,
    /// Whether only a few types are known.
    pub(super) strict: bool,
}

/// A column with its name, its type and all that is said of it.
pub(super) fn spell(table: &Table, column: &Column, style: Style, dialect: &dyn Dialect) -> Result<String> {
    let features = dialect.features();
    identifier::check_column(table, &column.name, dialect)?;
    let mut sql =
        format!("{} {}", dialect.column_name(&column.name), type_name(table, column, style, dialect)?);
    if let Some(collation) = &column.collation {
        require(features.ddl.column_collation, "COLLATE of a column", dialect)
            .map_err(|error| in_column(error, column))?;
        let _ = write!(sql, " COLLATE {}", dialect.identifier(collation));
    }
    let computed = computed(column, dialect)?;
    let default = default(column, dialect)?;
    if column.server_onupdate.is_some() {
        require(features.ddl.on_update, "ON UPDATE of a column", dialect)
            .map_err(|error| in_column(error, column))?;
    }
    // MariaDB refuses NOT NULL of what is computed.
    let null = match (computed.is_empty(), column.nullable) {
        (false, false) if features.ddl.computed_not_null => " NOT NULL",
        (false, _) => "",
        (true, false) => " NOT NULL",
        (true, true) => either(style.says_null, " NULL"),
    };
    let mut null = null.to_owned();
    if !column.nullable {
        null.push_str(&super::constraint::on_conflict(column.sqlite_on_conflict_not_null, dialect));
    }
    if features.autoincrement == Autoincrement::Keyword {
        refuse_identity(column, dialect)?;
        if column.identity.is_some() && !style.is_numbered {
            return Err(in_column(unsupported("an identity beside the numbered key", dialect), column));
        }
        sql.push_str(&computed);
        sql.push_str(&null);
        sql.push_str(either(style.is_numbered, " AUTO_INCREMENT"));
        sql.push_str(&default);
        if let Some(made) = &column.server_onupdate {
            let _ = write!(sql, " ON UPDATE {}", exact_time(made, &column.sql_type, dialect));
        }
    } else if features.autoincrement == Autoincrement::Identity
        && (style.is_numbered || column.identity.is_some())
    {
        // It is NOT NULL by itself.
        let identity = column.identity.clone().unwrap_or_default();
        let _ = write!(sql, " {}", sequence::identity(&identity));
    } else {
        sql.push_str(&default);
        sql.push_str(&computed);
        sql.push_str(&null);
    }
    if column.mysql_invisible && features.ddl.invisible_columns {
        sql.push_str(" INVISIBLE");
    }
    if let Some(comment) = column.comment.as_ref().filter(|_| features.inline_comments) {
        sql.push_str(" COMMENT ");
        dialect.write_constant_text(comment, &mut sql)?;
    }
    Ok(sql)
}

/// Whether a column is the row's own number, whose key stands with it.
pub(super) fn is_row_id(definition: &TableDefinition, column: &Column, dialect: &dyn Dialect) -> bool {
    dialect.features().autoincrement == Autoincrement::RowId
        && !definition.options.sqlite.without_rowid
        && column.primary_key
        && column.numbering() == Numbering::Usual
        && definition.primary_key().count() == 1
        && definition.autoincrement_column().is_some_and(|numbered| numbered.name == column.name)
}

pub(super) fn in_column(error: Error, column: &Column) -> Error {
    error.context(format_args!("column `{}`", column.name))
}

/// Refuses a say in how the database counts, where it can only be told that it does.
fn refuse_identity(column: &Column, dialect: &dyn Dialect) -> Result<()> {
    let Some(identity) = &column.identity else { return Ok(()) };
    require(!identity.always, "GENERATED ALWAYS AS IDENTITY", dialect)
        .and_then(|()| require(identity.options.is_empty(), "a say in how an identity counts", dialect))
        .map_err(|error| in_column(error, column))
}

/// The type of a column.
pub(super) fn type_name(
    table: &Table,
    column: &Column,
    style: Style,
    dialect: &dyn Dialect,
) -> Result<String> {
    if let SqlType::Varchar(0) = column.sql_type.plain(dialect.name()) {
        return Err(Error::compile(format!(
            "the column `{}.{}` is a VARCHAR without a length",
            table.name(),
            column.name
        )));
    }
    let name = dialect.type_name(&column.sql_type).map_err(|error| in_column(error, column))?;
    Ok(if style.strict { strict(&name).to_owned() } else { name })
}

/// The type that a STRICT table of SQLite has for one of others: by the affinity that the name has elsewhere.
fn strict(name: &str) -> &str {
    let upper = name.to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    // It has this one too, which makes no row's own number of a key.
    if upper == "INT" {
        "INT"
    } else if has(&["CHAR", "TEXT", "CLOB", "DATE", "TIME"]) {
        "TEXT"
    } else if has(&["INT", "BOOL"]) {
        "INTEGER"
    } else if has(&["BLOB"]) {
        "BLOB"
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        "REAL"
    } else if has(&["NUMERIC", "DECIMAL"]) {
        "ANY"
    } else {
        name
    }
}

fn computed(column: &Column, dialect: &dyn Dialect) -> Result<String> {
    let Some(computed) = &column.computed else { return Ok(String::new()) };
    if !computed.persisted {
        require(
            dialect.features().ddl.virtual_columns,
            "a computed column that is not kept (VIRTUAL)",
            dialect,
        )
        .map_err(|error| in_column(error, column))?;
    }
    let expression = computed.expression.to_sql(dialect).map_err(|error| in_column(error, column))?;
    Ok(format!(
        " GENERATED ALWAYS AS ({expression}) {}",
        if computed.persisted { "STORED" } else { "VIRTUAL" }
    ))
}

/// DEFAULT, with a space before it; nothing where there is none.
fn default(column: &Column, dialect: &dyn Dialect) -> Result<String> {
    if let Numbering::Sequence(of) = column.numbering() {
        let next = sequence::next_value(of, dialect).map_err(|error| in_column(error, column))?;
        return Ok(format!(" DEFAULT {next}"));
    }
    match &column.server_default {
        Some(default) => Ok(format!(" DEFAULT {}", default_text(default, &column.sql_type, dialect)?)),
        None => Ok(String::new()),
    }
}

/// The default as written, but for two rules of MySQL's: the time must be as exact as the column, and long types take only
/// expressions. SQLite takes an expression in parentheses.
pub(super) fn default_text(
    default: &ServerDefault,
    sql_type: &SqlType,
    dialect: &dyn Dialect,
) -> Result<String> {
    let ServerDefault(expression) = default;
    let sql = expression.to_sql(dialect)?;
    let is_built = match expression {
        DdlExpression::Text(_) => false,
        DdlExpression::Node(node) => {
            !matches!(**node, Node::Bind(_) | Node::Null | Node::Boolean(_) | Node::Integer(_))
        }
    };
    Ok(match dialect.features().autoincrement {
        Autoincrement::Keyword => match sql_type.plain(dialect.name()) {
            SqlType::Text | SqlType::Json | SqlType::LargeBinary if !sql.starts_with('(') => {
                format!("({sql})")
            }
            _ => {
                let exact = exact_time(&sql, sql_type, dialect);
                if is_built && exact == sql && !is_time(&sql) { format!("({sql})") } else { exact }
            }
        },
        Autoincrement::RowId if is_built && !is_time(&sql) => format!("({sql})"),
        _ => sql,
    })
}

fn is_time(sql: &str) -> bool {
    sql.to_uppercase().starts_with("CURRENT_")
}

/// The present time, as exact as the column.
fn exact_time(sql: &str, sql_type: &SqlType, dialect: &dyn Dialect) -> String {
    match sql_type.plain(dialect.name()) {
        SqlType::DateTime | SqlType::Timestamp if sql.eq_ignore_ascii_case("CURRENT_TIMESTAMP") => {
            "CURRENT_TIMESTAMP(6)".to_owned()
        }
        _ => sql.to_owned(),
    }
}
