//! Executing typed statements.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use aludel_driver::{
    CallOptions, Discard, Done, Error, ErrorKind, ParameterSets, Result, Sink, Statement, Step, StepKind,
    Value,
};
use aludel_sql_expression::{
    Cell, CompiledCache, Dialect, DynamicRow, Executable, Few, Rendered, RenderedPart, ScalarExecutable,
    StatementKind, StatementNode, StatementOptions,
    compile::{Ready, Single, parameter_column},
    statement::{IntoSqlText, text},
};

use super::{Connection, at_once::AtOnce, closed};
use crate::{
    CursorResult, Run,
    events::{AfterExecuteArguments, BeforeExecuteArguments, tell},
    execution_options::Resolved,
    result::{FunctionSink, Held, RowSink, Target, multiple_results, no_result},
    transaction::{Flight, Phase},
};

/// Keeps nothing, for statements that ask for it.
static NO_CACHE: LazyLock<CompiledCache> = LazyLock::new(|| CompiledCache::new(0));

impl Connection {
    /// Executes a statement: await it for a [`CursorResult`], or go on with `.all()`, `.one()` and the like.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) when the dialect cannot say it; what the database says;
    /// [`ErrorKind::PendingRollback`](crate::ErrorKind::PendingRollback) when the transaction failed before.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::text;
    /// # async fn run(conn: &mut Connection) -> Result<()> {
    /// conn.execute(text("UPDATE users SET name = :n").bind("n", "x")).await?;
    /// let names: Vec<(String,)> = conn.execute(text("SELECT name FROM users").returns::<(String,)>()).all().await?;
    /// conn.commit().await?;
    /// # Ok(()) }
    /// ```
    pub fn execute<S: Executable>(&mut self, statement: S) -> Run<'_, S> {
        let options = self.options_for(&statement);
        Run::new(self, statement, options)
    }

    /// The first value of the first row: none when there is no row, and when the value is NULL.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn scalar<T: Send, S: ScalarExecutable<T>>(&mut self, statement: S) -> Result<Option<T>> {
        let mut sink = FunctionSink::new(1, |row: &dyn aludel_driver::Row| match row.cell(0)? {
            Cell::Null => Ok(None),
            _ => Ok(Some(statement.decode_scalar(row)?)),
        });
        let options = self.options_for(&statement);
        self.run_into(&statement.node(), &options, Target::Rows(&mut sink)).await?;
        Ok(sink.values.pop().flatten())
    }

    /// The first value of the only row; read it into `Option` where it may be NULL.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::NoResultFound`](crate::ErrorKind::NoResultFound),
    /// [`ErrorKind::MultipleResultsFound`](crate::ErrorKind::MultipleResultsFound).
    pub async fn scalar_one<T: Send, S: ScalarExecutable<T>>(&mut self, statement: S) -> Result<T> {
        let mut sink = FunctionSink::new(2, |row: &dyn aludel_driver::Row| Ok(statement.decode_scalar(row)?));
        let options = self.options_for(&statement);
        self.run_into(&statement.node(), &options, Target::Rows(&mut sink)).await?;
        match sink.values.len() {
            0 | 1 => sink.values.pop().ok_or_else(no_result),
            more => Err(multiple_results(more)),
        }
    }

    /// The first value of the only row, where there is one; read it into `Option` where it may be NULL.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::MultipleResultsFound`](crate::ErrorKind::MultipleResultsFound).
    pub async fn scalar_one_or_none<T: Send, S: ScalarExecutable<T>>(
        &mut self,
        statement: S,
    ) -> Result<Option<T>> {
        match self.scalar_one(statement).await {
            Err(error) if error.kind() == ErrorKind::NoResultFound => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// The first value of each row; read them into `Option` where they may be NULL.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn scalars<T: Send, S: ScalarExecutable<T>>(&mut self, statement: S) -> Result<Vec<T>> {
        let mut sink =
            FunctionSink::new(usize::MAX, |row: &dyn aludel_driver::Row| Ok(statement.decode_scalar(row)?));
        let options = self.options_for(&statement);
        self.run_into(&statement.node(), &options, Target::Rows(&mut sink)).await?;
        Ok(sink.values)
    }

    /// Sends SQL as it is, with parameters in the driver's own style, and gives its rows untyped. It takes literals; a
    /// built text is marked by `trusted`.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn exec_driver_sql(
        &mut self,
        sql: impl IntoSqlText,
        parameters: Vec<Value>,
    ) -> Result<CursorResult<DynamicRow>> {
        let statement = Statement::new(&*sql.into_sql_text());
        // Only its way of reading rows is used.
        let reader = text("");
        let mut sink = RowSink::new(&reader, usize::MAX);
        let done = self.fetch_into(&statement, &parameters, &mut sink).await?;
        Ok(CursorResult::new(sink.rows, sink.columns, done))
    }

    /// Runs a script of several statements without parameters. It takes literals; a built text is marked by `trusted`.
    ///
    /// A script that begins and ends transactions itself needs [`Connection::set_autocommit`].
    ///
    /// # Errors
    /// What the database says, for the first statement that fails; on a database without transactional DDL what ran before
    /// it stays done.
    pub async fn batch(&mut self, script: impl IntoSqlText) -> Result<()> {
        let script = script.into_sql_text();
        self.send(&mut [], &CallOptions::default(), false).await?;
        self.echo_line(&script);
        let options = self.options.call.clone();
        self.status.flight = Flight::Statement;
        let outcome = self.pooled()?.batch(&script, &options).await;
        self.status.flight = Flight::None;
        match outcome {
            Ok(()) => {
                // Whatever it did to the tables, prepared forms may be out of date.
                self.clear_statements();
                self.follow_the_server();
                Ok(())
            }
            Err(error) => {
                let error = self.complete_error(error, None, &[]);
                self.absorb(&error);
                Err(error.context("the script failed"))
            }
        }
    }

    pub(crate) async fn run_statement<S: Executable>(
        &mut self,
        statement: &S,
        options: &Resolved,
        limit: usize,
    ) -> Result<CursorResult<S::Row>> {
        let mut sink = RowSink::new(statement, limit);
        if let Some(select) = statement.select_node()
            && let Some(done) = self.run_select_at_once(select, options, &mut sink)
        {
            let done = self.with_column(done, || statement.node())?;
            return Ok(CursorResult::new(sink.rows, sink.columns, done));
        }
        let done = match statement.reused() {
            Some(reused) => self.run_reused(&reused, options, &mut sink).await,
            None => None,
        };
        let done = match done {
            Some(done) => self.with_column(done, || statement.node())?,
            None => self.run_into(&statement.node(), options, Target::Rows(&mut sink)).await?,
        };
        Ok(CursorResult::new(sink.rows, sink.columns, done))
    }

    /// Compiles an untyped statement for just this server, and sends it: its rows go to the sink as the driver holds them.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn fetch_node(&mut self, node: &StatementNode, sink: &mut dyn Sink) -> Result<Done> {
        self.fetch_node_with(node, &StatementOptions::new(), sink).await
    }

    /// The same with what is to hold for this statement, over what the connection says.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    pub async fn fetch_node_with(
        &mut self,
        node: &StatementNode,
        options: &StatementOptions,
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        let options = self.options_with(options);
        self.run_into(node, &options, Target::Sink(sink)).await
    }

    /// Compiles a statement for just this server, and sends it.
    pub(crate) async fn run_into(
        &mut self,
        node: &StatementNode,
        options: &Resolved,
        mut target: Target<'_>,
    ) -> Result<Done> {
        let listeners = &self.engine.events().before_execute;
        if !listeners.is_empty() || !self.engine.events().after_execute.is_empty() {
            // In a box, so that those who do not listen need not carry it.
            return Box::pin(self.run_with_listeners(node.clone(), options, target)).await;
        }
        let outcome = match self.run_at_once(node, options, target.sink()) {
            AtOnce::Done(outcome) => outcome,
            AtOnce::Left(rendered) => self.run_node(node, rendered, options, target).await,
        };
        match outcome {
            Err(error) if error.parameter().is_some() => Err(self.name_column(error, node)),
            outcome => outcome,
        }
    }

    /// Says which column a refused value is for, where that is why a statement failed.
    #[inline]
    pub(crate) fn with_column<T>(
        &self,
        outcome: Result<T>,
        node: impl FnOnce() -> StatementNode,
    ) -> Result<T> {
        match outcome {
            Err(error) if error.parameter().is_some() => Err(self.name_column(error, &node())),
            outcome => outcome,
        }
    }

    /// Says which column a refused value is for, where the statement tells.
    #[cold]
    fn name_column(&self, error: Error, node: &StatementNode) -> Error {
        let Some((pooled, number)) = self.pooled.as_ref().zip(error.parameter()) else { return error };
        match parameter_column(node, &**pooled.named_dialect(), number) {
            Some(column) => error.in_column(&column),
            None => error,
        }
    }

    /// The same, for those who listen.
    async fn run_with_listeners(
        &mut self,
        mut node: StatementNode,
        options: &Resolved,
        target: Target<'_>,
    ) -> Result<Done> {
        self.ready().await?;
        let id = self.pooled()?.id();
        let listeners = &self.engine.events().before_execute;
        listeners.fire(&mut BeforeExecuteArguments { id, statement: &mut node })?;
        let done = self.run_node(&node, None, options, target).await;
        let done = self.with_column(done, || node.clone())?;
        tell(&self.engine.events().after_execute, AfterExecuteArguments { id, statement: &node, done });
        Ok(done)
    }

    async fn run_node(
        &mut self,
        node: &StatementNode,
        rendered: Option<Box<Rendered>>,
        options: &Resolved,
        mut target: Target<'_>,
    ) -> Result<Done> {
        let mut parameters = Few::new();
        let ready = match rendered {
            Some(rendered) => Ready::Rendered(rendered),
            None => {
                // Another server may speak another dialect, so the connection comes first.
                self.ready().await?;
                self.single_for(node, options, &mut parameters)?
            }
        };
        let rendered = match ready {
            Ready::Rendered(rendered) => rendered,
            Ready::Single(Single { sql, key, kind }) => {
                let statement = Statement::with_key(sql, key, true);
                let done = self.fetch_ready(&statement, &parameters, target.sink(), &options.call).await?;
                if kind == StatementKind::Ddl {
                    self.clear_statements();
                }
                return Ok(done);
            }
        };
        let done = match &*rendered.parts {
            [part] if part.sets <= 1 && rendered.row_order.is_none() => {
                let (statement, sink) = (part.statement(), target.sink());
                self.fetch_into_with(&statement, &part.parameters, sink, &options.call).await?
            }
            _ => Box::pin(self.run_parts(&rendered, &options.call, target)).await?,
        };
        if rendered.kind == StatementKind::Ddl {
            self.clear_statements();
        }
        Ok(done)
    }

    pub(crate) async fn render(&mut self, node: &StatementNode, options: &Resolved) -> Result<Rendered> {
        // Another server may speak another dialect, so the connection comes first.
        self.ready().await?;
        self.render_for(node, options)
    }

    /// The same for a connection that is there.
    pub(super) fn render_for(&self, node: &StatementNode, options: &Resolved) -> Result<Rendered> {
        let pooled = self.pooled.as_ref().ok_or_else(closed)?;
        let cache = match options.compiled_cache {
            true => &self.engine.shared().cache,
            false => &*NO_CACHE,
        };
        let dialect = in_schemas(pooled.named_dialect(), options)?;
        Ok(cache.render_in_pages(node, &dialect, options.insert_page_size)?)
    }

    /// The same without more around it than has to be, where the statement is one text.
    fn single_for(
        &self,
        node: &StatementNode,
        options: &Resolved,
        parameters: &mut Few<Value, 4>,
    ) -> Result<Ready> {
        let pooled = self.pooled.as_ref().ok_or_else(closed)?;
        let cache = match options.compiled_cache {
            true => &self.engine.shared().cache,
            false => &*NO_CACHE,
        };
        let dialect = in_schemas(pooled.named_dialect(), options)?;
        Ok(cache.single_or_render(node, &dialect, options.insert_page_size, parameters)?)
    }

    /// A statement that had to be cut into several. They stand or fall together, also without a transaction around them.
    pub(super) async fn run_parts(
        &mut self,
        rendered: &Rendered,
        options: &CallOptions,
        mut target: Target<'_>,
    ) -> Result<Done> {
        // Rows that cannot be told apart are an error after they are in.
        let may_be_refused = rendered.row_order.is_some();
        let is_cut =
            rendered.parts.len() > 1 || rendered.parts.iter().any(|part| part.sets > 1) || may_be_refused;
        let stands_alone = self.autocommit && matches!(self.status.phase, Phase::None) && is_cut;
        if stands_alone {
            self.status.begin(self.begin_options.clone(), false);
        }
        let outcome = match (&rendered.row_order, &mut target) {
            (None, target) if rendered.returns_rows => {
                self.run_parts_with_rows(rendered, options, target.sink()).await
            }
            (None, _) => self.run_parts_without_rows(rendered, options).await,
            (Some(order), Target::Rows(rows)) => self.run_in_order(rendered, order, options, *rows).await,
            (Some(order), Target::Sink(sink)) => {
                self.run_in_order(rendered, order, options, &mut Held::new(*sink)).await
            }
        };
        match outcome {
            Ok(done) if stands_alone => self.commit().await.map(|()| done),
            Err(error) if stands_alone => {
                let _ = self.rollback().await;
                Err(error)
            }
            outcome => outcome,
        }
    }

    async fn run_parts_with_rows(
        &mut self,
        rendered: &Rendered,
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        let mut total = Done::default();
        for part in &rendered.parts {
            let done = self.fetch_into_with(&part.statement(), &part.parameters, sink, options).await?;
            total = total.plus(done);
        }
        Ok(total)
    }

    async fn run_parts_without_rows(&mut self, rendered: &Rendered, options: &CallOptions) -> Result<Done> {
        let statements: Vec<Statement> = rendered.parts.iter().map(Part::statement).collect();
        let mut sinks: Vec<Discard> = vec![Discard; statements.len()];
        let mut ignored: Vec<_> = statements.iter().map(|_| |_: usize, _: Done| Ok(())).collect();
        let mut steps: Vec<Step<'_>> = Vec::with_capacity(statements.len());
        for (((part, statement), sink), each) in
            rendered.parts.iter().zip(&statements).zip(&mut sinks).zip(&mut ignored)
        {
            steps.push(Step::new(match part.sets {
                0 | 1 => StepKind::Fetch { statement, parameters: &part.parameters, sink },
                sets => {
                    let width = part.parameters.len() / sets;
                    StepKind::ExecuteMany {
                        statement,
                        sets: ParameterSets::new(&part.parameters, width, sets),
                        each,
                    }
                }
            }));
        }
        self.send(&mut steps, options, false).await?;
        Ok(steps.iter().filter_map(|step| step.done).fold(Done::default(), Done::plus))
    }
}

/// One of the statements that a statement was rendered into.
pub(crate) trait Part {
    /// What the driver is given.
    fn statement(&self) -> Statement;
}

impl Part for RenderedPart {
    fn statement(&self) -> Statement {
        Statement::with_key(self.sql.clone(), self.key, self.cacheable)
    }
}

pub(super) trait Plus {
    /// Both together.
    fn plus(self, other: Self) -> Self;
}

impl Plus for Done {
    fn plus(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, last_insert_id: other.last_insert_id.or(self.last_insert_id) }
    }
}

/// The dialect with the schemas that the options ask for.
pub(super) fn in_schemas<'d>(
    dialect: &'d Arc<dyn Dialect>,
    options: &Resolved,
) -> Result<Cow<'d, Arc<dyn Dialect>>> {
    let Some(schemas) = &options.schemas else { return Ok(Cow::Borrowed(dialect)) };
    match dialect.with_schemas(schemas.clone()) {
        Some(translated) => Ok(Cow::Owned(translated)),
        None => {
            let error = aludel_sql_expression::Error::unsupported("schema_translate_map", dialect.name());
            Err(error.into())
        }
    }
}
