//! The table of DDL: each statement with its exact SQL for every dialect, executed on every database, and looked at in the
//! database's catalogue.

mod alterations;
mod catalogue;
mod creating;
mod indexes;
mod keys;
mod others;
mod schemas;
mod sequences;
mod views;

use std::sync::Arc;

use aludel::{
    prelude::*,
    sql::{
        CompiledCache, Dialect, Executable, Row, RowPlan, StatementNode, Value,
        dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
        text, trusted,
    },
};

use crate::database::{Database, Kind, on_every_database};

/// A statement, what it is in each dialect, and what is seen of it afterwards.
pub(crate) struct Case {
    name: &'static str,
    before: Vec<StatementNode>,
    statement: StatementNode,
    sql: [Expected; 4],
    seen: Vec<(usize, &'static str, &'static str)>,
    is_only_written: [bool; 4],
}

#[derive(Clone, Debug)]
enum Expected {
    Nothing,
    Sql(String),
    /// What the error names, beside the dialect.
    Lacks(&'static str),
}

const SQLITE: usize = 0;
const POSTGRES: usize = 1;
const MYSQL: usize = 2;
const MARIADB: usize = 3;

/// A statement of the table.
pub(crate) fn case(name: &'static str, statement: impl Executable) -> Case {
    Case {
        name,
        before: Vec::new(),
        statement: statement.node(),
        sql: [const { Expected::Nothing }; 4],
        seen: Vec::new(),
        is_only_written: [false; 4],
    }
}

impl Case {
    fn set(mut self, dialects: &[usize], expected: &Expected) -> Self {
        for dialect in dialects {
            self.sql[*dialect] = expected.clone();
        }
        self
    }

    /// What has to be there before.
    pub(crate) fn after(mut self, statement: impl Executable) -> Self {
        self.before.push(statement.node());
        self
    }

    /// The text in all dialects that nothing else is said of.
    pub(crate) fn sql(self, sql: &str) -> Self {
        self.set(&[SQLITE, POSTGRES, MYSQL, MARIADB], &Expected::Sql(sql.into()))
    }

    pub(crate) fn sqlite(self, sql: &str) -> Self {
        self.set(&[SQLITE], &Expected::Sql(sql.into()))
    }

    pub(crate) fn postgres(self, sql: &str) -> Self {
        self.set(&[POSTGRES], &Expected::Sql(sql.into()))
    }

    /// The text for MySQL and MariaDB.
    pub(crate) fn mysql(self, sql: &str) -> Self {
        self.set(&[MYSQL, MARIADB], &Expected::Sql(sql.into()))
    }

    pub(crate) fn mariadb(self, sql: &str) -> Self {
        self.set(&[MARIADB], &Expected::Sql(sql.into()))
    }

    pub(crate) fn sqlite_lacks(self, construct: &'static str) -> Self {
        self.set(&[SQLITE], &Expected::Lacks(construct))
    }

    pub(crate) fn postgres_lacks(self, construct: &'static str) -> Self {
        self.set(&[POSTGRES], &Expected::Lacks(construct))
    }

    /// What MySQL and MariaDB lack.
    pub(crate) fn mysql_lacks(self, construct: &'static str) -> Self {
        self.set(&[MYSQL, MARIADB], &Expected::Lacks(construct))
    }

    pub(crate) fn mariadb_lacks(self, construct: &'static str) -> Self {
        self.set(&[MARIADB], &Expected::Lacks(construct))
    }

    /// The text in PostgreSQL, which cannot be executed inside of a transaction.
    pub(crate) fn postgres_writes(mut self, sql: &str) -> Self {
        self.is_only_written[POSTGRES] = true;
        self.postgres(sql)
    }

    /// What cannot be executed in the test's database.
    pub(crate) fn only_written(mut self) -> Self {
        self.is_only_written = [true; 4];
        self
    }

    pub(crate) fn only_written_on_sqlite(mut self) -> Self {
        self.is_only_written[SQLITE] = true;
        self
    }

    /// What a database without such a thing of that name does not take.
    pub(crate) fn only_written_on_mysql(mut self) -> Self {
        self.is_only_written[MYSQL] = true;
        self.is_only_written[MARIADB] = true;
        self
    }

    fn seeing(mut self, dialects: &[usize], query: &'static str, rows: &'static str) -> Self {
        self.seen.extend(dialects.iter().map(|dialect| (*dialect, query, rows)));
        self
    }

    /// What a query shows afterwards on every database that knows the statement: `1|Ann;2|Bob`.
    pub(crate) fn shows(self, query: &'static str, rows: &'static str) -> Self {
        self.seeing(&[SQLITE, POSTGRES, MYSQL, MARIADB], query, rows)
    }

    pub(crate) fn sqlite_shows(self, query: &'static str, rows: &'static str) -> Self {
        self.seeing(&[SQLITE], query, rows)
    }

    pub(crate) fn postgres_shows(self, query: &'static str, rows: &'static str) -> Self {
        self.seeing(&[POSTGRES], query, rows)
    }

    pub(crate) fn mysql_shows(self, query: &'static str, rows: &'static str) -> Self {
        self.seeing(&[MYSQL, MARIADB], query, rows)
    }
}

fn cases() -> Vec<Case> {
    let mut cases = creating::cases();
    cases.extend(keys::cases());
    cases.extend(indexes::cases());
    cases.extend(alterations::cases());
    cases.extend(others::cases());
    cases
}

#[test]
fn every_ddl_statement_is_written_so_in_every_dialect() {
    let dialects: [Arc<dyn Dialect>; 4] = [
        Arc::new(SqliteDialect::default()),
        Arc::new(PostgresDialect::of_version((15, 0, 0))),
        Arc::new(MySqlDialect::default()),
        Arc::new(MySqlDialect::mariadb((10, 11, 6))),
    ];
    let cache = CompiledCache::default();
    let mut wrong = Vec::new();
    for case in cases() {
        for (dialect, expected) in dialects.iter().zip(&case.sql) {
            let rendered = cache.render(&case.statement, dialect);
            let found = match &rendered {
                Ok(rendered) => rendered.parts.iter().map(|part| &*part.sql).collect::<Vec<_>>().join(";\n"),
                Err(error) => error.to_string(),
            };
            let fits = match (expected, &rendered) {
                (Expected::Sql(sql), Ok(_)) => *sql == found,
                (Expected::Lacks(construct), Err(_)) => {
                    found.contains(construct) && found.contains(dialect.name())
                }
                _ => false,
            };
            if !fits {
                wrong.push(format!("{} ({}):\n  {found}\n  {expected:?}", case.name, dialect.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn every_ddl_statement_does_what_it_says(database: &Database) {
    let mut connection = database.connect().await;
    let place = match database.kind() {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
        Kind::MySql if connection.dialect().name() == "mariadb" => MARIADB,
        Kind::MySql => MYSQL,
    };
    let mut wrong = Vec::new();
    for case in cases() {
        if matches!(case.sql[place], Expected::Lacks(_)) || case.is_only_written[place] {
            continue;
        }
        if let Err(error) = executed(&mut connection, &case).await {
            wrong.push(format!("{}: {error}", case.name));
            connection.rollback().await.unwrap();
            continue;
        }
        for (_, query, expected) in case.seen.iter().filter(|(dialect, ..)| *dialect == place) {
            match shown(&mut connection, query).await {
                Ok(found) if found == *expected => {}
                Ok(found) => wrong.push(format!("{}:\n  shows {found}\n  not   {expected}", case.name)),
                Err(error) => {
                    wrong.push(format!("{}: {error}", case.name));
                    connection.rollback().await.unwrap();
                }
            }
        }
        connection.commit().await.unwrap();
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
on_every_database!(every_ddl_statement_does_what_it_says);

async fn executed(connection: &mut Connection, case: &Case) -> Result<()> {
    for before in &case.before {
        connection.execute(Untyped(before.clone())).await?;
    }
    connection.execute(Untyped(case.statement.clone())).await?;
    connection.commit().await
}

/// The rows of a query as one text: `1|Ann;2|Bob`.
pub(crate) async fn shown(connection: &mut Connection, query: &str) -> Result<String> {
    let rows = connection.execute(Untyped(text(trusted(query.to_owned())).node())).all().await?;
    Ok(rows.join(";"))
}

/// Any statement, whose rows are read into one text each.
struct Untyped(StatementNode);

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
        let cells = (0..row.len()).map(|_| {
            reader.next::<Value>().map(|value| match value {
                Value::Null => "NULL".to_owned(),
                Value::Bool(flag) => u8::from(flag).to_string(),
                Value::I64(number) => number.to_string(),
                Value::U64(number) => number.to_string(),
                Value::Decimal(number) => number.normalize().to_string(),
                Value::Text(text) => text.to_string(),
                Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                other => format!("{other:?}"),
            })
        });
        cells.collect::<aludel::sql::Result<Vec<_>>>().map(|cells| cells.join("|"))
    }
}
