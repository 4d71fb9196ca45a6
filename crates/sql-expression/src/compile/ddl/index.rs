//! CREATE INDEX and DROP INDEX.

use super::{column_list, comment, constraint::check_columns, either, identifier, require, unsupported};
use crate::{
    Error, Result,
    dialect::{Dialect, ExpressionIndexes, RenameIndexStyle, TableOptionsOf},
    name::Name,
    schema::{DdlExpression, Index, IndexElement, IndexTarget, Table},
};

/// CREATE INDEX, with its comment.
pub(super) fn create(
    table: &Table,
    index: &Index,
    if_not_exists: bool,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    let features = dialect.features();
    let plain_name = table.name_of_index(index, dialect)?;
    let name = name(table, index, dialect)?;
    let of_postgresql = features.ddl.table_options == TableOptionsOf::Postgresql;
    let using = match of_postgresql {
        true => using(&index.postgresql.using),
        false => String::new(),
    };
    let concurrently = either(of_postgresql && index.postgresql.concurrently, "CONCURRENTLY ");
    // SQLite writes the schema before the index.
    let (name, table_name) = match dialect.schema_name(table.schema()) {
        Some(schema) if features.ddl.schema_of_index => {
            (format!("{}.{name}", dialect.identifier(&schema)), dialect.column_name(table.name()))
        }
        _ => (name, dialect.table_name(table)),
    };
    let mut sql = format!(
        "CREATE {}INDEX {concurrently}{}{name} ON {table_name}{using} {}",
        kind(index, dialect),
        either(if_not_exists && features.index_if_exists, "IF NOT EXISTS "),
        elements(table, index, dialect)?
    );
    if features.ddl.table_options == TableOptionsOf::Mysql {
        sql.push_str(&of_mysql(index, dialect)?);
    }
    if !index.include.is_empty() {
        require(features.ddl.index_include, "INCLUDE in an index", dialect)?;
        check_columns(table, &index.include)?;
        sql.push_str(&format!(" INCLUDE {}", column_list(&index.include, dialect)));
    }
    if index.nulls_not_distinct {
        require(features.ddl.nulls_not_distinct, "NULLS NOT DISTINCT", dialect)?;
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if of_postgresql {
        if let Some(with) = &index.postgresql.with {
            sql.push_str(&format!(" WITH ({with})"));
        }
        if let Some(tablespace) = &index.postgresql.tablespace {
            sql.push_str(&format!(" TABLESPACE {}", dialect.identifier(tablespace)));
        }
    }
    if let Some(filter) = &index.filter {
        require(features.ddl.partial_indexes, "WHERE in an index", dialect)?;
        sql.push_str(&format!(" WHERE {}", filter.to_sql(dialect)?));
    }
    let comment = comment::of_index(table, index, &plain_name, dialect)?;
    Ok(std::iter::once(sql).chain(comment).collect())
}

/// An index as it stands in CREATE TABLE.
pub(super) fn inline(table: &Table, index: &Index, dialect: &dyn Dialect) -> Result<String> {
    let features = &dialect.features().ddl;
    require(index.filter.is_none(), "WHERE in an index", dialect)?;
    require(index.include.is_empty(), "INCLUDE in an index", dialect)?;
    require(!index.nulls_not_distinct, "NULLS NOT DISTINCT", dialect)?;
    let after = if features.table_options == TableOptionsOf::Mysql {
        of_mysql(index, dialect)?
    } else {
        String::new()
    };
    Ok(format!(
        "{}INDEX {} {}{after}",
        kind(index, dialect),
        name(table, index, dialect)?,
        elements(table, index, dialect)?
    ))
}

/// DROP INDEX.
pub(super) fn drop(
    table: &Table,
    name: &str,
    if_exists: bool,
    concurrently: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    identifier::check(name, "an index", dialect)?;
    let asks = either(if_exists && features.index_if_exists, "IF EXISTS ");
    let name = dialect.identifier(name);
    if features.drop_index_on_table {
        return Ok(format!("DROP INDEX {asks}{name} ON {}", dialect.table_name(table)));
    }
    let of_postgresql = features.ddl.table_options == TableOptionsOf::Postgresql;
    let concurrently = either(concurrently && of_postgresql, "CONCURRENTLY ");
    Ok(match dialect.schema_name(table.schema()) {
        Some(schema) => format!("DROP INDEX {concurrently}{asks}{}.{name}", dialect.identifier(&schema)),
        None => format!("DROP INDEX {concurrently}{asks}{name}"),
    })
}

/// Another name for an index.
pub(super) fn rename(table: &Table, from: &Name, to: &Name, dialect: &dyn Dialect) -> Result<String> {
    let style = dialect.features().ddl.rename_index;
    let style =
        style.ok_or_else(|| unsupported(&format!("another name for an index (`{from}`)"), dialect))?;
    identifier::check(to, "an index", dialect)?;
    let new = dialect.identifier(to);
    Ok(match style {
        RenameIndexStyle::AlterIndex => {
            format!("ALTER INDEX {} RENAME TO {new}", dialect.qualified(table.schema(), from))
        }
        RenameIndexStyle::AlterTable => {
            format!(
                "ALTER TABLE {} RENAME INDEX {} TO {new}",
                dialect.table_name(table),
                dialect.identifier(from)
            )
        }
    })
}

fn name(table: &Table, index: &Index, dialect: &dyn Dialect) -> Result<String> {
    if index.elements.is_empty() {
        return Err(Error::argument(format!("an index of `{}` is over nothing", table.name())));
    }
    let name = table.name_of_index(index, dialect)?;
    identifier::check(&name, &format!("an index of `{}`", table.name()), dialect)?;
    Ok(dialect.identifier(&name))
}

/// The words before INDEX, with a space after each.
fn kind(index: &Index, dialect: &dyn Dialect) -> String {
    match &index.mysql.prefix {
        Some(prefix) if dialect.features().ddl.table_options == TableOptionsOf::Mysql => format!("{prefix} "),
        _ => either(index.unique, "UNIQUE ").to_owned(),
    }
}

fn using(using: &Option<Name>) -> String {
    using.as_ref().map(|using| format!(" USING {using}")).unwrap_or_default()
}

fn of_mysql(index: &Index, dialect: &dyn Dialect) -> Result<String> {
    let parser = index.mysql.with_parser.as_ref().map(|parser| format!(" WITH PARSER {parser}"));
    let mut sql = format!("{}{}", using(&index.mysql.using), parser.unwrap_or_default());
    if let Some(comment) = &index.comment {
        sql.push_str(" COMMENT ");
        dialect.write_constant_text(comment, &mut sql)?;
    }
    if index.mysql.invisible {
        let word = dialect.features().ddl.invisible_index;
        let word = word.ok_or_else(|| unsupported("an index that queries take no notice of", dialect))?;
        sql.push_str(&format!(" {word}"));
    }
    Ok(sql)
}

fn elements(table: &Table, index: &Index, dialect: &dyn Dialect) -> Result<String> {
    let elements: Result<Vec<String>> =
        index.elements.iter().map(|one| element(table, one, dialect)).collect();
    Ok(format!("({})", elements?.join(", ")))
}

/// One thing that an index is over.
pub(super) fn element(table: &Table, element: &IndexElement, dialect: &dyn Dialect) -> Result<String> {
    let features = &dialect.features().ddl;
    let mut sql = match &element.target {
        IndexTarget::Column(name) => {
            check_columns(table, std::slice::from_ref(name))?;
            dialect.column_name(name)
        }
        IndexTarget::Expression(expression) => {
            let sql = expression.to_sql(dialect)?;
            let call = is_call(expression);
            match features.expression_indexes {
                ExpressionIndexes::Missing => {
                    return Err(unsupported("an index over an expression", dialect));
                }
                ExpressionIndexes::Written if call => sql,
                ExpressionIndexes::Written | ExpressionIndexes::Parenthesized => format!("({sql})"),
            }
        }
    };
    if let Some(length) = element.length.filter(|_| features.table_options == TableOptionsOf::Mysql) {
        sql.push_str(&format!("({length})"));
    }
    if let Some(collation) = &element.collation {
        require(features.index_collation, "COLLATE in an index", dialect)?;
        sql.push_str(&format!(" COLLATE {}", dialect.identifier(collation)));
    }
    if let Some(class) =
        element.operator_class.as_ref().filter(|_| features.table_options == TableOptionsOf::Postgresql)
    {
        sql.push_str(&format!(" {class}"));
    }
    match element.descending {
        Some(true) => sql.push_str(" DESC"),
        Some(false) => sql.push_str(" ASC"),
        None => {}
    }
    if let Some(first) = element.nulls_first {
        require(features.index_nulls, "NULLS FIRST and NULLS LAST in an index", dialect)?;
        sql.push_str(if first { " NULLS FIRST" } else { " NULLS LAST" });
    }
    Ok(sql)
}

/// Whether an expression needs no parentheses of its own.
fn is_call(expression: &DdlExpression) -> bool {
    match expression {
        DdlExpression::Node(node) => matches!(&**node, crate::expression::Node::Function(_)),
        DdlExpression::Text(text) => is_lone_call(text),
    }
}

/// Whether a text is a name, and parentheses that belong together.
fn is_lone_call(text: &str) -> bool {
    let Some((name, rest)) = text.split_once('(') else { return false };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return false;
    }
    let mut depth = 1_usize;
    for (position, character) in rest.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            // Quotes may hold parentheses: better one pair too many.
            '\'' | '"' => return false,
            _ => {}
        }
        if depth == 0 {
            return position + 1 == rest.len();
        }
    }
    false
}
