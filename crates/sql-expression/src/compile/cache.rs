//! [`CompiledCache`]: statements that were compiled before.

use std::{
    cell::Cell,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hashbrown::DefaultHashBuilder;
use lru::LruCache;

use super::{
    Rendered,
    compiled::{Compiled, Rows},
    compiler::Compiler,
    ddl,
    key::Walk,
};
use crate::{
    Result,
    dialect::Dialect,
    statement::{InsertRows, StatementNode},
};

/// Statements that were compiled before, by their structure: one for an engine.
///
/// A statement that comes again is not rendered again; only its values are copied. When the cache is full, the statement that
/// was not used for the longest time goes.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use aludel_sql_expression::{compile::CompiledCache, dialect::{Dialect, SqliteDialect}, schema::*, select, types::*, Executable};
/// let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key());
/// let dialect: Arc<dyn Dialect> = Arc::new(SqliteDialect::default());
/// let cache = CompiledCache::default();
/// let rendered = cache.render(&select(users.c("id")).filter(users.c("id").gt(5)).node(), &dialect)?;
/// assert_eq!(&*rendered.parts[0].sql, "SELECT users.id FROM users WHERE users.id > ?");
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub struct CompiledCache {
    compiled: Option<Mutex<Entries>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What was compiled, by structural keys.
type Entries = LruCache<Box<[u8]>, Arc<Compiled>, DefaultHashBuilder>;

/// How a [`CompiledCache`] has served so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Statements that were found.
    pub hits: u64,
    /// Statements that had to be compiled.
    pub misses: u64,
    /// Statements that are kept at this moment.
    pub size: usize,
}

thread_local! {
    /// The buffer that keys are built in.
    static KEY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// How many statements are kept, when nothing else is said.
const DEFAULT_SIZE: usize = 500;

impl Default for CompiledCache {
    /// Keeps 500 statements.
    fn default() -> Self {
        Self::new(DEFAULT_SIZE)
    }
}

impl CompiledCache {
    /// Keeps so many statements; with 0 it keeps none.
    pub fn new(size: usize) -> Self {
        let compiled = NonZeroUsize::new(size)
            .map(|size| Mutex::new(LruCache::with_hasher(size, DefaultHashBuilder::default())));
        Self { compiled, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Gives a statement's text and parameters.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for an unknown column or a missing parameter;
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the dialect cannot say, and for what could not be built.
    pub fn render(&self, node: &StatementNode, dialect: &Arc<dyn Dialect>) -> Result<Rendered> {
        if let StatementNode::Ddl(ddl) = node {
            return ddl::render(ddl, &**dialect);
        }
        let mut walk = Walk::new(KEY.take());
        walk.dialect(&**dialect);
        walk.statement(node);
        let rendered = self
            .compiled(node, &walk, &**dialect)
            .and_then(|compiled| compiled.render(&walk.slots, rows_of(node), &**dialect));
        KEY.set(walk.into_key());
        rendered
    }

    fn compiled<'n>(
        &self,
        node: &'n StatementNode,
        walk: &Walk<'n>,
        dialect: &'n dyn Dialect,
    ) -> Result<Arc<Compiled>> {
        let found = self.compiled.as_ref().and_then(|compiled| {
            compiled.lock().unwrap_or_else(PoisonError::into_inner).get(walk.key()).cloned()
        });
        if let Some(found) = found {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(found);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let made = Arc::new(Compiler::new(dialect, walk, node).compile(node)?);
        if let Some(compiled) = &self.compiled {
            compiled.lock().unwrap_or_else(PoisonError::into_inner).put(walk.key().into(), made.clone());
        }
        Ok(made)
    }

    /// How the cache has served so far.
    pub fn statistics(&self) -> CacheStatistics {
        CacheStatistics {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            size: self
                .compiled
                .as_ref()
                .map_or(0, |compiled| compiled.lock().unwrap_or_else(PoisonError::into_inner).len()),
        }
    }

    /// Drops all statements.
    pub fn clear(&self) {
        if let Some(compiled) = &self.compiled {
            compiled.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl fmt::Debug for CompiledCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CompiledCache({:?})", self.statistics())
    }
}

fn rows_of(node: &StatementNode) -> Option<Rows<'_>> {
    match node {
        StatementNode::Insert(insert) if insert.rows.is_of_values() => match &insert.rows {
            InsertRows::Values { nodes, width } => Some(Rows { nodes, width: *width }),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a statement with its values written in, to be read by people.
pub(crate) fn to_sql(node: &StatementNode, dialect: &dyn Dialect) -> Result<String> {
    if let StatementNode::Ddl(ddl) = node {
        let parts = ddl::render(ddl, dialect)?.parts;
        return Ok(parts.iter().map(|part| &*part.sql).collect::<Vec<_>>().join(";\n"));
    }
    let mut walk = Walk::new(Vec::new());
    walk.statement(node);
    Compiler::new(dialect, &walk, node).literal(node, rows_of(node))
}

/// Shows a statement as people read it: in SQLite's SQL, with its values written in.
pub(crate) fn display(node: &StatementNode, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match to_sql(node, &crate::dialect::SqliteDialect::default()) {
        Ok(sql) => formatter.write_str(&sql),
        Err(error) => write!(formatter, "<statement that does not compile: {error}>"),
    }
}
