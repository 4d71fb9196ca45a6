//! [`Backoff`]: how long to wait between two tries.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::random::random;

/// How long to wait between two tries. What was waited already counts, so that a wait that was dropped is gone on with.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    /// How long to wait next; none: not at all.
    delay: Option<Duration>,
    /// When the next try may come.
    next: Option<Instant>,
}

impl Backoff {
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most: most.max(first), delay: None, next: None }
    }

    /// Waits until the next try may come, which is taken to fail until [`reset`](Self::reset) says otherwise.
    pub(super) async fn wait(&mut self) {
        if let Some(next) = self.next {
            sleep_until(next).await;
        }
        let delay = self.delay.map_or(self.first, |delay| delay.saturating_mul(2)).min(self.most);
        self.delay = Some(delay);
        // Up to a quarter less or more, so that many listeners do not come all at once.
        let share = 0.75 + (random() % 1024) as f64 / 2048.0;
        self.next = Instant::now().checked_add(delay.mul_f64(share));
    }

    /// A try has succeeded.
    pub(super) fn reset(&mut self) {
        self.delay = None;
        // A server that takes connections and ends them at once is not asked without a pause.
        self.next = Instant::now().checked_add(self.first.min(Duration::from_millis(10)));
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(30))
    }
}
