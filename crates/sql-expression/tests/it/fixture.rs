//! Tables, models and dialects that the tests share.

use std::sync::Arc;

use aludel_sql_expression::{
    CompiledCache, Dialect, Executable, Rendered, Result, Value,
    dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
    schema::{Column, MetaData, Table},
    types::{BigInteger, Boolean, Integer, Numeric, Text, Varchar},
};

/// A few tables.
pub(crate) struct Library {
    pub(crate) author: Table,
    pub(crate) book: Table,
    pub(crate) loan: Table,
}

impl Library {
    pub(crate) fn new() -> Self {
        let metadata = MetaData::new();
        let author = Table::new("author", &metadata)
            .column(Column::new("id", BigInteger).primary_key())
            .column(Column::new("name", Varchar(120)).not_null())
            .column(Column::new("age", Integer))
            .column(Column::new("active", Boolean));
        let book = Table::new("book", &metadata)
            .column(Column::new("id", BigInteger).primary_key())
            .column(Column::new("title", Text).not_null())
            .column(Column::new("pages", Integer))
            .column(Column::new("price", Numeric(10, 2)))
            .column(Column::new("author_id", BigInteger).not_null().foreign_key("author.id"));
        let loan = Table::new("loan", &metadata)
            .column(Column::new("id", BigInteger).primary_key())
            .column(Column::new("lender_id", BigInteger).foreign_key("author.id"))
            .column(Column::new("borrower_id", BigInteger).foreign_key("author.id"));
        Self { author, book, loan }
    }
}

pub(crate) fn sqlite() -> Arc<dyn Dialect> {
    Arc::new(SqliteDialect::default())
}

pub(crate) fn postgres() -> Arc<dyn Dialect> {
    Arc::new(PostgresDialect::default())
}

pub(crate) fn mysql() -> Arc<dyn Dialect> {
    Arc::new(MySqlDialect::default())
}

pub(crate) fn mariadb() -> Arc<dyn Dialect> {
    Arc::new(MySqlDialect::mariadb((11, 0, 0)))
}

/// Compiles with a fresh cache.
pub(crate) fn render(statement: &impl Executable, dialect: &Arc<dyn Dialect>) -> Result<Rendered> {
    CompiledCache::default().render(&statement.node(), dialect)
}

/// The one text and the parameters of a statement.
#[track_caller]
pub(crate) fn sql_with(statement: &impl Executable, dialect: &Arc<dyn Dialect>) -> (String, Vec<Value>) {
    let mut rendered = render(statement, dialect).expect("the statement compiles");
    assert_eq!(rendered.parts.len(), 1, "one part");
    let part = rendered.parts.remove(0);
    (part.sql.to_string(), part.parameters.into_vec())
}

/// The one text of a statement.
#[track_caller]
pub(crate) fn sql(statement: &impl Executable, dialect: &Arc<dyn Dialect>) -> String {
    sql_with(statement, dialect).0
}

/// Asserts the text for all dialects: SQLite, PostgreSQL, MySQL, MariaDB.
#[track_caller]
pub(crate) fn assert_sql(
    statement: &impl Executable,
    sqlite_text: &str,
    postgres_text: &str,
    mysql_text: &str,
) {
    assert_eq!(sql(statement, &sqlite()), sqlite_text, "SQLite");
    assert_eq!(sql(statement, &postgres()), postgres_text, "PostgreSQL");
    assert_eq!(sql(statement, &mysql()), mysql_text, "MySQL");
    assert_eq!(sql(statement, &mariadb()), mysql_text, "MariaDB");
}

/// Asserts a text without parameters that is the same for all dialects.
#[track_caller]
pub(crate) fn assert_same(statement: &impl Executable, text: &str) {
    assert_sql(statement, text, text, text);
}

/// The message of the error that compiling gives.
#[track_caller]
pub(crate) fn error(statement: &impl Executable, dialect: &Arc<dyn Dialect>) -> String {
    render(statement, dialect).expect_err("the statement does not compile").to_string()
}
