//! [`Control`]: what begins and ends transactions.

use std::{fmt, str::FromStr};

use crate::{Error, ErrorKind};

/// A statement that controls the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control<'a> {
    /// BEGIN.
    Begin(&'a BeginOptions),
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT with this name.
    Savepoint(&'a str),
    /// RELEASE SAVEPOINT.
    Release(&'a str),
    /// ROLLBACK TO SAVEPOINT.
    RollbackTo(&'a str),
    /// Begins a transaction that can be prepared under this name: XA START where the database asks for the name at once,
    /// else BEGIN. COMMIT and ROLLBACK end it as any other while it is not prepared.
    BeginTwoPhase(&'a BeginOptions, &'a str),
    /// The first phase: PREPARE TRANSACTION, or XA END and XA PREPARE. The transaction then belongs to the server, and the
    /// connection stands in none: its state is `Idle`, or `Unknown` where the server ties the transaction to the connection
    /// until that is closed (MariaDB). Such a connection can send the second phase, and is closed when anything else is asked
    /// of it.
    Prepare(&'a str),
    /// The second phase, outside of a transaction and on any connection: COMMIT PREPARED, or XA COMMIT.
    CommitPrepared(&'a str),
    /// The same for the other outcome: ROLLBACK PREPARED, or XA ROLLBACK.
    RollbackPrepared(&'a str),
}

/// How a transaction begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BeginOptions {
    /// The isolation level; none: the database's default.
    pub isolation: Option<IsolationLevel>,
    /// Whether only reading is allowed.
    pub read_only: bool,
    /// PostgreSQL's DEFERRABLE: a serializable read-only transaction waits for a safe snapshot.
    pub deferrable: bool,
    /// When SQLite takes its write lock.
    pub mode: BeginMode,
}

impl BeginOptions {
    /// The backend's plain BEGIN.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how far the transaction is kept apart from others.
    #[must_use]
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.isolation = Some(level);
        self
    }

    /// Says whether only reading is allowed.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Says whether a serializable transaction that only reads waits for a safe snapshot; PostgreSQL's alone.
    #[must_use]
    pub fn deferrable(mut self, deferrable: bool) -> Self {
        self.deferrable = deferrable;
        self
    }

    /// Says when SQLite takes its write lock.
    #[must_use]
    pub fn mode(mut self, mode: BeginMode) -> Self {
        self.mode = mode;
        self
    }

    /// Whether the plain BEGIN of the backend does it.
    pub fn is_plain(&self) -> bool {
        self.isolation.is_none() && !self.read_only && !self.deferrable
    }
}

/// When SQLite takes its write lock. Other databases take no notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BeginMode {
    /// At once (the default): a later upgrade from reading to writing can be refused, and then cannot be waited for.
    #[default]
    Immediate,
    /// At the first write.
    Deferred,
}

/// How far a transaction is kept apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// READ UNCOMMITTED.
    ReadUncommitted,
    /// READ COMMITTED.
    ReadCommitted,
    /// REPEATABLE READ.
    RepeatableRead,
    /// SERIALIZABLE.
    Serializable,
}

impl IsolationLevel {
    /// The level in SQL's words.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_sql())
    }
}

impl FromStr for IsolationLevel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let levels = [Self::ReadUncommitted, Self::ReadCommitted, Self::RepeatableRead, Self::Serializable];
        let wanted = text.trim().replace(['_', '-'], " ").to_ascii_uppercase();
        levels.into_iter().find(|level| level.as_sql() == wanted).ok_or_else(|| {
            Error::new(
                ErrorKind::Argument,
                format!(
                    "`{text}` is not an isolation level; use READ UNCOMMITTED, READ COMMITTED, REPEATABLE READ or SERIALIZABLE"
                ),
            )
        })
    }
}

/// Whether the connection stands in a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionState {
    /// No transaction.
    #[default]
    Idle,
    /// In a transaction.
    Active,
    /// Not known, for example after raw SQL that begins or ends transactions: roll back before anyone else gets it.
    Unknown,
}
