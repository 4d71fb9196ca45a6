//! [`DeclaredCursor`]: rows in batches, with the connection free in between.

use std::{fmt, ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{Executable, RowPlan, StatementOptions};

use crate::{Connection, open_cursor::NamedCursor};

/// An open result on the server, of [`Connection::declare_cursor`]. It does not borrow its connection: other statements
/// can be sent between two batches, and several cursors can be open at once.
///
/// It lives as long as its transaction; [`close`](Self::close) frees what the server keeps for it earlier.
pub struct DeclaredCursor<S> {
    cursor: NamedCursor,
    statement: S,
    plan: RowPlan,
    columns: Option<Arc<[ColumnInfo]>>,
}

impl Connection {
    /// Opens a named cursor over a query's rows. The transaction that it lives in is begun where there is none.
    ///
    /// It costs more than [`stream`](Connection::stream), which borrows the connection: use it where other statements come
    /// between the batches. On PostgreSQL it shows what was there when it was declared; on SQLite it may show what the same
    /// connection changes before it gets there.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the database has no such cursors (PostgreSQL does, and
    /// SQLite by its driver); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) in autocommit; as [`Connection::execute`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::text;
    /// # async fn run(conn: &mut Connection) -> Result<()> {
    /// let mut jobs = conn.declare_cursor(text("SELECT id FROM job").returns::<(i64,)>()).await?;
    /// loop {
    ///     let batch = jobs.fetch(conn, 100).await?; // FETCH FORWARD 100 FROM aludel_cursor_1
    ///     if batch.is_empty() {
    ///         break;
    ///     }
    ///     for (id,) in batch {
    ///         conn.execute(text("UPDATE job SET seen = true WHERE id = :id").bind("id", id)).await?;
    ///     }
    /// }
    /// jobs.close(conn).await
    /// # }
    /// ```
    pub async fn declare_cursor<S: Executable>(&mut self, statement: S) -> Result<DeclaredCursor<S>> {
        let (node, nothing) = (statement.node(), StatementOptions::new());
        let options = statement.statement_options().unwrap_or(&nothing);
        let cursor = self.declare_named(&node, options).await?;
        Ok(DeclaredCursor { cursor, statement, plan: RowPlan::default(), columns: None })
    }
}

impl<S: Executable> DeclaredCursor<S> {
    /// The next `count` rows; fewer at the end, and none after it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for another connection than the cursor's; what the
    /// database says, when the transaction of the cursor is over.
    ///
    /// # Cancel safety
    /// A dropped future loses the batch, and leaves the transaction to be rolled back.
    pub async fn fetch(&mut self, connection: &mut Connection, count: usize) -> Result<Vec<S::Row>> {
        let mut sink = Batch {
            statement: &self.statement,
            plan: &mut self.plan,
            columns: &mut self.columns,
            rows: Vec::new(),
        };
        self.cursor.fetch(connection, count, &mut sink).await?;
        Ok(sink.rows)
    }

    /// The columns' names, in order; none before the first batch.
    pub fn keys(&self) -> Vec<&str> {
        self.columns.as_deref().unwrap_or_default().iter().map(|column| &*column.name).collect()
    }

    /// Closes the cursor on the server.
    ///
    /// # Errors
    /// As [`DeclaredCursor::fetch`].
    pub async fn close(self, connection: &mut Connection) -> Result<()> {
        self.cursor.close(connection).await
    }
}

/// Decodes the rows of one batch.
struct Batch<'c, S: Executable> {
    statement: &'c S,
    plan: &'c mut RowPlan,
    columns: &'c mut Option<Arc<[ColumnInfo]>>,
    rows: Vec<S::Row>,
}

impl<S: Executable> Sink for Batch<'_, S> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        if self.columns.is_none() {
            *self.plan = self.statement.plan(columns)?;
            *self.columns = Some(columns.clone());
        }
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.rows.push(self.statement.decode(row, self.plan)?);
        Ok(ControlFlow::Continue(()))
    }
}

impl<S> fmt::Debug for DeclaredCursor<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeclaredCursor")
            .field("name", &self.cursor.name())
            .field("connection", &self.cursor.connection())
            .finish_non_exhaustive()
    }
}
