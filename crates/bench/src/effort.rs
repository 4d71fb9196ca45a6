//! [`Effort`]: CPU time and wall time of a piece of work; and what it allocates.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// CPU time of all threads of this process: the servers' own work is not in it.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl Effort {
    /// Does the work, and tells what it took. Profilers find it by its name.
    #[inline(never)]
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (Self, T) {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        // Nobody counts allocations here, or else counting them would be most of what they take.
        let mut done = None;
        allocation_counter::opt_out(|| done = Some(black_box(work())));
        let done = done.expect("invariant: the closure has run");
        (Self { cpu: cpu.elapsed(), wall: wall.elapsed() }, done)
    }
}

/// Does the work, and counts the allocations of this thread. Counting takes time, so it is never timed as well.
pub(crate) fn allocations_of<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let mut done = None;
    let counted = allocation_counter::measure(|| done = Some(black_box(work())));
    (counted.count_total, done.expect("invariant: the closure has run"))
}
