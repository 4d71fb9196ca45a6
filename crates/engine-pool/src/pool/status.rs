//! [`PoolStatus`]: how full a pool is.

use std::fmt;

/// How full a pool is, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// How many connections are kept when idle.
    pub pool_size: usize,
    /// How many more may be open; none: no limit.
    pub max_overflow: Option<usize>,
    /// Connections that are open.
    pub open: usize,
    /// Connections that wait in the pool.
    pub idle: usize,
    /// Connections that are out, or are being rolled back before they go back in.
    pub checked_out: usize,
    /// Checkouts that wait.
    pub waiting: usize,
    /// Connections opened since the pool was made.
    pub opened: u64,
    /// Connections closed since the pool was made.
    pub closed: u64,
}

impl PoolStatus {
    /// How many connections are open beyond `pool_size`; negative where fewer are open.
    pub fn overflow(&self) -> i64 {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        count(self.open) - count(self.pool_size)
    }
}

impl fmt::Display for PoolStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "pool size: {}, connections in pool: {}, current overflow: {}, checked out: {}, waiting: {}",
            self.pool_size,
            self.idle,
            self.overflow(),
            self.checked_out,
            self.waiting
        )
    }
}
