//! [`CreateAll`]: creates and drops the tables of a `MetaData`.

use aludel_driver::{Discard, Result, Statement, Step, StepKind};
use aludel_sql_expression::{Executable, schema::MetaData, statement::Ddl};

use crate::{Connection, connection::Part, execution_options::Resolved};

/// Creates and drops the tables of a [`MetaData`] on a connection: `metadata.create_all(conn).await?`.
pub trait CreateAll {
    /// Creates the tables that are not there, with their indexes, each after those that it references. Everything is sent
    /// in one go where the backend can.
    ///
    /// It is part of the transaction like any other statement; MySQL commits at each of them.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for a type that the database does not have; what the database
    /// says.
    fn create_all(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;

    /// Drops the tables that are there, each before those that it references.
    ///
    /// # Errors
    /// What the database says.
    fn drop_all(&self, connection: &mut Connection) -> impl Future<Output = Result<()>> + Send;
}

impl CreateAll for MetaData {
    async fn create_all(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let statements = self.create_statements(&*connection.dialect(), true)?;
        run(connection, &statements).await
    }

    async fn drop_all(&self, connection: &mut Connection) -> Result<()> {
        connection.ready().await?;
        let statements = self.drop_statements(&*connection.dialect(), true)?;
        run(connection, &statements).await
    }
}

async fn run(connection: &mut Connection, ddl: &[Ddl]) -> Result<()> {
    let mut statements: Vec<Statement> = Vec::with_capacity(ddl.len());
    for one in ddl {
        let rendered = connection.render(&one.node(), &Resolved::default()).await?;
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
