//! Changes of rows that no object stands for, by their keys.

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use aludel_sql_expression::Value;

use super::{
    columns::{finding, shapes},
    flight::run,
    made::Made,
    operation::{Operation, Purpose, stale},
    statements::StatementCache,
};
use crate::mapping::Mapper;

/// A row to be changed.
#[derive(Debug)]
pub(crate) struct KeyedRow {
    /// The new values.
    pub(crate) values: Vec<Value>,
    /// Its key, and its version where it has one.
    pub(crate) key: Vec<Value>,
}

/// Writes columns of rows with different keys, in few statements.
///
/// # Errors
/// `StaleData` when there are fewer rows than keys.
pub(crate) async fn update_by_key(
    connection: &mut Connection,
    statements: &StatementCache,
    mapper: &'static Mapper,
    columns: &[u16],
    rows: &[KeyedRow],
) -> Result<()> {
    let mut operation = Operation {
        table: mapper.table().clone(),
        columns: shapes(mapper, columns),
        keys: shapes(mapper, &finding(mapper)?),
        values: rows.iter().flat_map(|row| row.values.iter().chain(&row.key)).cloned().collect(),
        rows: rows.len(),
        purpose: Purpose::Update { mapper, slots: Vec::new(), made: Made::default() },
    };
    let dialect = connection.dialect();
    let capabilities = connection.capabilities().clone();
    let mut prepared = [operation.prepare(statements, &dialect, &capabilities)?];
    run(connection, &mut prepared, false).await?;
    let matched: u64 = prepared.iter().flatten().map(|statement| statement.done.rows).sum();
    if matched == rows.len() as u64 { Ok(()) } else { Err(stale("UPDATE", mapper, rows.len(), matched)) }
}
