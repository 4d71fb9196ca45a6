//! Bulk loads: prepared INSERTs of up to a hundred rows, which take SQLite a third less than one for each row.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Instant,
};

use aludel_driver::{
    CallOptions, Connection as _, Result, Statement, Value,
    bulk::{BulkDone, BulkTarget, BulkWay, RowSource, in_rows, size_of_value},
};

use crate::{
    SqliteConnection,
    connection::GRACE,
    control::cancelled,
    error,
    insert::MOST_BYTES,
    patience::{Patience, wait},
    session::{Failure, Session, Trouble},
    step::SLICE,
};

/// Numbers of rows that an INSERT is prepared for.
const SIZES: [usize; 3] = [100, 10, 1];

/// How far a load has come.
struct Load<'t> {
    /// The INSERTs, from the largest to that of one row, with how many rows each takes.
    statements: Vec<(usize, Statement)>,
    target: &'t BulkTarget,
    /// Rows that were asked for, and are not all inserted.
    values: Vec<Value>,
    /// How many of them there are, and how many of these are inserted.
    asked: usize,
    inserted: usize,
    bytes: usize,
    /// So many of them go one by one, so that the one which fails is known.
    alone: usize,
    done: u64,
    /// There are no more rows to be asked for.
    is_over: bool,
    /// The error is that of the rows, which says itself which one it is.
    is_torn: bool,
}

impl<'t> Load<'t> {
    fn new(target: &'t BulkTarget, max_parameters: usize) -> Result<Self> {
        let width = target.width();
        let fitting = SIZES.into_iter().filter(|size| *size == 1 || size * width <= max_parameters);
        let statements = fitting.map(|size| Ok((size, Statement::new(target.insert(size)?))));
        Ok(Self {
            statements: statements.collect::<Result<_>>()?,
            target,
            values: Vec::new(),
            asked: 0,
            inserted: 0,
            bytes: 0,
            alone: 0,
            done: 0,
            is_over: false,
            is_torn: false,
        })
    }

    /// The INSERT of one row, which stands for all of them in errors.
    fn of_one(&self) -> &Statement {
        &self.statements[self.statements.len() - 1].1
    }

    /// Asks for rows, until there are as many as one INSERT takes. True: the next one has to be waited for.
    fn ask(&mut self, context: &mut Context<'_>, rows: &mut dyn RowSource) -> Result<bool, Failure> {
        if self.inserted == self.asked {
            self.values.clear();
            (self.asked, self.inserted, self.bytes) = (0, 0, 0);
        }
        let most = self.statements[0].0;
        while !self.is_over && self.asked < most && self.bytes < MOST_BYTES {
            let start = self.values.len();
            match rows.poll_row(context, &mut self.values) {
                Poll::Ready(Ok(true)) => {
                    self.asked += 1;
                    self.bytes += self.values[start..].iter().map(size_of_value).sum::<usize>();
                }
                Poll::Ready(Ok(false)) => self.is_over = true,
                Poll::Ready(Err(error)) => {
                    self.is_torn = true;
                    return Err(Failure::Sink(error));
                }
                Poll::Pending => return Ok(true),
            }
        }
        Ok(false)
    }

    /// The INSERT that comes next, and how many rows it takes.
    fn next(&self) -> (usize, &Statement) {
        let left = if self.alone > 0 { 1 } else { self.asked - self.inserted };
        let fitting = self.statements.iter().find(|(size, _)| *size <= left);
        fitting.map_or((1, self.of_one()), |(size, statement)| (*size, statement))
    }

    fn is_at_end(&self) -> bool {
        self.is_over && self.inserted == self.asked
    }
}

impl SqliteConnection {
    /// Inserts rows as they come, in slices of a few milliseconds.
    pub(crate) async fn load_rows(
        &mut self,
        target: &BulkTarget,
        rows: &mut dyn RowSource,
        options: &CallOptions,
    ) -> Result<BulkDone> {
        let mut load = Load::new(target, self.capabilities().max_parameters)?;
        let sql = load.of_one().sql().clone();
        let mut patience = self.patience(options);
        self.ready()?;
        while !load.is_at_end() {
            // Each INSERT is too short for SQLite to look at the clock.
            patience.check().map_err(|error| error.with_statement(&sql, None))?;
            let before = load.done;
            let native = match poll_fn(|context| self.poll_slice(context, rows, &patience, &mut load)).await {
                Ok(()) => {
                    self.end_call().await;
                    if !load.is_at_end() {
                        tokio::task::yield_now().await;
                        // A transaction that somebody else ended in between is for the next row to find out.
                        self.ready()?;
                    }
                    patience.refresh();
                    continue;
                }
                Err(Trouble::Failed(error)) if load.is_torn => return Err(error),
                Err(Trouble::Failed(error)) => {
                    let count = load.next().0 as u64;
                    return Err(in_rows(error, target, load.done + 1, count));
                }
                Err(Trouble::Long) => return Err(error::lost(self.target())),
                Err(Trouble::Busy(native)) if self.ready()?.watch.is_given_up() => {
                    return Err(cancelled(native, &sql));
                }
                Err(Trouble::Busy(native)) => native,
            };
            if load.done > before {
                patience.refresh();
            }
            let pause = patience.pause(native).map_err(|error| error.with_statement(&sql, None))?;
            wait(pause).await;
        }
        Ok(BulkDone { rows: load.done, way: BulkWay::MultiRow })
    }

    /// Inserts rows for a moment, or until one has to be waited for.
    fn poll_slice(
        &mut self,
        context: &mut Context<'_>,
        rows: &mut dyn RowSource,
        patience: &Patience,
        load: &mut Load<'_>,
    ) -> Poll<Result<(), Trouble>> {
        let session = match self.parts() {
            Ok((session, _)) => session,
            Err(error) => return Poll::Ready(Err(Trouble::Failed(error))),
        };
        let sql = load.of_one().sql().clone();
        let attempt = session.attempt(Some(&sql), patience, false, |session| {
            session.watch.set_deadline(patience.deadline().and_then(|deadline| deadline.checked_add(GRACE)));
            session.load_slice(context, rows, load)
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
        rows: &mut dyn RowSource,
        load: &mut Load<'_>,
    ) -> Result<bool, Failure> {
        let started = Instant::now();
        loop {
            if load.ask(context, rows)? {
                return Ok(true);
            }
            while load.inserted < load.asked {
                self.insert_some(load)?;
            }
            if load.is_over || started.elapsed() > SLICE {
                return Ok(false);
            }
        }
    }

    /// Executes the next INSERT. One of many rows that fails is taken back by SQLite as a whole, and is done again row by row.
    fn insert_some(&mut self, load: &mut Load<'_>) -> Result<(), Failure> {
        let was_in_transaction = self.is_in_transaction();
        let (size, statement) = load.next();
        let width = load.target.width();
        let values = &load.values[load.inserted * width..(load.inserted + size) * width];
        let outcome = self.insert_rows(statement, values);
        match outcome {
            Ok(_) => {
                load.inserted += size;
                load.done += size as u64;
                load.alone = load.alone.saturating_sub(size);
                Ok(())
            }
            Err(Failure::Native(native))
                if size > 1
                    && !error::is_busy(&native)
                    && !error::is_interrupt(&native)
                    && was_in_transaction == self.is_in_transaction() =>
            {
                load.alone = size;
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }
}
