//! Statements that a layer above has compiled before.

use aludel_driver::{CallOptions, Done, ParameterSets, Result, Sink, Statement, Step, StepKind, Value};

use super::{Connection, end::refuse_controls};
use crate::echo;

impl Connection {
    /// The parameters of a compiled statement as the echo shows them: shortened, and hidden where the engine hides them.
    /// `names` tells what values are called that are not known yet.
    pub fn show_parameters(
        &self,
        parameters: &[Value],
        sets: usize,
        names: &dyn Fn(&Value) -> Option<String>,
    ) -> String {
        echo::planned(parameters, sets, self.engine.shared().hide_parameters, names)
    }

    /// Sends compiled statements in order, in one go where the backend can; BEGIN and savepoints ride along where they are
    /// due. Stops at the first error; the steps that were done have their `done` set.
    ///
    /// # Errors
    /// What the database or a sink says; [`ErrorKind::PendingRollback`](crate::ErrorKind::PendingRollback) when the
    /// transaction failed before; [`ErrorKind::Argument`](crate::ErrorKind::Argument) when a step controls the
    /// transaction.
    ///
    /// # Cancel safety
    /// As the whole [`Connection`].
    pub async fn run_steps(&mut self, steps: &mut [Step<'_>]) -> Result<()> {
        let options = self.options.call.clone();
        self.run_steps_with(steps, &options).await
    }

    /// The same with options of its own: a deadline.
    ///
    /// # Errors
    /// As [`Connection::run_steps`].
    pub async fn run_steps_with(&mut self, steps: &mut [Step<'_>], options: &CallOptions) -> Result<()> {
        refuse_controls(steps)?;
        if steps.is_empty() {
            return Ok(());
        }
        self.send(steps, options, false).await
    }

    /// Sends one compiled statement, and gives its rows to the sink as the driver holds them.
    ///
    /// # Errors
    /// As [`Connection::run_steps`].
    pub async fn fetch_into(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        let options = self.options.call.clone();
        self.fetch_into_with(statement, parameters, sink, &options).await
    }

    pub(crate) async fn fetch_into_with(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        sink: &mut dyn Sink,
        options: &CallOptions,
    ) -> Result<Done> {
        if let Some(outcome) = self.fetch_at_once(statement, parameters, options, sink) {
            return outcome;
        }
        let mut steps = [Step::new(StepKind::Fetch { statement, parameters, sink })];
        self.send(&mut steps, options, false).await?;
        Ok(steps[0].done.unwrap_or_default())
    }

    /// The same for a connection that is there.
    pub(super) async fn fetch_ready(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        sink: &mut dyn Sink,
        options: &CallOptions,
    ) -> Result<Done> {
        if let Some(outcome) = self.fetch_at_once(statement, parameters, options, sink) {
            return outcome;
        }
        if self.may_fetch_plainly() {
            return self.fetch_plainly(statement, parameters, options, sink).await;
        }
        let mut steps = [Step::new(StepKind::Fetch { statement, parameters, sink })];
        self.send_ready(&mut steps, options, false).await?;
        Ok(steps[0].done.unwrap_or_default())
    }

    /// Sends one compiled statement for each set of parameters, and tells what each did, in order. Gives the sum.
    ///
    /// # Errors
    /// As [`Connection::run_steps`]; whatever `each` returns.
    pub async fn execute_many(
        &mut self,
        statement: &Statement,
        sets: ParameterSets<'_>,
        each: &mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> Result<Done> {
        let options = self.options.call.clone();
        let mut steps = [Step::new(StepKind::ExecuteMany { statement, sets, each })];
        self.send(&mut steps, &options, false).await?;
        Ok(steps[0].done.unwrap_or_default())
    }
}
