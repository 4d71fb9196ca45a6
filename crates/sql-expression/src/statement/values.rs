//! [`values`]: rows that are written out in FROM.

use std::sync::Arc;

use super::{InsertRow, RowWriter};
use crate::{
    expression::{Alias, AliasTarget, Node, TableFunction, ValuesNode},
    name::Name,
    typed::Expression,
};

/// Rows that are written out in FROM, under a name: `VALUES (..), (..)`, or what says the same.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::*, select};
/// use aludel_sql_expression::statement::values;
///
/// let numbers = values("numbers", ["number", "word"], [(1, "one"), (2, "two")]);
/// let statement = select(numbers.c("word")).filter(numbers.c("number").gt(1));
/// assert_eq!(
///     statement.to_sql(&MySqlDialect::default())?,
///     "SELECT numbers.word FROM (VALUES ROW(1, 'one'), ROW(2, 'two')) AS numbers (number, word) WHERE numbers.number > 1"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn values<N, I>(name: impl Into<Name>, columns: impl IntoIterator<Item = N>, rows: I) -> Alias
where
    N: Into<Name>,
    I: IntoIterator,
    I::Item: InsertRow,
{
    let columns: Vec<Name> = columns.into_iter().map(Into::into).collect();
    let mut values = Vec::new();
    for row in rows {
        let mut writer = RowWriter::typed();
        row.write(&mut writer);
        let row = writer.into_nodes();
        if row.len() != columns.len() {
            let message = format!("a row of {} values was given for {} columns", row.len(), columns.len());
            values = vec![Node::Invalid(message.into())];
            break;
        }
        values.extend(row);
    }
    Alias::new(Some(name.into()), AliasTarget::Values(Arc::new(ValuesNode { columns, values })))
}

impl<T> Expression<T> {
    /// The function as a table of FROM, under a name, with the columns that it gives by itself: `json_each(..)`,
    /// `jsonb_to_recordset(..)`.
    pub fn table_valued(self, name: impl Into<Name>) -> Alias {
        self.table_valued_as(name, [] as [Name; 0])
    }

    /// The function as a table of FROM, under a name, with names for its columns (PostgreSQL): `generate_series(1, 3) AS
    /// numbers (number)`.
    pub fn table_valued_as<N: Into<Name>>(
        self,
        name: impl Into<Name>,
        columns: impl IntoIterator<Item = N>,
    ) -> Alias {
        let columns = columns.into_iter().map(Into::into).collect();
        let function = TableFunction { call: self.into_node(), columns };
        Alias::new(Some(name.into()), AliasTarget::Function(Arc::new(function)))
    }
}
