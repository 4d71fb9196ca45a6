//! [`PostgresCursor`]: rows in batches; the rest waits in the socket and on the server.

use std::{ops::ControlFlow, pin::Pin, sync::Arc, time::Duration};

use aludel_driver::{BoxFuture, ColumnInfo, Cursor, Error, Result, Sink};
use futures_util::TryStreamExt as _;
use tokio_postgres::RowStream;

use crate::{
    PostgresConnection, answer,
    flight::{self, Ended, Flight},
    ledger::Ledger,
    prepared::Prepared,
    row::PostgresRow,
    wire::Opened,
};

/// An open result. The connection stays in flight until its last row is read or it is closed; when it is dropped before,
/// the connection is in doubt.
pub(crate) struct PostgresCursor<'a> {
    connection: &'a mut PostgresConnection,
    columns: Arc<[ColumnInfo]>,
    /// None: read to its end, or failed.
    open: Option<Open>,
    limit: Option<Duration>,
}

struct Open {
    prepared: Arc<Prepared>,
    stream: Pin<Box<RowStream>>,
    wrapped: bool,
    flight: Flight,
    /// A batch is being read. Set while nobody reads: its future was dropped.
    reading: bool,
}

/// How a batch ended.
enum Batch {
    /// There may be more rows.
    More,
    /// There are no more rows.
    End,
    /// The sink failed.
    Sink(Error),
}

impl<'a> PostgresCursor<'a> {
    /// Takes over an answer; the flight that it belongs to lands with its last row.
    pub(crate) fn new(
        connection: &'a mut PostgresConnection,
        flight: Flight,
        opened: Opened,
        limit: Option<Duration>,
    ) -> Self {
        let Opened { prepared, stream, wrapped } = opened;
        let columns = prepared.columns.clone();
        let open = Open { prepared, stream: Box::pin(stream), wrapped, flight, reading: false };
        Self { connection, columns, open: Some(open), limit }
    }

    /// Ends the answer, however it ended, and makes the connection free.
    async fn finish<T>(&mut self, ended: Ended<T>) -> Result<T> {
        let Some(Open { prepared, stream, wrapped, flight, .. }) = self.open.take() else {
            return self.connection.broken_off();
        };
        drop((stream, prepared));
        let wire = &mut self.connection.wire;
        let closed = if wrapped && !matches!(ended, Ended::InDoubt(_)) && wire.ledger.broken().is_none() {
            wire.close_wrapped().await
        } else {
            Ok(())
        };
        let result = self.connection.leave(flight, ended)?;
        closed.map(|()| result)
    }
}

impl Cursor for PostgresCursor<'_> {
    fn columns(&self) -> &Arc<[ColumnInfo]> {
        &self.columns
    }

    fn fetch<'a>(&'a mut self, rows: usize, sink: &'a mut dyn Sink) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let Some(open) = &mut self.open else {
                return Ok(false);
            };
            if open.reading {
                return self.connection.broken_off();
            }
            open.reading = true;
            let wire = &mut self.connection.wire;
            let canceller = wire.canceller.clone();
            let batch = read(&mut wire.ledger, open.stream.as_mut(), &open.prepared, rows, sink);
            let ended = flight::limit(&canceller, self.limit, batch).await;
            open.reading = false;
            match ended {
                Ended::Answered(Ok(Batch::More)) => Ok(true),
                Ended::Answered(Ok(Batch::Sink(error))) => Err(error),
                Ended::Late(Ok(Batch::More | Batch::Sink(_))) => {
                    // The rows came in time enough, but what comes behind them is the end.
                    open.reading = true;
                    let _ = answer::drain(&mut wire.ledger, &canceller, open.stream.as_mut()).await;
                    let late = Err(flight::timed_out(self.limit.unwrap_or_default()));
                    self.finish(Ended::Answered(late)).await
                }
                ended => match self.finish(ended).await? {
                    Batch::End => Ok(false),
                    Batch::More => self.connection.broken_off(),
                    Batch::Sink(error) => Err(error),
                },
            }
        })
    }

    fn close<'a>(mut self: Box<Self>) -> BoxFuture<'a, Result<()>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let Some(open) = &mut self.open else {
                return Ok(());
            };
            if open.reading {
                return self.connection.broken_off();
            }
            open.reading = true;
            let wire = &mut self.connection.wire;
            let drained = answer::drain(&mut wire.ledger, &wire.canceller, open.stream.as_mut()).await;
            self.finish(Ended::Answered(drained)).await
        })
    }
}

async fn read(
    ledger: &mut Ledger,
    mut stream: Pin<&mut RowStream>,
    prepared: &Prepared,
    rows: usize,
    sink: &mut dyn Sink,
) -> Result<Batch> {
    for _ in 0..rows {
        match stream.as_mut().try_next().await {
            Ok(Some(row)) => match sink.row(&PostgresRow::new(&row, &prepared.decoders)) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Batch::More),
                Err(error) => return Ok(Batch::Sink(error)),
            },
            Ok(None) => return Ok(Batch::End),
            Err(lower) => return Err(ledger.fail(lower)),
        }
    }
    Ok(Batch::More)
}
