//! [`Checked`]: rows as the driver asks for them: checked, counted and told of.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use aludel_driver::{
    Error, ErrorKind, Result, Value,
    bulk::{BulkTarget, RowSource},
};
use aludel_sql_expression::{Error as SqlError, value::ValueSink};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Rows;

/// After how many rows that came at once the clock is looked at.
const ROWS_BETWEEN_LOOKS: u64 = 1024;

/// Who is told how many rows were given to the database.
pub(crate) struct Progress<'c> {
    every: u64,
    tell: Box<dyn FnMut(u64) + Send + 'c>,
    told: Option<u64>,
}

impl<'c> Progress<'c> {
    pub(super) fn new(every: u64, tell: Box<dyn FnMut(u64) + Send + 'c>) -> Self {
        Self { every, tell, told: None }
    }

    /// So many rows were given.
    #[inline]
    fn given(&mut self, rows: u64) {
        if rows > 0 && rows.is_multiple_of(self.every) {
            self.say(rows);
        }
    }

    /// There were so many rows.
    pub(crate) fn end(&mut self, rows: u64) {
        self.say(rows);
    }

    fn say(&mut self, rows: u64) {
        if self.told != Some(rows) {
            self.told = Some(rows);
            (self.tell)(rows);
        }
    }
}

/// Rows as the driver asks for them: checked, counted and told of.
pub(crate) struct Checked<'r, 'c> {
    rows: &'r mut (dyn Rows + 'c),
    target: &'r BulkTarget,
    /// The first row, which was asked for before, because it says which columns there are.
    first: Option<Vec<Value>>,
    count: u64,
    progress: Option<&'r mut Progress<'c>>,
    deadline: Option<Deadline>,
}

/// Until when the rows have to come.
struct Deadline {
    limit: Duration,
    at: Instant,
    /// Set when they are waited for.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<'r, 'c> Checked<'r, 'c> {
    pub(crate) fn new(
        rows: &'r mut (dyn Rows + 'c),
        target: &'r BulkTarget,
        first: Vec<Value>,
        progress: Option<&'r mut Progress<'c>>,
        limit: Option<Duration>,
    ) -> Self {
        let deadline = limit
            .and_then(|limit| Some(Deadline { limit, at: Instant::now().checked_add(limit)?, sleep: None }));
        Self { rows, target, first: Some(first), count: 0, progress, deadline }
    }

    /// Whether the rows have taken too long.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(deadline) = &mut self.deadline else { return Poll::Pending };
        let sleep = deadline.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline.at)));
        match sleep.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(self.late())),
        }
    }

    #[cold]
    fn late(&self) -> Error {
        let limit = self.deadline.as_ref().map(|deadline| deadline.limit).unwrap_or_default();
        let message = format!("it was not there when the load had taken its limit of {limit:?}");
        self.in_row(Error::new(ErrorKind::Timeout, message))
    }

    /// Who asks for the next row has taken the others.
    #[inline]
    fn go_on(&mut self) -> Result<()> {
        if let Some(progress) = &mut self.progress {
            progress.given(self.count);
        }
        if let Some(deadline) = &self.deadline
            && self.count % ROWS_BETWEEN_LOOKS == ROWS_BETWEEN_LOOKS - 1
            && Instant::now() >= deadline.at
        {
            return Err(self.late());
        }
        Ok(())
    }

    /// What was said when a row was asked for, with its number where it failed; and how long it may take.
    #[inline]
    fn poll_arrived(&mut self, context: &mut Context<'_>, polled: Poll<Result<bool>>) -> Poll<Result<bool>> {
        match polled {
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.in_row(error))),
            Poll::Ready(arrived) => Poll::Ready(arrived),
            Poll::Pending => self.poll_late(context),
        }
    }

    /// One row more is there, if its values are right.
    #[inline]
    fn count_in(&mut self, checked: Result<(), SqlError>) -> Result<bool> {
        checked.map_err(|error| self.in_row(error.into()))?;
        self.count += 1;
        Ok(true)
    }

    #[cold]
    fn in_row(&self, error: Error) -> Error {
        error.context(format_args!("row {}", self.count + 1))
    }
}

impl RowSource for Checked<'_, '_> {
    fn poll_row(&mut self, context: &mut Context<'_>, values: &mut Vec<Value>) -> Poll<Result<bool>> {
        self.go_on()?;
        let start = values.len();
        match self.first.take() {
            Some(first) => values.extend(first),
            None => {
                let polled = self.rows.poll_row(context, values);
                if !ready!(self.poll_arrived(context, polled))? {
                    return Poll::Ready(Ok(false));
                }
            }
        }
        Poll::Ready(self.count_in(self.target.check(&values[start..])))
    }

    fn poll_row_to(&mut self, context: &mut Context<'_>, sink: &mut dyn ValueSink) -> Poll<Result<bool>> {
        self.go_on()?;
        let mut checking = Checking { target: self.target, sink, width: 0, refused: None };
        match self.first.take() {
            Some(first) => first.into_iter().for_each(|value| checking.value(value)),
            None => {
                let polled = self.rows.poll_row_to(context, &mut checking);
                if !ready!(self.poll_arrived(context, polled))? {
                    return Poll::Ready(Ok(false));
                }
            }
        }
        Poll::Ready(self.count_in(checking.end()))
    }
}

/// Checks the values of a row on their way to a sink.
struct Checking<'s> {
    target: &'s BulkTarget,
    sink: &'s mut dyn ValueSink,
    /// How many values there were.
    width: usize,
    /// Why the first value that its column cannot hold is none for it.
    refused: Option<SqlError>,
}

impl Checking<'_> {
    #[inline]
    fn check(&mut self, value: &Value) {
        if let Err(error) = self.target.check_value(self.width, value) {
            self.refused.get_or_insert(error);
        }
        self.width += 1;
    }

    /// The row is whole.
    fn end(self) -> Result<(), SqlError> {
        self.target.check_width(self.width)?;
        self.refused.map_or(Ok(()), Err)
    }
}

impl ValueSink for Checking<'_> {
    #[inline]
    fn integer(&mut self, number: i64) {
        self.check(&Value::I64(number));
        self.sink.integer(number);
    }

    // There are no bounds for texts, and none for NULL.
    #[inline]
    fn text(&mut self, text: &str) {
        self.width += 1;
        self.sink.text(text);
    }

    #[inline]
    fn null(&mut self) {
        self.width += 1;
        self.sink.null();
    }

    fn other(&mut self, value: Value) {
        self.check(&value);
        self.sink.other(value);
    }
}
