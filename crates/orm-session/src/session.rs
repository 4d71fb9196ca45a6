//! [`Session`]: a unit of work over an identity map.

mod addable;
mod get;
mod info;
mod listening;
mod load;
mod maker;
mod merge;
mod nested;
mod plan;
mod state;
mod stream;
mod transaction;
mod twophase;

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_engine_pool::{Connection, ExecutionOptions, SavepointId};
use aludel_sql_expression::Entity;

pub use addable::Addable;
pub use info::SessionInfo;
use listening::Phase;
pub use maker::SessionMaker;
use maker::Shared;
pub use merge::{MergeOptions, Mergeable};
pub use nested::NestedTransaction;
pub use state::SessionId;
pub use transaction::SessionTransaction;

use crate::{
    Instance,
    events::{Audience, Flushed, Told, TransactionOrigin},
    graph::Graph,
    mapping::{IntoKey, Key, Mapped},
    query::{SessionExecutable, SessionRun, SingleExecutable},
    unit_of_work::{Flush, StatementCache, flush},
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
    /// A flush failed, and the database is rolled back already.
    rolled_back: bool,
    /// The transaction begins as one that writes, also when its first statement only reads.
    writes: bool,
    autoflush: bool,
    /// `begin` was called.
    begun: bool,
    /// The transaction is prepared: only its second phase is left.
    is_prepared: bool,
    /// Closed for good.
    is_closed: bool,
    execution_options: Option<ExecutionOptions>,
    id: SessionId,
    info: SessionInfo,
    /// How the transaction came to be that listeners were told of, as long as it is under way, in memory at least.
    created: Option<TransactionOrigin>,
    /// The listeners of `after_begin` have had its connection.
    has_begun: bool,
    phase: Phase,
}

/// How many rounds of flushing a commit makes, when listeners go on changing objects.
const ROUNDS: usize = 100;

impl Session {
    fn new(shared: Arc<Shared>) -> Self {
        let autoflush = shared.autoflush;
        let id = SessionId::next();
        Self {
            graph: Graph::of(id, Arc::new(Audience::new(shared.events.clone()))),
            shared,
            connection: None,
            nested: Vec::new(),
            failed: false,
            rolled_back: false,
            writes: false,
            autoflush,
            begun: false,
            is_prepared: false,
            is_closed: false,
            execution_options: None,
            id,
            info: SessionInfo::default(),
            created: None,
            has_begun: false,
            phase: Phase::Open,
        }
    }

    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Adds an object, and everything nested in it: the next flush inserts them. Gives the handle.
    pub fn add<A: Addable>(&mut self, object: A) -> Instance<A::Model> {
        self.announce();
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
        self.announce();
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
        self.release();
    }

    /// Lets all objects go, and begins with an empty graph.
    fn release(&mut self) {
        self.graph.close();
        self.graph = Graph::of(self.id, self.graph.audience().clone());
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
            self.graph.tell();
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

    /// Executes a statement that gives one thing for each row: models come as handles.
    ///
    /// # Examples
    /// `let authors = session.scalars(select(Author).order_by(Author::name.asc())).all().await?;`
    ///
    /// `session.scalars(insert(Author).values_many(rows).returning(Author))` gives the objects of the new rows.
    pub fn scalars<S: SingleExecutable>(&mut self, statement: S) -> SessionRun<'_, S> {
        SessionRun::new(self, statement)
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
    pub async fn scalar<S: SingleExecutable>(&mut self, statement: S) -> Result<Option<S::Object>> {
        self.scalars(statement).first().await
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
        self.check_phase("flush")?;
        if self.is_clean() {
            return self.check_connection().map(|()| false);
        }
        self.announce();
        self.fire_before_flush(TransactionOrigin::Flush).await?;
        // What has to happen before the COMMIT keeps it from travelling with the flush.
        let commit = commit && !self.graph.audience().any(|events| events.stands_before_commit());
        self.tell_created(TransactionOrigin::Flush);
        // Where there is no transaction nothing was written, and there is nothing to roll back.
        if let Err(error) = self.transaction().await.map(drop) {
            self.tell_ended(TransactionOrigin::Flush);
            return Err(error);
        }
        let outcome = match self.write(commit).await {
            Ok((committed, told)) => self.tell_flushed(told).await.map(|()| committed),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.failed = true;
        }
        let outcome = self.end_writing(outcome).await;
        if outcome.is_err() {
            // The flush's own error tells more than that of a listener behind it.
            if self.nested.is_empty() && self.connection.is_some() {
                self.rolled_back = true;
                let _ = self.fire_after_rollback(self.origin()).await;
            }
        }
        self.tell_ended(TransactionOrigin::Flush);
        if outcome.is_err() {
            let _ = self.fire_after_soft_rollback(TransactionOrigin::Flush).await;
        }
        outcome
    }

    fn is_clean(&self) -> bool {
        let inner = self.graph.lock();
        inner.touched.is_empty() && inner.foreign.is_empty() && inner.refused.is_empty()
    }

    async fn write(&mut self, commit: bool) -> Result<(bool, Option<Told>)> {
        // Before the first statement, so that a dropped future leaves it so.
        self.begin_writing();
        let statements = self.shared.statements.clone();
        let _held = self.graph.audience().listens_to_objects().then(|| self.graph.hold());
        let Some(connection) = self.connection.as_mut() else { return Ok((false, None)) };
        let flush_of = Flush { connection, graph: &self.graph, statements: &statements, draft: None };
        let written = flush(flush_of, commit).await?;
        self.failed = false;
        Ok(written)
    }

    async fn tell_flushed(&mut self, told: Option<Told>) -> Result<()> {
        if let Some(told) = told {
            let flushed = Flushed::new(told, self.graph.clone());
            self.fire_after_flush(&flushed).await?;
            self.graph.tell();
            return self.fire_after_flush_postexec(TransactionOrigin::Flush).await;
        }
        self.graph.tell();
        Ok(())
    }

    pub(crate) async fn autoflush(&mut self) -> Result<()> {
        self.check_usable()?;
        // A listener of a flush may ask for rows as they are.
        if !self.autoflush || self.phase == Phase::Flushing {
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
        if !self.is_prepared {
            self.check_usable()?;
            self.check_phase("commit")?;
            self.announce();
            self.fire_before_commit(self.origin()).await?;
            let committed = self.flush_until_clean(!self.shared.twophase).await?;
            self.check_usable()?;
            if committed {
                return self.finish_commit().await;
            }
            if self.shared.twophase {
                self.prepare_flushed().await?;
            }
        }
        if let Some(connection) = self.connection.as_mut() {
            // A second phase that fails can be tried again.
            self.failed = !self.is_prepared;
            connection.commit().await.inspect_err(|error| self.lost(error))?;
        }
        self.finish_commit().await
    }

    /// Flushes, and again what listeners changed meanwhile. With `commit`, the COMMIT may travel with the last batch; then true
    /// is given.
    async fn flush_until_clean(&mut self, commit: bool) -> Result<bool> {
        for _ in 0..ROUNDS {
            let committed = self.flush_with(commit).await.inspect_err(|error| self.lost(error))?;
            if committed || self.graph.lock().touched.is_empty() {
                return Ok(committed);
            }
        }
        let message = format!(
            "objects were still changed after {ROUNDS} flushes of one commit: does a listener change what it is told of after \
             each flush?"
        );
        Err(Error::new(ErrorKind::Flush, message))
    }

    /// The transaction is committed: tells the objects, and gives the connection back.
    async fn finish_commit(&mut self) -> Result<()> {
        let nested = self.nested.len();
        self.forget_transaction();
        self.graph.commit();
        if self.shared.expire_on_commit {
            self.graph.expire_all();
        }
        self.connection = None;
        let told = self.fire_after_commit(self.origin()).await;
        self.graph.tell();
        (0..nested).for_each(|_| self.tell_ended(TransactionOrigin::BeginNested));
        self.end();
        told.map_err(|error| error.context("in a listener of `after_commit`; the transaction is committed"))
    }

    /// Nobody knows whether the transaction is committed: what was in it is let go, marked as expired.
    fn lost(&mut self, error: &Error) {
        if error.kind() == ErrorKind::OutcomeUnknown {
            self.let_go_in_doubt();
        }
    }

    fn let_go_in_doubt(&mut self) {
        self.graph.expire_all();
        self.release();
        self.nested.clear();
        self.is_prepared = false;
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
        self.check_phase("rollback")?;
        let nested = self.nested.len();
        if self.is_outcome_unknown() {
            self.let_go_in_doubt();
        } else {
            self.graph.rollback();
        }
        self.forget_transaction();
        let is_done = std::mem::take(&mut self.rolled_back);
        let mut outcome = match self.connection.take() {
            Some(mut connection) => connection.rollback().await,
            None => Ok(()),
        };
        if self.created.is_some() && !is_done && outcome.is_ok() {
            outcome = self.fire_after_rollback(self.origin()).await;
        }
        self.graph.tell();
        for _ in 0..nested {
            self.tell_ended(TransactionOrigin::BeginNested);
            outcome = outcome.and(self.fire_after_soft_rollback(TransactionOrigin::BeginNested).await);
        }
        if let Some(origin) = self.end() {
            outcome = outcome.and(self.fire_after_soft_rollback(origin).await);
        }
        outcome
    }

    /// Rolls back what is open, prepared or not, and lets all objects go: they become detached. The session can be used again,
    /// unless its session maker says otherwise (`close_resets_only`).
    ///
    /// # Errors
    /// As [`Session::rollback`].
    pub async fn close(&mut self) -> Result<()> {
        self.check_phase("close")?;
        self.is_closed = !self.shared.close_resets_only;
        self.reset().await
    }

    /// The same, and the session can be used again in any case.
    ///
    /// # Errors
    /// As [`Session::rollback`].
    pub async fn reset(&mut self) -> Result<()> {
        let result = self.rollback().await;
        self.release();
        result
    }

    /// The texts of the statements that are written for shapes of rows.
    pub(crate) fn statements(&self) -> Arc<StatementCache> {
        self.shared.statements.clone()
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
        // A listener that panics in the midst of a panic ends the program.
        if !std::thread::panicking() {
            self.end();
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("graph", &self.graph).field("failed", &self.failed).finish()
    }
}
