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
};

/// A statement on its way through a session: await it for a [`CursorResult`], or go on with `.all()`, `.one()` and the
/// like. Pending changes are flushed before it is sent, unless autoflush is off.
#[must_use = "a statement is sent when it is awaited"]
#[derive(Debug)]
pub struct SessionRun<'s, S> {
    session: &'s mut Session,
    statement: S,
    mode: LoadMode,
    options: StatementOptions,
}

impl<'s, S: SessionExecutable> SessionRun<'s, S> {
    pub(crate) fn new(session: &'s mut Session, statement: S) -> Self {
        let options = statement.statement_options().cloned().unwrap_or_default();
        Self { session, statement, mode: LoadMode::Keep, options }
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
        let Self { session, statement, mode, options } = self;
        session.autoflush().await?;
        let Prepared { node, roots, joined, trees, unique } = statement.prepare()?;
        let graph = session.graph().clone();
        let peers: Vec<Arc<Peers>> = roots
            .iter()
            .map(|root| if root.relationships().is_empty() { None } else { Some(Arc::new(Peers::default())) })
            .map(Option::unwrap_or_default)
            .collect();
        let mut sink = ObjectSink {
            statement: &statement,
            plan: RowPlan::default(),
            columns: None,
            loader: RowLoader { graph: graph.clone(), peers, mode, present: Vec::with_capacity(roots.len()) },
            joined: &joined,
            links: JoinedLinks::default(),
            loaded: roots.iter().map(|_| Vec::new()).collect(),
            keeps: roots.iter().map(|root| !root.relationships().is_empty()).collect(),
            seen: unique.then(HashSet::new),
            objects: Vec::new(),
        };
        if !matches!(node, StatementNode::Select(_)) {
            graph.lock().wrote = true;
        }
        let connection = session.transaction().await?;
        let done = connection.fetch_node_with(&node, &options, &mut sink).await?;
        // Which of the rows were changed is not known here, so that all objects of the table may be old.
        match &node {
            StatementNode::Update(update) => graph.expire_table(&update.table),
            StatementNode::Delete(delete) => graph.expire_table(&delete.table),
            _ => {}
        }
        let ObjectSink { columns, loader, loaded, objects, links, .. } = sink;
        links.fill(&graph);
        for (peers, slots) in loader.peers.iter().zip(&loaded) {
            peers.set(slots);
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
    objects: Vec<S::Object>,
}

impl<S: SessionExecutable> Sink for ObjectSink<'_, S> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = self.statement.plan(columns)?;
        self.columns = Some(columns.clone());
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.loader.present.clear();
        let (object, position) = self.statement.read(row, &self.plan, &mut self.loader)?;
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
