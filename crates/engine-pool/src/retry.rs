//! [`RetryPolicy`]: transactions that run again after a conflict.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    panic::Location,
    time::Duration,
};

use aludel_driver::{Error, ErrorKind, Result, Retry};

use crate::{Connection, Engine, async_function::AsyncFunctionMut};

/// How often a transaction is tried, and how long is waited between two attempts.
///
/// The pause begins with `first_pause`, doubles each time up to `longest_pause`, and is shortened at random by up to a
/// half, so that those who met do not meet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often the transaction is tried in all, at least once: 5.
    pub attempts: u32,
    /// The pause after the first attempt: 20 ms.
    pub first_pause: Duration,
    /// The longest pause: 2 s.
    pub longest_pause: Duration,
    /// Whether a lost connection counts, too, as long as COMMIT was not sent: no.
    pub retry_disconnects: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_secs(2),
            retry_disconnects: false,
        }
    }
}

impl RetryPolicy {
    /// Five attempts, with pauses from 20 ms to 2 s.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how often the transaction is tried in all.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Says how long the first and the longest pause are.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    /// Says whether a lost connection counts, too. One that is lost while COMMIT is under way never does.
    #[must_use]
    pub fn retry_disconnects(mut self, retry: bool) -> Self {
        self.retry_disconnects = retry;
        self
    }

    /// Whether doing the whole transaction again can help.
    pub fn covers(&self, error: &Error) -> bool {
        if error.kind() == ErrorKind::OutcomeUnknown {
            return false;
        }
        error.retry() != Retry::No || (self.retry_disconnects && error.is_disconnect())
    }

    /// The pause after an attempt, counted from 1.
    pub fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = self.first_pause.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let whole = doubled.min(self.longest_pause);
        // The keys of the standard library's hashers are random, which is all that is needed here.
        let random = RandomState::new().build_hasher().finish() >> 32;
        let part = whole.as_secs_f64() * (random as f64 / f64::from(u32::MAX)) / 2.0;
        whole.saturating_sub(Duration::from_secs_f64(part))
    }
}

/// The attempts of one transaction.
#[doc(hidden)]
#[derive(Debug)]
pub struct Attempts {
    policy: RetryPolicy,
    made: u32,
}

impl RetryPolicy {
    /// Begins to count attempts.
    #[doc(hidden)]
    pub fn start(self) -> Attempts {
        Attempts { policy: self, made: 0 }
    }
}

impl Attempts {
    /// Waits before the next attempt, or gives the error back when there is none.
    ///
    /// # Errors
    /// The one given.
    pub async fn pause_or_give_up(&mut self, error: Error) -> Result<()> {
        self.made += 1;
        let (policy, attempt) = (&self.policy, self.made);
        if !policy.covers(&error) {
            return Err(error);
        }
        if attempt >= policy.attempts {
            return Err(error.context(format_args!("given up after {attempt} attempts")));
        }
        let pause = policy.pause_after(attempt);
        tracing::debug!(
            target: "aludel::transaction",
            attempt, pause_ms = pause.as_millis(), %error, "the transaction is tried again"
        );
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

impl Engine {
    /// Runs a closure in a transaction, as [`Engine::begin`] does, and runs it again in a new one after a serialization
    /// failure, a deadlock or a lock that was not to be had. The closure must not do outside of the database what cannot
    /// be done twice.
    ///
    /// # Errors
    /// The closure's and those of [`Engine::begin`], once the attempts are used up or the error is another;
    /// [`ErrorKind::OutcomeUnknown`] at once.
    ///
    /// # Cancel safety
    /// As [`Engine::begin`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Engine, IsolationLevel, ExecutionOptions, Result, RetryPolicy};
    /// # use aludel_sql_expression::text;
    /// # async fn run(engine: Engine) -> Result<()> {
    /// let serializable = engine.execution_options(ExecutionOptions::new().isolation_level(IsolationLevel::Serializable));
    /// serializable
    ///     .begin_with_retry(RetryPolicy::new(), async |conn| {
    ///         conn.execute(text("UPDATE counter SET n = n + 1")).await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// # }
    /// ```
    #[track_caller]
    pub fn begin_with_retry<Output, Function>(
        &self,
        policy: RetryPolicy,
        function: Function,
    ) -> impl Future<Output = Result<Output>>
    where
        Output: Send,
        Function: for<'c> AsyncFnMut(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunctionMut<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        self.begin_with_retry_from(Location::caller(), policy, function)
    }

    async fn begin_with_retry_from<Output, Function>(
        &self,
        place: &'static Location<'static>,
        policy: RetryPolicy,
        mut function: Function,
    ) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnMut(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunctionMut<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut attempts = policy.start();
        loop {
            match self.attempt(place, &mut function).await {
                Ok(output) => return Ok(output),
                Err(error) => attempts.pause_or_give_up(error).await?,
            }
        }
    }

    /// The connection goes back before a pause: others may need it.
    async fn attempt<Output, Function>(
        &self,
        place: &'static Location<'static>,
        function: &mut Function,
    ) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnMut(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunctionMut<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut connection = self.clone().connect_from(place).await?;
        let mut transaction = connection.begin().await?;
        let outcome = match function(&mut transaction).await {
            Ok(output) => transaction.commit().await.map(|()| output),
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = transaction.rollback().await;
                Err(error)
            }
        };
        connection.close().await.and(outcome)
    }
}
