//! [`Run`]: a statement on its way.

use std::{fmt, future::IntoFuture, time::Duration};

use aludel_driver::{BoxFuture, CallOptions, Result};
use aludel_sql_expression::Executable;

use crate::{
    Connection, CursorResult,
    result::{multiple_results, no_result},
};

/// A statement on its way: await it for a [`CursorResult`], or ask for what is wanted of it.
///
/// Nothing is sent before it is awaited.
#[must_use = "a statement is sent when it is awaited"]
pub struct Run<'connection, S> {
    connection: &'connection mut Connection,
    statement: S,
    options: CallOptions,
}

impl<'connection, S: Executable> Run<'connection, S> {
    pub(crate) fn new(connection: &'connection mut Connection, statement: S, options: CallOptions) -> Self {
        Self { connection, statement, options }
    }

    /// Gives the statement a deadline of its own, in place of the connection's.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.timeout = timeout.into();
        self
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn all(self) -> Result<Vec<S::Row>> {
        self.run(usize::MAX).await.map(CursorResult::all)
    }

    /// The first row, where there is one. What comes after it is not read.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn first(self) -> Result<Option<S::Row>> {
        self.run(1).await.map(CursorResult::first)
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
        let mut rows = self.run(2).await?.all();
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            more => Err(multiple_results(more)),
        }
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
        self.run(usize::MAX).await.map(CursorResult::scalars)
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
