//! [`AdvisoryLock`]: locks that mean what the program says.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use aludel_driver::{Connection as _, Error, ErrorKind, Result, TransactionState, Value};
use futures_util::FutureExt as _;
use tokio::{runtime::Handle, task::AbortHandle};
use tokio_postgres::Client;

use crate::{PostgresConnection, settings::PrepareMode};

/// What an advisory lock is for: a number, a pair of smaller numbers (which are other locks), or a name.
///
/// A name stands for the number `hashtextextended(name, 0)`, which the server makes of it (PostgreSQL 11).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdvisoryKey {
    /// A number.
    Number(i64),
    /// Two smaller ones, such as a kind and an identity.
    Pair(i32, i32),
    /// A name.
    Name(String),
}

impl From<i64> for AdvisoryKey {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<(i32, i32)> for AdvisoryKey {
    fn from((first, second): (i32, i32)) -> Self {
        Self::Pair(first, second)
    }
}

impl From<&str> for AdvisoryKey {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for AdvisoryKey {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl AdvisoryKey {
    fn arguments(&self) -> (&'static str, Vec<Value>) {
        match self {
            Self::Number(number) => ("$1", vec![Value::I64(*number)]),
            Self::Pair(first, second) => {
                ("$1, $2", vec![Value::I64((*first).into()), Value::I64((*second).into())])
            }
            Self::Name(name) => {
                ("pg_catalog.hashtextextended($1::text, 0)", vec![Value::Text(name.as_str().into())])
            }
        }
    }

    /// The same as it stands in SQL.
    fn literals(&self) -> String {
        match self {
            Self::Number(number) => format!("'{number}'::int8"),
            Self::Pair(first, second) => format!("'{first}'::int4, '{second}'::int4"),
            Self::Name(name) => {
                let escaped = name.replace('\\', "\\\\").replace('\'', "''");
                format!("pg_catalog.hashtextextended(E'{escaped}', 0)")
            }
        }
    }
}

/// A lock of a session, of [`PostgresConnection::advisory_lock`]. It does not borrow its connection, which goes on to be
/// used; it belongs to it, and ends with it. COMMIT and ROLLBACK leave it.
///
/// Dropped, it is released without being waited for: the request goes behind what was sent before. When it cannot be (in a
/// transaction that has failed, and was not rolled back), the connection is closed, which releases it, too. So a connection
/// never goes back to a pool with a lock that nobody knows of; keep it out of the pool as long as the lock is held.
#[must_use = "it is released when it is dropped"]
pub struct AdvisoryLock {
    key: AdvisoryKey,
    is_shared: bool,
    is_held: bool,
    client: Weak<Client>,
    /// Ends the connection.
    connection: Option<AbortHandle>,
    // Kept because it may be dropped outside the runtime.
    runtime: Handle,
}

/// How long a lock holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    Session,
    Transaction,
}

/// Advisory locks, which mean what the program says: the server keeps two sessions from holding the same one, and nothing
/// else. A session may hold one several times. The server's `lock_timeout` holds for waiting, and a deadlock is an error.
impl PostgresConnection {
    /// Waits for a lock that the session holds alone: until it is released, or the connection ends.
    ///
    /// # Errors
    /// What the server says: `lock_timeout`, a deadlock. [`ErrorKind::NotSupported`] behind a pooler that gives each
    /// transaction another connection (`prepare_mode=unnamed`): take one of a transaction there.
    ///
    /// # Cancel safety
    /// A dropped future gives up the lock, and leaves the connection to be closed.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run(conn: &mut aludel_driver_postgres::PostgresConnection) -> aludel_driver::Result<()> {
    /// let mut lock = conn.advisory_lock("nightly report").await?;
    /// // ... work with `conn`, of which there is one at a time ...
    /// lock.release().await?;
    /// # Ok(()) }
    /// ```
    pub async fn advisory_lock(&mut self, key: impl Into<AdvisoryKey>) -> Result<AdvisoryLock> {
        let key = key.into();
        self.take(&key, Span::Session, false).await?;
        Ok(self.guard(key, false))
    }

    /// Waits for a lock that other sessions may share, but none may hold alone.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn advisory_lock_shared(&mut self, key: impl Into<AdvisoryKey>) -> Result<AdvisoryLock> {
        let key = key.into();
        self.take(&key, Span::Session, true).await?;
        Ok(self.guard(key, true))
    }

    /// Takes a lock that the session holds alone, if it is to be had at once; none: it is not.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn try_advisory_lock(&mut self, key: impl Into<AdvisoryKey>) -> Result<Option<AdvisoryLock>> {
        let key = key.into();
        let is_taken = self.try_take(&key, Span::Session, false).await?;
        Ok(is_taken.then(|| self.guard(key, false)))
    }

    /// Takes a lock that other sessions may share, if it is to be had at once; none: it is not.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn try_advisory_lock_shared(
        &mut self,
        key: impl Into<AdvisoryKey>,
    ) -> Result<Option<AdvisoryLock>> {
        let key = key.into();
        let is_taken = self.try_take(&key, Span::Session, true).await?;
        Ok(is_taken.then(|| self.guard(key, true)))
    }

    /// Waits for a lock that the transaction holds alone, to its end or to that of the savepoint that it was taken in, when
    /// that is rolled back. Nothing else releases it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] outside of a transaction, where it would be gone at once; what the server says.
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn advisory_xact_lock(&mut self, key: impl Into<AdvisoryKey>) -> Result<()> {
        self.take(&key.into(), Span::Transaction, false).await
    }

    /// Waits for a lock of the transaction that other sessions may share.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_xact_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn advisory_xact_lock_shared(&mut self, key: impl Into<AdvisoryKey>) -> Result<()> {
        self.take(&key.into(), Span::Transaction, true).await
    }

    /// Takes a lock that the transaction holds alone, if it is to be had at once, and tells whether it was.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_xact_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn try_advisory_xact_lock(&mut self, key: impl Into<AdvisoryKey>) -> Result<bool> {
        self.try_take(&key.into(), Span::Transaction, false).await
    }

    /// Takes a lock of the transaction that other sessions may share, if it is to be had at once, and tells whether it was.
    ///
    /// # Errors
    /// As [`PostgresConnection::advisory_xact_lock`].
    ///
    /// # Cancel safety
    /// As [`PostgresConnection::advisory_lock`].
    pub async fn try_advisory_xact_lock_shared(&mut self, key: impl Into<AdvisoryKey>) -> Result<bool> {
        self.try_take(&key.into(), Span::Transaction, true).await
    }

    async fn take(&mut self, key: &AdvisoryKey, span: Span, is_shared: bool) -> Result<()> {
        let (sql, parameters) = self.request(key, "", span, is_shared)?;
        // A function that gives nothing gives an empty text.
        self.column::<String>(sql, &parameters).await.map(drop)
    }

    async fn try_take(&mut self, key: &AdvisoryKey, span: Span, is_shared: bool) -> Result<bool> {
        let (sql, parameters) = self.request(key, "try_", span, is_shared)?;
        Ok(self.column::<bool>(sql, &parameters).await? == [true])
    }

    /// The statement that asks for a lock.
    fn request(
        &self,
        key: &AdvisoryKey,
        try_: &str,
        span: Span,
        is_shared: bool,
    ) -> Result<(String, Vec<Value>)> {
        let xact = match span {
            Span::Session if self.wire.prepare_mode == PrepareMode::Unnamed => {
                return Err(Error::not_supported(
                    "an advisory lock of a session (take one of a transaction) behind a pooler that gives each transaction \
                     another connection",
                    "PostgreSQL with prepare_mode=unnamed",
                ));
            }
            Span::Transaction if self.transaction_state() == TransactionState::Idle => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "an advisory lock of a transaction is taken outside of one, and would be gone at once; begin() one \
                     first, or take a lock of the session",
                ));
            }
            Span::Session => "",
            Span::Transaction => "xact_",
        };
        let shared = if is_shared { "_shared" } else { "" };
        let (arguments, parameters) = key.arguments();
        let sql = format!("SELECT pg_catalog.pg_{try_}advisory_{xact}lock{shared}({arguments})");
        Ok((sql, parameters))
    }

    fn guard(&self, key: AdvisoryKey, is_shared: bool) -> AdvisoryLock {
        AdvisoryLock {
            key,
            is_shared,
            is_held: true,
            client: Arc::downgrade(&self.wire.client),
            connection: self.abort_handle(),
            runtime: Handle::current(),
        }
    }
}

impl AdvisoryLock {
    /// What it is for.
    pub fn key(&self) -> &AdvisoryKey {
        &self.key
    }

    /// Whether it was not released yet.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Releases it. Once it was, this does nothing more; nor does it when the connection is gone, and the lock with it.
    ///
    /// # Errors
    /// [`ErrorKind::PendingRollback`] in a transaction that has failed: it is still held, and can be released after the
    /// rollback. A lost connection, with which it goes.
    ///
    /// # Cancel safety
    /// A dropped future has it released all the same.
    pub async fn release(&mut self) -> Result<()> {
        let Some(client) = self.client.upgrade().filter(|_| self.is_held) else {
            self.is_held = false;
            return Ok(());
        };
        let sql = self.unlock();
        self.is_held = false;
        let answer = client.batch_execute(&sql).await;
        answer.map_err(|lower| {
            let error = crate::error::of_call(lower, "its server", None);
            self.is_held = !error.is_disconnect();
            error.context("could not release an advisory lock")
        })
    }

    fn unlock(&self) -> String {
        let shared = if self.is_shared { "_shared" } else { "" };
        format!("SELECT pg_catalog.pg_advisory_unlock{shared}({})", self.key.literals())
    }
}

impl Drop for AdvisoryLock {
    fn drop(&mut self) {
        let Some(client) = self.client.upgrade().filter(|_| self.is_held) else { return };
        let (sql, connection) = (self.unlock(), self.connection.take());
        let mut unlocking = Box::pin(async move {
            if let Err(error) = client.batch_execute(&sql).await
                && let Some(connection) = connection
            {
                tracing::warn!(%error, "an advisory lock could not be released; its connection is closed for it");
                connection.abort();
            }
        });
        // Its first poll puts the request into the send queue, before anything that comes later.
        if (&mut unlocking).now_or_never().is_none() {
            self.runtime.spawn(unlocking);
        }
    }
}

impl fmt::Debug for AdvisoryLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AdvisoryLock")
            .field("key", &self.key)
            .field("is_shared", &self.is_shared)
            .field("is_held", &self.is_held)
            .finish_non_exhaustive()
    }
}
