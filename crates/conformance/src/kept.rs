//! Sinks: one that keeps what it is given, and one that stops.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Error, Result, Row, Sink, Value};
use aludel_sql_expression::Decode;

/// Keeps what it is given.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// How often columns were told.
    pub(crate) told: usize,
    /// The columns that were told last.
    pub(crate) columns: Option<Arc<[ColumnInfo]>>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Kept {
    /// The names of the columns; none where no columns were told.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.columns.iter().flat_map(|columns| columns.iter()).map(|column| &*column.name).collect()
    }
}

impl Sink for Kept {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.told += 1;
        self.columns = Some(columns.clone());
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let values = (0..row.len()).map(|position| Value::decode(row.cell(position)?));
        self.rows.push(values.collect::<Result<_, aludel_sql_expression::Error>>()?);
        Ok(ControlFlow::Continue(()))
    }
}

/// Where a [`Stopping`] sink stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It refuses the columns.
    FailAtColumns,
    /// It refuses a row, counted from 1.
    FailAtRow(usize),
    /// It has enough with a row, counted from 1.
    BreakAtRow(usize),
}

/// Stops in the middle of a result.
#[derive(Debug)]
pub(crate) struct Stopping {
    stop: Stop,
    /// How many rows it was given.
    pub(crate) seen: usize,
}

impl Stopping {
    pub(crate) fn new(stop: Stop) -> Self {
        Self { stop, seen: 0 }
    }

    fn refusal() -> Error {
        Error::custom("the sink refuses")
    }
}

impl Sink for Stopping {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        if self.stop == Stop::FailAtColumns { Err(Self::refusal()) } else { Ok(()) }
    }

    fn row(&mut self, _: &dyn Row) -> Result<ControlFlow<()>> {
        self.seen += 1;
        match self.stop {
            Stop::FailAtRow(row) if row == self.seen => Err(Self::refusal()),
            Stop::BreakAtRow(row) if row == self.seen => Ok(ControlFlow::Break(())),
            _ => Ok(ControlFlow::Continue(())),
        }
    }
}
