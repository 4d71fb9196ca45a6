//! [`KillSwitch`]: cancelling a statement from a second connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aludel_driver::{BoxFuture, CancelHandle};
use mysql_async::{Conn, Opts, prelude::Queryable};

/// How long a second connection may take, until the statement is left to itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The statement alone.
    Statement,
    /// The connection, with what it still has to do.
    Connection,
}

/// Ends what a connection does, by KILL from a second one.
#[derive(Clone)]
pub(crate) struct KillSwitch {
    options: Opts,
    // Shared, so that a handle that was given out follows a connection that had to be replaced.
    connection_id: Arc<AtomicU64>,
    identity: Arc<str>,
}

impl KillSwitch {
    pub(crate) fn new(options: Opts, connection_id: u64, identity: &str) -> Self {
        Self { options, connection_id: Arc::new(AtomicU64::new(connection_id)), identity: identity.into() }
    }

    /// What the connection was opened with, TLS included.
    pub(crate) fn options(&self) -> Opts {
        self.options.clone()
    }

    /// The number that the server knows the connection by.
    pub(crate) fn connection_id(&self) -> u64 {
        self.connection_id.load(Ordering::Acquire)
    }

    /// From now on, another connection is meant.
    pub(crate) fn turn_to(&self, connection_id: u64) {
        self.connection_id.store(connection_id, Ordering::Release);
    }

    /// Kills; false when that did not succeed.
    ///
    /// # Cancel safety
    /// A dropped future may have killed or not.
    pub(crate) async fn kill(&self, target: Target) -> bool {
        let outcome = tokio::time::timeout(PATIENCE, self.attempt(target)).await;
        match outcome {
            Ok(Ok(killed)) => killed,
            Ok(Err(error)) => {
                tracing::warn!(connection_id = self.connection_id(), %error, "could not cancel a statement on MySQL");
                false
            }
            Err(_) => {
                tracing::warn!(
                    connection_id = self.connection_id(),
                    "cancelling a statement on MySQL took too long"
                );
                false
            }
        }
    }

    async fn attempt(&self, target: Target) -> mysql_async::Result<bool> {
        let mut second = Conn::new(self.options.clone()).await?;
        // Behind one address there may be many servers, and each has its own connection with this number.
        let identity: Option<Option<String>> =
            second.query_first("SELECT CONCAT(@@hostname, ':', @@port)").await?;
        let is_same = identity.flatten().as_deref() == Some(&*self.identity);
        if is_same {
            let what = match target {
                Target::Statement => "QUERY",
                Target::Connection => "CONNECTION",
            };
            second.query_drop(format!("KILL {what} {}", self.connection_id())).await?;
        } else {
            tracing::warn!(
                connection_id = self.connection_id(),
                "could not cancel a statement on MySQL: its address now leads to another server"
            );
        }
        second.disconnect().await?;
        Ok(is_same)
    }
}

impl CancelHandle for KillSwitch {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        let switch = self.clone();
        Box::pin(async move {
            switch.kill(Target::Statement).await;
        })
    }
}
