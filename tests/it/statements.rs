//! The table of statements: each with its exact SQL for every dialect, executed on every database, its result checked.
//!
//! A statement that a dialect lacks is in the table too, with the construct that the error names.

mod changes;
mod comparisons;
mod expressions;
mod from;
mod further;
mod joins;
mod selects;
mod written;

use std::sync::Arc;

use aludel::{
    prelude::*,
    sql::{
        CompiledCache, Dialect, Executable, Row, RowPlan, StatementNode, Value,
        dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
        trusted,
        types::{DateTime, Json},
        value::temporal::{format_date, format_datetime, format_time},
    },
};
use serde_json_1 as serde_json;

use crate::{
    core_tables::create,
    database::{Database, Kind, on_every_database},
};

/// The tables of the statements.
pub(crate) struct Tables {
    pub(crate) author: Table,
    pub(crate) book: Table,
    pub(crate) word: Table,
}

impl Tables {
    fn new() -> Self {
        let author = Table::unregistered("author")
            .column(Column::new("id", Integer).primary_key().autoincrement(false))
            .column(Column::new("name", Varchar(50)).not_null())
            .column(Column::new("age", Integer));
        let book = Table::unregistered("book")
            .column(Column::new("id", Integer).primary_key().autoincrement(false))
            .column(Column::new("title", Varchar(50)).not_null())
            .column(Column::new("pages", Integer).not_null())
            .column(Column::new("author_id", Integer).not_null().foreign_key("author.id"))
            .column(Column::new("published", DateTime))
            .column(Column::new("data", Json));
        let word = Table::unregistered("word")
            .column(Column::new("text", Varchar(50)).primary_key())
            .column(Column::new("seen", Integer).not_null());
        Self { author, book, word }
    }
}

/// A statement, what it is in each dialect, and what it gives.
pub(crate) struct Case {
    name: &'static str,
    statement: StatementNode,
    sql: [Expected; 4],
    rows: Option<&'static str>,
    any_order: bool,
    then: Option<(StatementNode, &'static str)>,
    is_only_written: [bool; 4],
}

#[derive(Clone, Debug)]
enum Expected {
    Nothing,
    Sql(String),
    /// What the error names.
    Lacks(&'static str),
    /// What the error says, which is of no dialect.
    Says(&'static str),
}

const SQLITE: usize = 0;
const POSTGRES: usize = 1;
const MYSQL: usize = 2;
const MARIADB: usize = 3;

/// A statement of the table.
pub(crate) fn case(name: &'static str, statement: impl Executable) -> Case {
    let sql = [const { Expected::Nothing }; 4];
    Case {
        name,
        statement: statement.node(),
        sql,
        rows: None,
        any_order: false,
        then: None,
        is_only_written: [false; 4],
    }
}

impl Case {
    fn set(mut self, dialects: &[usize], expected: Expected) -> Self {
        for dialect in dialects {
            self.sql[*dialect] = match (&expected, *dialect) {
                (Expected::Sql(sql), POSTGRES) => Expected::Sql(numbered(sql)),
                (expected, _) => expected.clone(),
            };
        }
        self
    }

    /// The text in all dialects that nothing else is said of. Each `?` is a parameter; PostgreSQL numbers them.
    pub(crate) fn sql(self, sql: &str) -> Self {
        self.set(&[SQLITE, POSTGRES, MYSQL, MARIADB], Expected::Sql(sql.into()))
    }

    pub(crate) fn sqlite(self, sql: &str) -> Self {
        self.set(&[SQLITE], Expected::Sql(sql.into()))
    }

    pub(crate) fn postgres(self, sql: &str) -> Self {
        self.set(&[POSTGRES], Expected::Sql(sql.into()))
    }

    /// The text for PostgreSQL with its parameters numbered already.
    pub(crate) fn postgres_numbered(mut self, sql: &str) -> Self {
        self.sql[POSTGRES] = Expected::Sql(sql.into());
        self
    }

    /// The text for MySQL and MariaDB.
    pub(crate) fn mysql(self, sql: &str) -> Self {
        self.set(&[MYSQL, MARIADB], Expected::Sql(sql.into()))
    }

    pub(crate) fn mariadb(self, sql: &str) -> Self {
        self.set(&[MARIADB], Expected::Sql(sql.into()))
    }

    pub(crate) fn sqlite_lacks(self, construct: &'static str) -> Self {
        self.set(&[SQLITE], Expected::Lacks(construct))
    }

    /// What the error says in all dialects.
    pub(crate) fn says(self, message: &'static str) -> Self {
        self.set(&[SQLITE, POSTGRES, MYSQL, MARIADB], Expected::Says(message))
    }

    pub(crate) fn sqlite_lacks_words(self, message: &'static str) -> Self {
        self.set(&[SQLITE], Expected::Says(message))
    }

    pub(crate) fn postgres_lacks(self, construct: &'static str) -> Self {
        self.set(&[POSTGRES], Expected::Lacks(construct))
    }

    /// The text in a dialect whose database does not know what is in it.
    pub(crate) fn postgres_writes(mut self, sql: &str) -> Self {
        self.is_only_written[POSTGRES] = true;
        self.postgres(sql)
    }

    pub(crate) fn sqlite_writes(mut self, sql: &str) -> Self {
        self.is_only_written[SQLITE] = true;
        self.sqlite(sql)
    }

    pub(crate) fn mysql_writes(mut self, sql: &str) -> Self {
        self.is_only_written[MYSQL] = true;
        self.is_only_written[MARIADB] = true;
        self.mysql(sql)
    }

    /// What MySQL and MariaDB lack.
    pub(crate) fn mysql_lacks(self, construct: &'static str) -> Self {
        self.set(&[MYSQL, MARIADB], Expected::Lacks(construct))
    }

    pub(crate) fn mariadb_lacks(self, construct: &'static str) -> Self {
        self.set(&[MARIADB], Expected::Lacks(construct))
    }

    /// The rows: `1|Ann;2|Bob`.
    pub(crate) fn gives(mut self, rows: &'static str) -> Self {
        self.rows = Some(rows);
        self
    }

    /// The rows, in whatever order; written here in the order of their texts.
    pub(crate) fn gives_in_any_order(mut self, rows: &'static str) -> Self {
        self.any_order = true;
        self.gives(rows)
    }

    /// What another statement gives afterwards.
    pub(crate) fn then(mut self, statement: impl Executable, rows: &'static str) -> Self {
        self.then = Some((statement.node(), rows));
        self
    }
}

fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (number, part) in (1..).zip(parts) {
        text.push_str(&format!("${number}{part}"));
    }
    text
}

fn table() -> (Tables, Vec<Case>) {
    let tables = Tables::new();
    let mut cases = selects::cases(&tables);
    cases.extend(from::cases(&tables));
    cases.extend(joins::cases(&tables));
    cases.extend(further::cases(&tables));
    cases.extend(changes::cases(&tables));
    cases.extend(expressions::cases(&tables));
    cases.extend(comparisons::cases(&tables));
    cases.extend(written::cases(&tables));
    (tables, cases)
}

#[test]
fn every_statement_is_written_so_in_every_dialect() {
    let dialects: [Arc<dyn Dialect>; 4] = [
        Arc::new(SqliteDialect::default()),
        Arc::new(PostgresDialect::default()),
        Arc::new(MySqlDialect::default()),
        Arc::new(MySqlDialect::mariadb((10, 11, 6))),
    ];
    let cache = CompiledCache::default();
    let mut wrong = Vec::new();
    let (_, cases) = table();
    for case in &cases {
        for (dialect, expected) in dialects.iter().zip(&case.sql) {
            let rendered = cache.render(&case.statement, dialect);
            let found = match &rendered {
                Ok(rendered) => rendered.parts[0].sql.to_string(),
                Err(error) => error.to_string(),
            };
            let fits = match (expected, &rendered) {
                (Expected::Sql(sql), Ok(_)) => *sql == found,
                (Expected::Lacks(construct), Err(_)) => {
                    found.contains(construct) && found.contains(dialect.name())
                }
                (Expected::Says(message), Err(_)) => found.contains(message),
                _ => false,
            };
            if !fits {
                wrong.push(format!("{} ({}):\n  {found}\n  {expected:?}", case.name, dialect.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn every_statement_gives_what_it_should(database: &Database) {
    let (tables, cases) = table();
    let mut connection = database.connect().await;
    create(&mut connection, (&tables.author, &tables.book, &tables.word)).await;
    fill(&mut connection, &tables).await;
    let place = match database.kind() {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
        Kind::MySql if connection.dialect().name() == "mariadb" => MARIADB,
        Kind::MySql => MYSQL,
    };
    let mut wrong = Vec::new();
    for case in &cases {
        if matches!(case.sql[place], Expected::Lacks(_) | Expected::Says(_)) || case.is_only_written[place] {
            continue;
        }
        let executed = match case.rows {
            Some(_) => connection.execute(Untyped(case.statement.clone())).all().await,
            None => connection.execute(Untyped(case.statement.clone())).await.map(|_| Vec::new()),
        };
        match executed {
            Ok(mut rows) => {
                if case.any_order {
                    rows.sort();
                }
                let found = rows.join(";");
                if let (StatementNode::Select(_), Some(expected), None) =
                    (&case.statement, case.rows, &case.then)
                {
                    let written = literally(&mut connection, &case.statement).await.map(|mut rows| {
                        if case.any_order {
                            rows.sort();
                        }
                        rows.join(";")
                    });
                    if written.as_ref().ok().is_none_or(|found| found != expected) {
                        wrong.push(format!(
                            "{}, with its values written in:\n  gives {written:?}\n  not   {expected}",
                            case.name
                        ));
                    }
                }
                if case.rows.is_some_and(|expected| expected != found) {
                    wrong.push(format!(
                        "{}:\n  gives {found}\n  not   {}",
                        case.name,
                        case.rows.unwrap_or_default()
                    ));
                }
                if let Some((statement, expected)) = &case.then {
                    let rows = connection.execute(Untyped(statement.clone())).all().await.unwrap();
                    let found = rows.join(";");
                    if found != *expected {
                        wrong.push(format!("{}:\n  leaves {found}\n  not    {expected}", case.name));
                    }
                }
            }
            Err(error) => wrong.push(format!("{}: {error}", case.name)),
        }
        connection.rollback().await.unwrap();
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
on_every_database!(every_statement_gives_what_it_should);

/// The rows of a statement with its values written into its text.
async fn literally(connection: &mut Connection, statement: &StatementNode) -> Result<Vec<String>> {
    let sql = Untyped(statement.clone()).to_sql(&*connection.dialect()).unwrap();
    connection.execute(Untyped(text(trusted(sql)).node())).all().await
}

async fn fill(connection: &mut Connection, tables: &Tables) {
    let authors = [(1, "Ann", Some(30)), (2, "Bob", None), (3, "Cid", Some(50))];
    connection.execute(insert(&tables.author).values_many(authors)).await.unwrap();
    let moment = |text: &str| Value::DateTime(aludel::sql::value::temporal::parse_datetime(text).unwrap().0);
    let json = |text: &'static str| Value::Json(text.into());
    let books = [
        (
            1,
            "Ash",
            100,
            1,
            moment("2024-02-29 10:20:30.5"),
            json(r#"{"tags": ["a", "b"], "n": 7, "ok": true, "x": null, "a b": {"c\"d": "deep"}}"#),
        ),
        (2, "Birch", 200, 1, moment("2023-12-31 23:59:59"), json(r#"{"tags": [], "n": 2.5, "ok": false}"#)),
        (3, "Cedar", 200, 2, moment("2021-01-03 00:00:00"), json(r#"{"n": "12", "s": "söng"}"#)),
        (4, "Dog_wood%", 300, 3, moment("1969-07-20 20:17:40"), Value::Null),
    ];
    connection.execute(insert(&tables.book).values_many(books)).await.unwrap();
    connection.execute(insert(&tables.word).values_many([("the", 3), ("of", 2)])).await.unwrap();
    connection.commit().await.unwrap();
}

/// Any statement, whose rows are read into one text each.
pub(crate) struct Untyped(pub(crate) StatementNode);

impl Executable for Untyped {
    type Row = String;

    fn node(&self) -> StatementNode {
        self.0.clone()
    }

    fn plan(&self, _: &Arc<[aludel::sql::ColumnInfo]>) -> aludel::sql::Result<RowPlan> {
        Ok(RowPlan::default())
    }

    fn decode(&self, row: &dyn Row, _: &RowPlan) -> aludel::sql::Result<String> {
        let mut reader = aludel::sql::typed::RowReader::new(row);
        let cells = (0..row.len()).map(|_| reader.next::<Value>().map(|value| shown(&value)));
        cells.collect::<aludel::sql::Result<Vec<_>>>().map(|cells| cells.join("|"))
    }
}

/// A value as text, the same for all databases.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Text(text) | Value::Json(text) if text.starts_with(['{', '[', '"']) => {
            serde_json::from_str::<serde_json::Value>(text)
                .map_or_else(|_| text.to_string(), |document| document.to_string())
        }
        Value::Text(text) | Value::Json(text) => text.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Date(days) => format_date(*days),
        Value::Time(microseconds) => format_time(*microseconds),
        Value::DateTime(microseconds) | Value::Instant(microseconds) => format_datetime(*microseconds),
        other => format!("{other:?}"),
    }
}
