//! Bulk loads: one prepared INSERT, executed for each row as it comes.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Instant,
};

use aludel_driver::{
    CallOptions, Result, Statement, Value,
    bulk::{BulkDone, BulkTarget, BulkWay, RowSource, in_rows},
};

use crate::{
    SqliteConnection,
    connection::GRACE,
    control::cancelled,
    error, parameter,
    patience::{Patience, wait},
    session::{Failure, Session, Trouble},
    step::{SETS_BETWEEN_LOOKS, SLICE, run_set},
};

/// How far a load has come.
struct Load {
    /// The row that is next, where it was asked for already.
    row: Vec<Value>,
    is_asked: bool,
    done: u64,
    is_over: bool,
    /// The error is that of the rows, which says itself which one it is.
    is_torn: bool,
}

impl SqliteConnection {
    /// Executes an INSERT for each row, in slices of a few milliseconds. No more than one row is in memory.
    pub(crate) async fn load_rows(
        &mut self,
        target: &BulkTarget,
        rows: &mut dyn RowSource,
        options: &CallOptions,
    ) -> Result<BulkDone> {
        let statement = Statement::new(target.insert(1)?);
        let sql = statement.sql();
        let mut patience = self.patience(options);
        let row = Vec::with_capacity(target.width());
        let mut load = Load { row, is_asked: false, done: 0, is_over: false, is_torn: false };
        self.ready()?;
        while !load.is_over {
            // Each row is too short for SQLite to look at the clock.
            patience.check().map_err(|error| error.with_statement(sql, None))?;
            let before = load.done;
            let slice = poll_fn(|context| self.poll_slice(context, &statement, rows, &patience, &mut load));
            let native = match slice.await {
                Ok(()) => {
                    self.end_call().await;
                    if !load.is_over {
                        tokio::task::yield_now().await;
                        // A transaction that somebody else ended in between is for the next row to find out.
                        self.ready()?;
                    }
                    patience.refresh();
                    continue;
                }
                Err(Trouble::Failed(error)) if load.is_torn => return Err(error),
                Err(Trouble::Failed(error)) => return Err(in_rows(error, target, load.done + 1, 1)),
                Err(Trouble::Long) => return Err(error::lost(self.target())),
                Err(Trouble::Busy(native)) if self.ready()?.watch.is_given_up() => {
                    return Err(cancelled(native, sql));
                }
                Err(Trouble::Busy(native)) => native,
            };
            if load.done > before {
                patience.refresh();
            }
            let pause = patience.pause(native).map_err(|error| error.with_statement(sql, None))?;
            wait(pause).await;
        }
        Ok(BulkDone { rows: load.done, way: BulkWay::PreparedLoop })
    }

    /// Inserts rows for a moment, or until one has to be waited for.
    fn poll_slice(
        &mut self,
        context: &mut Context<'_>,
        statement: &Statement,
        rows: &mut dyn RowSource,
        patience: &Patience,
        load: &mut Load,
    ) -> Poll<Result<(), Trouble>> {
        let session = match self.parts() {
            Ok((session, _)) => session,
            Err(error) => return Poll::Ready(Err(Trouble::Failed(error))),
        };
        let attempt = session.attempt(Some(statement.sql()), patience, false, |session| {
            session.watch.set_deadline(patience.deadline().and_then(|deadline| deadline.checked_add(GRACE)));
            session.load_slice(context, statement, rows, load)
        });
        match attempt {
            Ok(true) => Poll::Pending,
            Ok(false) => Poll::Ready(Ok(())),
            Err(trouble) => Poll::Ready(Err(trouble)),
        }
    }
}

impl Session {
    /// True: the next row has to be waited for.
    fn load_slice(
        &mut self,
        context: &mut Context<'_>,
        statement: &Statement,
        rows: &mut dyn RowSource,
        load: &mut Load,
    ) -> Result<bool, Failure> {
        let Self { database, watch, .. } = self;
        database.with(statement, |_, prepared, learned| {
            watch.keep_here();
            let started = Instant::now();
            let mut is_copied = false;
            let is_waiting = loop {
                if !load.is_asked {
                    load.row.clear();
                    match rows.poll_row(context, &mut load.row) {
                        Poll::Ready(Ok(true)) => load.is_asked = true,
                        Poll::Ready(Ok(false)) => {
                            load.is_over = true;
                            break false;
                        }
                        Poll::Ready(Err(error)) => {
                            load.is_torn = true;
                            return Err(Failure::Sink(error));
                        }
                        Poll::Pending => break true,
                    }
                    if load.done == 0 {
                        parameter::check_count(learned.parameters, load.row.len())?;
                    }
                }
                is_copied |= parameter::bind_all(prepared, &load.row)?;
                run_set(prepared, false, watch)?;
                load.is_asked = false;
                load.done += 1;
                if load.done.is_multiple_of(SETS_BETWEEN_LOOKS as u64) && started.elapsed() > SLICE {
                    break false;
                }
            };
            if is_copied {
                prepared.clear_bindings();
            }
            Ok(is_waiting)
        })
    }
}
