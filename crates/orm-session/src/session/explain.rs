//! Plans of what a session sends.

use aludel_engine_pool::plan::Plan;

use aludel_sql_expression::StatementOptions;

use super::Session;
use crate::{Result, SessionExecutable, events::OrmExecuteKind};

impl Session {
    /// How the database would execute a statement, with what the loader options join to it; the statements that load further
    /// relationships are not told. The session is flushed before, as before each query, and `do_orm_execute` listeners have
    /// their say.
    ///
    /// # Errors
    /// As [`Connection::explain`](aludel_engine_pool::Connection::explain); those of the flush.
    pub async fn explain<S: SessionExecutable>(&mut self, statement: S) -> Result<Plan> {
        self.ask_plan(&statement, false).await
    }

    /// The same with what really came out of each step: the statement **is executed**, in a savepoint that is rolled back.
    /// Objects do not follow what it changes, since it is undone.
    ///
    /// # Errors
    /// As [`Connection::explain_analyze`](aludel_engine_pool::Connection::explain_analyze); those of the flush.
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub async fn explain_analyze<S: SessionExecutable>(&mut self, statement: S) -> Result<Plan> {
        self.ask_plan(&statement, true).await
    }

    async fn ask_plan<S: SessionExecutable>(&mut self, statement: &S, analyze: bool) -> Result<Plan> {
        let mut node = statement.prepare()?.node;
        if self.listens_to_execute() {
            let mut options = StatementOptions::new();
            self.fire_do_orm_execute(&mut node, &mut options, OrmExecuteKind::Statement).await?;
        }
        self.autoflush().await?;
        self.transaction().await?.explain_node(&node, analyze).await
    }
}
