//! How a database keeps a table: what stands before and after its columns, and its comments.

use super::require;
use crate::{
    Result, Value,
    dialect::{Dialect, TableOptionsOf},
    schema::{MysqlTableOptions, PostgresqlTableOptions, Table, TableDefinition, TableOptions},
};

/// The words before TABLE, with a space after each.
pub(super) fn before(options: &TableOptions, dialect: &dyn Dialect) -> String {
    let unlogged =
        dialect.features().ddl.table_options == TableOptionsOf::Postgresql && options.postgresql.unlogged;
    match (options.temporary, unlogged) {
        (true, _) => "TEMPORARY ".into(),
        (false, true) => "UNLOGGED ".into(),
        (false, false) => String::new(),
    }
}

/// The words after the columns, with a space before each.
pub(super) fn after(options: &TableOptions, dialect: &dyn Dialect) -> Result<String> {
    Ok(match dialect.features().ddl.table_options {
        TableOptionsOf::Nobody => String::new(),
        TableOptionsOf::Sqlite => {
            let own = &options.sqlite;
            let words = [("WITHOUT ROWID", own.without_rowid), ("STRICT", own.strict)];
            let words: Vec<&str> =
                words.into_iter().filter(|(_, said)| *said).map(|(word, _)| word).collect();
            if words.is_empty() { String::new() } else { format!(" {}", words.join(", ")) }
        }
        TableOptionsOf::Postgresql => of_postgresql(&options.postgresql),
        TableOptionsOf::Mysql => of_mysql(&options.mysql, options, dialect)?,
    })
}

fn of_postgresql(options: &PostgresqlTableOptions) -> String {
    let PostgresqlTableOptions { inherits, partition_by, using, with, on_commit, tablespace, .. } = options;
    let mut sql = String::new();
    if !inherits.is_empty() {
        let names: Vec<&str> = inherits.iter().map(|name| &**name).collect();
        sql.push_str(&format!(" INHERITS ({})", names.join(", ")));
    }
    let words = [
        (" PARTITION BY ", partition_by, ""),
        (" USING ", using, ""),
        (" WITH (", with, ")"),
        (" ON COMMIT ", on_commit, ""),
        (" TABLESPACE ", tablespace, ""),
    ];
    for (before, said, after) in words {
        if let Some(said) = said {
            sql.push_str(&format!("{before}{said}{after}"));
        }
    }
    sql
}

fn of_mysql(options: &MysqlTableOptions, all: &TableOptions, dialect: &dyn Dialect) -> Result<String> {
    let MysqlTableOptions { engine, charset, collate, further, partition_by } = options;
    let mut sql = String::new();
    for (before, said) in
        [(" ENGINE=", engine), (" CHARSET=", charset), (" COLLATE ", collate), (" ", further)]
    {
        if let Some(said) = said {
            sql.push_str(&format!("{before}{said}"));
        }
    }
    if let Some(comment) = &all.comment {
        sql.push_str(" COMMENT=");
        dialect.write_constant_text(comment, &mut sql)?;
    }
    // It must come last.
    if let Some(clause) = partition_by {
        sql.push_str(&format!(" PARTITION BY {clause}"));
    }
    Ok(sql)
}

/// The comments on a table and its columns, where they are statements of their own.
pub(super) fn comments(
    table: &Table,
    definition: &TableDefinition,
    dialect: &dyn Dialect,
) -> Result<Vec<String>> {
    if !dialect.features().comment_statements {
        return Ok(Vec::new());
    }
    let mut statements = Vec::new();
    if let Some(comment) = &definition.options.comment {
        statements.push(comment_on_table(table, Some(comment), dialect)?);
    }
    for column in definition.columns.iter().filter(|column| !column.system) {
        if let Some(comment) = &column.comment {
            statements.push(comment_on_column(table, &column.name, Some(comment), dialect)?);
        }
    }
    Ok(statements)
}

/// A comment on a table, or none, as a statement of its own.
pub(super) fn comment_on_table(
    table: &Table,
    comment: Option<&str>,
    dialect: &dyn Dialect,
) -> Result<String> {
    let features = dialect.features();
    let name = dialect.table_name(table);
    if features.inline_comments {
        let mut sql = format!("ALTER TABLE {name} COMMENT ");
        dialect.write_constant_text(comment.unwrap_or_default(), &mut sql)?;
        return Ok(sql);
    }
    require(features.comment_statements, "a comment on a table", dialect)?;
    let mut sql = format!("COMMENT ON TABLE {name} IS ");
    write(comment, &mut sql, dialect)?;
    Ok(sql)
}

/// A comment on a column, or none, as a statement of its own.
pub(super) fn comment_on_column(
    table: &Table,
    column: &str,
    comment: Option<&str>,
    dialect: &dyn Dialect,
) -> Result<String> {
    require(dialect.features().comment_statements, "a comment on a column", dialect)?;
    let mut sql =
        format!("COMMENT ON COLUMN {}.{} IS ", dialect.table_name(table), dialect.column_name(column));
    write(comment, &mut sql, dialect)?;
    Ok(sql)
}

fn write(comment: Option<&str>, sql: &mut String, dialect: &dyn Dialect) -> Result<()> {
    let comment = comment.map_or(Value::Null, |comment| Value::Text(comment.into()));
    dialect.write_literal(&comment, sql)
}
