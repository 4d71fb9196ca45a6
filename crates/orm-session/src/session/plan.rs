//! What a flush would send.

use aludel_driver::Result;

use super::Session;
use crate::{
    Plan,
    unit_of_work::{Draft, Flush, flush},
};

impl Session {
    /// What a flush would send now: its statements in order, with how many rows each stands for. Nothing is written, and
    /// the session stays as it is.
    ///
    /// It is the flush itself, of a copy of the objects. What it has to know of the database (the children of an object
    /// that is to be deleted) is looked up, inside the transaction. Keys that the database has yet to make are shown by a
    /// name: `<id of new Author 1>`. Listeners are not told of anything, and client-side defaults are made for the plan
    /// alone.
    ///
    /// # Examples
    /// `println!("{}", session.plan().await?);`
    ///
    /// # Errors
    /// As [`Session::flush`], for what can be known before anything is sent.
    ///
    /// # Cancel safety
    /// As any query.
    pub async fn plan(&mut self) -> Result<Plan> {
        self.check_usable()?;
        {
            let inner = self.graph().lock();
            if inner.touched.is_empty() && inner.foreign.is_empty() {
                return Ok(Plan::default());
            }
        }
        let (shared, graph) = (self.shared.clone(), self.graph().fork());
        let (connection, statements) = (self.transaction().await?, &shared.statements);
        let mut draft = Draft::default();
        let draft_of = Flush { connection, graph: &graph, statements, draft: Some(&mut draft) };
        flush(draft_of, false).await?;
        Ok(draft.finish())
    }
}
