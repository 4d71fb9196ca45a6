//! [`Rows`]: rows of an iterator or a stream, without their type.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use aludel_driver::{Error, Result, Value};
use aludel_sql_expression::{Name, value::ValueSink};
use futures_core::Stream;

use super::{BulkInto, RowShape};

/// Rows without their type.
pub(crate) trait Rows: Send {
    /// Adds the values of the next row behind those that are there; `false`: there are no more rows.
    fn poll_row(&mut self, context: &mut Context<'_>, values: &mut Vec<Value>) -> Poll<Result<bool>>;

    /// The same for a sink.
    fn poll_row_to(&mut self, context: &mut Context<'_>, sink: &mut dyn ValueSink) -> Poll<Result<bool>>;

    /// The columns that the first row had, where it said so.
    fn columns(&self) -> Option<&[Name]>;
}

/// Where rows come from.
pub(super) trait Pull: Send {
    /// What comes.
    type Row;

    /// The next one.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Self::Row>>>;
}

/// The rows of an iterator.
pub(super) fn iterated<I: Iterator + Send>(rows: I) -> impl Pull<Row = I::Item> {
    Iterated(rows)
}

/// The rows of a stream.
pub(super) fn streamed<S, R, E>(rows: S) -> impl Pull<Row = R>
where
    S: Stream<Item = std::result::Result<R, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Streamed(Box::pin(rows))
}

struct Iterated<I>(I);

impl<I: Iterator + Send> Pull for Iterated<I> {
    type Row = I::Item;

    #[inline]
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<I::Item>>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

struct Streamed<S>(Pin<Box<S>>);

impl<S, R, E> Pull for Streamed<S>
where
    S: Stream<Item = std::result::Result<R, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Row = R;

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<R>>> {
        self.0.as_mut().poll_next(context).map(|row| row.map(|row| row.map_err(own_error)))
    }
}

/// Our own errors stay what they are.
#[cold]
fn own_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::custom(other),
    }
}

/// Rows of one type, and what they are loaded into.
pub(super) struct TypedRows<S, P> {
    rows: S,
    into: P,
    shape: Option<RowShape>,
    /// Room for the values of a row that cannot go to a sink by itself.
    scratch: Vec<Value>,
}

impl<S: Pull, P: BulkInto<S::Row>> TypedRows<S, P> {
    pub(super) fn new(rows: S, into: P) -> Self {
        Self { rows, into, shape: None, scratch: Vec::new() }
    }

    /// The next row, and what the first one said.
    #[inline]
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<S::Row>>> {
        let Some(row) = ready!(self.rows.poll_next(context)) else { return Poll::Ready(Ok(None)) };
        let row = row?;
        if self.shape.is_none() {
            self.shape = Some(self.into.shape(&row));
        }
        Poll::Ready(Ok(Some(row)))
    }
}

impl<S: Pull, P: BulkInto<S::Row>> Rows for TypedRows<S, P> {
    fn poll_row(&mut self, context: &mut Context<'_>, values: &mut Vec<Value>) -> Poll<Result<bool>> {
        let (Some(row), Some(shape)) = (ready!(self.poll_next(context))?, &self.shape) else {
            return Poll::Ready(Ok(false));
        };
        Poll::Ready(self.into.write(row, shape, values).map(|()| true))
    }

    fn poll_row_to(&mut self, context: &mut Context<'_>, sink: &mut dyn ValueSink) -> Poll<Result<bool>> {
        let (Some(row), Some(shape)) = (ready!(self.poll_next(context))?, &self.shape) else {
            return Poll::Ready(Ok(false));
        };
        Poll::Ready(self.into.write_to(row, shape, &mut self.scratch, sink).map(|()| true))
    }

    fn columns(&self) -> Option<&[Name]> {
        self.shape.as_ref()?.columns.as_deref()
    }
}
