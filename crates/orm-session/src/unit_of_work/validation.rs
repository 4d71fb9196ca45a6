//! What was refused, and what validators refuse, before anything is sent.

use aludel_driver::Result;

use super::work::Work;
use crate::graph::Graph;

impl Work {
    /// Asks the validators of all columns that are written. Values that the session fills in are not asked about.
    pub(super) fn validate(&self) -> Result<()> {
        if !self.needs.validates {
            return Ok(());
        }
        self.inserts.iter().chain(&self.updates).try_for_each(|slot| slot.validate())
    }
}

impl Graph {
    /// Reports what listeners and validators refused since the last flush.
    pub(super) fn refusals(&self) -> Result<()> {
        let mut refused = std::mem::take(&mut self.lock().refused);
        let others = refused.len().saturating_sub(1);
        match refused.drain(..).next() {
            None => Ok(()),
            Some(error) if others == 0 => Err(error),
            Some(error) => Err(error.context(format_args!("the first of {} refusals", others + 1))),
        }
    }
}
