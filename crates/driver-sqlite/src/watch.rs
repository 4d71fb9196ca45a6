//! [`Watch`]: looks at the clock while SQLite works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::{change::ChangeLog, fault::Faults};

/// How long a query may take on the caller's thread before it is moved to a worker.
pub(crate) const INLINE_BUDGET: Duration = Duration::from_millis(20);

/// After how many instructions of SQLite's virtual machine the clock is looked at: some 10 to 50 microseconds.
const INSTRUCTIONS: i32 = 1000;

const NEVER: u64 = u64::MAX;

/// Looks at the clock while SQLite works, and stops it: shared between a connection and the callbacks that SQLite calls
/// on the thread that runs the statement.
#[derive(Debug)]
pub(crate) struct Watch {
    origin: Instant,
    // Nanoseconds after `origin`.
    deadline: AtomicU64,
    first_look: AtomicU64,
    movable: AtomicBool,
    long: AtomicBool,
    abandoned: AtomicBool,
    cancelled: AtomicBool,
    verdict: AtomicU8,
    log_pages: AtomicI32,
    /// What the caller's own functions ran into.
    pub(crate) faults: Faults,
    /// What was changed, for those who want to know.
    pub(crate) changes: ChangeLog,
}

/// Why the watch stopped a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Verdict {
    /// It did not: somebody else interrupted the statement.
    None = 0,
    /// The deadline was over.
    Deadline = 1,
    /// It takes long, and is worth a worker.
    Long = 2,
    /// Nobody waits for it any more, or it failed already.
    Abandoned = 3,
}

impl Watch {
    /// Puts a watch on a connection.
    pub(crate) fn install(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let watch = Arc::new(Self {
            origin: Instant::now(),
            deadline: AtomicU64::new(NEVER),
            first_look: AtomicU64::new(NEVER),
            movable: AtomicBool::new(false),
            long: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            verdict: AtomicU8::new(0),
            log_pages: AtomicI32::new(0),
            faults: Faults::default(),
            changes: ChangeLog::default(),
        });
        let looking = watch.clone();
        connection.progress_handler(INSTRUCTIONS, Some(move || looking.look()))?;
        let counting = watch.clone();
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            counting.log_pages.store(pages, Relaxed);
            Ok(())
        }))?;
        Ok(watch)
    }

    /// Gets ready for a statement. A movable one is stopped when it takes long.
    pub(crate) fn arm(&self, deadline: Option<Instant>, movable: bool) {
        self.set_deadline(deadline);
        self.first_look.store(NEVER, Relaxed);
        self.movable.store(movable, Relaxed);
        self.long.store(false, Relaxed);
        self.verdict.store(Verdict::None as u8, Relaxed);
        self.faults.forget();
    }

    /// Lets the next statement run as long as it likes.
    pub(crate) fn disarm(&self) {
        self.deadline.store(NEVER, Relaxed);
        self.movable.store(false, Relaxed);
    }

    /// Moves the deadline while a statement runs.
    pub(crate) fn set_deadline(&self, deadline: Option<Instant>) {
        let nanoseconds =
            deadline.map_or(NEVER, |deadline| nanoseconds(deadline.saturating_duration_since(self.origin)));
        self.deadline.store(nanoseconds, Relaxed);
    }

    /// From here on the statement cannot be started again elsewhere: a row was given out, or something was written.
    pub(crate) fn keep_here(&self) {
        self.movable.store(false, Relaxed);
    }

    /// Whether the statement took longer than is good for the caller's thread.
    pub(crate) fn was_long(&self) -> bool {
        self.long.load(Relaxed)
    }

    /// Why the statement was stopped.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Relaxed) {
            1 => Verdict::Deadline,
            2 => Verdict::Long,
            3 => Verdict::Abandoned,
            _ => Verdict::None,
        }
    }

    /// Stops what runs: nobody waits for it any more.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Relaxed);
    }

    /// Marks the running call as cancelled, so that it does not go on waiting for a lock.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Forgets what was asked of an earlier call.
    pub(crate) fn forget(&self) {
        self.abandoned.store(false, Relaxed);
        self.cancelled.store(false, Relaxed);
    }

    /// Whether waiting makes no sense any more.
    pub(crate) fn is_given_up(&self) -> bool {
        self.abandoned.load(Relaxed) || self.cancelled.load(Relaxed)
    }

    /// How many pages the write-ahead log had after the last commit.
    pub(crate) fn log_pages(&self) -> i32 {
        self.log_pages.load(Relaxed)
    }

    /// How many pages the write-ahead log had after the last commit; zero once it was asked.
    pub(crate) fn take_log_pages(&self, at_least: i32) -> Option<i32> {
        // Asked after every statement, so the common case is one load.
        let pages = self.log_pages();
        (pages >= at_least).then(|| {
            self.log_pages.store(0, Relaxed);
            pages
        })
    }

    /// Called by SQLite now and then: true stops the statement.
    fn look(&self) -> bool {
        if self.abandoned.load(Relaxed) || self.faults.is_decisive() {
            return self.stop(Verdict::Abandoned);
        }
        let now = nanoseconds(self.origin.elapsed());
        if now >= self.deadline.load(Relaxed) {
            return self.stop(Verdict::Deadline);
        }
        // The budget counts from the first look, so that short statements never ask for the time.
        let first = self.first_look.load(Relaxed);
        if first == NEVER {
            self.first_look.store(now, Relaxed);
        } else if now.saturating_sub(first) > nanoseconds(INLINE_BUDGET) {
            self.long.store(true, Relaxed);
            if self.movable.load(Relaxed) {
                return self.stop(Verdict::Long);
            }
        }
        false
    }

    fn stop(&self, verdict: Verdict) -> bool {
        self.verdict.store(verdict as u8, Relaxed);
        true
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}
