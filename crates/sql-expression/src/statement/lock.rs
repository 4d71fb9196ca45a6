//! Ways to lock rows: `select(..).locking(Locking::update().skip_locked())`.

use super::{LockStrength, LockWait, Locking};
use crate::expression::Source;

impl Locking {
    /// Locks against all others: FOR UPDATE.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, statement::Locking, types::*};
    /// # let job = Table::unregistered("job").column(Column::new("id", Integer).primary_key());
    /// let next = select(job.c("id")).order_by(job.c("id")).limit(1).locking(Locking::update().skip_locked());
    /// assert_eq!(
    ///     next.to_sql(&PostgresDialect::default())?,
    ///     "SELECT job.id FROM job ORDER BY job.id LIMIT 1 FOR UPDATE SKIP LOCKED"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn update() -> Self {
        Self::of_strength(LockStrength::Update)
    }

    /// Locks against changes, while others may lock so too: FOR SHARE.
    #[must_use]
    pub fn share() -> Self {
        Self::of_strength(LockStrength::Share)
    }

    /// Locks against changes of all but what foreign keys look at: FOR NO KEY UPDATE (PostgreSQL).
    #[must_use]
    pub fn no_key_update() -> Self {
        Self::of_strength(LockStrength::NoKeyUpdate)
    }

    /// Locks only what foreign keys look at: FOR KEY SHARE (PostgreSQL).
    #[must_use]
    pub fn key_share() -> Self {
        Self::of_strength(LockStrength::KeyShare)
    }

    fn of_strength(strength: LockStrength) -> Self {
        Self { strength, wait: LockWait::Wait, of: Vec::new() }
    }

    /// Locks only the rows of this source; several calls name several.
    #[must_use]
    pub fn of(mut self, source: impl Into<Source>) -> Self {
        self.of.push(source.into());
        self
    }

    /// Fails where a row is locked already: NOWAIT.
    #[must_use]
    pub fn nowait(mut self) -> Self {
        self.wait = LockWait::NoWait;
        self
    }

    /// Leaves rows out that are locked already: SKIP LOCKED.
    #[must_use]
    pub fn skip_locked(mut self) -> Self {
        self.wait = LockWait::SkipLocked;
        self
    }
}
