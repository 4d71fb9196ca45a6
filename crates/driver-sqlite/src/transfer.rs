//! [`Transfer`]: rows that come from a worker thread.

use std::{
    mem,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use aludel_driver::{ColumnInfo, Done, Result, Sink, Statement, Value};
use tokio::sync::mpsc;

use crate::{
    SqliteConnection,
    declared::CursorCommand,
    errand::Errand,
    learned::Pace,
    outlet::Outlet,
    patience::Patience,
    row_batch::RowBatch,
    verb::Verb,
    watch::{INLINE_BUDGET, Watch},
};

/// How many rows the first batch has: those that read a few rows need not wait for many.
const FIRST_BATCH: usize = 32;

/// How many batches wait between the worker and the reader.
const WAITING_BATCHES: usize = 1;

/// What a worker sends.
pub(crate) enum Parcel {
    /// The columns, before the rows. Not sent for a statement without columns.
    Columns(Arc<[ColumnInfo]>),
    /// Rows.
    Rows(RowBatch),
}

/// A statement that runs on a worker, with its rows coming over in batches. At most three batches are in memory.
pub(crate) struct Transfer<'c> {
    // Dropped before the errand waits for the worker, which would else wait for room.
    incoming: mpsc::Receiver<Message>,
    errand: Errand<'c, Result<Done>>,
    is_read_only: bool,
}

enum Message {
    Columns { columns: Arc<[ColumnInfo]>, is_read_only: bool },
    Rows(RowBatch),
}

impl<'c> Transfer<'c> {
    /// Starts a statement on a worker. With `pausable`, the deadline counts for each batch, as the reader takes its time.
    pub(crate) fn start(
        connection: &'c mut SqliteConnection,
        statement: &Statement,
        parameters: &[Value],
        mut patience: Patience,
        batch_size: usize,
        pausable: bool,
    ) -> Result<Self> {
        let (sender, incoming) = mpsc::channel(WAITING_BATCHES);
        let (statement, parameters) = (statement.clone(), parameters.to_vec());
        let errand = Errand::start(connection, move |session| {
            let verb = Verb::of(statement.sql());
            let mut outlet = Channel {
                sender,
                batch: RowBatch::default(),
                full_at: FIRST_BATCH.min(batch_size),
                batch_size,
                watch: session.watch.clone(),
                timeout: patience.timeout().filter(|_| pausable),
            };
            let started = Instant::now();
            let command = (verb == Verb::Cursor).then(|| CursorCommand::read(statement.sql())).flatten();
            let result = session.insist(Some(statement.sql()), &mut patience, |session| match command {
                None => session.run(&statement, &parameters, &mut outlet),
                Some(command) => session.run_cursor(command, &parameters, &mut outlet),
            });
            if result.is_ok() && !pausable && !matches!(verb, Verb::Schema | Verb::Cursor) {
                let is_short = started.elapsed() < INLINE_BUDGET / 4;
                session.learn_pace(&statement, if is_short { Pace::Short } else { Pace::Long });
            }
            result
        })?;
        Ok(Self { incoming, errand, is_read_only: false })
    }

    /// The next parcel; none when the statement has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<Parcel> {
        Some(match self.incoming.recv().await? {
            Message::Columns { columns, is_read_only } => {
                self.is_read_only = is_read_only;
                if !is_read_only {
                    // SQLite writes everything before the first row comes out.
                    self.errand.let_end_when_dropped();
                }
                Parcel::Columns(columns)
            }
            Message::Rows(batch) => Parcel::Rows(batch),
        })
    }

    /// Waits for the end, and takes the connection back.
    pub(crate) async fn finish(self) -> Result<Done> {
        drop(self.incoming);
        self.errand.finish().await?
    }

    /// Ends early: a query is stopped, a statement that writes is completed.
    pub(crate) async fn stop(self) -> Result<()> {
        drop(self.incoming);
        if self.is_read_only {
            self.errand.stop();
            // Being stopped is no failure.
            self.errand.finish().await.map(drop)
        } else {
            self.errand.finish().await?.map(drop)
        }
    }

    /// Gives all rows to a sink.
    pub(crate) async fn give(mut self, sink: &mut dyn Sink) -> Result<Done> {
        loop {
            let flow = match self.next().await {
                None => return self.finish().await,
                Some(Parcel::Columns(columns)) => sink.columns(&columns).map(|()| ControlFlow::Continue(())),
                Some(Parcel::Rows(batch)) => batch.give(sink),
            };
            match flow {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    self.stop().await?;
                    return Ok(Done::default());
                }
                Err(error) => {
                    self.stop().await?;
                    return Err(error);
                }
            }
        }
    }
}

/// The worker's end: collects rows into batches.
struct Channel {
    sender: mpsc::Sender<Message>,
    batch: RowBatch,
    full_at: usize,
    batch_size: usize,
    watch: Arc<Watch>,
    timeout: Option<Duration>,
}

impl Channel {
    /// Sends a message, waiting for room; breaks when nobody reads any more.
    fn send(&mut self, message: Message) -> ControlFlow<()> {
        if self.sender.blocking_send(message).is_err() {
            return ControlFlow::Break(());
        }
        if let Some(timeout) = self.timeout {
            self.watch.set_deadline(Instant::now().checked_add(timeout));
        }
        ControlFlow::Continue(())
    }
}

impl Outlet for Channel {
    const RESTARTABLE: bool = false;

    fn columns(&mut self, columns: &Arc<[ColumnInfo]>, is_read_only: bool) -> Result<()> {
        // A reader that is gone is noticed at the first row.
        let _ = self.send(Message::Columns { columns: columns.clone(), is_read_only });
        Ok(())
    }

    fn row(&mut self, row: &rusqlite::Row<'_>, width: usize) -> Result<ControlFlow<()>> {
        self.batch.push(row, width).map_err(crate::error::translate)?;
        if self.batch.len() < self.full_at {
            return Ok(ControlFlow::Continue(()));
        }
        self.full_at = self.full_at.saturating_mul(4).min(self.batch_size);
        let batch = mem::take(&mut self.batch);
        Ok(self.send(Message::Rows(batch)))
    }

    fn end(&mut self) {
        if !self.batch.is_empty() {
            let batch = mem::take(&mut self.batch);
            let _ = self.send(Message::Rows(batch));
        }
    }
}
