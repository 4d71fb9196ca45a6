//! [`Run`]: a statement on its way.

use std::{fmt, future::IntoFuture, time::Duration};

use aludel_driver::{BoxFuture, Error, ErrorKind, Result};
use aludel_sql_expression::{Executable, FromRow, StatementNode, StatementOptions, statement::InsertRows};

use crate::{
    Connection, CursorResult,
    execution_options::Resolved,
    one_row::OneRow,
    result::{Target, multiple_results, no_result, no_rows},
};

/// A statement on its way: await it for a [`CursorResult`], or ask for what is wanted of it.
///
/// Nothing is sent before it is awaited.
#[must_use = "a statement is sent when it is awaited"]
pub struct Run<'connection, S> {
    connection: &'connection mut Connection,
    statement: S,
    options: Resolved,
}

impl<'connection, S: Executable> Run<'connection, S> {
    pub(crate) fn new(connection: &'connection mut Connection, statement: S, options: Resolved) -> Self {
        Self { connection, statement, options }
    }

    /// Gives the statement a deadline of its own, in place of the connection's.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.call.timeout = timeout.into();
        self
    }

    /// Says how this execution is done, over what statement, connection and engine say.
    pub fn execution_options(mut self, options: &StatementOptions) -> Self {
        self.options.refine(options);
        self
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the statement is
    /// none that gives rows. So with all that read rows.
    pub async fn all(self) -> Result<Vec<S::Row>> {
        self.read(usize::MAX).await.map(CursorResult::all)
    }

    /// The first row, where there is one. What comes after it is not read.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn first(self) -> Result<Option<S::Row>> {
        self.read(1).await.map(CursorResult::first)
    }

    /// The only row.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::NoResultFound`](crate::ErrorKind::NoResultFound),
    /// [`ErrorKind::MultipleResultsFound`](crate::ErrorKind::MultipleResultsFound).
    pub async fn one(self) -> Result<S::Row> {
        self.one_or_none().await?.ok_or_else(no_result)
    }

    /// The only row, where there is one.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::MultipleResultsFound`](crate::ErrorKind::MultipleResultsFound).
    pub async fn one_or_none(self) -> Result<Option<S::Row>> {
        if !self.statement.needs_columns() {
            // Nothing has to be kept of the result but the row.
            let Self { connection, statement, options } = self;
            let mut sink = OneRow::new(&statement);
            if let Some(select) = statement.select_node()
                && let Some(done) = connection.run_select_at_once(select, &options, &mut sink)
            {
                connection.with_column(done, || statement.node())?;
                return sink.into_row();
            }
            let done = match statement.reused() {
                Some(reused) => connection.run_reused(&reused, &options, &mut sink).await,
                None => None,
            };
            match done {
                Some(done) => connection.with_column(done, || statement.node())?,
                None => connection.run_into(&statement.node(), &options, Target::Sink(&mut sink)).await?,
            };
            return sink.into_row();
        }
        let mut rows = self.read(2).await?.all();
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            more => Err(multiple_results(more)),
        }
    }

    /// Executes an INSERT of one row, and gives the row's key as a tuple of its columns, whatever made it: the statement or
    /// the database. None for an INSERT from a select.
    ///
    /// Only this asks for a key: an INSERT that is merely awaited costs nothing more. Where the statement gives the key
    /// itself, nothing is asked for here either; else it comes by RETURNING, or as the database's own word on MySQL.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it is no INSERT, has
    /// RETURNING of its own or inserts many rows, and when the table has no primary key;
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) when the tuple has more or fewer columns than the key.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::{insert, schema::Table};
    /// # async fn run(conn: &mut Connection, users: &Table) -> Result<()> {
    /// let key: Option<(i64,)> = conn.execute(insert(users).value("name", "Ann")).inserted_primary_key().await?;
    /// # Ok(()) }
    /// ```
    pub async fn inserted_primary_key<K: FromRow + Send + 'static>(self) -> Result<Option<K>> {
        if let StatementNode::Insert(insert) = self.statement.node()
            && let InsertRows::Values(rows) = &insert.rows
            && rows.count() > 1
        {
            let message = "inserted_primary_key is for one row; ask for inserted_primary_key_rows";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        Ok(self.inserted_keys().await?.and_then(|mut keys| keys.pop()))
    }

    /// Executes an INSERT of any number of rows, and gives their keys, in the order of the rows. No keys for an INSERT from
    /// a select.
    ///
    /// # Errors
    /// As [`Run::inserted_primary_key`].
    pub async fn inserted_primary_key_rows<K: FromRow + Send + 'static>(self) -> Result<Vec<K>> {
        self.inserted_keys().await.map(Option::unwrap_or_default)
    }

    async fn inserted_keys<K: FromRow + Send + 'static>(self) -> Result<Option<Vec<K>>> {
        let Self { connection, statement, options } = self;
        connection.inserted_keys(&statement.node(), &options).await
    }

    /// The result of a statement whose rows are read.
    async fn read(self, limit: usize) -> Result<CursorResult<S::Row>> {
        let result = self.run(limit).await?;
        if result.returns_rows() { Ok(result) } else { Err(no_rows()) }
    }

    async fn run(self, limit: usize) -> Result<CursorResult<S::Row>> {
        let Self { connection, statement, options } = self;
        connection.run_statement(&statement, &options, limit).await
    }
}

impl<'connection, S: Executable, T> Run<'connection, S>
where
    S: Executable<Row = (T,)>,
{
    /// The values of a single column.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn scalars(self) -> Result<Vec<T>> {
        self.read(usize::MAX).await.map(CursorResult::scalars)
    }
}

impl<'connection, S: Executable + 'connection> IntoFuture for Run<'connection, S> {
    type Output = Result<CursorResult<S::Row>>;
    type IntoFuture = BoxFuture<'connection, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run(usize::MAX))
    }
}

impl<S> fmt::Debug for Run<'_, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Run").field("connection", &self.connection).finish_non_exhaustive()
    }
}
