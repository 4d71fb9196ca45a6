//! [`Collation`]: an order of texts that is written in Rust.

use std::{cmp::Ordering, fmt, sync::Arc};

use aludel_driver::{ErrorKind, Result};
use rusqlite::Connection;

use crate::{SqliteConnection, error, fault::guarded, watch::Watch};

/// An order of texts that is written in Rust: `ORDER BY name COLLATE german`, or `COLLATE german` at a column.
///
/// [`SqliteDriver::collation`](crate::SqliteDriver::collation) gives it to all connections of an engine,
/// [`SqliteConnection::create_collation`] to a single one. Every program that writes to a table with it needs it, and it
/// must always give the same order: indexes are sorted by it.
///
/// When it panics, the statement fails; where that has changed rows, its whole transaction is rolled back, since
/// an index may hold rows in the wrong place.
///
/// # Examples
/// ```
/// use aludel_driver_sqlite::{Collation, SqliteDriver};
///
/// let driver = SqliteDriver::new().collation(Collation::new("by_length", |left, right| {
///     left.chars().count().cmp(&right.chars().count()).then_with(|| left.cmp(right))
/// }));
/// # let _ = driver;
/// ```
#[derive(Clone)]
pub struct Collation {
    name: Arc<str>,
    compare: Arc<Compare>,
}

type Compare = dyn Fn(&str, &str) -> Ordering + Send + Sync;

impl Collation {
    /// A collation. Text that is not UTF-8 comes with replacement characters.
    pub fn new(
        name: impl Into<Arc<str>>,
        compare: impl Fn(&str, &str) -> Ordering + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), compare: Arc::new(compare) }
    }

    pub(crate) fn register(&self, connection: &Connection, watch: &Arc<Watch>) -> Result<()> {
        let (compare, watch) = (self.compare.clone(), watch.clone());
        let what = format!("the collation `{}`", self.name);
        connection
            .create_collation(&*self.name, move |left, right| {
                guarded(&what, || Ok(compare(left, right))).unwrap_or_else(|error| {
                    watch.faults.insist(error);
                    // Any order will do, as long as it is one.
                    left.cmp(right)
                })
            })
            .map_err(|native| {
                error::translate(native)
                    .with_kind(ErrorKind::Argument)
                    .context(format_args!("SQLite does not take the collation `{}`", self.name))
            })
    }
}

impl fmt::Debug for Collation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Collation").field(&self.name).finish()
    }
}

impl SqliteConnection {
    /// Makes a collation known to this connection, for as long as it is open.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a name that SQLite does not take; a disconnect error when the connection is lost.
    pub fn create_collation(&mut self, collation: &Collation) -> Result<()> {
        let (session, _) = self.parts()?;
        session.listen_for_commits()?;
        collation.register(session.database.connection(), &session.watch)
    }
}
