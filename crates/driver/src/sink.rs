//! [`Sink`]: where rows go.

use std::{ops::ControlFlow, sync::Arc};

use crate::{ColumnInfo, Result, Row};

/// Where rows go, one by one, as the driver holds them: the typed decoding happens inside, so that no row is copied.
pub trait Sink: Send {
    /// Whether [`columns`](Self::columns) is to be told at all. A driver may tell it all the same.
    fn wants_columns(&self) -> bool {
        true
    }

    /// Whether it may give an error, so that what comes after its statement has to wait for its rows. One that says no never
    /// gives one: then a COMMIT may be sent before its rows have come.
    fn may_fail(&self) -> bool {
        true
    }

    /// Told once for a result, before its rows, also when there are none.
    ///
    /// # Errors
    /// Whatever makes the columns unfit; the driver stops, and returns it.
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()>;

    /// Told for each row. `Break` stops: the driver discards the rest.
    ///
    /// # Errors
    /// Whatever makes the row unfit; the driver stops, and returns it. The connection stays usable.
    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>>;
}

/// A sink for statements that give no rows; rows that come all the same are thrown away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Sink for Discard {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &dyn Row) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }
}
