//! [`SessionRun`]: a statement on its way through a session.

use std::{collections::HashSet, future::IntoFuture, ops::ControlFlow, sync::Arc, time::Duration};

use aludel_driver::{BoxFuture, ColumnInfo, Done, Error, ErrorKind, Result, Row, Sink};
use aludel_engine_pool::CursorResult;
use aludel_sql_expression::{RowPlan, StatementNode, StatementOptions, typed::RowReader};

use super::{Prepared, RowLoader, SessionExecutable};
use crate::{
    Session,
    graph::{AnySlot, LoadMode, LoadRow, Peers},
    loading::{JoinedLinks, load_tree},
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
        Self { session, statement, mode: LoadMode::Keep, synchronize: SynchronizeSession::Auto, options }
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
        let Self { session, statement, mode, synchronize, options } = self;
        session.autoflush().await?;
        let Prepared { mut node, roots, joined, trees, unique } = statement.prepare()?;
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
        let peers: Vec<Arc<Peers>> = roots
            .iter()
            .map(|root| if root.relationships().is_empty() { None } else { Some(Arc::new(Peers::default())) })
            .map(Option::unwrap_or_default)
            .collect();
        let mode = match change {
            Some(Change::Insert) => mode.max(LoadMode::Refresh),
            Some(Change::Update) if synchronization.is_some() => mode.max(LoadMode::Refresh),
            _ => mode,
        };
        let first_new = if change == Some(Change::Insert) { graph.next_number() } else { u32::MAX };
        let mut sink = ObjectSink {
            statement: &statement,
            plan: RowPlan::default(),
            columns: None,
            loader: RowLoader { graph: graph.clone(), peers, mode, present: Vec::with_capacity(roots.len()) },
            joined: &joined,
            links: JoinedLinks::default(),
            loaded: roots.iter().map(|_| Vec::new()).collect(),
            // Objects of rows that were changed are told what became of them.
            keeps: roots.iter().map(|root| change.is_some() || !root.relationships().is_empty()).collect(),
            seen: unique.then(HashSet::new),
            synchronization,
            returns: returned_items(&statement.node()),
            objects: Vec::new(),
        };
        let done = connection.fetch_node_with(&node, &options, &mut sink).await?;
        let ObjectSink { columns, loader, loaded, objects, links, synchronization, .. } = sink;
        match change {
            Some(Change::Insert) => loaded.iter().for_each(|slots| graph.were_inserted(slots, first_new)),
            Some(Change::Delete) => {
                let deleted = roots.iter().zip(&loaded).filter(|(root, _)| is_of(&node, root));
                deleted.for_each(|(root, slots)| graph.were_deleted(root, slots));
            }
            _ => {}
        }
        if let Some(synchronization) = synchronization {
            let mut given = roots.iter().zip(&loaded).filter(|(root, _)| is_of(&node, root));
            let given = given.next().map(|(_, slots)| slots.clone()).unwrap_or_default();
            synchronization.finish(&graph, given);
        }
        links.fill(&graph);
        for (peers, slots) in loader.peers.iter().zip(&loaded) {
            peers.set(slots);
        }
        if change == Some(Change::Delete) {
            return Ok(CursorResult::new(objects, columns, done));
        }
        for ((root, tree), slots) in roots.into_iter().zip(trees).zip(loaded) {
            load_tree(connection, &graph, root, slots, tree).await?;
        }
        Ok(CursorResult::new(objects, columns, Done { rows: done.rows, ..done }))
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

/// Reads rows into objects.
struct ObjectSink<'a, S: SessionExecutable> {
    statement: &'a S,
    plan: RowPlan,
    columns: Option<Arc<[ColumnInfo]>>,
    loader: RowLoader,
    joined: &'a [Vec<crate::loading::JoinedLoad>],
    links: JoinedLinks,
    loaded: Vec<Vec<Arc<dyn AnySlot>>>,
    /// Whether a root's objects have to be remembered: only those with relationships can be asked for more.
    keeps: Vec<bool>,
    seen: Option<HashSet<u32>>,
    /// Takes the keys of changed rows in, where these come behind what the statement itself gives back.
    synchronization: Option<Synchronization>,
    /// How many items the statement itself gives back; none: any number.
    returns: Option<usize>,
    objects: Vec<S::Object>,
}

impl<S: SessionExecutable> Sink for ObjectSink<'_, S> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = self.statement.plan(columns)?;
        self.columns = match self.returns {
            None => Some(columns.clone()),
            Some(0) => None,
            Some(_) => {
                let added = self.synchronization.as_ref().map_or(0, Synchronization::added_cells);
                Some(columns[..columns.len().saturating_sub(added)].into())
            }
        };
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.loader.present.clear();
        let (object, position) = self.statement.read(row, &self.plan, &mut self.loader)?;
        if let Some(synchronization) = &mut self.synchronization {
            synchronization.read_key(row, position)?;
            if self.returns == Some(0) {
                return Ok(ControlFlow::Continue(()));
            }
        }
        if !self.joined.is_empty() {
            let mut reader = RowReader::at(row, position);
            for (number, joined) in self.joined.iter().enumerate() {
                let owner = self.loader.present.get(number).cloned().flatten();
                let load = LoadRow { graph: &self.loader.graph, peers: None, mode: self.loader.mode };
                for joined in joined {
                    joined.read(&mut reader, owner.as_ref(), &load, &mut self.links)?;
                }
            }
        }
        let mut is_new = true;
        for (number, slot) in self.loader.present.drain(..).enumerate() {
            let Some(slot) = slot else { continue };
            if let Some(seen) = &mut self.seen {
                is_new = seen.insert(slot.index());
            }
            if is_new && self.keeps[number] {
                self.loaded[number].push(slot);
            }
        }
        if is_new {
            self.objects.push(object);
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The error of an object that is not in the session.
pub(crate) fn not_persistent(model: &str, state: crate::State, call: &str) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("the {model} is {state:?}, not persistent in this session, so `{call}` does not apply to it"),
    )
}
