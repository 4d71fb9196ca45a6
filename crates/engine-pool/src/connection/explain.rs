//! Plans of statements.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Error, ErrorKind, Result, Row, Sink, Statement, Value, plan::Plan};
use aludel_sql_expression::{Decode, Executable, StatementKind, StatementNode, StatementOptions};

use super::Connection;
use crate::execution_options::Resolved;

impl Connection {
    /// How the database would execute a statement: with these parameters, and without executing it.
    ///
    /// A statement of many rows that is sent in several pieces is explained by its first one.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for DDL, which has no
    /// plan; [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the driver was built without its feature
    /// `explain`.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::text;
    /// # async fn run(conn: &mut Connection) -> Result<()> {
    /// let plan = conn.explain(text("SELECT * FROM track WHERE album_id = :id").bind("id", 7)).await?;
    /// println!("{plan}"); // SEARCH on track using by_album
    /// assert!(plan.walk().all(|node| node.operation != "SCAN"), "no table is read whole");
    /// # Ok(()) }
    /// ```
    pub async fn explain<S: Executable>(&mut self, statement: S) -> Result<Plan> {
        let options = self.options_for(&statement);
        self.explain_with(&statement.node(), &options, false).await
    }

    /// How the database executes a statement: **it is executed**, and the plan says how many rows came out of each step, and
    /// how long it took.
    ///
    /// It runs in a savepoint, or in a transaction where none is begun, that is rolled back: what it changes is undone. What no
    /// rollback undoes stays: numbers taken from sequences, tables without transactions (MyISAM), what functions do elsewhere.
    /// Its locks are held until the transaction around it ends.
    ///
    /// Counterpart of `EXPLAIN ANALYZE` on PostgreSQL (with BUFFERS) and MySQL, `ANALYZE FORMAT=JSON` on MariaDB.
    ///
    /// # Errors
    /// As [`Connection::explain`]; [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) on SQLite, which has no such
    /// thing.
    ///
    /// # Cancel safety
    /// A dropped future leaves the savepoint to be rolled back, as with [`Connection::nested`].
    pub async fn explain_analyze<S: Executable>(&mut self, statement: S) -> Result<Plan> {
        let options = self.options_for(&statement);
        self.explain_with(&statement.node(), &options, true).await
    }

    /// The same for an untyped statement; with `analyze` it is executed, and undone.
    ///
    /// # Errors
    /// As [`Connection::explain`] and [`Connection::explain_analyze`].
    ///
    /// # Cancel safety
    /// As [`Connection::explain_analyze`].
    pub async fn explain_node(&mut self, node: &StatementNode, analyze: bool) -> Result<Plan> {
        let options = self.options_with(&StatementOptions::new());
        self.explain_with(node, &options, analyze).await
    }

    async fn explain_with(
        &mut self,
        node: &StatementNode,
        options: &Resolved,
        analyze: bool,
    ) -> Result<Plan> {
        let rendered = self.render(node, options).await?;
        if rendered.kind == StatementKind::Ddl {
            let message = "DDL has no plan; explain a query, an INSERT, an UPDATE or a DELETE";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        let Some(part) = rendered.parts.first() else {
            let message = "the statement inserts no rows, and has no plan";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        };
        let explain = self.pooled()?.explain()?;
        let statement = Statement::once(explain.statement(&part.sql, analyze)?);
        let width = part.parameters.len() / part.sets.max(1);
        let (parameters, call) = (&part.parameters[..width], &options.call);
        let mut answer = Answer::default();
        if !analyze {
            self.fetch_into_with(&statement, parameters, &mut answer, call).await?;
        } else if self.in_transaction() {
            let mut savepoint = self.begin_nested().await?;
            let outcome = savepoint.fetch_into_with(&statement, parameters, &mut answer, call).await;
            let undone = savepoint.rollback().await;
            outcome.and(undone)?;
        } else {
            let mut transaction = self.begin().await?;
            let outcome = transaction.fetch_into_with(&statement, parameters, &mut answer, call).await;
            let undone = transaction.rollback().await;
            outcome.and(undone)?;
        }
        explain.read(&answer.0)
    }
}

/// The rows of the answer.
#[derive(Default)]
struct Answer(Vec<Vec<Value>>);

impl Sink for Answer {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let mut values = Vec::with_capacity(row.len());
        for position in 0..row.len() {
            values.push(Value::decode(row.cell(position)?)?);
        }
        self.0.push(values);
        Ok(ControlFlow::Continue(()))
    }
}
