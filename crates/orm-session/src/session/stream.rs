//! Reading more than fits into memory.

use aludel_driver::Result;

use super::Session;
use crate::query::{SessionExecutable, SessionStream, SingleExecutable};

impl Session {
    /// Executes a query, and gives its objects and values in batches of 1000, or as many as
    /// [`yield_per`](crate::SessionRun::yield_per) says: `session.execute(..).yield_per(100).stream()`. Pending changes are
    /// flushed before it is sent, unless autoflush is off.
    ///
    /// Objects that nobody holds are released as the stream goes on. `selectinload` sends its statements for each batch. On
    /// PostgreSQL and SQLite these run between two batches of the result. MySQL and MariaDB give a connection nothing else to do
    /// until a result is read to its end: there the rows are read out first, and wait in memory as plain values (some 130 bytes
    /// for a row of a number and a short text), while objects are still made batch by batch. For more than fits, read parts with `limit`
    /// and a condition on the key, or leave `selectinload` out.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a joined collection, whose objects come in several
    /// rows, and for a statement that writes; what the database says.
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_orm_session::{Mapped, Result, Session};
    /// # use aludel_sql_expression::{Entity, select};
    /// # async fn run<M: Mapped>(session: &mut Session, book: Entity<M>) -> Result<()> {
    /// let mut books = session.stream(select(book)).await?;
    /// while let Some(book) = books.next().await? {
    ///     println!("{:?}", book.state());
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn stream<S: SessionExecutable>(&mut self, statement: S) -> Result<SessionStream<'_, S>> {
        self.execute(statement).stream().await
    }

    /// The same for a statement that gives one thing for each row.
    ///
    /// # Errors
    /// As [`Session::stream`].
    ///
    /// # Cancel safety
    /// As [`Session::stream`].
    pub async fn stream_scalars<S: SingleExecutable>(
        &mut self,
        statement: S,
    ) -> Result<SessionStream<'_, S>> {
        self.scalars(statement).stream().await
    }

    /// Releases the clean objects that no handle reaches, and says how many these were: the session forgets them, and the
    /// next query or `get` loads them anew. For work that goes through more objects than it should keep.
    ///
    /// What was changed, is new or to be deleted, or is linked from an object that is held, stays.
    pub fn prune(&mut self) -> usize {
        self.graph().release_unheld(0)
    }
}
