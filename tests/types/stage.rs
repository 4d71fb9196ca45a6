//! Tables, and what is asked of them.

use aludel::{
    prelude::*,
    sql::{Executable, Expression, schema::Tables},
};

use crate::database::Database;

/// Creates tables, and commits.
pub async fn create(connection: &mut Connection, tables: impl Tables) {
    MetaData::of(tables).create_all(connection).await.unwrap();
    connection.commit().await.unwrap();
}

/// Sessions over a database with these tables.
pub async fn sessions(database: &Database, tables: MetaData) -> SessionMaker {
    database.engine().begin(async |conn| tables.create_all(conn).await).await.unwrap();
    SessionMaker::new(database.engine())
}

/// An integer column.
pub fn integer(table: &Table, name: &'static str) -> Expression<i64> {
    table.c(name).of()
}

/// The rows of a statement.
pub async fn rows<S: Executable>(connection: &mut Connection, statement: S) -> Vec<S::Row> {
    connection.execute(statement).all().await.unwrap()
}

/// The error of a statement.
pub async fn error<S: Executable>(connection: &mut Connection, statement: S) -> Error {
    match connection.execute(statement).await {
        Ok(_) => panic!("the statement should have failed"),
        Err(error) => error,
    }
}
