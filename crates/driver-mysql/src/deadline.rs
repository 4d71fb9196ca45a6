//! Calls that take too long: their statement is cancelled on the server, and the connection saved where that can be.

use std::{future::Future, pin::pin, time::Duration};

use aludel_driver::{Error, ErrorKind, Result};

use crate::{
    connection::MySqlConnection,
    error,
    kill::{KillSwitch, Target},
};

/// How long a statement has to end after it was cancelled. Then its connection is closed.
const GRACE: Duration = Duration::from_secs(1);

/// How a call ended.
pub(crate) enum Ended<T> {
    /// In time.
    Answered(Result<T>),
    /// After its statement was cancelled at the deadline.
    Late(Result<T>),
    /// By itself, soon after the deadline; a cancellation may still be on its way.
    InDoubt(Result<T>),
    /// Not at all.
    Hanging,
}

/// Waits for a call no longer than its limit; then its statement is cancelled, and gets a second to end.
pub(crate) async fn keep<T>(
    kill: KillSwitch,
    limit: Option<Duration>,
    call: impl Future<Output = Result<T>>,
) -> Ended<T> {
    let Some(limit) = limit else { return Ended::Answered(call.await) };
    let mut call = pin!(call);
    if let Ok(outcome) = tokio::time::timeout(limit, call.as_mut()).await {
        return Ended::Answered(outcome);
    }
    let last = async {
        // Both at once: the statement may be at its end, and then it must not wait for the other.
        tokio::join!(call, kill.kill(Target::Statement))
    };
    match tokio::time::timeout(GRACE, last).await {
        Ok((outcome, true)) => Ended::Late(outcome),
        Ok((outcome, false)) => Ended::InDoubt(outcome),
        Err(_) => Ended::Hanging,
    }
}

/// The same for a script: what is left of it would be executed after its present statement was cancelled, so that its
/// connection has to go with it.
pub(crate) async fn keep_script<T>(
    limit: Option<Duration>,
    call: impl Future<Output = Result<T>>,
) -> Ended<T> {
    match limit {
        None => Ended::Answered(call.await),
        Some(limit) => tokio::time::timeout(limit, call).await.map_or(Ended::Hanging, Ended::Answered),
    }
}

impl MySqlConnection {
    /// What a call gives, and what becomes of its connection.
    pub(crate) async fn settle<T>(&mut self, ended: Ended<T>, limit: Option<Duration>) -> Result<T> {
        let limit = limit.unwrap_or_default();
        match ended {
            Ended::Answered(outcome) => outcome,
            Ended::Late(Err(error)) if error.is_disconnect() => Err(error),
            // A cancellation that came too late for its statement waits for the next one: this takes it.
            Ended::Late(outcome) if !self.is_in_doubt() => match (self.take_cancellation().await, outcome) {
                (Err(lost), _) => Err(lost),
                (Ok(()), Err(error)) if error.code().is_some_and(error::is_cancellation) => {
                    Err(timed_out(limit, "it was cancelled").with_source(error))
                }
                (Ok(()), outcome) => outcome,
            },
            Ended::InDoubt(outcome) => {
                self.wire.break_off();
                outcome
            }
            Ended::Late(_) | Ended::Hanging => Err(self.give_up(limit).await),
        }
    }

    async fn take_cancellation(&mut self) -> Result<()> {
        self.wire.enter()?;
        self.look_after().await
    }

    /// Closes the connection, on the server's side as well as that can be: a server that only loses the socket does not
    /// notice before it has rows to send, and holds its locks until then.
    async fn give_up(&mut self, limit: Duration) -> Error {
        let kill = self.kill.clone();
        // In a task, so that it goes on when it takes longer than is waited for.
        let killing = tokio::spawn(async move { kill.kill(Target::Connection).await });
        if tokio::time::timeout(GRACE, killing).await.is_err() {
            tracing::debug!(
                "a connection to MySQL with a statement that takes too long is still being closed"
            );
        }
        self.wire.break_off();
        timed_out(limit, "it was cancelled, and its connection was closed")
    }
}

fn timed_out(limit: Duration, what: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("the statement took longer than its limit of {limit:?}; {what}"))
}
