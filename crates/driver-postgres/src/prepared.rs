//! [`Prepared`]: a prepared statement and what was found out about it once; [`StatementCache`].

use std::{hash::BuildHasherDefault, num::NonZeroUsize, sync::Arc};

use aludel_driver::{ColumnInfo, KeyHasher, Statement};
use lru::LruCache;

use crate::{row::Decoder, target::Target};

/// A prepared statement, with its columns, their decoders and the encoders of its parameters.
///
/// Dropping the last handle closes it on the server.
pub(crate) struct Prepared {
    sql: Arc<str>,
    /// The server's statement.
    pub(crate) statement: tokio_postgres::Statement,
    /// The columns of its result; empty when it has none.
    pub(crate) columns: Arc<[ColumnInfo]>,
    /// How each column is read.
    pub(crate) decoders: Box<[Decoder]>,
    /// What each parameter is written as.
    pub(crate) targets: Box<[Target]>,
}

impl Prepared {
    /// Finds out about a statement that was just prepared.
    pub(crate) fn new(sql: &Arc<str>, statement: tokio_postgres::Statement) -> Arc<Self> {
        let columns = statement
            .columns()
            .iter()
            .map(|column| ColumnInfo { name: column.name().into(), type_name: column.type_().name().into() });
        Arc::new(Self {
            sql: sql.clone(),
            columns: columns.collect(),
            decoders: statement.columns().iter().map(|column| Decoder::of(column.type_())).collect(),
            targets: statement.params().iter().map(Target::of).collect(),
            statement,
        })
    }
}

/// The prepared statements of one connection, of which the least recently used go first.
pub(crate) struct StatementCache {
    // None: nothing is kept.
    statements: Option<LruCache<u64, Arc<Prepared>, BuildHasherDefault<KeyHasher>>>,
}

impl StatementCache {
    /// A cache for so many statements.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            statements: NonZeroUsize::new(size).map(|size| {
                // Made without a bound, since with one it makes room for all of them at once.
                let mut statements = LruCache::unbounded_with_hasher(BuildHasherDefault::default());
                statements.resize(size);
                statements
            }),
        }
    }

    /// The prepared form of a statement.
    pub(crate) fn get(&mut self, statement: &Statement) -> Option<Arc<Prepared>> {
        let found = self.statements.as_mut()?.get(&statement.key())?;
        // Two texts may share a key, however unlikely.
        let same = Arc::ptr_eq(&found.sql, statement.sql()) || found.sql == *statement.sql();
        same.then(|| found.clone())
    }

    /// Keeps a prepared statement, if it is worth it.
    pub(crate) fn put(&mut self, statement: &Statement, prepared: &Arc<Prepared>) {
        if let Some(statements) = &mut self.statements
            && statement.is_cacheable()
        {
            statements.put(statement.key(), prepared.clone());
        }
    }

    /// Forgets one statement.
    pub(crate) fn forget(&mut self, statement: &Statement) {
        if let Some(statements) = &mut self.statements {
            statements.pop(&statement.key());
        }
    }

    /// Forgets all statements.
    pub(crate) fn clear(&mut self) {
        if let Some(statements) = &mut self.statements {
            statements.clear();
        }
    }
}
