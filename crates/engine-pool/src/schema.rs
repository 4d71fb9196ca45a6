//! [`CreateAll`]: creates and drops the tables of a `MetaData`.

use std::{fmt, mem};

use aludel_driver::{Discard, Error, Result, Statement, Step, StepKind};
use aludel_events::{AsyncListeners, Event};
use aludel_sql_expression::{
    Executable, StatementOptions,
    schema::{DdlEvent, DdlStep, DdlTarget, MetaData, Present, Table},
    statement::Ddl,
    text, trusted,
};

use crate::{Connection, connection::Part};

/// Creates and drops what is in a [`MetaData`] on a connection: `metadata.create_all(conn).await?`.
pub trait CreateAll {
    /// Creates what is not there: sequences, types, tables with their indexes, each after those that it references, and
    /// views. One query shows what is there, however many tables there are; everything else is sent in one go where the
    /// backend can.
    ///
    /// It is part of the transaction like any other statement; MySQL commits at each of them.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a name that is too long for the database, and a constraint
    /// over a column that is not there; [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the database does not
    /// have, both before anything is sent; what the database and listeners say.
    fn create_all(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;

    /// Drops what is there, in the order of `create_all` turned round.
    ///
    /// # Errors
    /// As [`CreateAll::create_all`].
    fn drop_all(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;

    /// Creates all without asking what is there. What is there already is an error.
    ///
    /// Counterpart of SQLAlchemy's `create_all(checkfirst=False)`.
    ///
    /// # Errors
    /// As [`CreateAll::create_all`].
    fn create_all_unchecked(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;

    /// Drops all without asking what is there. What is not there is an error.
    ///
    /// # Errors
    /// As [`CreateAll::create_all`].
    fn drop_all_unchecked(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;

    /// Whether there is such a table or view.
    ///
    /// # Errors
    /// What the database says.
    fn has_table(
        &self,
        connection: &mut Connection,
        table: &Table,
    ) -> impl Future<Output = Result<bool>> + Send;
}

/// The event around the making and dropping of a table, a view, or all of a `MetaData`.
#[derive(Clone, Copy, Debug)]
pub enum SchemaEvent {}

impl Event for SchemaEvent {
    type Arguments<'a> = SchemaEventArguments<'a>;
    type Error = Error;
}

/// What a listener around the making and dropping of tables is given.
pub struct SchemaEventArguments<'a> {
    /// What is created or dropped.
    pub target: &'a DdlTarget,
    /// The connection on which it happens.
    pub connection: &'a mut Connection,
}

impl fmt::Debug for SchemaEventArguments<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SchemaEventArguments").field("target", &self.target).finish_non_exhaustive()
    }
}

impl CreateAll for MetaData {
    async fn create_all(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let dialect = connection.dialect();
        // What cannot be said at all is refused before anything is asked.
        self.create_plan(&*dialect, &Present::nothing(), true)?;
        let present = present(self, connection).await?.unwrap_or_default();
        let steps = self.create_plan(&*dialect, &present, true)?;
        run(connection, steps).await
    }

    async fn drop_all(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let dialect = connection.dialect();
        self.drop_plan(&*dialect, None, true)?;
        let present = present(self, connection).await?;
        let steps = self.drop_plan(&*dialect, present.as_ref(), true)?;
        run(connection, steps).await
    }

    async fn create_all_unchecked(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let steps = self.create_plan(&*connection.dialect(), &Present::nothing(), false)?;
        run(connection, steps).await
    }

    async fn drop_all_unchecked(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let steps = self.drop_plan(&*connection.dialect(), None, false)?;
        run(connection, steps).await
    }

    async fn has_table(&self, connection: &mut Connection, table: &Table) -> Result<bool> {
        connection.ready().await?;
        let lone = MetaData::new();
        lone.add(table);
        let dialect = connection.dialect();
        Ok(present(&lone, connection).await?.is_some_and(|present| present.has_table(table, &*dialect)))
    }
}

/// What the database has of all this; none: it cannot be asked.
async fn present(metadata: &MetaData, connection: &mut Connection) -> Result<Option<Present>> {
    if connection.engine().shared().is_mock {
        return Ok(None);
    }
    let dialect = connection.dialect();
    let wanted = metadata.wanted(&*dialect);
    if wanted.names.is_empty() {
        return Ok(Some(Present::nothing()));
    }
    let Some(query) = dialect.catalogue_query(&wanted)? else { return Ok(None) };
    let query = text(trusted(query)).returns::<(String, String, String, i64, i64)>();
    let mut present = Present::nothing();
    for (kind, schema, name, is_visible, folds) in connection.execute(query).all().await? {
        present.add(&kind, &schema, &name, is_visible != 0, folds != 0);
    }
    Ok(Some(present))
}

/// Takes the steps in order; what stands between two events that somebody listens to is sent in one go.
async fn run(connection: &mut Connection, steps: Vec<DdlStep>) -> Result<()> {
    let engine = connection.engine().clone();
    let events = engine.events();
    let mut waiting = Vec::new();
    for step in steps {
        match step {
            DdlStep::Statement(statement) => waiting.push(statement),
            DdlStep::Event(event, target) => {
                let listeners: &AsyncListeners<SchemaEvent> = match event {
                    DdlEvent::BeforeCreate => &events.before_create,
                    DdlEvent::AfterCreate => &events.after_create,
                    DdlEvent::BeforeDrop => &events.before_drop,
                    DdlEvent::AfterDrop => &events.after_drop,
                    _ => continue,
                };
                if listeners.is_empty() {
                    continue;
                }
                send(connection, &mem::take(&mut waiting)).await?;
                let mut arguments = SchemaEventArguments { target: &target, connection: &mut *connection };
                listeners.fire(&mut arguments).await?;
            }
            _ => {}
        }
    }
    send(connection, &waiting).await
}

async fn send(connection: &mut Connection, ddl: &[Ddl]) -> Result<()> {
    let options = connection.options_with(&StatementOptions::new());
    let mut statements: Vec<Statement> = Vec::with_capacity(ddl.len());
    for one in ddl {
        let rendered = connection.render(&one.node(), &options).await?;
        statements.extend(rendered.parts.iter().map(Part::statement));
    }
    let mut sinks = vec![Discard; statements.len()];
    let mut steps: Vec<Step<'_>> = statements
        .iter()
        .zip(&mut sinks)
        .map(|(statement, sink)| Step::new(StepKind::Fetch { statement, parameters: &[], sink }))
        .collect();
    let outcome = connection.run_steps(&mut steps).await;
    // Prepared forms may know tables as they were.
    connection.clear_statements();
    outcome
}
