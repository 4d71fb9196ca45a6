//! [`Executor`]: who executes the statements that load what hangs on objects.

use aludel_driver::{Result, Sink};
use aludel_engine_pool::Connection;
use aludel_sql_expression::{StatementNode, StatementOptions};

use crate::{Session, events::OrmExecuteKind};

/// Who executes the statements that load what hangs on objects.
pub(crate) enum Executor<'a> {
    /// A session, whose listeners are told of them and may replace them.
    Session(&'a mut Session),
    /// The connection of a flush, which looks up what it has to know.
    Connection(&'a mut Connection),
}

impl Executor<'_> {
    /// Sends a statement that reads.
    pub(crate) async fn fetch(
        &mut self,
        mut node: StatementNode,
        kind: OrmExecuteKind,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        match self {
            Self::Session(session) => {
                let mut options = StatementOptions::new();
                if session.listens_to_execute() {
                    session.fire_do_orm_execute(&mut node, &mut options, kind).await?;
                }
                session.reading().await?.fetch_node_with(&node, &options, sink).await?;
            }
            Self::Connection(connection) => {
                connection.fetch_node(&node, sink).await?;
            }
        }
        Ok(())
    }

    /// The same for another call.
    pub(super) fn reborrow(&mut self) -> Executor<'_> {
        match self {
            Self::Session(session) => Executor::Session(session),
            Self::Connection(connection) => Executor::Connection(connection),
        }
    }
}

impl<'a> From<&'a mut Session> for Executor<'a> {
    fn from(session: &'a mut Session) -> Self {
        Self::Session(session)
    }
}

impl<'a> From<&'a mut Connection> for Executor<'a> {
    fn from(connection: &'a mut Connection) -> Self {
        Self::Connection(connection)
    }
}
