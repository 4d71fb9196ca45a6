//! [`Connection`]: one connection, as every backend implements it.

use std::{any::Any, future::Future, pin::Pin, sync::Arc, time::Duration};

use aludel_sql_expression::Dialect;

use crate::{
    Capabilities, Control, Cursor, Done, Error, IsolationLevel, ParameterSets, Result, ServerInfo, Sink,
    Statement, Step, StepKind, TransactionState, Value,
    bulk::{BulkDone, BulkTarget, RowSource, insert_rows},
    plan::Explain,
    reflection::Reflection,
};

/// A boxed future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What may be asked for a single call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// How long the call may take, kept by the server where it can be told; none: no limit.
    pub timeout: Option<Duration>,
    /// How many rows a cursor fetches at once; none: 1000.
    pub fetch_size: Option<usize>,
}

/// One connection to a database. Object-safe; futures are boxed (one allocation a statement).
///
/// # Rules for backends
/// - **In doubt is never used again.** A backend MUST mark itself in flight before the first byte of a call is sent, and
///   clear the mark only when the whole answer was read (also when the answer is an error of the server). While the mark
///   is set because a future was dropped, every call MUST fail with a disconnect error.
/// - A call on a broken connection MUST fail with an error that [is a disconnect](crate::Error::is_disconnect).
/// - `fetch` MUST call `Sink::columns` before the first row, and also when the statement gives columns but no rows. For a
///   statement without columns it is not called.
/// - An error of the sink MUST leave the connection usable: the rest of the result is thrown away.
/// - [`Connection::transaction_state`] MUST be the truth, or `Unknown`.
pub trait Connection: Send {
    /// Who answered.
    fn server(&self) -> &ServerInfo;

    /// The dialect of just this server.
    fn dialect(&self) -> &Arc<dyn Dialect>;

    /// What just this server can do.
    fn capabilities(&self) -> &Capabilities;

    /// Sends one statement, and gives its rows to the sink: queries, DML, RETURNING, DDL.
    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>>;

    /// Does the same within this call, where the backend can and the statement is short: for embedded databases, which then
    /// need no future. None: nothing was done and nothing given to the sink, and [`fetch`](Self::fetch) has to be called.
    /// It is only called where [`fetches_at_once`](Self::fetches_at_once) says so.
    ///
    /// A backend MUST give none often enough for other tasks to be let run by `fetch`.
    fn fetch_at_once(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        let _ = (statement, parameters, options, sink);
        None
    }

    /// Whether [`fetch_at_once`](Self::fetch_at_once) is worth a try on this backend.
    fn fetches_at_once(&self) -> bool {
        false
    }

    /// Sends one statement for each set of parameters, and tells what each did, in order. The sum of the rows is returned.
    ///
    /// Stops at the first error; outside a transaction, what ran before it stays done.
    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            let mut total = Done::default();
            for (position, parameters) in sets.iter().enumerate() {
                let done = self.fetch(statement, parameters, options, &mut crate::Discard).await?;
                each(position, done)?;
                total = Done { rows: total.rows + done.rows, last_insert_id: done.last_insert_id };
            }
            Ok(total)
        })
    }

    /// Loads many rows into a table, in whatever way is the fastest: here by INSERTs of many rows, or by a prepared one.
    ///
    /// The caller has begun a transaction or a savepoint, and undoes what a load that failed or was dropped has done: a
    /// backend MUST NOT end it. It MUST NOT load a row other than INSERT would, nor keep more of the rows in memory than a
    /// bounded number, and MUST say in which row an error is, where that can be known.
    fn bulk_load<'a>(
        &'a mut self,
        target: &'a BulkTarget,
        rows: &'a mut dyn RowSource,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<BulkDone>> {
        Box::pin(insert_rows(self, target, rows, options, 1000))
    }

    /// Runs steps in order, and stops at the first error: the steps that were done have their `done` set. Steps of a
    /// transaction are pipelined where the backend can: sent in one go, their answers read after.
    ///
    /// A backend MUST NOT let a later step take effect after an earlier one failed, other than inside the transaction,
    /// which then can only be rolled back.
    fn run<'a>(
        &'a mut self,
        steps: &'a mut [Step<'_>],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for step in steps {
                step.done = Some(match &mut step.kind {
                    StepKind::Control(control) => {
                        self.control(*control).await?;
                        Done::default()
                    }
                    StepKind::Fetch { statement, parameters, sink } => {
                        self.fetch(statement, parameters, options, &mut **sink).await?
                    }
                    StepKind::ExecuteMany { statement, sets, each } => {
                        self.execute_many(statement, *sets, options, &mut **each).await?
                    }
                });
            }
            Ok(())
        })
    }

    /// Opens a cursor over a query's rows.
    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>>;

    /// Runs a script of several statements without parameters, in the server's simple protocol.
    ///
    /// Never put input into a script.
    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>>;

    /// Begins or ends a transaction or a savepoint.
    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>>;

    /// The names of the transactions that were prepared and not ended, by whatever connection.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the backend has no two-phase transactions.
    fn prepared_transactions(&mut self) -> BoxFuture<'_, Result<Vec<String>>> {
        let product = self.server().product;
        Box::pin(async move { Err(Error::not_supported("listing prepared transactions", product)) })
    }

    /// The isolation level that the server says is in force: inside a transaction its own, else that of the next one.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the backend does not tell.
    fn isolation_level(&mut self) -> BoxFuture<'_, Result<IsolationLevel>> {
        let product = self.server().product;
        Box::pin(async move { Err(Error::not_supported("asking for the isolation level", product)) })
    }

    /// Who reads what the database is made of out of its catalogue; none: the backend cannot, and
    /// [`Capabilities::reflection`] says so.
    fn reflection(&self) -> Option<Arc<dyn Reflection>> {
        None
    }

    /// Who asks for plans of statements, and reads them.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the backend cannot, or was built without it.
    fn explain(&self) -> Result<Arc<dyn Explain>> {
        Err(Error::not_supported("EXPLAIN", self.server().product))
    }

    /// Asks the server for a sign of life, by the cheapest round trip there is.
    fn ping(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Brings the connection back to how it was when it was new, as far as transactions go: rolls back what is open.
    fn reset(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Does the same in a `Drop`, without waiting: true when the rollback is done, or queued before anything that comes
    /// later. False: the caller must spawn [`Connection::reset`], or close the connection.
    fn reset_on_drop(&mut self) -> bool;

    /// Whether the connection stands in a transaction.
    fn transaction_state(&self) -> TransactionState;

    /// Whether it must not be used any more: the server is gone, the protocol is out of step, or a call was dropped
    /// half-way.
    fn is_broken(&self) -> bool;

    /// A handle that can cancel the running statement from elsewhere.
    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>>;

    /// Forgets prepared statements, after a schema was changed.
    fn clear_statements(&mut self);

    /// The driver's own connection, to be downcast: by [`driver_mut`](trait.Connection.html#method.driver_mut).
    fn as_any_mut(&mut self) -> &mut dyn Any;

    /// Says good-bye to the server, within the timeout.
    fn close(self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>>;
}

impl dyn Connection + '_ {
    /// The connection as its driver's own type, for what only this backend has.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported), with the type and the backend, when it is a connection
    /// of another driver.
    pub fn driver_mut<T: Connection + 'static>(&mut self) -> Result<&mut T> {
        let product = self.server().product;
        self.as_any_mut().downcast_mut::<T>().ok_or_else(|| {
            let name = std::any::type_name::<T>();
            let name = name.rsplit("::").next().unwrap_or(name);
            Error::not_supported(&format!("what `{name}` can do"), product)
        })
    }
}

/// Cancels the running statement of a connection, from another task.
pub trait CancelHandle: Send + Sync {
    /// Asks the server to cancel. The connection must be closed afterwards: the request may arrive late.
    fn cancel(&self) -> BoxFuture<'static, ()>;
}
