//! [`CursorResult`]: what a statement gave, decoded.

use std::{ops::ControlFlow, sync::Arc, vec};

use aludel_driver::{ColumnInfo, Done, Error, ErrorKind, Result, Row, Sink};
use aludel_sql_expression::{Executable, RowPlan};

/// What a statement gave: its rows, decoded, and what it did.
#[derive(Clone, Debug)]
pub struct CursorResult<R> {
    rows: Vec<R>,
    columns: Option<Arc<[ColumnInfo]>>,
    done: Done,
}

impl<R> CursorResult<R> {
    /// A result that a layer above made.
    #[doc(hidden)]
    pub fn new(rows: Vec<R>, columns: Option<Arc<[ColumnInfo]>>, done: Done) -> Self {
        Self { rows, columns, done }
    }

    /// All rows.
    pub fn all(self) -> Vec<R> {
        self.rows
    }

    /// The first row, where there is one.
    pub fn first(self) -> Option<R> {
        self.rows.into_iter().next()
    }

    /// The only row.
    ///
    /// # Errors
    /// [`ErrorKind::NoResultFound`] when there is none, [`ErrorKind::MultipleResultsFound`] when there are more.
    pub fn one(self) -> Result<R> {
        self.one_or_none()?.ok_or_else(no_result)
    }

    /// The only row, where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::MultipleResultsFound`] when there are more.
    pub fn one_or_none(self) -> Result<Option<R>> {
        match self.rows.len() {
            0 | 1 => Ok(self.first()),
            rows => Err(multiple_results(rows)),
        }
    }

    /// The rows in parts of `size` (at least 1).
    pub fn partitions(self, size: usize) -> impl Iterator<Item = Vec<R>> {
        let mut rows = self.rows.into_iter();
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
        self.rows.is_empty()
    }

    /// The rows, without taking them.
    pub fn rows(&self) -> &[R] {
        &self.rows
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
        self.rows.into_iter().map(|(value,)| value).collect()
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
        self.rows.into_iter()
    }
}

impl<'a, R> IntoIterator for &'a CursorResult<R> {
    type Item = &'a R;
    type IntoIter = std::slice::Iter<'a, R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
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

/// Decodes each row as it comes.
pub(crate) struct RowSink<'s, S: Executable> {
    statement: &'s S,
    plan: RowPlan,
    pub(crate) columns: Option<Arc<[ColumnInfo]>>,
    pub(crate) rows: Vec<S::Row>,
    limit: usize,
}

impl<'s, S: Executable> RowSink<'s, S> {
    pub(crate) fn new(statement: &'s S, limit: usize) -> Self {
        Self { statement, plan: RowPlan::default(), columns: None, rows: Vec::new(), limit }
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
        Ok(if self.rows.len() < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }
}

/// Decodes each row by a function, up to a number of rows.
pub(crate) struct FunctionSink<F, T> {
    decode: F,
    pub(crate) values: Vec<T>,
    limit: usize,
}

impl<F, T> FunctionSink<F, T> {
    pub(crate) fn new(limit: usize, decode: F) -> Self {
        Self { decode, values: Vec::new(), limit }
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
        Ok(if self.values.len() < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }
}
