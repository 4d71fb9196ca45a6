//! The conformance suite finds what is wrong with a backend: SQLite's, with one fault at a time put in front of it.

use std::{any::Any, ops::ControlFlow, sync::Arc, time::Duration};

use aludel::{
    driver::{
        BoxFuture, CallOptions, CancelHandle, Capabilities, ColumnInfo, ConnectArguments, Connection,
        Control, Cursor, Done, Driver, Error, ErrorKind, ParameterSets, Result, Row, ServerInfo, Sink,
        Statement, TransactionState, Value,
    },
    sql::Dialect,
};
use aludel_conformance::Subject;

use crate::database::{Kind, run};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    NoColumnsWithoutRows,
    SwallowsRefusals,
    AlwaysIdle,
    WrongKind,
    LosesARow,
    ClaimsArrays,
    CommitsOnReset,
}

#[derive(Debug)]
struct FaultyDriver {
    inner: Arc<dyn Driver>,
    fault: Fault,
}

impl Driver for FaultyDriver {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn schemes(&self) -> &'static [&'static str] {
        self.inner.schemes()
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        self.inner.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn check(&self, arguments: &ConnectArguments) -> Result<()> {
        self.inner.check(arguments)
    }

    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let inner = self.inner.connect(arguments).await?;
            let mut capabilities = inner.capabilities().clone();
            capabilities.arrays |= self.fault == Fault::ClaimsArrays;
            Ok(Box::new(FaultyConnection { inner, fault: self.fault, capabilities }) as Box<dyn Connection>)
        })
    }
}

struct FaultyConnection {
    inner: Box<dyn Connection>,
    fault: Fault,
    capabilities: Capabilities,
}

/// Passes on what it is given, but for the fault.
struct FaultySink<'s> {
    inner: &'s mut dyn Sink,
    fault: Fault,
    columns: Option<Arc<[ColumnInfo]>>,
    rows: usize,
}

impl Sink for FaultySink<'_> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        if self.fault == Fault::NoColumnsWithoutRows {
            self.columns = Some(columns.clone());
            return Ok(());
        }
        self.inner.columns(columns)
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        if let Some(columns) = self.columns.take() {
            self.inner.columns(&columns)?;
        }
        self.rows += 1;
        match self.inner.row(row) {
            Ok(_) if self.fault == Fault::LosesARow && self.rows == 999 => Ok(ControlFlow::Break(())),
            Err(_) if self.fault == Fault::SwallowsRefusals => Ok(ControlFlow::Break(())),
            outcome => outcome,
        }
    }
}

impl Connection for FaultyConnection {
    fn server(&self) -> &ServerInfo {
        self.inner.server()
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        self.inner.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move {
            let mut sink = FaultySink { inner: sink, fault: self.fault, columns: None, rows: 0 };
            let outcome = self.inner.fetch(statement, parameters, options, &mut sink).await;
            outcome.map_err(|error| match (self.fault, error.kind()) {
                (Fault::WrongKind, ErrorKind::Integrity | ErrorKind::Timeout) => {
                    error.with_kind(ErrorKind::Operational)
                }
                _ => error,
            })
        })
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        self.inner.execute_many(statement, sets, options, each)
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        self.inner.cursor(statement, parameters, options)
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        self.inner.batch(script, options)
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        self.inner.control(control)
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        self.inner.ping()
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        if self.fault == Fault::CommitsOnReset && self.inner.transaction_state() == TransactionState::Active {
            return self.inner.control(Control::Commit);
        }
        self.inner.reset()
    }

    fn reset_on_drop(&mut self) -> bool {
        self.inner.reset_on_drop()
    }

    fn transaction_state(&self) -> TransactionState {
        if self.fault == Fault::AlwaysIdle { TransactionState::Idle } else { self.inner.transaction_state() }
    }

    fn is_broken(&self) -> bool {
        self.inner.is_broken()
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        self.inner.cancel_handle()
    }

    fn clear_statements(&mut self) {
        self.inner.clear_statements();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        self.inner.close(timeout)
    }
}

/// The cases that fail with a fault, of those that are named.
async fn failing(fault: Fault, names: &'static [&'static str]) -> Vec<&'static str> {
    let mut failed = Vec::new();
    run(Kind::Sqlite, async |database| {
        let driver = FaultyDriver { inner: database.driver(), fault };
        let subject = Subject::new(Arc::new(driver), database.arguments());
        let report = aludel_conformance::run(&subject, |case| names.contains(&case.name())).await.unwrap();
        assert_eq!(report.passed.len() + report.failed.len() + report.skipped.len(), names.len(), "{report}");
        failed = report.failed.iter().map(|(name, _)| *name).collect();
    })
    .await;
    failed
}

#[tokio::test]
async fn each_fault_is_found() {
    for (fault, name) in [
        (Fault::NoColumnsWithoutRows, &["columns_come_also_without_rows"][..]),
        (Fault::SwallowsRefusals, &["a_sink_that_refuses_leaves_the_connection_usable"]),
        (Fault::AlwaysIdle, &["transactions_commit_and_roll_back"]),
        (Fault::WrongKind, &["violated_constraints_are_integrity_errors", "a_deadline_ends_a_statement"]),
        (Fault::LosesARow, &["rows_come_in_order_and_whole"]),
        (Fault::ClaimsArrays, &["arrays_come_as_one_parameter"]),
        (Fault::CommitsOnReset, &["a_reset_rolls_back"]),
    ] {
        // The wrapper itself is no fault; without arrays their case is not asked.
        assert_eq!(failing(Fault::None, name).await, [""; 0], "without {fault:?}");
        assert_eq!(failing(fault, name).await, name, "{fault:?}");
    }
}

#[tokio::test]
async fn a_database_of_ones_own_is_refused() {
    let driver: Arc<dyn Driver> = Arc::new(aludel::sqlite::SqliteDriver::default());
    let subject = Subject::new(driver, ConnectArguments::default());
    let refused: Error = aludel_conformance::run(&subject, |_| true).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
}
