//! [`values`]: rows that are written out in FROM.

use std::sync::Arc;

use super::{InsertRow, RowWriter};
use crate::{
    expression::{Alias, AliasTarget, Node, TableFunction, ValuesNode},
    name::Name,
    typed::Expression,
    types::SqlType,
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
    /// The function as a table of FROM, under a name, with the columns that it gives by itself: `json_each(..)`, and on MySQL
    /// and MariaDB `json_table(..)`, whose columns are written by hand.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, func, literal, select, text, typed::IntoNode};
    /// let numbers = func::<i64>(
    ///     "json_table",
    ///     [literal("[1, 2]".to_owned()).into_node(), text("'$[*]' COLUMNS (n INT PATH '$')").into_node()],
    /// );
    /// let numbers = numbers.table_valued("numbers");
    /// assert_eq!(
    ///     select(numbers.c("n")).to_sql(&MySqlDialect::default())?,
    ///     "SELECT numbers.n FROM json_table('[1, 2]', '$[*]' COLUMNS (n INT PATH '$')) AS numbers"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
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
        self.into_table(name.into(), columns, Vec::new(), false)
    }

    /// As [`table_valued_as`](Self::table_valued_as), with a last column that numbers the rows from 1 up (PostgreSQL):
    /// `unnest(..) WITH ORDINALITY AS words (word, place)`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, func, select, typed::array};
    /// let words = func::<String>("unnest", [array::<String, _>(["a", "b"]).into_node()])
    ///     .table_valued_with_ordinality("words", ["word"], "place");
    /// assert_eq!(
    ///     select((words.c("place"), words.c("word"))).to_sql(&PostgresDialect::default())?,
    ///     "SELECT words.place, words.word FROM unnest(CAST(ARRAY['a', 'b'] AS TEXT[])) WITH ORDINALITY AS words (word, place)"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn table_valued_with_ordinality<N: Into<Name>>(
        self,
        name: impl Into<Name>,
        columns: impl IntoIterator<Item = N>,
        ordinality: impl Into<Name>,
    ) -> Alias {
        let columns = columns.into_iter().map(Into::into).chain([ordinality.into()]).collect();
        self.into_table(name.into(), columns, Vec::new(), true)
    }

    /// The function as a table of FROM, with names and types for its columns, as one needs that gives records of any shape
    /// (PostgreSQL): `jsonb_to_recordset(..) AS books (id INTEGER, title TEXT)`.
    pub fn table_valued_record<N: Into<Name>, S: Into<SqlType>>(
        self,
        name: impl Into<Name>,
        columns: impl IntoIterator<Item = (N, S)>,
    ) -> Alias {
        let (columns, types) =
            columns.into_iter().map(|(name, sql_type)| (name.into(), sql_type.into())).unzip();
        self.into_table(name.into(), columns, types, false)
    }

    fn into_table(self, name: Name, columns: Vec<Name>, types: Vec<SqlType>, ordinality: bool) -> Alias {
        let function = TableFunction { call: self.into_node(), columns, types, ordinality };
        Alias::new(Some(name), AliasTarget::Function(Arc::new(function)))
    }
}
