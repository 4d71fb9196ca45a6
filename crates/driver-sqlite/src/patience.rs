//! [`Patience`]: waits for locks, but not for ever.

use std::{
    thread,
    time::{Duration, Instant},
};

use aludel_driver::{Error, ErrorKind, Retry};
use tokio::runtime::Handle;

use crate::error;

/// The first pause; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// Says how long to pause before a locked database is asked again, and when to give up.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    busy_timeout: Duration,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    waiting_since: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// Waits up to `busy_timeout` for a lock, and for no longer than the whole call may take.
    pub(crate) fn new(busy_timeout: Duration, timeout: Option<Duration>) -> Self {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { busy_timeout, timeout, deadline, waiting_since: None, pause: FIRST_PAUSE }
    }

    /// Until when the call may take.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long the call may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether the whole call took too long.
    ///
    /// # Errors
    /// `Timeout`.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match (self.deadline, self.timeout) {
            (Some(deadline), Some(timeout)) if Instant::now() >= deadline => Err(Error::new(
                ErrorKind::Timeout,
                format!("the call did not end within its timeout of {timeout:?} and was stopped"),
            )),
            _ => Ok(()),
        }
    }

    /// The next statement of the same call waits anew.
    pub(crate) fn refresh(&mut self) {
        self.waiting_since = None;
        self.pause = FIRST_PAUSE;
    }

    /// How long to pause now.
    ///
    /// # Errors
    /// The error for the caller when it has waited long enough: `Timeout` for the call's own deadline, `Operational` for
    /// the lock's.
    pub(crate) fn pause(&mut self, failure: rusqlite::Error) -> Result<Duration, Error> {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        let mut pause = self.pause;
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(now);
            if left.is_zero() {
                let timeout = self.timeout.unwrap_or_default();
                let waited = now.duration_since(since);
                return Err(error::translate(failure).with_kind(ErrorKind::Timeout).context(format_args!(
                    "the call did not end within its timeout of {timeout:?}; it spent {waited:.0?} of that waiting for a lock"
                )));
            }
            pause = pause.min(left);
        }
        let left = self.busy_timeout.saturating_sub(now.duration_since(since));
        if left.is_zero() {
            let busy_timeout = self.busy_timeout;
            return Err(error::translate(failure).with_retry(Retry::Statement).context(format_args!(
                "another connection kept its lock for longer than the busy_timeout of {busy_timeout:?}"
            )));
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(pause.min(left))
    }
}

/// Waits without blocking the runtime.
pub(crate) async fn wait(pause: Duration) {
    match Handle::try_current() {
        Ok(_) => tokio::time::sleep(pause).await,
        Err(_) => thread::sleep(pause),
    }
}
