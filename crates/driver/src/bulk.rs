//! [`RowSource`]: rows on their way into a table; [`insert_rows`]: loads them by INSERTs.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Instant,
};

pub use aludel_sql_expression::compile::{BulkColumn, BulkTarget};
use aludel_sql_expression::value::{Packed, ValueSink};

use crate::{
    CallOptions, Connection, Discard, Done, Error, ErrorKind, ParameterSets, Result, Statement, Value,
};

/// Numbers of rows that one INSERT is written for. There are few, so that the texts stay prepared.
const SIZES: [usize; 4] = [1000, 100, 10, 1];

/// From so many bytes on, rows are sent without waiting for more.
const MOST_BYTES: usize = 1 << 20;

/// Many rows on their way into a table, one after the other. They are asked for as they are needed, and none is kept: so
/// there may be more than fit into memory.
pub trait RowSource: Send {
    /// Adds the values of the next row behind those that are there; `false`: there are no more rows.
    ///
    /// They were checked against the [`BulkTarget`] already. Values of texts and bytes move in, so that a row needs no
    /// list of its own.
    ///
    /// # Errors
    /// What keeps the row from being loaded, with its number. The load ends with it, and nothing stays.
    fn poll_row(&mut self, context: &mut Context<'_>, values: &mut Vec<Value>) -> Poll<Result<bool>>;

    /// The same for a sink, which makes what is sent of the values at once. After an error it may have got some of them.
    ///
    /// # Errors
    /// As [`poll_row`](Self::poll_row).
    fn poll_row_to(&mut self, context: &mut Context<'_>, sink: &mut dyn ValueSink) -> Poll<Result<bool>> {
        let mut values = Vec::new();
        let polled = self.poll_row(context, &mut values);
        values.into_iter().for_each(|value| sink.value(value));
        polled
    }
}

/// What a bulk load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkDone {
    /// How many rows there were.
    pub rows: u64,
    /// How they were loaded.
    pub way: BulkWay,
}

/// How rows were loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkWay {
    /// COPY in PostgreSQL's binary form.
    Copy,
    /// LOAD DATA LOCAL INFILE (MySQL, MariaDB).
    LoadData,
    /// One prepared INSERT, executed for each row.
    PreparedLoop,
    /// INSERTs of many rows each (SQLite).
    MultiRow,
}

/// The next row of a source, whose values are added behind those that are there; `false`: there are no more rows.
///
/// # Errors
/// As [`RowSource::poll_row`].
pub async fn next_row(rows: &mut dyn RowSource, values: &mut Vec<Value>) -> Result<bool> {
    poll_fn(|context| rows.poll_row(context, values)).await
}

/// The next row of a source, whose values go to a sink; `false`: there are no more rows.
///
/// # Errors
/// As [`RowSource::poll_row`].
///
/// # Cancel safety
/// A row goes to the sink whole or not at all.
pub async fn next_row_to(rows: &mut dyn RowSource, sink: &mut (dyn ValueSink + Send)) -> Result<bool> {
    poll_fn(|context| rows.poll_row_to(context, &mut *sink)).await
}

/// Loads rows by INSERTs of up to `most` rows each (1000 suits most servers), or by a prepared one where the backend says
/// that this is faster. A limit of time holds for the whole load.
///
/// It neither begins nor ends a transaction: the caller sees to it that all rows stay, or none.
///
/// # Errors
/// That of the source, or what the database says, with the rows that it is about.
///
/// # Cancel safety
/// As [`Connection::execute_many`]: a part of the rows may be in.
pub async fn insert_rows<C: Connection + ?Sized>(
    connection: &mut C,
    target: &BulkTarget,
    rows: &mut dyn RowSource,
    options: &CallOptions,
    most: usize,
) -> Result<BulkDone> {
    let capabilities = connection.capabilities();
    let is_looped = capabilities.prepared_loop;
    let fitting = capabilities.max_parameters / target.width().max(1);
    let most = if is_looped { most } else { most.min(fitting) };
    let sizes: Vec<usize> = SIZES.into_iter().filter(|size| *size <= most.max(1)).collect();
    let mut texts: Vec<Option<Statement>> = vec![None; sizes.len()];
    let deadline = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let (mut values, mut done, mut is_over) = (Vec::new(), 0_u64, false);
    while !is_over {
        values.clear();
        let mut count = 0;
        let mut bytes = 0;
        while count < sizes[0] && bytes < MOST_BYTES {
            let start = values.len();
            if !next_row(rows, &mut values).await? {
                is_over = true;
                break;
            }
            bytes += values[start..].iter().map(size_of_value).sum::<usize>();
            count += 1;
        }
        let mut first = 0;
        while first < count {
            let options = CallOptions { timeout: left(deadline, options)?, ..options.clone() };
            let (size, chunk) = match is_looped {
                true => (sizes.len() - 1, count),
                false => {
                    let size = sizes.iter().position(|size| *size <= count - first).unwrap_or_default();
                    (size, sizes[size])
                }
            };
            let statement = match &texts[size] {
                Some(statement) => statement,
                None => texts[size].insert(Statement::new(target.insert(sizes[size])?)),
            };
            let width = target.width();
            let parameters = &values[first * width..(first + chunk) * width];
            let number = done + 1;
            if is_looped {
                let mut executed = 0;
                let sets = ParameterSets::new(parameters, width, chunk);
                let mut each = |_: usize, _: Done| {
                    executed += 1;
                    Ok(())
                };
                let outcome = connection.execute_many(statement, sets, &options, &mut each).await;
                outcome.map_err(|error| in_rows(error, target, number + executed, 1))?;
            } else {
                let outcome = connection.fetch(statement, parameters, &options, &mut Discard).await;
                outcome.map_err(|error| in_rows(error, target, number, chunk as u64))?;
            }
            done += chunk as u64;
            first += chunk;
        }
    }
    let way = if is_looped { BulkWay::PreparedLoop } else { BulkWay::MultiRow };
    Ok(BulkDone { rows: done, way })
}

/// The error of one of `count` rows from the row with the number `first` on; the first row of a load has number 1.
#[must_use]
pub fn in_rows(error: Error, target: &BulkTarget, first: u64, count: u64) -> Error {
    let width = target.width().max(1);
    match error.parameter() {
        Some(number) => {
            let place = number.saturating_sub(1);
            let error = match target.columns().get(place % width) {
                Some(column) => error.in_column(&column.name),
                None => error,
            };
            error.context(format_args!("row {}", first + (place / width) as u64))
        }
        None if count == 1 => error.context(format_args!("row {first}")),
        None => error.context(format_args!("one of the rows {first} to {}", first + count - 1)),
    }
}

/// What is left of a load's time.
fn left(deadline: Option<Instant>, options: &CallOptions) -> Result<Option<std::time::Duration>> {
    let (Some(deadline), Some(limit)) = (deadline, options.timeout) else { return Ok(options.timeout) };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        let message = format!("the bulk load took longer than its limit of {limit:?}");
        return Err(Error::new(ErrorKind::Timeout, message));
    }
    Ok(Some(left))
}

/// About how many bytes a value has on its way: what a driver counts to send rows in pieces.
#[must_use]
pub fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) | Value::Number(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(array) => match array.values.packed() {
            Some(Packed::Texts(texts)) => texts.as_str().len(),
            Some(Packed::Integers(numbers)) => 8 * numbers.len(),
            _ => array.values.iter().map(size_of_value).sum(),
        },
        _ => 8,
    }
}
