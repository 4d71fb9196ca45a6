//! [`EchoedRows`]: a sink that shows each row on its way.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Done, ParameterSets, Result, Row, Sink, Statement, Step, StepKind, Value};
use aludel_sql_expression::typed::RowReader;

use super::{Echo, Parameters};

/// A sink that shows each row on its way.
struct EchoedRows<'a> {
    sink: &'a mut dyn Sink,
    echo: &'a Echo,
    token: Option<&'a str>,
}

impl Sink for EchoedRows<'_> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        self.echo.line(self.token, &format!("columns: {}", names.join(", ")));
        self.sink.columns(columns)
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let mut reader = RowReader::new(row);
        let values: aludel_sql_expression::Result<Vec<Value>> =
            (0..row.len()).map(|_| reader.next()).collect();
        match values {
            Ok(_) if self.echo.hide_parameters => self.echo.line(self.token, "row: hidden"),
            Ok(values) => self.echo.line(self.token, &format!("row: {}", Parameters(&values))),
            Err(error) => self.echo.line(self.token, &format!("row that cannot be shown: {error}")),
        }
        self.sink.row(row)
    }
}

/// What a step does, with its sink wrapped.
enum Wrapped<'a> {
    Control(aludel_driver::Control<'a>),
    Fetch(&'a Statement, &'a [Value], EchoedRows<'a>),
    Many(&'a Statement, ParameterSets<'a>, &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send)),
}

/// Runs steps whose rows are shown.
pub(crate) async fn run_shown(
    connection: &mut dyn aludel_driver::Connection,
    steps: &mut [Step<'_>],
    options: &aludel_driver::CallOptions,
    echo: &Echo,
    token: Option<&str>,
) -> Result<()> {
    let mut wrapped: Vec<Wrapped<'_>> = steps
        .iter_mut()
        .map(|step| match &mut step.kind {
            StepKind::Control(control) => Wrapped::Control(*control),
            StepKind::Fetch { statement, parameters, sink } => {
                Wrapped::Fetch(statement, parameters, EchoedRows { sink: &mut **sink, echo, token })
            }
            StepKind::ExecuteMany { statement, sets, each } => Wrapped::Many(statement, *sets, &mut **each),
        })
        .collect();
    let mut shown: Vec<Step<'_>> = wrapped
        .iter_mut()
        .map(|wrapped| {
            Step::new(match wrapped {
                Wrapped::Control(control) => StepKind::Control(*control),
                Wrapped::Fetch(statement, parameters, sink) => {
                    StepKind::Fetch { statement, parameters, sink }
                }
                Wrapped::Many(statement, sets, each) => {
                    StepKind::ExecuteMany { statement, sets: *sets, each: &mut **each }
                }
            })
        })
        .collect();
    let outcome = connection.run(&mut shown, options).await;
    let done: Vec<Option<Done>> = shown.iter().map(|step| step.done).collect();
    drop(shown);
    drop(wrapped);
    for (step, done) in steps.iter_mut().zip(done) {
        step.done = done;
    }
    outcome
}
