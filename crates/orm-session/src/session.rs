//! [`Session`]: a unit of work over an identity map.

mod addable;
mod get;
mod load;
mod maker;
mod merge;
mod nested;
mod state;

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_engine_pool::{Connection, SavepointId};
use aludel_sql_expression::{Entity, statement::Select};

pub use addable::Addable;
pub use maker::SessionMaker;
use maker::Shared;
pub use merge::Mergeable;
pub use nested::NestedTransaction;

use crate::{
    Instance,
    graph::Graph,
    mapping::{IntoKey, Key, Mapped},
    query::{SessionExecutable, SessionRun, SessionSelectable, SingleSelectable},
    unit_of_work::{Flush, flush},
};

/// A unit of work: it loads objects, notices what changes, and writes the changes in one transaction.
///
/// Made by a [`SessionMaker`]. One object stands for each row. Dropping a session rolls back what was not committed.
///
/// # Cancel safety
/// A future of a session that is dropped half-way leaves the transaction in doubt: its connection is closed, and the next
/// call says to roll back first.
pub struct Session {
    shared: Arc<Shared>,
    graph: Arc<Graph>,
    connection: Option<Connection>,
    /// The nested transactions, the outermost first.
    nested: Vec<SavepointId>,
    /// A flush failed, or was dropped half-way.
    failed: bool,
    /// The transaction begins as one that writes, also when its first statement only reads.
    writes: bool,
    autoflush: bool,
}

/// How many rounds of flushing a commit makes, when listeners go on changing objects.
const ROUNDS: usize = 100;

impl Session {
    fn new(shared: Arc<Shared>) -> Self {
        let autoflush = shared.autoflush;
        Self {
            shared,
            graph: Arc::default(),
            connection: None,
            nested: Vec::new(),
            failed: false,
            writes: false,
            autoflush,
        }
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Adds an object, and everything nested in it: the next flush inserts them. Gives the handle.
    pub fn add<A: Addable>(&mut self, object: A) -> Instance<A::Model> {
        object.add_to(&self.graph)
    }

    /// Adds many objects.
    pub fn add_all<A: Addable>(&mut self, objects: impl IntoIterator<Item = A>) -> Vec<Instance<A::Model>> {
        A::add_all_to(objects.into_iter().collect(), &self.graph)
    }

    /// Marks an object to be deleted by the next flush, which also follows the cascades.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not persistent in this session.
    pub fn delete<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.check_persistent(object, "delete")?;
        self.graph.lock().doom(object.erased().index());
        Ok(())
    }

    /// Takes an object out of the session: it stays readable, and is written no more.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not in this session.
    pub fn expunge<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.check_here(object, "expunge")?;
        self.graph.expunge(object.erased().index());
        Ok(())
    }

    /// Takes all objects out of the session: they stay readable, and are written no more. The transaction goes on.
    pub fn expunge_all(&mut self) {
        self.graph.close();
        self.graph = Arc::default();
    }

    /// The object with this primary key: from the session where it is there and not expired, without a statement; else
    /// from the database. None when there is no such row.
    ///
    /// # Errors
    /// What the database says.
    pub async fn get<M: Mapped>(
        &mut self,
        model: Entity<M>,
        key: impl IntoKey<M::Key>,
    ) -> Result<Option<Instance<M>>> {
        self.get_by(model, &key.into_key()).await
    }

    async fn get_by<M: Mapped>(&mut self, model: Entity<M>, key: &M::Key) -> Result<Option<Instance<M>>> {
        if let Some(object) = self.find::<M>(key) {
            return Ok(Some(object));
        }
        let found = self.get_row(model, key.values().as_ref()).await?;
        if found.is_none() {
            self.graph.lock().miss(M::mapper(), key.values().as_ref());
        }
        Ok(found)
    }

    /// The same for a row that must be there.
    ///
    /// # Errors
    /// [`ErrorKind::NoResultFound`] when it is not, with the model and the key; what the database says.
    pub async fn get_one<M: Mapped>(
        &mut self,
        model: Entity<M>,
        key: impl IntoKey<M::Key>,
    ) -> Result<Instance<M>> {
        let key = key.into_key();
        self.get_by(model, &key).await?.ok_or_else(|| {
            let values = key.values();
            Error::new(
                ErrorKind::NoResultFound,
                format!("there is no {} with the primary key {:?}", M::mapper().name(), values.as_ref()),
            )
        })
    }

    fn find<M: Mapped>(&self, key: &M::Key) -> Option<Instance<M>> {
        let values = key.values();
        let inner = self.graph.lock();
        let entry = inner.find(M::mapper(), values.as_ref()).filter(|entry| !entry.slot.is_expired())?;
        let slot = entry.slot.clone().into_any().downcast().ok()?;
        Some(Instance::new(slot, self.graph.clone()))
    }

    /// Executes a select of one thing: models come as handles.
    ///
    /// # Examples
    /// `let authors = session.scalars(select(Author).order_by(Author::name.asc())).all().await?;`
    pub fn scalars<S: SingleSelectable>(&mut self, select: Select<S>) -> SessionRun<'_, Select<S>> {
        SessionRun::new(self, select)
    }

    /// Executes any statement: a select of models gives handles, of columns values, in tuples as selected.
    ///
    /// The loaded objects of a model follow an UPDATE or DELETE of it: see [`SynchronizeSession`](crate::SynchronizeSession).
    /// Listeners of flushes are not told of these, cascades are not followed, and versions are not counted. What is written by
    /// hand (`text`) is not looked into.
    pub fn execute<S: SessionExecutable>(&mut self, statement: S) -> SessionRun<'_, S> {
        SessionRun::new(self, statement)
    }

    /// The first thing of the first row, or none.
    ///
    /// # Errors
    /// As [`SessionRun::all`].
    pub async fn scalar<S: SingleSelectable>(
        &mut self,
        select: Select<S>,
    ) -> Result<Option<<S as SessionSelectable>::Object>> {
        self.scalars(select).first().await
    }

    /// Writes all changes, in few statements, inside the transaction.
    ///
    /// # Errors
    /// [`ErrorKind::Flush`] when the changes contradict each other; [`ErrorKind::StaleData`] when rows are gone;
    /// [`ErrorKind::Integrity`] and whatever else the database says. After an error the session asks for a rollback.
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub async fn flush(&mut self) -> Result<()> {
        self.flush_with(false).await.map(drop)
    }

    async fn flush_with(&mut self, commit: bool) -> Result<bool> {
        self.check_usable()?;
        {
            let inner = self.graph.lock();
            if inner.touched.is_empty() && inner.foreign.is_empty() {
                return Ok(false);
            }
        }
        self.transaction().await?;
        // Set before the first statement, so that a dropped future leaves it set.
        self.failed = true;
        let shared = self.shared.clone();
        let Some(connection) = self.connection.as_mut() else { return Ok(false) };
        let (statements, events) = (&shared.statements, &shared.events);
        match flush(Flush { connection, graph: &self.graph, statements, events }, commit).await {
            Ok(committed) => {
                self.failed = false;
                Ok(committed)
            }
            Err(error) => {
                // The half-written rows must not be seen by anybody, also not through this session. Those of a nested
                // transaction go when it is rolled back, and until then nothing is sent.
                if self.nested.is_empty()
                    && let Some(connection) = self.connection.as_mut()
                {
                    let _ = connection.rollback().await;
                }
                Err(error)
            }
        }
    }

    pub(crate) async fn autoflush(&mut self) -> Result<()> {
        self.check_usable()?;
        if !self.autoflush {
            return Ok(());
        }
        self.flush().await.map_err(|error| {
            error.context("while flushing before a query (switch it off with `no_autoflush`)")
        })
    }

    /// Runs the closure with autoflush off: its queries do not see what was not flushed.
    ///
    /// # Errors
    /// The closure's.
    pub async fn no_autoflush<R>(&mut self, run: impl AsyncFnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let without = WithoutAutoflush { before: self.autoflush, session: self };
        without.session.autoflush = false;
        run(&mut *without.session).await
    }

    /// Flushes and commits. The connection goes back to its pool.
    ///
    /// # Errors
    /// As [`Session::flush`]; [`ErrorKind::OutcomeUnknown`] when the answer of the COMMIT was lost: the objects are detached
    /// and expired then.
    ///
    /// # Cancel safety
    /// A dropped future leaves it unknown whether the transaction is committed, once COMMIT was sent: the next
    /// [`rollback`](Self::rollback) says so, and detaches and expires the objects.
    pub async fn commit(&mut self) -> Result<()> {
        let mut rounds = 0;
        let committed = loop {
            let committed = self.flush_with(true).await.inspect_err(|error| self.lost(error))?;
            if committed || self.graph.lock().touched.is_empty() {
                break committed;
            }
            rounds += 1;
            if rounds == ROUNDS {
                let message = format!(
                    "objects were still changed after {ROUNDS} flushes of one commit: does a listener change what it is \
                     told of after each flush?"
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        };
        self.check_usable()?;
        if !committed && let Some(connection) = self.connection.as_mut() {
            self.failed = true;
            connection.commit().await.inspect_err(|error| self.lost(error))?;
            self.failed = false;
        }
        self.nested.clear();
        self.graph.commit();
        if self.shared.expire_on_commit {
            self.graph.expire_all();
        }
        self.connection = None;
        Ok(())
    }

    /// Nobody knows whether the transaction is committed: what was in it is let go, marked as expired.
    fn lost(&mut self, error: &Error) {
        if error.kind() == ErrorKind::OutcomeUnknown {
            self.let_go_in_doubt();
        }
    }

    fn let_go_in_doubt(&mut self) {
        self.graph.expire_all();
        self.graph.close();
        self.graph = Arc::default();
        self.nested.clear();
    }

    /// Whether a commit was dropped before its answer came.
    fn is_outcome_unknown(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_outcome_unknown)
    }

    /// Rolls back: objects show the values from before the transaction, new ones are plain values again, deleted ones are
    /// back.
    ///
    /// # Errors
    /// What the database says; the objects are restored all the same. [`ErrorKind::OutcomeUnknown`] when a commit was dropped
    /// before its answer came: the objects are detached and expired then.
    pub async fn rollback(&mut self) -> Result<()> {
        if self.is_outcome_unknown() {
            self.let_go_in_doubt();
        } else {
            self.graph.rollback();
        }
        self.nested.clear();
        self.failed = false;
        match self.connection.take() {
            Some(mut connection) => connection.rollback().await,
            None => Ok(()),
        }
    }

    /// Rolls back what is open, and lets all objects go: they become detached. The session can be used again.
    ///
    /// # Errors
    /// As [`Session::rollback`].
    pub async fn close(&mut self) -> Result<()> {
        let result = self.rollback().await;
        self.graph.close();
        self.graph = Arc::default();
        result
    }

    /// The connection of the transaction, for statements of Core: opened where there is none yet.
    ///
    /// # Errors
    /// As [`Engine::connect`](aludel_engine_pool::Engine::connect).
    pub async fn connection(&mut self) -> Result<&mut Connection> {
        self.check_usable()?;
        self.graph.lock().wrote = true;
        self.transaction().await
    }

    /// The connection of the transaction, for what the session itself sends.
    pub(crate) async fn transaction(&mut self) -> Result<&mut Connection> {
        self.check_usable()?;
        if self.connection.is_none() {
            let mut connection = self.shared.engine.connect().await?;
            if self.writes {
                connection.start_transaction(connection.begin_options().clone())?;
            }
            self.connection = Some(connection);
        }
        self.transaction_unchecked()
    }

    fn transaction_unchecked(&mut self) -> Result<&mut Connection> {
        self.connection
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the session has no connection"))
    }

    fn check_usable(&self) -> Result<()> {
        if self.failed {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "the transaction was rolled back because a flush or commit failed before; call `session.rollback().await` to \
                 begin anew, or that of the nested transaction in which it failed",
            ));
        }
        Ok(())
    }
}

/// Autoflush is off as long as this lives: also a closure that panics or is dropped half-way leaves it as it was.
struct WithoutAutoflush<'s> {
    session: &'s mut Session,
    before: bool,
}

impl Drop for WithoutAutoflush<'_> {
    fn drop(&mut self) {
        self.session.autoflush = self.before;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_outcome_unknown() {
            self.graph.expire_all();
        } else if !self.graph.lock().in_transaction.is_empty() {
            self.graph.rollback();
        }
        self.graph.close();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("graph", &self.graph).field("failed", &self.failed).finish()
    }
}
