//! [`PoolMetrics`]: what a pool has done since it was made.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use aludel_driver::{Error, Result};

/// Why a connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CloseReason {
    /// It was lost, or a call on it was dropped half-way.
    Broken,
    /// `invalidate` was called, or a `checkout` listener refused it.
    Invalidated,
    /// `invalidate_soft` was called.
    SoftInvalidated,
    /// It was as old as another that was lost, or its pool was disposed of.
    Outdated,
    /// It was older than `pool_recycle` or `max_lifetime`.
    TooOld,
    /// It was idle for longer than `idle_timeout`.
    IdleTooLong,
    /// Its ping was not answered.
    PingFailed,
    /// It could not be brought back to how it was when it came back.
    ResetFailed,
    /// It came back in a transaction, to a pool that does not end transactions (`ResetOnReturn::None`).
    InTransaction,
    /// As many as `pool_size` were idle already, or the pool keeps none.
    Surplus,
    /// It was taken out of the pool by `detach`, and dropped.
    Detached,
    /// A `connect` listener refused it, or nobody waited for it any more.
    NotOpened,
    /// The pool was disposed of, or dropped.
    PoolClosed,
}

impl CloseReason {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::Broken,
        Self::Invalidated,
        Self::SoftInvalidated,
        Self::Outdated,
        Self::TooOld,
        Self::IdleTooLong,
        Self::PingFailed,
        Self::ResetFailed,
        Self::InTransaction,
        Self::Surplus,
        Self::Detached,
        Self::NotOpened,
        Self::PoolClosed,
    ];

    /// The reason in words, for logs and as a label of a metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Invalidated => "invalidated",
            Self::SoftInvalidated => "softly invalidated",
            Self::Outdated => "outdated",
            Self::TooOld => "too old",
            Self::IdleTooLong => "idle for too long",
            Self::PingFailed => "ping failed",
            Self::ResetFailed => "reset failed",
            Self::InTransaction => "in a transaction",
            Self::Surplus => "surplus",
            Self::Detached => "detached",
            Self::NotOpened => "not opened",
            Self::PoolClosed => "pool closed",
        }
    }
}

/// What a pool has done since it was made. Numbers only grow, other than those of who holds a connection now.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolMetrics {
    /// Connections handed out.
    pub checkouts: u64,
    /// Checkouts that had to wait in line, whether they got a connection or not.
    pub waits: u64,
    /// How long they waited, all together.
    pub waited: Duration,
    /// How long the longest of them waited.
    pub longest_wait: Duration,
    /// Checkouts that gave up after `pool_timeout`.
    pub timeouts: u64,
    /// Connections opened, also those that a `connect` listener refused afterwards.
    pub opened: u64,
    /// Connections that could not be opened, or that a `connect` listener refused.
    pub connects_failed: u64,
    /// Connections that came back in a transaction, and were brought back to how they were.
    pub resets: u64,
    /// Those where it failed; they are closed.
    pub resets_failed: u64,
    /// Idle connections that were pinged at a checkout.
    pub pings: u64,
    /// Pings that were not answered; the connection is closed.
    pub pings_failed: u64,
    /// Connections that are out now.
    pub held: usize,
    /// For how long the longest of them is out; none: all are in.
    pub longest_held: Option<Duration>,
    closed: Closed,
}

/// How many connections were closed for each reason.
#[derive(Clone, Copy)]
struct Closed([u64; CloseReason::ALL.len()]);

impl fmt::Debug for Closed {
    /// Only the reasons that there were, in words.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = CloseReason::ALL.iter().zip(self.0).filter(|(_, count)| *count > 0);
        formatter.debug_map().entries(reasons.map(|(reason, count)| (reason.as_str(), count))).finish()
    }
}

impl PoolMetrics {
    /// How many connections were closed for a reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed.0[reason as usize]
    }

    /// How many connections were closed, for whatever reason.
    pub fn closed_in_all(&self) -> u64 {
        self.closed.0.iter().sum()
    }
}

/// The numbers as they are counted. Nothing is decided by them, so that the cheapest order of memory does.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) opened: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) resets: AtomicU64,
    pub(super) resets_failed: AtomicU64,
    pub(super) pings: AtomicU64,
    pub(super) pings_failed: AtomicU64,
    connects_failed: AtomicU64,
    waits: AtomicU64,
    waited: AtomicU64,
    longest_wait: AtomicU64,
    closed: [AtomicU64; CloseReason::ALL.len()],
}

impl Counters {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn count_connect<T>(&self, outcome: &Result<T, Error>) {
        if outcome.is_err() {
            Self::count(&self.connects_failed);
        }
    }

    pub(super) fn count_wait(&self, waited: Duration) {
        let nanoseconds = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        Self::count(&self.waits);
        self.waited.fetch_add(nanoseconds, Relaxed);
        self.longest_wait.fetch_max(nanoseconds, Relaxed);
    }

    pub(super) fn count_closed(&self, reason: CloseReason) {
        Self::count(&self.closed[reason as usize]);
    }

    pub(super) fn closed_in_all(&self) -> u64 {
        self.closed.iter().map(|counter| counter.load(Relaxed)).sum()
    }

    /// The numbers now, with those that the list of holders knows.
    pub(super) fn read(&self, checkouts: u64, held: usize, longest_held: Option<Duration>) -> PoolMetrics {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        PoolMetrics {
            checkouts,
            waits: read(&self.waits),
            waited: Duration::from_nanos(read(&self.waited)),
            longest_wait: Duration::from_nanos(read(&self.longest_wait)),
            timeouts: read(&self.timeouts),
            opened: read(&self.opened),
            connects_failed: read(&self.connects_failed),
            resets: read(&self.resets),
            resets_failed: read(&self.resets_failed),
            pings: read(&self.pings),
            pings_failed: read(&self.pings_failed),
            held,
            longest_held,
            closed: Closed(std::array::from_fn(|position| read(&self.closed[position]))),
        }
    }
}
