//! [`SessionStream`]: objects in batches, with bounded memory.

use std::{collections::VecDeque, fmt, sync::Arc};

use aludel_driver::{Error, ErrorKind, Result, Sink};
use aludel_engine_pool::{NamedCursor, OpenCursor};
use aludel_sql_expression::{StatementNode, StatementOptions};

use super::{
    Prepared, SessionExecutable,
    buffered::BufferedRows,
    object_sink::{Loaded, ObjectSink},
};
use crate::{
    Session,
    events::OrmExecuteKind,
    graph::{Graph, LoadMode, Loader, Sweeper},
    loading::{JoinedLoad, LoadNode, forbid_tree, load_tree},
    mapping::Mapper,
};

/// Objects in batches: the rest waits on the server, in the socket or in the file. The session is borrowed as long. With
/// `selectinload` on MySQL and MariaDB the rest waits in memory, as plain values: see [`Session::stream`].
///
/// Objects that nobody holds are released as the stream goes on, so that memory stays bounded however many there are: keep
/// the handles of those that are needed later. What was changed, or is linked from an object that is held, stays.
///
/// Read it to its end, or [`close`](Self::close) it. Where it is dropped half-way, some backends must close the connection,
/// and the transaction is rolled back.
pub struct SessionStream<'s, S: SessionExecutable> {
    source: Source<'s>,
    graph: Arc<Graph>,
    statement: S,
    mode: LoadMode,
    roots: Vec<&'static Mapper>,
    joined: Vec<Vec<JoinedLoad>>,
    trees: Vec<Vec<LoadNode>>,
    objects: VecDeque<S::Object>,
    sweeper: Sweeper,
}

/// Where the rows come from.
enum Source<'s> {
    /// A result that borrows the connection.
    Borrowing(OpenCursor<'s>),
    /// One that leaves it free for the statements of loader options.
    Named(NamedCursor, &'s mut Session),
    /// All of them, read out of a connection that has no such results.
    Buffered(BufferedRows, &'s mut Session),
    /// The named one, read to its end.
    Over,
}

impl<'s, S: SessionExecutable> SessionStream<'s, S> {
    pub(super) async fn open(
        session: &'s mut Session,
        statement: S,
        mode: LoadMode,
        mut options: StatementOptions,
    ) -> Result<Self> {
        let Prepared { mut node, roots, joined, trees, unique } = statement.prepare()?;
        if unique {
            return Err(joined_collection(&joined));
        }
        if matches!(node, StatementNode::Insert(_) | StatementNode::Update(_) | StatementNode::Delete(_)) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a statement that writes cannot be streamed: its rows are there at once; use `session.execute`",
            ));
        }
        if session.listens_to_execute() {
            session.fire_do_orm_execute(&mut node, &mut options, OrmExecuteKind::Statement).await?;
        }
        session.autoflush().await?;
        let graph = session.graph().clone();
        if !matches!(node, StatementNode::Select(_)) {
            graph.lock().wrote = true;
        }
        let loads = trees.iter().flatten().any(LoadNode::sends_statements);
        let source = if loads {
            let connection = session.transaction().await?;
            if connection.capabilities().declared_cursors {
                let cursor = connection.declare_named(&node, &options).await?;
                Source::Named(cursor, session)
            } else {
                let mut rows = BufferedRows::new(connection.fetch_size(&options));
                connection.fetch_node_with(&node, &options, &mut rows).await?;
                Source::Buffered(rows, session)
            }
        } else {
            Source::Borrowing(session.transaction().await?.open_cursor(&node, &options).await?)
        };
        let sweeper = Sweeper::new(&graph, source.fetch_size());
        let objects = VecDeque::new();
        Ok(Self { source, graph, statement, mode, roots, joined, trees, objects, sweeper })
    }

    /// The next object or value; none at the end.
    ///
    /// # Errors
    /// What the database says; [`ErrorKind::Data`] when a row does not fit.
    ///
    /// # Cancel safety
    /// No row is lost by a future that is dropped between batches; one that is dropped while the server works leaves the
    /// transaction in doubt.
    pub async fn next(&mut self) -> Result<Option<S::Object>> {
        if self.objects.is_empty() {
            self.fetch(self.source.fetch_size()).await?;
        }
        Ok(self.objects.pop_front())
    }

    /// The next `count`; fewer at the end, and none after it.
    ///
    /// # Errors
    /// As [`SessionStream::next`].
    ///
    /// # Cancel safety
    /// As [`SessionStream::next`].
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<S::Object>> {
        while self.objects.len() < count && !self.source.is_over() {
            self.fetch(count - self.objects.len()).await?;
        }
        let count = count.min(self.objects.len());
        Ok(self.objects.drain(..count).collect())
    }

    /// In parts of `size` (at least 1), one after the other: `while let Some(part) = parts.next().await?`.
    pub fn partitions(&mut self, size: usize) -> SessionPartitions<'_, 's, S> {
        SessionPartitions { stream: self, size: size.max(1) }
    }

    /// Ends the stream early, and leaves the session ready for the next statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(self) -> Result<()> {
        match self.source {
            Source::Borrowing(mut cursor) => cursor.end().await,
            Source::Named(cursor, session) => cursor.close(session.transaction_unchecked()?).await,
            Source::Buffered(..) | Source::Over => Ok(()),
        }
    }

    async fn fetch(&mut self, count: usize) -> Result<()> {
        // Before the next come, so that there are never more than two batches.
        self.sweeper.sweep(&self.graph);
        let loader = Loader::new(&self.graph, self.mode);
        let mut sink = ObjectSink::new(&self.statement, loader, &self.roots, &self.joined, false);
        match &mut self.source {
            Source::Borrowing(cursor) => {
                sink.columns(&cursor.columns().clone())?;
                cursor.fetch(count, &mut sink).await?;
            }
            Source::Named(cursor, session) => {
                cursor.fetch(session.transaction_unchecked()?, count, &mut sink).await?;
            }
            Source::Buffered(rows, _) => rows.give(count, &mut sink)?,
            Source::Over => {}
        }
        let Loaded { roots, objects, .. } = sink.end();
        for (number, root) in roots.into_iter().enumerate() {
            let tree = self.trees.get(number).filter(|tree| !tree.is_empty());
            let (mapper, slots) = (root.mapper, root.end(&self.graph, tree.is_some()));
            match (&mut self.source, tree) {
                (_, None) => {}
                (Source::Named(_, session) | Source::Buffered(_, session), Some(tree)) => {
                    load_tree(&mut **session, &self.graph, mapper, slots, tree.clone()).await?;
                }
                (_, Some(tree)) => forbid_tree(&self.graph, mapper, &slots, tree),
            }
        }
        self.objects.extend(objects);
        if matches!(&self.source, Source::Named(cursor, _) if cursor.is_over())
            && let Source::Named(cursor, session) = std::mem::replace(&mut self.source, Source::Over)
        {
            cursor.close(session.transaction_unchecked()?).await?;
        }
        Ok(())
    }
}

impl Source<'_> {
    fn fetch_size(&self) -> usize {
        match self {
            Self::Borrowing(cursor) => cursor.fetch_size(),
            Self::Named(cursor, _) => cursor.fetch_size(),
            Self::Buffered(rows, _) => rows.fetch_size(),
            Self::Over => 1,
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Self::Borrowing(cursor) => cursor.is_over(),
            Self::Named(cursor, _) => cursor.is_over(),
            Self::Buffered(rows, _) => rows.is_over(),
            Self::Over => true,
        }
    }
}

/// The error of a stream whose objects come in several rows each.
fn joined_collection(joined: &[Vec<JoinedLoad>]) -> Error {
    let collection = joined.iter().flatten().find_map(JoinedLoad::collection).unwrap_or_default();
    Error::new(
        ErrorKind::InvalidRequest,
        format!(
            "a stream cannot join the collection {collection}: its objects come in several rows, of which a batch may hold \
             but some; load it with `selectinload`, or everything at once with `all`"
        ),
    )
}

/// The objects of a stream in parts of one size.
#[derive(Debug)]
pub struct SessionPartitions<'stream, 's, S: SessionExecutable> {
    stream: &'stream mut SessionStream<'s, S>,
    size: usize,
}

impl<S: SessionExecutable> SessionPartitions<'_, '_, S> {
    /// The next part; the last one may be shorter. None at the end.
    ///
    /// # Errors
    /// As [`SessionStream::next`].
    ///
    /// # Cancel safety
    /// As [`SessionStream::next`].
    pub async fn next(&mut self) -> Result<Option<Vec<S::Object>>> {
        let part = self.stream.next_batch(self.size).await?;
        Ok((!part.is_empty()).then_some(part))
    }
}

impl<S: SessionExecutable> fmt::Debug for SessionStream<'_, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionStream")
            .field("graph", &self.graph)
            .field("is_over", &self.source.is_over())
            .finish_non_exhaustive()
    }
}
