//! [`KillSwitch`]: cancelling a statement from a second connection, and asking there after the first.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aludel_driver::{BoxFuture, CancelHandle};
use mysql_async::{Conn, Error, IoError, Opts, prelude::Queryable};

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

/// What a server says of a connection that does not move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The server has it.
    There,
    /// The server has it no more.
    Gone,
    /// Where the server was, nobody takes connections.
    NoServer,
    /// Nobody could be asked.
    Unknown,
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

    /// Asks the server from a second connection whether it still has this one.
    ///
    /// # Cancel safety
    /// Nothing is lost with a dropped future.
    pub(crate) async fn presence(&self) -> Presence {
        let outcome = tokio::time::timeout(PATIENCE, self.look()).await;
        match outcome {
            Ok(Ok(presence)) => presence,
            Ok(Err(Error::Io(IoError::Io(cause))))
                if matches!(cause.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) =>
            {
                Presence::NoServer
            }
            Ok(Err(_)) | Err(_) => Presence::Unknown,
        }
    }

    async fn look(&self) -> mysql_async::Result<Presence> {
        let mut second = Conn::new(self.options.clone()).await?;
        let presence = match self.is_same_server(&mut second).await? {
            false => Presence::Unknown,
            true => {
                // Who has no privilege sees the connections of the same user, of which this is one.
                let sql = format!(
                    "SELECT COUNT(*) FROM information_schema.processlist WHERE id = {}",
                    self.connection_id()
                );
                match second.query_first::<u64, _>(sql).await? {
                    Some(0) => Presence::Gone,
                    Some(_) => Presence::There,
                    None => Presence::Unknown,
                }
            }
        };
        second.disconnect().await?;
        Ok(presence)
    }

    /// Behind one address there may be many servers, and each has its own connection with this number.
    async fn is_same_server(&self, second: &mut Conn) -> mysql_async::Result<bool> {
        let identity: Option<Option<String>> =
            second.query_first("SELECT CONCAT(@@hostname, ':', @@port)").await?;
        Ok(identity.flatten().as_deref() == Some(&*self.identity))
    }

    async fn attempt(&self, target: Target) -> mysql_async::Result<bool> {
        let mut second = Conn::new(self.options.clone()).await?;
        let is_same = self.is_same_server(&mut second).await?;
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
