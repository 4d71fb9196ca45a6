//! [`Contestant`]: one of the two sides.

use crate::{Outcome, workload::Workload};

/// One of the two sides.
pub(crate) trait Contestant {
    /// What the work needs; it does not count.
    async fn prepare(&mut self, workload: Workload, round: usize) -> Outcome<()>;

    /// The work itself. Gives how many rows it concerned.
    async fn work(&mut self, workload: Workload) -> Outcome<usize>;

    /// Throws away what the work left.
    async fn clean_up(&mut self, workload: Workload) -> Outcome<()>;
}
