//! How a database keeps a table: what stands before and after its columns.

use crate::{
    Result,
    dialect::{Dialect, TableOptionsOf},
    schema::{MysqlTableOptions, PostgresqlTableOptions, TableOptions},
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

/// The words between the columns of a view and its query, with a space before each: PostgreSQL's storage parameters and, of one
/// whose rows are kept, where and how.
pub(super) fn of_view(options: &TableOptions, materialized: bool, dialect: &dyn Dialect) -> String {
    if dialect.features().ddl.table_options != TableOptionsOf::Postgresql {
        return String::new();
    }
    let own = &options.postgresql;
    let kept = PostgresqlTableOptions {
        with: own.with.clone(),
        using: own.using.clone().filter(|_| materialized),
        tablespace: own.tablespace.clone().filter(|_| materialized),
        ..PostgresqlTableOptions::default()
    };
    of_postgresql(&kept)
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
