//! [`BufferedRows`]: rows that were read out of a connection which would else be busy with them.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{Cell, Decode, Error, Value};

/// How many rows are let go at once.
const ROWS_AT_ONCE: usize = 256;

/// The rows of a whole result, as values: no objects yet. They are let go as they are given.
#[derive(Debug)]
pub(super) struct BufferedRows {
    columns: Arc<[ColumnInfo]>,
    /// Some rows each, one after the other.
    parts: VecDeque<Vec<Value>>,
    /// How many cells of the first part were given.
    given: usize,
    fetch_size: usize,
}

impl BufferedRows {
    /// None yet.
    pub(super) fn new(fetch_size: usize) -> Self {
        Self { columns: Arc::default(), parts: VecDeque::new(), given: 0, fetch_size }
    }

    /// How many rows are to be given at once.
    pub(super) fn fetch_size(&self) -> usize {
        self.fetch_size
    }

    /// Whether all rows were given.
    pub(super) fn is_over(&self) -> bool {
        self.parts.is_empty()
    }

    /// Gives up to `count` rows to the sink.
    pub(super) fn give(&mut self, count: usize, sink: &mut dyn Sink) -> Result<()> {
        sink.columns(&self.columns)?;
        let width = self.columns.len();
        for _ in 0..count {
            let Some(part) = self.parts.front() else { break };
            let row = &part[self.given..self.given + width];
            let flow = sink.row(&BufferedRow(row))?;
            self.given += width;
            if self.given == part.len() {
                self.parts.pop_front();
                self.given = 0;
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Sink for BufferedRows {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.columns = columns.clone();
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let full = ROWS_AT_ONCE * row.len();
        let part = match self.parts.back_mut() {
            Some(part) if part.len() < full => part,
            _ => {
                self.parts.push_back(Vec::with_capacity(full));
                self.parts.back_mut().ok_or_else(|| Error::data("there is no room for a row"))?
            }
        };
        for position in 0..row.len() {
            part.push(Value::decode(row.cell(position)?)?);
        }
        Ok(ControlFlow::Continue(()))
    }
}

struct BufferedRow<'r>(&'r [Value]);

impl Row for BufferedRow<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        let value = self.0.get(position).ok_or_else(|| {
            Error::data(format!("the row has no column {}: it has {} columns", position + 1, self.0.len()))
        })?;
        Ok(value.as_cell())
    }
}
