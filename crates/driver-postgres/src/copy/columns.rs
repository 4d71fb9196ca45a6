//! [`describe`]: which columns a COPY moves, and of which types.

use std::sync::Arc;

use aludel_driver::{Connection as _, Error, ErrorKind, Result, Statement, Value};
use aludel_sql_expression::{Dialect, Name};

use super::CopyStatement;
use crate::{PostgresConnection, column::FirstColumn, prepared::Prepared};

/// The columns that rows have, and what the server says of their types.
pub(super) async fn describe(
    connection: &mut PostgresConnection,
    statement: &CopyStatement,
    dialect: &dyn Dialect,
) -> Result<(Vec<Name>, Arc<Prepared>)> {
    let mut columns = statement.known_columns();
    if columns.is_empty() && !statement.is_query() {
        columns = all_columns(connection, &statement.subject(dialect)).await?;
    }
    let sample = Statement::new(statement.sample(&columns, dialect)?);
    let described = connection.wire.prepared(&sample).await?;
    Ok((columns, described))
}

/// The columns of a table that is known by its name alone.
async fn all_columns(connection: &mut PostgresConnection, table: &str) -> Result<Vec<Name>> {
    // Before version 12 the database computed no columns.
    let stored = if connection.server().version.0 >= 12 { " AND attgenerated = ''" } else { "" };
    let sql = format!(
        "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT \
         attisdropped{stored} ORDER BY attnum"
    );
    let mut names = FirstColumn::<String>::default();
    let parameters = [Value::Text(table.into())];
    connection.wire.fetch(&Statement::new(sql), &parameters, &mut names).await?;
    match names.0.is_empty() {
        true => Err(Error::new(
            ErrorKind::Programming,
            format!("the table {table} has no column to copy rows into"),
        )),
        false => Ok(names.0.into_iter().map(Name::from).collect()),
    }
}
