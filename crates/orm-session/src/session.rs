//! [`Session`]: a unit of work over an identity map.

mod addable;
mod end;
mod explain;
mod flush;
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

use std::sync::{Arc, OnceLock};

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
    events::{Audience, TransactionOrigin},
    graph::Graph,
    mapping::{IntoKey, Key, Mapped},
    query::{SessionExecutable, SessionRun, SingleExecutable},
    unit_of_work::StatementCache,
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
    audience: Arc<Audience>,
    /// Made when it is asked for: one that was closed needs none before it is used again.
    graph: OnceLock<Arc<Graph>>,
    connection: Option<Connection>,
    /// The nested transactions, the outermost first.
    nested: Vec<SavepointId>,
    /// A flush failed, or was dropped half-way.
    failed: bool,
    /// A flush failed, and the database is rolled back already.
    rolled_back: bool,
    /// The transaction begins as one that writes, also when its first statement only reads.
    writes: bool,
    /// Nothing but reading was done on the connection, so that nobody waits for the end of its transaction.
    only_reads: bool,
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

impl Session {
    fn new(shared: Arc<Shared>) -> Self {
        let autoflush = shared.autoflush;
        let id = SessionId::next();
        Self {
            audience: Arc::new(Audience::new(shared.events.clone())),
            graph: OnceLock::new(),
            shared,
            connection: None,
            nested: Vec::new(),
            failed: false,
            rolled_back: false,
            writes: false,
            only_reads: false,
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
        self.graph.get_or_init(|| Graph::of(self.id, self.audience.clone()))
    }

    /// Adds an object, and everything nested in it: the next flush inserts them. Gives the handle.
    pub fn add<A: Addable>(&mut self, object: A) -> Instance<A::Model> {
        self.announce();
        object.add_to(self.graph())
    }

    /// Adds many objects.
    pub fn add_all<A: Addable>(&mut self, objects: impl IntoIterator<Item = A>) -> Vec<Instance<A::Model>> {
        A::add_all_to(objects.into_iter().collect(), self.graph())
    }

    /// Marks an object to be deleted by the next flush, which also follows the cascades.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not persistent in this session.
    pub fn delete<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.check_persistent(object, "delete")?;
        self.announce();
        self.graph().lock().doom(object.erased().index());
        Ok(())
    }

    /// Takes an object out of the session: it stays readable, and is written no more.
    ///
    /// It stays as it is also when the transaction is rolled back that wrote it, and says then that it is expired. Added again
    /// before that, it goes back with the others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not in this session.
    pub fn expunge<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.check_here(object, "expunge")?;
        self.graph().expunge(object.erased().index());
        Ok(())
    }

    /// Takes all objects out of the session: they stay readable, and are written no more. The transaction goes on.
    pub fn expunge_all(&mut self) {
        let wrote = self.graph.get().is_some_and(|graph| graph.lock().has_written());
        self.release();
        if wrote {
            // The transaction goes on: a rollback takes back what is loaded from here on, too.
            self.graph().lock().wrote = true;
        }
    }

    /// Lets all objects go, and begins with an empty graph.
    fn release(&mut self) {
        if let Some(graph) = self.graph.take() {
            graph.close();
        }
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
            self.graph().lock().miss(M::mapper(), key.values().as_ref());
            self.graph().tell();
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
        let graph = self.graph();
        let inner = graph.lock();
        if inner.identity.is_empty() {
            return None;
        }
        let entry =
            inner.find(M::mapper(), key.values().as_ref()).filter(|entry| !entry.slot.is_expired())?;
        Some(Instance::new(entry.typed_slot()?, graph.clone()))
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

    /// The texts of the statements that are written for shapes of rows.
    pub(crate) fn statements(&self) -> Arc<StatementCache> {
        self.shared.statements.clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(graph) = self.graph.take() {
            if self.is_outcome_unknown() {
                graph.expire_all();
            } else if !graph.lock().in_transaction.is_empty() {
                graph.rollback();
            }
            graph.close();
        }
        // A listener that panics in the midst of a panic ends the program.
        if !std::thread::panicking() {
            self.end();
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("graph", self.graph()).field("failed", &self.failed).finish()
    }
}
