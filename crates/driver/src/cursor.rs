//! [`Cursor`]: rows in batches.

use std::sync::Arc;

use crate::{BoxFuture, ColumnInfo, Result, Sink};

/// An open result whose rows are fetched in batches; the rest waits on the server, in the socket or in the file.
pub trait Cursor: Send {
    /// The columns of the result, also when it has no rows.
    fn columns(&self) -> &Arc<[ColumnInfo]>;

    /// Gives up to `rows` rows to the sink (its `columns` is not called), and says whether there may be more.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection in doubt: it is closed, not handed out.
    fn fetch<'a>(&'a mut self, rows: usize, sink: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>>;

    /// Ends the result early, and leaves the connection ready for the next statement.
    fn close<'a>(self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a;
}
