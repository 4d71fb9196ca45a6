//! [`CompiledCache`]: statements that were compiled before.

use std::{
    fmt, mem,
    num::NonZeroUsize,
    slice,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hashbrown::DefaultHashBuilder;
use lru::LruCache;

use super::{
    Rendered,
    compiled::Compiled,
    compiler::Compiler,
    ddl, external,
    front::{Front, Origin, ReusedText, next_edition},
    insert,
    key::{Slot, Walk},
};
use crate::{
    Error, Few, Result, Value,
    dialect::Dialect,
    expression::Node,
    statement::{
        InsertNode, InsertRows, Reused, RowValues, SelectItem, SelectNode, StatementKind, StatementNode,
    },
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
    /// What threads keep by themselves is of this edition.
    edition: AtomicU64,
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

/// A statement of one text, as [`CompiledCache::show_or_render`] shows it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The text.
    pub sql: &'a Arc<str>,
    /// A hash of the text, as in [`RenderedPart`](super::RenderedPart).
    pub key: u64,
    /// The parameters.
    pub parameters: &'a [Value],
}

/// A statement, ready to be sent.
#[derive(Debug)]
#[doc(hidden)]
pub enum Ready {
    /// One text that takes a few values, as most do.
    Single(Single),
    /// Whatever else there is. In a box, as it is large, and all the others would be moved about with its size.
    Rendered(Box<Rendered>),
}

/// A statement of one text that takes a few values: what a [`Rendered`] would say in more words.
#[derive(Debug)]
#[doc(hidden)]
pub struct Single {
    /// The text, which is worth keeping prepared.
    pub sql: Arc<str>,
    /// A hash of the text, as in [`RenderedPart`](super::RenderedPart).
    pub key: u64,
    /// What kind of statement it is.
    pub kind: StatementKind,
}

/// The edition of a cache that is full, or has no room: threads keep nothing of it, as from then on it counts which
/// statement was not used for the longest time.
const FULL: u64 = 0;

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
        let compiled = NonZeroUsize::new(size).map(|size| {
            // Made without a bound, since with one it makes room for all of them at once.
            let mut entries = LruCache::unbounded_with_hasher(DefaultHashBuilder::default());
            entries.resize(size);
            Mutex::new(entries)
        });
        let edition = if compiled.is_some() { next_edition() } else { FULL };
        Self {
            compiled,
            edition: AtomicU64::new(edition),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Gives a statement's text and parameters.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for an unknown column or a missing parameter;
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the dialect cannot say, and for what could not be built.
    pub fn render(&self, node: &StatementNode, dialect: &Arc<dyn Dialect>) -> Result<Rendered> {
        self.render_in_pages(node, dialect, insert::ROWS_AT_ONCE)
    }

    /// The same with a say in how many rows one INSERT has at most (default: 1000). The dialect's limit of parameters may
    /// make it fewer.
    ///
    /// # Errors
    /// As [`CompiledCache::render`].
    pub fn render_in_pages(
        &self,
        node: &StatementNode,
        dialect: &Arc<dyn Dialect>,
        rows: usize,
    ) -> Result<Rendered> {
        if let StatementNode::Ddl(ddl) = node {
            return ddl::render(ddl, &**dialect);
        }
        if let StatementNode::External(statement) = node {
            return external::render(&**statement, &**dialect);
        }
        if let StatementNode::Insert(insert) = node
            && let Some(chunk) = insert::rows_at_once(insert, rows, &**dialect)
        {
            return self.render_in_parts(insert, chunk, rows, dialect);
        }
        self.with_compiled(node, dialect, |compiled, slots| {
            compiled.render(slots, rows_of(node), rows, &**dialect)
        })
    }

    /// Shows a statement of one text to a function before it is rendered. Where the function has done all there is to do, it
    /// gives true, and nothing is rendered.
    ///
    /// # Errors
    /// As [`CompiledCache::render`].
    #[doc(hidden)]
    pub fn show_or_render(
        &self,
        node: &StatementNode,
        dialect: &Arc<dyn Dialect>,
        rows: usize,
        show: &mut dyn FnMut(Shown<'_>) -> bool,
    ) -> Result<Option<Rendered>> {
        if !is_kept(node) {
            return self.render_in_pages(node, dialect, rows).map(Some);
        }
        self.with_compiled(node, dialect, |compiled, slots| {
            let mut parameters = Few::new();
            if let Some((sql, key)) = compiled.single(slots, &mut parameters)
                && show(Shown { sql, key, parameters: &parameters })
            {
                return Ok(None);
            }
            compiled.render(slots, None, rows, &**dialect).map(Some)
        })
    }

    /// Shows a select to a function, where this thread compiled it before and it is one text. False: nothing was shown, or
    /// the function says that it has not done all there is to do.
    #[doc(hidden)]
    #[inline]
    pub fn show_known(
        &self,
        select: &SelectNode,
        dialect: &Arc<dyn Dialect>,
        show: &mut dyn FnMut(Shown<'_>) -> bool,
    ) -> bool {
        let mut front = Front::take();
        let mut walk = Walk::new(mem::take(&mut front.key));
        front.dialect(dialect, &mut walk);
        walk.select_statement(select);
        let (edition, hash) = (self.edition.load(Ordering::Relaxed), front.hash(walk.key()));
        let is_shown = front.find(edition, hash, walk.key()).is_some_and(|compiled| {
            self.hits.fetch_add(1, Ordering::Relaxed);
            if let Some((sql, key, value)) = compiled.single_value(&walk.slots) {
                return show(Shown { sql, key, parameters: slice::from_ref(value) });
            }
            let mut parameters = Few::new();
            compiled
                .single(&walk.slots, &mut parameters)
                .is_some_and(|(sql, key)| show(Shown { sql, key, parameters: &parameters }))
        });
        front.key = walk.into_key();
        front.put_back();
        is_shown
    }

    /// Gives a statement's text without more around it, where it is one text; its parameters go to where they are to
    /// stay, which must be empty.
    ///
    /// # Errors
    /// As [`CompiledCache::render`].
    #[doc(hidden)]
    pub fn single_or_render(
        &self,
        node: &StatementNode,
        dialect: &Arc<dyn Dialect>,
        rows: usize,
        parameters: &mut Few<Value, 4>,
    ) -> Result<Ready> {
        if !is_kept(node) {
            return self
                .render_in_pages(node, dialect, rows)
                .map(|rendered| Ready::Rendered(Box::new(rendered)));
        }
        self.with_compiled(node, dialect, |compiled, slots| match compiled.single(slots, parameters) {
            Some((sql, key)) => Ok(Ready::Single(Single { sql: sql.clone(), key, kind: compiled.kind() })),
            None => {
                let rendered = compiled.render(slots, None, rows, &**dialect)?;
                Ok(Ready::Rendered(Box::new(rendered)))
            }
        })
    }

    /// The same for a reusable statement: false where it is not one text, so that it has to be rendered.
    ///
    /// # Errors
    /// As [`CompiledCache::render`].
    #[doc(hidden)]
    pub fn show_reused(
        &self,
        reused: &Reused<'_>,
        dialect: &Arc<dyn Dialect>,
        show: &mut dyn FnMut(Shown<'_>) -> bool,
    ) -> Result<bool> {
        let mut front = Front::take();
        if front.find_reused(reused.id, dialect).is_none() {
            front.put_back();
            // Before the statement is compiled: what is changed meanwhile makes it out of date.
            let tables = Walk::tables_of(reused.template);
            let tables = tables.into_iter().map(|table| (table.clone(), table.stamp())).collect();
            let text = self.with_compiled(reused.template, dialect, |compiled, slots| {
                Ok(reused_text(compiled, slots, reused.template))
            })?;
            let Some(text) = text else { return Ok(false) };
            front = Front::take();
            front.keep_reused(reused.id, dialect, tables, text);
        }
        let is_shown = front.find_reused(reused.id, dialect).is_some_and(|text| {
            self.hits.fetch_add(1, Ordering::Relaxed);
            if text.is_in_order
                && let Some(values) = reused.values.get(..text.origins.len())
            {
                return show(Shown { sql: &text.sql, key: text.key, parameters: values });
            }
            let values = text.origins.iter().map(|origin| match origin {
                Origin::Place(place) => reused.values.get(usize::from(*place)).cloned(),
                Origin::Constant(value) => Some(value.clone()),
            });
            values
                .collect::<Option<Few<Value, 4>>>()
                .is_some_and(|values| show(Shown { sql: &text.sql, key: text.key, parameters: &values }))
        });
        front.put_back();
        Ok(is_shown)
    }

    /// Finds or makes what is kept of a statement, and gives it to a function with the places of its values.
    fn with_compiled<'n, R>(
        &self,
        node: &'n StatementNode,
        dialect: &'n Arc<dyn Dialect>,
        take: impl FnOnce(&Compiled, &[Slot<'n>]) -> Result<R>,
    ) -> Result<R> {
        let mut front = Front::take();
        let mut walk = Walk::new(mem::take(&mut front.key));
        front.dialect(dialect, &mut walk);
        walk.statement(node);
        let (edition, hash) = (self.edition.load(Ordering::Relaxed), front.hash(walk.key()));
        let taken = match front.find(edition, hash, walk.key()) {
            Some(compiled) => {
                self.hits.fetch_add(1, Ordering::Relaxed);
                take(compiled, &walk.slots)
            }
            None => self.compiled(node, &walk, &**dialect).and_then(|compiled| {
                if edition != FULL {
                    front.keep(edition, hash, walk.key(), compiled.clone());
                }
                take(&compiled, &walk.slots)
            }),
        };
        front.key = walk.into_key();
        front.put_back();
        taken
    }

    /// Rows with expressions in them have a text of their own each, so that they are cut before they are rendered.
    fn render_in_parts(
        &self,
        insert: &InsertNode,
        chunk: usize,
        rows: usize,
        dialect: &Arc<dyn Dialect>,
    ) -> Result<Rendered> {
        let mut rendered: Option<Rendered> = None;
        for part in insert::parts(insert, chunk) {
            let part = self.render_in_pages(&StatementNode::Insert(Arc::new(part)), dialect, rows)?;
            match &mut rendered {
                Some(rendered) => rendered.parts.extend(part.parts),
                None => rendered = Some(part),
            }
        }
        let mut rendered = rendered.ok_or_else(|| Error::argument("there are no rows to insert"))?;
        rendered.row_order = insert::order(insert, &**dialect);
        Ok(rendered)
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
            let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
            compiled.put(walk.key().into(), made.clone());
            if compiled.len() == compiled.cap().get() {
                self.edition.store(FULL, Ordering::Relaxed);
            }
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
            let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
            compiled.clear();
            self.edition.store(next_edition(), Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for CompiledCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CompiledCache({:?})", self.statistics())
    }
}

/// What is kept of a reusable statement, where it is one text.
fn reused_text(compiled: &Compiled, slots: &[Slot<'_>], template: &StatementNode) -> Option<ReusedText> {
    let mut walk = Walk::new(Vec::new());
    walk.statement(template);
    let (sql, key, order) = compiled.order()?;
    let origin = |slot: &usize| match walk.places.iter().find(|(of, _)| of == slot) {
        Some((_, place)) => Some(Origin::Place(*place)),
        None => match slots.get(*slot) {
            Some(Slot::Value(value)) => Some(Origin::Constant((*value).clone())),
            _ => None,
        },
    };
    let origins: Box<[Origin]> = order.iter().map(origin).collect::<Option<_>>()?;
    let is_in_order = origins
        .iter()
        .enumerate()
        .all(|(position, origin)| matches!(origin, Origin::Place(place) if usize::from(*place) == position));
    Some(ReusedText { sql: sql.clone(), key, origins, is_in_order })
}

/// Whether a statement is one text that can be kept.
fn is_kept(node: &StatementNode) -> bool {
    !matches!(node, StatementNode::Insert(_) | StatementNode::Ddl(_) | StatementNode::External(_))
}

/// The rows of an INSERT.
fn rows_of(node: &StatementNode) -> Option<&RowValues> {
    match node {
        StatementNode::Insert(insert) => match &insert.rows {
            InsertRows::Values(rows) => Some(rows),
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
    if let StatementNode::External(statement) = node {
        return statement.write_literally(dialect);
    }
    let mut walk = Walk::new(Vec::new());
    walk.statement(node);
    Compiler::new(dialect, &walk, node).literal(node, rows_of(node))
}

/// An expression as it stands in DDL: its values written in, its columns without their table.
pub(crate) fn inline(node: &Node, dialect: &dyn Dialect) -> Result<String> {
    let item = SelectItem::Expression { node: node.clone(), nullable: false };
    let select = SelectNode { items: Few::one(item), ..SelectNode::default() };
    let statement = StatementNode::Select(Arc::new(select));
    let mut walk = Walk::new(Vec::new());
    walk.statement(&statement);
    let StatementNode::Select(select) = &statement else { return Ok(String::new()) };
    match &select.items[..] {
        [SelectItem::Expression { node, .. }] => Compiler::new(dialect, &walk, &statement).inline(node),
        _ => Ok(String::new()),
    }
}

/// Shows a statement as people read it: in SQLite's SQL, with its values written in.
pub(crate) fn display(node: &StatementNode, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match to_sql(node, &crate::dialect::SqliteDialect::default()) {
        Ok(sql) => formatter.write_str(&sql),
        Err(error) => write!(formatter, "<statement that does not compile: {error}>"),
    }
}
