//! What the tests of the expression language and of the engine share.

use aludel::{
    prelude::*,
    sql::{Executable, Expression, ScalarExecutable, schema::Tables},
};

use crate::database::Database;

/// Creates tables, and commits.
pub async fn create(connection: &mut Connection, tables: impl Tables) {
    MetaData::of(tables).create_all(connection).await.unwrap();
    connection.commit().await.unwrap();
}

/// A connection, and the table of five points: `(1, 1, 2) (2, 2, 3) (3, 3, 4) (4, 4, 5) (5, 4, 6)`.
pub async fn with_points(database: &Database) -> (Connection, Table) {
    let points = Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("x", Integer))
        .column(Column::new("y", Integer));
    let mut connection = database.connect().await;
    create(&mut connection, &points).await;
    let rows = [(1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 5), (5, 4, 6)];
    connection.execute(insert(&points).values_many(rows)).await.unwrap();
    connection.commit().await.unwrap();
    (connection, points)
}

/// A table of a key and a text, and a connection.
pub async fn with_words(database: &Database, name: &'static str) -> (Connection, Table) {
    let words = Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(100)));
    let mut connection = database.connect().await;
    create(&mut connection, &words).await;
    (connection, words)
}

/// An integer column.
pub fn integer(table: &Table, name: &'static str) -> Expression<i64> {
    table.c(name).of()
}

/// A text column.
pub fn string(table: &Table, name: &'static str) -> Expression<String> {
    table.c(name).of()
}

/// The first column of each row.
pub async fn integers(connection: &mut Connection, statement: impl ScalarExecutable<i64>) -> Vec<i64> {
    connection.scalars(statement).await.unwrap()
}

/// The rows of a statement.
pub async fn rows<S: Executable>(connection: &mut Connection, statement: S) -> Vec<S::Row> {
    connection.execute(statement).all().await.unwrap()
}

/// How many rows a table has.
pub async fn how_many(connection: &mut Connection, table: &Table) -> i64 {
    connection.scalar_one(select(count_all()).select_from(table)).await.unwrap()
}

/// The error of a statement.
pub async fn error<S: Executable>(connection: &mut Connection, statement: S) -> Error {
    match connection.execute(statement).await {
        Ok(_) => panic!("the statement should have failed"),
        Err(error) => error,
    }
}
