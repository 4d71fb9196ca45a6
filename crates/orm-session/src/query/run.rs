//! [`SessionRun`]: a statement on its way through a session.

use std::{future::IntoFuture, time::Duration};

use aludel_driver::{BoxFuture, Error, ErrorKind, Result};
use aludel_engine_pool::CursorResult;
use aludel_sql_expression::{StatementNode, StatementOptions};

use super::{
    Prepared, SessionExecutable, SessionStream,
    object_sink::{Loaded, ObjectSink},
};
use crate::{
    Session,
    events::OrmExecuteKind,
    graph::{LoadMode, Loader, Slots},
    loading::{LoadNode, load_tree},
    mapping::Mapper,
    synchronize::{SetStatement, Synchronization, SynchronizeSession},
};

/// A statement on its way through a session: await it for a [`CursorResult`], or go on with `.all()`, `.one()` and the
/// like. Pending changes are flushed before it is sent, unless autoflush is off.
#[must_use = "a statement is sent when it is awaited"]
#[derive(Debug)]
pub struct SessionRun<'s, S> {
    session: &'s mut Session,
    statement: S,
    mode: LoadMode,
    synchronize: SynchronizeSession,
    options: StatementOptions,
    kind: OrmExecuteKind,
}

impl<S: SetStatement> SessionRun<'_, S> {
    /// Says how the loaded objects follow what the statement does. Default: [`SynchronizeSession::Auto`].
    ///
    /// # Examples
    /// ```text
    /// session
    ///     .execute(update(User).set(User::name, "x").filter(User::id.eq(1)))
    ///     .synchronize_session(SynchronizeSession::Fetch)
    ///     .await?;
    /// // UPDATE users SET name = 'x' WHERE id = 1 RETURNING id
    /// ```
    pub fn synchronize_session(mut self, strategy: SynchronizeSession) -> Self {
        self.synchronize = strategy;
        self
    }
}

impl<'s, S: SessionExecutable> SessionRun<'s, S> {
    pub(crate) fn new(session: &'s mut Session, statement: S) -> Self {
        let options = statement.statement_options().cloned().unwrap_or_default();
        let (mode, synchronize) = (LoadMode::Keep, SynchronizeSession::Auto);
        Self { session, statement, mode, synchronize, options, kind: OrmExecuteKind::Statement }
    }

    /// Gives the statement a deadline of its own; none: as long as it needs.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.timeout = Some(timeout.into());
        self
    }

    /// Says how this execution is done, over what the statement itself, the session and the engine say. Statements that
    /// load relationships behind it are not touched by it.
    pub fn execution_options(mut self, options: &StatementOptions) -> Self {
        self.options = options.over(&self.options);
        self
    }

    /// Rows take the place of the values of objects that are in the session already, also of changed ones.
    pub fn populate_existing(mut self) -> Self {
        self.mode = LoadMode::Overwrite;
        self
    }

    /// It asks for an object that is there already.
    pub(crate) fn for_columns(mut self) -> Self {
        self.kind = OrmExecuteKind::ColumnLoad;
        self
    }

    /// Says how many rows a stream fetches at once, at least 1. Default: 1000.
    pub fn yield_per(mut self, rows: usize) -> Self {
        self.options.yield_per = Some(rows.max(1));
        self
    }

    /// Gives the rows in batches, so that memory stays bounded however many there are.
    ///
    /// # Errors
    /// As [`Session::stream`].
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub async fn stream(self) -> Result<SessionStream<'s, S>> {
        let Self { session, statement, mode, options, .. } = self;
        SessionStream::open(session, statement, mode, options).await
    }

    /// All rows.
    ///
    /// # Errors
    /// What the database says; [`ErrorKind::Compile`] when the dialect cannot say it; whatever a flush before it reports.
    pub async fn all(self) -> Result<Vec<S::Object>> {
        self.run().await.map(CursorResult::all)
    }

    /// The first row, or none. The others are thrown away; no LIMIT is added.
    ///
    /// # Errors
    /// As [`SessionRun::all`].
    pub async fn first(self) -> Result<Option<S::Object>> {
        self.run().await.map(CursorResult::first)
    }

    /// The only row.
    ///
    /// # Errors
    /// [`ErrorKind::NoResultFound`], [`ErrorKind::MultipleResultsFound`]; as [`SessionRun::all`].
    pub async fn one(self) -> Result<S::Object> {
        self.run().await?.one()
    }

    /// The only row, or none.
    ///
    /// # Errors
    /// [`ErrorKind::MultipleResultsFound`]; as [`SessionRun::all`].
    pub async fn one_or_none(self) -> Result<Option<S::Object>> {
        self.run().await?.one_or_none()
    }

    async fn run(self) -> Result<CursorResult<S::Object>> {
        let Self { session, statement, mode, synchronize, mut options, kind } = self;
        let Prepared { mut node, roots, joined, trees, unique } = statement.prepare()?;
        if session.listens_to_execute() {
            session.fire_do_orm_execute(&mut node, &mut options, kind).await?;
        }
        session.autoflush().await?;
        let graph = session.graph().clone();
        let change = Change::of(&node);
        if change.is_some() {
            graph.lock().wrote = true;
        }
        // A lock lasts as long as its transaction.
        let reads = matches!(&node, StatementNode::Select(select) if select.locking.is_none());
        let connection = if reads { session.reading().await? } else { session.transaction().await? };
        let synchronization = match change {
            Some(Change::Update | Change::Delete) => {
                Synchronization::begin(connection, &graph, &mut node, &roots, synchronize).await?
            }
            _ => None,
        };
        let mode = match change {
            Some(Change::Insert) => mode.max(LoadMode::Refresh),
            Some(Change::Update) if synchronization.is_some() => mode.max(LoadMode::Refresh),
            _ => mode,
        };
        let first_new = if change == Some(Change::Insert) { graph.next_number() } else { u32::MAX };
        let mut sink = ObjectSink::new(&statement, Loader::new(&graph, mode), &roots, &joined, unique);
        if change.is_some() {
            sink.changes(synchronization, returned_items(&statement.node()));
        }
        let done = connection.fetch_node_with(&node, &options, &mut sink).await?;
        let Loaded { columns, roots, objects, synchronization } = sink.end();
        let mut trees = trees.into_iter();
        let loaded: Vec<(&Mapper, Slots, Vec<LoadNode>)> = roots
            .into_iter()
            .map(|root| {
                let (mapper, tree) = (root.mapper, trees.next().unwrap_or_default());
                (mapper, root.end(&graph, change.is_some() || !tree.is_empty()), tree)
            })
            .collect();
        match change {
            Some(Change::Insert) => {
                loaded.iter().for_each(|(_, slots, _)| graph.were_inserted(slots, first_new))
            }
            Some(Change::Delete) => {
                let deleted = loaded.iter().filter(|(mapper, ..)| is_of(&node, mapper));
                deleted.for_each(|(mapper, slots, _)| {
                    graph.were_deleted(mapper, slots);
                    graph.follow_deletes(mapper, slots, &[]);
                });
            }
            _ => {}
        }
        if let Some(synchronization) = synchronization {
            let given = loaded.iter().find(|(mapper, ..)| is_of(&node, mapper));
            synchronization.finish(&graph, given.map(|(_, slots, _)| slots.clone()).unwrap_or_default());
        }
        if change != Some(Change::Delete) {
            for (mapper, slots, tree) in loaded {
                if !tree.is_empty() {
                    load_tree(&mut *session, &graph, mapper, slots, tree).await?;
                }
            }
        }
        graph.tell();
        session.fire_after_bulk(&node, done.rows).await?;
        Ok(CursorResult::new(objects, columns, done))
    }
}

impl<'s, S: SessionExecutable + 's> IntoFuture for SessionRun<'s, S> {
    type Output = Result<CursorResult<S::Object>>;
    type IntoFuture = BoxFuture<'s, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What a statement does to rows, other than reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Insert,
    Update,
    Delete,
    /// What was written by hand may do anything.
    Other,
}

impl Change {
    fn of(node: &StatementNode) -> Option<Self> {
        match node {
            StatementNode::Select(_) => None,
            StatementNode::Insert(_) => Some(Self::Insert),
            StatementNode::Update(_) => Some(Self::Update),
            StatementNode::Delete(_) => Some(Self::Delete),
            _ => Some(Self::Other),
        }
    }
}

/// Whether an UPDATE or DELETE changes the rows of a model.
fn is_of(node: &StatementNode, root: &Mapper) -> bool {
    match node {
        StatementNode::Update(update) => update.table == *root.table(),
        StatementNode::Delete(delete) => delete.table == *root.table(),
        _ => false,
    }
}

/// How many items an UPDATE or DELETE gives back by itself; none for everything else.
fn returned_items(node: &StatementNode) -> Option<usize> {
    match node {
        StatementNode::Update(update) => Some(update.returning.len()),
        StatementNode::Delete(delete) => Some(delete.returning.len()),
        _ => None,
    }
}

/// The error of an object that is not in the session.
pub(crate) fn not_persistent(model: &str, state: crate::State, call: &str) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("the {model} is {state:?}, not persistent in this session, so `{call}` does not apply to it"),
    )
}
