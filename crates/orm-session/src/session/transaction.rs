//! The transaction of a session: how it begins, and where it stands.

use std::ops::{Deref, DerefMut};

use aludel_driver::{Error, ErrorKind, Result};
use aludel_engine_pool::{Connection, ExecutionOptions};

use super::Session;
use crate::events::TransactionOrigin;

/// The transaction of a session, begun by [`Session::begin`]. It derefs to its session. Dropped without
/// [`commit`](Self::commit) it is rolled back: rows, and what the objects show.
///
/// Counterpart of SQLAlchemy's `with session.begin()`.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct SessionTransaction<'session> {
    session: &'session mut Session,
    is_over: bool,
}

impl Session {
    /// Begins a transaction: one that writes, also when its first statement only reads. Nothing is sent yet. Without it the
    /// first statement begins one, where the session maker does not say otherwise (`autobegin`).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when there is one already, begun by this or by a statement.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_orm_session::{Addable, Result, Session};
    /// # async fn run<A: Addable>(session: &mut Session, object: A) -> Result<()> {
    /// let mut transaction = session.begin()?;
    /// transaction.add(object);
    /// transaction.commit().await
    /// # }
    /// ```
    pub fn begin(&mut self) -> Result<SessionTransaction<'_>> {
        self.check_usable()?;
        if self.in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a transaction is begun already on this session, by `begin` or by its first statement; commit or roll it back \
                 first, or use `begin_nested`",
            ));
        }
        self.begun = true;
        self.announce();
        Ok(SessionTransaction { session: self, is_over: false })
    }

    /// Whether a transaction is begun, by [`begin`](Self::begin) or by a statement.
    pub fn in_transaction(&self) -> bool {
        self.begun || self.failed || self.connection.as_ref().is_some_and(Connection::in_transaction)
    }

    /// Whether statements can be sent: not after a failure, until the transaction (or the nested one in which it happened) is
    /// rolled back, and not after the transaction was prepared.
    pub fn is_active(&self) -> bool {
        self.check_usable().is_ok()
            && self.connection.as_ref().is_none_or(|connection| !connection.has_failed())
    }

    /// The connection of the transaction, for statements of Core: opened where there is none yet.
    ///
    /// # Errors
    /// As [`Engine::connect`](aludel_engine_pool::Engine::connect).
    pub async fn connection(&mut self) -> Result<&mut Connection> {
        self.check_usable()?;
        self.graph().lock().wrote = true;
        self.transaction().await
    }

    /// The connection of the transaction, for what the session itself sends.
    pub(crate) async fn transaction(&mut self) -> Result<&mut Connection> {
        self.check_usable()?;
        self.check_begun()?;
        self.connect().await?;
        self.only_reads = false;
        let is_said = self.writes || self.begun || self.shared.reads_in_autocommit || self.shared.twophase;
        let is_twophase = self.shared.twophase;
        let graph = self.graph().clone();
        self.announce();
        let connection = self.transaction_unchecked()?;
        if is_said && !connection.in_transaction() {
            match is_twophase {
                true => connection.start_twophase()?,
                false => connection.start_transaction(connection.begin_options().clone())?,
            }
            // What was read before it is not taken back by its rollback.
            graph.lock().begin_transaction();
        }
        self.tell_begun().await?;
        self.transaction_unchecked()
    }

    /// The connection for a statement that only reads: it stands alone where the session maker says so, and no transaction is
    /// begun.
    pub(crate) async fn reading(&mut self) -> Result<&mut Connection> {
        if !self.shared.reads_in_autocommit || self.writes || self.in_transaction() {
            let only_reads = self.only_reads || self.connection.is_none();
            self.transaction().await?;
            self.only_reads = only_reads;
            return self.transaction_unchecked();
        }
        self.check_usable()?;
        self.connect().await?;
        self.transaction_unchecked()
    }

    async fn connect(&mut self) -> Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = self.connection.insert(self.shared.connects.connect().await?);
        if let Some(options) = &self.execution_options
            && let Err(error) = connection.set_execution_options(options.clone())
        {
            self.connection = None;
            return Err(error);
        }
        Ok(())
    }

    /// Says how this session executes from here on: isolation level, deadlines and the like, over what its session maker and
    /// its engine say. What is left out stays as it is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction, for what concerns transactions; [`ErrorKind::NotSupported`] for an
    /// isolation level that the database does not have (where no connection is open yet, the first statement says so).
    pub fn set_execution_options(&mut self, options: ExecutionOptions) -> Result<()> {
        if let Some(connection) = self.connection.as_mut() {
            connection.set_execution_options(options.clone())?;
        }
        let before = self.execution_options.take();
        self.execution_options = Some(match before {
            Some(before) => options.over(&before),
            None => options,
        });
        Ok(())
    }

    pub(crate) fn transaction_unchecked(&mut self) -> Result<&mut Connection> {
        self.connection
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the session has no connection"))
    }

    fn check_begun(&self) -> Result<()> {
        if self.shared.autobegin || self.writes || self.begun {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "no transaction is begun, and this session maker does not let statements begin one (`autobegin`); call \
             `session.begin()`",
        ))
    }

    pub(super) fn check_usable(&self) -> Result<()> {
        self.check_between()?;
        if self.is_closed {
            return Err(Error::new(
                ErrorKind::Closed,
                "the session is closed for good, as its session maker says (`close_resets_only`); open another",
            ));
        }
        if self.is_prepared {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the transaction of the session is prepared: it can only be committed or rolled back",
            ));
        }
        if self.failed {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "the transaction was rolled back because a flush or commit failed before; call `session.rollback().await` to \
                 begin anew, or that of the nested transaction in which it failed",
            ));
        }
        Ok(())
    }

    /// A statement of the transaction failed: nothing is flushed, not even nothing.
    pub(super) fn check_connection(&self) -> Result<()> {
        if self.connection.as_ref().is_some_and(Connection::has_failed) {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "a statement of the transaction failed before; call `session.rollback().await` to begin anew, or that of the \
                 nested transaction in which it failed",
            ));
        }
        Ok(())
    }

    /// The transaction is over, in memory.
    pub(super) fn forget_transaction(&mut self) {
        self.nested.clear();
        (self.begun, self.failed, self.is_prepared) = (false, false, false);
    }

    /// Runs something that writes rows by itself: when it fails, or is dropped, the session asks for a rollback.
    pub(crate) fn begin_writing(&mut self) {
        self.failed = true;
    }

    /// What was begun by [`begin_writing`](Self::begin_writing) is done.
    pub(crate) async fn end_writing<T>(&mut self, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Ok(_) => self.failed = false,
            // The half-written rows must not be seen by anybody, also not through this session. Those of a nested transaction
            // go when it is rolled back, and until then nothing is sent.
            Err(_) if self.nested.is_empty() => {
                if let Some(connection) = self.connection.as_mut() {
                    let _ = connection.rollback().await;
                }
            }
            Err(_) => {}
        }
        outcome
    }
}

impl SessionTransaction<'_> {
    /// Flushes and commits.
    ///
    /// # Errors
    /// As [`Session::commit`]; [`ErrorKind::InvalidRequest`] when the transaction was ended meanwhile.
    pub async fn commit(mut self) -> Result<()> {
        if !self.session.begun {
            self.is_over = true;
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the transaction of this block was committed or rolled back inside the block",
            ));
        }
        let outcome = self.session.commit().await;
        self.is_over = outcome.is_ok();
        outcome
    }

    /// Rolls back: as [`Session::rollback`].
    ///
    /// # Errors
    /// What the database says; the objects are restored all the same.
    pub async fn rollback(mut self) -> Result<()> {
        self.is_over = true;
        self.session.rollback().await
    }
}

impl Drop for SessionTransaction<'_> {
    fn drop(&mut self) {
        if self.is_over || !self.session.begun {
            return;
        }
        let nested = self.session.nested.len();
        self.session.graph().rollback();
        self.session.forget_transaction();
        // Its connection rolls back before anyone else sees it.
        self.session.connection = None;
        if !std::thread::panicking() {
            self.session.graph().tell();
            (0..nested).for_each(|_| self.session.tell_ended(TransactionOrigin::BeginNested));
            self.session.end();
        }
    }
}

impl Deref for SessionTransaction<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for SessionTransaction<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}
