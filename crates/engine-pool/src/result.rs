//! [`CursorResult`]: what a statement gave, decoded.

use std::{ops::ControlFlow, sync::Arc, vec};

use aludel_driver::{ColumnInfo, Done, Error, ErrorKind, Result, Row, Sink, Value};
use aludel_sql_expression::{Cell, Executable, RowPlan, typed::RowReader};

/// What a statement gave: its rows, decoded, and what it did.
#[derive(Clone, Debug)]
pub struct CursorResult<R> {
    rows: vec::IntoIter<R>,
    columns: Option<Arc<[ColumnInfo]>>,
    done: Done,
}

impl<R> CursorResult<R> {
    /// A result that a layer above made.
    #[doc(hidden)]
    pub fn new(rows: Vec<R>, columns: Option<Arc<[ColumnInfo]>>, done: Done) -> Self {
        Self { rows: rows.into_iter(), columns, done }
    }

    /// All rows.
    pub fn all(self) -> Vec<R> {
        self.rows.collect()
    }

    /// The next `count` rows; fewer at the end, and none after it. Those that were taken are not given again.
    pub fn fetch_many(&mut self, count: usize) -> Vec<R> {
        self.rows.by_ref().take(count).collect()
    }

    /// The first row, where there is one.
    pub fn first(mut self) -> Option<R> {
        self.rows.next()
    }

    /// The only row.
    ///
    /// # Errors
    /// [`ErrorKind::NoResultFound`] when there is none, [`ErrorKind::MultipleResultsFound`] when there are more,
    /// [`ErrorKind::InvalidRequest`] when the statement is none that gives rows.
    pub fn one(self) -> Result<R> {
        self.one_or_none()?.ok_or_else(no_result)
    }

    /// The only row, where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::MultipleResultsFound`] when there are more, [`ErrorKind::InvalidRequest`] when the statement is none
    /// that gives rows.
    pub fn one_or_none(self) -> Result<Option<R>> {
        match self.rows.len() {
            _ if !self.returns_rows() => Err(no_rows()),
            0 | 1 => Ok(self.first()),
            rows => Err(multiple_results(rows)),
        }
    }

    /// The rows in parts of `size` (at least 1).
    pub fn partitions(self, size: usize) -> impl Iterator<Item = Vec<R>> {
        let mut rows = self.rows;
        std::iter::from_fn(move || {
            let part: Vec<R> = rows.by_ref().take(size.max(1)).collect();
            (!part.is_empty()).then_some(part)
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// The rows, without taking them.
    pub fn rows(&self) -> &[R] {
        self.rows.as_slice()
    }

    /// The columns' names, in order; none for a statement that gives no rows.
    pub fn keys(&self) -> Vec<&str> {
        self.columns().iter().map(|column| &*column.name).collect()
    }

    /// The columns, in order, also when there are no rows.
    pub fn columns(&self) -> &[ColumnInfo] {
        self.columns.as_deref().unwrap_or_default()
    }

    /// Whether the statement is one that gives rows.
    pub fn returns_rows(&self) -> bool {
        self.columns.is_some()
    }

    /// Rows matched by UPDATE or DELETE, inserted by INSERT, or given by a query.
    pub fn rowcount(&self) -> u64 {
        self.done.rows
    }

    /// The key that the database generated for an INSERT, where it tells without RETURNING. For many rows: the first on
    /// MySQL, the last on SQLite.
    pub fn last_insert_id(&self) -> Option<i64> {
        self.done.last_insert_id
    }
}

impl<T> CursorResult<(T,)> {
    /// The values of a single column.
    pub fn scalars(self) -> Vec<T> {
        self.rows.map(|(value,)| value).collect()
    }

    /// The value of the only row.
    ///
    /// # Errors
    /// As [`CursorResult::one`].
    pub fn scalar_one(self) -> Result<T> {
        self.one().map(|(value,)| value)
    }

    /// The value of the only row, where there is one.
    ///
    /// # Errors
    /// As [`CursorResult::one_or_none`].
    pub fn scalar_one_or_none(self) -> Result<Option<T>> {
        Ok(self.one_or_none()?.map(|(value,)| value))
    }

    /// The first value, where there is a row.
    pub fn scalar(self) -> Option<T> {
        self.first().map(|(value,)| value)
    }
}

impl<R> IntoIterator for CursorResult<R> {
    type Item = R;
    type IntoIter = vec::IntoIter<R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows
    }
}

impl<'a, R> IntoIterator for &'a CursorResult<R> {
    type Item = &'a R;
    type IntoIter = std::slice::Iter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.as_slice().iter()
    }
}

#[cold]
pub(crate) fn no_rows() -> Error {
    let message = "the statement does not return rows: it is no query and has no RETURNING; await `execute(..)` for its \
                   row count";
    Error::new(ErrorKind::InvalidRequest, message)
}

#[cold]
pub(crate) fn no_result() -> Error {
    Error::new(ErrorKind::NoResultFound, "no row was found where one was required")
}

#[cold]
pub(crate) fn multiple_results(rows: usize) -> Error {
    Error::new(
        ErrorKind::MultipleResultsFound,
        format!("{}{rows} rows were found where one was required", if rows == 2 { "at least " } else { "" }),
    )
}

/// A sink whose rows can be put into another order after they have come.
pub(crate) trait Rows: Sink {
    /// Takes all rows to come, whatever its limit: their order is only known at the end.
    fn take_all(&mut self);

    /// Takes rows of one whole number each. Here, so that the loop is one with what each sink does.
    ///
    /// # Errors
    /// Whatever makes a row unfit.
    fn integers(&mut self, numbers: &[i64]) -> Result<()> {
        for number in numbers {
            if self.row(&OneValue(Cell::I64(*number)))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Puts the rows from `first` on into order: the one that came as `order[n]` goes to place `n` of them.
    fn arrange(&mut self, first: usize, order: &[usize]);

    /// All rows have come, and are in order.
    ///
    /// # Errors
    /// Whatever makes a row unfit.
    fn give(&mut self) -> Result<()>;
}

/// Puts the elements from `first` on into order.
fn arrange<T>(list: &mut Vec<T>, first: usize, order: &[usize]) {
    let mut came: Vec<Option<T>> = list.drain(first..first + order.len()).map(Some).collect();
    let after = list.split_off(first);
    list.extend(order.iter().filter_map(|at| came[*at].take()));
    list.extend(after);
}

/// Where the rows of a statement go.
pub(crate) enum Target<'s> {
    /// To a sink that keeps them.
    Rows(&'s mut dyn Rows),
    /// To a sink of a layer above.
    Sink(&'s mut dyn Sink),
}

impl Target<'_> {
    /// The sink, where rows can come as they do.
    pub(crate) fn sink(&mut self) -> &mut dyn Sink {
        match self {
            Self::Rows(rows) => *rows,
            Self::Sink(sink) => *sink,
        }
    }
}

/// Holds rows back until their order is known.
pub(crate) struct Held<'s> {
    sink: &'s mut dyn Sink,
    rows: Vec<Vec<Value>>,
}

impl<'s> Held<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, rows: Vec::new() }
    }
}

impl Sink for Held<'_> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.sink.columns(columns)
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let mut reader = RowReader::new(row);
        let values = (0..row.len()).map(|_| reader.next()).collect::<aludel_sql_expression::Result<_>>()?;
        self.rows.push(values);
        Ok(ControlFlow::Continue(()))
    }
}

impl Rows for Held<'_> {
    fn take_all(&mut self) {}

    fn arrange(&mut self, first: usize, order: &[usize]) {
        arrange(&mut self.rows, first, order);
    }

    fn give(&mut self) -> Result<()> {
        for row in self.rows.drain(..) {
            if self.sink.row(&KnownRow(&row))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A row of values that are known.
pub(crate) struct KnownRow<'v>(pub(crate) &'v [Value]);

impl Row for KnownRow<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        let value = self.0.get(position).ok_or_else(|| no_cell(position, self.0.len()))?;
        Ok(value.as_cell())
    }
}

/// A row of one value.
pub(crate) struct OneValue(pub(crate) Cell<'static>);

impl Row for OneValue {
    fn len(&self) -> usize {
        1
    }

    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        if position == 0 { Ok(self.0) } else { Err(no_cell(position, 1)) }
    }

    fn integer(&self, position: usize) -> Option<i64> {
        match self.0 {
            Cell::I64(number) if position == 0 => Some(number),
            _ => None,
        }
    }
}

#[cold]
fn no_cell(position: usize, cells: usize) -> aludel_sql_expression::Error {
    aludel_sql_expression::Error::data(format!("a row of {cells} cells has none at position {position}"))
}

/// Decodes each row as it comes.
pub(crate) struct RowSink<'s, S: Executable> {
    statement: &'s S,
    plan: RowPlan,
    pub(crate) columns: Option<Arc<[ColumnInfo]>>,
    pub(crate) rows: Vec<S::Row>,
    limit: usize,
    takes_all: bool,
}

impl<'s, S: Executable> RowSink<'s, S> {
    pub(crate) fn new(statement: &'s S, limit: usize) -> Self {
        Self { statement, plan: RowPlan::default(), columns: None, rows: Vec::new(), limit, takes_all: false }
    }
}

impl<S: Executable> Sink for RowSink<'_, S> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = self.statement.plan(columns)?;
        self.columns = Some(columns.clone());
        Ok(())
    }

    #[inline]
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.rows.push(self.statement.decode(row, &self.plan)?);
        Ok(match self.rows.len() < self.limit || self.takes_all {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
    }
}

impl<S: Executable> Rows for RowSink<'_, S> {
    fn take_all(&mut self) {
        self.takes_all = true;
    }

    fn arrange(&mut self, first: usize, order: &[usize]) {
        arrange(&mut self.rows, first, order);
    }

    fn give(&mut self) -> Result<()> {
        self.rows.truncate(self.limit);
        Ok(())
    }
}

/// Decodes each row by a function, up to a number of rows.
pub(crate) struct FunctionSink<F, T> {
    decode: F,
    pub(crate) values: Vec<T>,
    limit: usize,
    takes_all: bool,
}

impl<F, T> FunctionSink<F, T> {
    pub(crate) fn new(limit: usize, decode: F) -> Self {
        Self { decode, values: Vec::new(), limit, takes_all: false }
    }
}

impl<F, T> Sink for FunctionSink<F, T>
where
    F: FnMut(&dyn Row) -> Result<T> + Send,
    T: Send,
{
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.values.push((self.decode)(row)?);
        Ok(match self.values.len() < self.limit || self.takes_all {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
    }
}

impl<F, T> Rows for FunctionSink<F, T>
where
    F: FnMut(&dyn Row) -> Result<T> + Send,
    T: Send,
{
    fn take_all(&mut self) {
        self.takes_all = true;
    }

    fn arrange(&mut self, first: usize, order: &[usize]) {
        arrange(&mut self.values, first, order);
    }

    fn give(&mut self) -> Result<()> {
        self.values.truncate(self.limit);
        Ok(())
    }
}
