//! [`MySqlCursor`]: rows in batches, straight off the socket.

use std::{sync::Arc, time::Duration};

use aludel_driver::{BoxFuture, CallOptions, ColumnInfo, Cursor, Error, ErrorKind, Result, Sink};

use crate::{
    connection::MySqlConnection,
    deadline,
    exchange::{Answer, Flow},
    shape::Shape,
    wire::Protocol,
};

/// An open result: its rows wait in the socket, and the server waits with them, so that memory is bounded.
///
/// While it is open, the connection's mark of a call under way is set. A cursor that is dropped before its end leaves the
/// mark set, and with it the connection in doubt.
pub(crate) struct MySqlCursor<'a> {
    connection: &'a mut MySqlConnection,
    sql: Arc<str>,
    shape: Option<Arc<Shape>>,
    columns: Arc<[ColumnInfo]>,
    protocol: Protocol,
    options: CallOptions,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There may be more rows.
    Open,
    /// A call is under way, or was dropped.
    Busy,
    /// There are no more rows.
    Ended,
}

impl<'a> MySqlCursor<'a> {
    /// A cursor over an answer of which no row was read yet; each fetch may take as long as the timeout says.
    pub(crate) async fn new(
        connection: &'a mut MySqlConnection,
        sql: &Arc<str>,
        answer: Answer,
        timeout: Option<Duration>,
    ) -> Result<Self> {
        let Answer { shape, protocol } = answer;
        let mut state = State::Open;
        if shape.is_none() {
            connection.finish(protocol, sql).await?;
            state = State::Ended;
        }
        let columns = shape.as_ref().map_or_else(Arc::default, |shape| shape.columns.clone());
        let options = CallOptions { timeout, ..CallOptions::default() };
        Ok(Self { connection, sql: sql.clone(), shape, columns, protocol, options, state })
    }

    async fn read(&mut self, rows: usize, sink: &mut dyn Sink) -> Result<bool> {
        let Some(shape) = self.shape.clone() else { return Ok(false) };
        match self.connection.read_rows(self.protocol, &shape, &self.sql, rows, sink).await? {
            (_, Flow::Enough) => Ok(true),
            (_, Flow::End) => {
                self.connection.finish(self.protocol, &self.sql).await?;
                Ok(false)
            }
        }
    }

    /// Marks a call as under way; false when there is nothing to do any more.
    fn enter(&mut self) -> Result<bool> {
        match self.state {
            State::Open => {
                self.state = State::Busy;
                Ok(true)
            }
            State::Ended => Ok(false),
            State::Busy => Err(Error::new(
                ErrorKind::Operational,
                "an earlier call on this cursor was dropped half-way, so that its connection cannot be used any more",
            )
            .with_disconnect()),
        }
    }
}

impl Cursor for MySqlCursor<'_> {
    fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.columns
    }

    fn fetch<'a>(&'a mut self, rows: usize, sink: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            if !self.enter()? {
                return Ok(false);
            }
            let options = self.options.clone();
            let kill = self.connection.kill.clone();
            let ended = deadline::keep(kill, options.timeout, self.read(rows, sink)).await;
            let outcome = self.connection.settle(ended, options.timeout).await;
            // After an error the result is gone, in one way or the other.
            self.state = if matches!(outcome, Ok(true)) { State::Open } else { State::Ended };
            outcome
        })
    }

    fn close<'a>(mut self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            if !self.enter()? {
                return Ok(());
            }
            let (protocol, sql) = (self.protocol, self.sql.clone());
            self.connection.discard(protocol, &sql).await
        })
    }
}
