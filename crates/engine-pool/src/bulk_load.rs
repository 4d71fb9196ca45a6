//! [`BulkLoad`]: many rows on their way into a table.

mod checked;
mod into;
mod rows;

use std::{fmt, future::IntoFuture, panic::Location, time::Duration};

use aludel_driver::{BoxFuture, Result, bulk::BulkWay};
use aludel_sql_expression::{Name, schema::Table};
use futures_core::Stream;

pub(crate) use self::checked::{Checked, Progress};
pub use self::into::{BulkInto, RowShape};
use self::rows::{Rows, TypedRows, iterated, streamed};
use crate::{Connection, Engine};

/// How many rows there are between two words of progress, when nothing else is said.
const ROWS_BETWEEN_WORDS: u64 = 1000;

/// Many rows on their way into a table, made by [`Connection::bulk_load`]. Nothing is sent before it is awaited.
#[must_use = "rows are loaded when it is awaited"]
pub struct BulkLoad<'c> {
    place: Place<'c>,
    pub(crate) request: BulkRequest<'c>,
}

/// Where the rows go through.
enum Place<'c> {
    Connection(&'c mut Connection),
    /// A connection of its own, and where that is asked for.
    Engine(Engine, &'static Location<'static>),
}

/// What is loaded, and how.
pub(crate) struct BulkRequest<'c> {
    pub(crate) table: Table,
    pub(crate) columns: Option<Vec<Name>>,
    pub(crate) rows: Box<dyn Rows + 'c>,
    pub(crate) progress: Option<Progress<'c>>,
    pub(crate) timeout: Option<Option<Duration>>,
}

/// What a bulk load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkResult {
    rows: u64,
    way: Option<BulkWay>,
}

impl BulkResult {
    pub(crate) fn new(rows: u64, way: Option<BulkWay>) -> Self {
        Self { rows, way }
    }

    /// How many rows were loaded.
    pub fn rowcount(&self) -> u64 {
        self.rows
    }

    /// How they were loaded; none where there were no rows, so that nothing was sent.
    ///
    /// MySQL and MariaDB take LOAD DATA where the server has `local_infile` on, and INSERTs of many rows where it is off.
    pub fn way(&self) -> Option<BulkWay> {
        self.way
    }
}

impl<'c> BulkLoad<'c> {
    fn new<R, P: BulkInto<R>>(
        place: Place<'c>,
        into: &P,
        rows: impl FnOnce(&P) -> Box<dyn Rows + 'c>,
    ) -> Self {
        let request = BulkRequest {
            table: into.table(),
            columns: None,
            rows: rows(into),
            progress: None,
            timeout: None,
        };
        Self { place, request }
    }

    /// Names the columns that the rows have values for, where they are not the table's in order. The others get their
    /// defaults.
    pub fn columns<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.request.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Tells how many rows were given to the database so far, each 1000 rows, and at the end how many there were.
    ///
    /// They are not there before the load ends, and none of them where it fails.
    pub fn progress(self, tell: impl FnMut(u64) + Send + 'c) -> Self {
        self.progress_every(ROWS_BETWEEN_WORDS, tell)
    }

    /// The same each so many rows; 0 counts as 1.
    pub fn progress_every(mut self, rows: u64, tell: impl FnMut(u64) + Send + 'c) -> Self {
        self.request.progress = Some(Progress::new(rows.max(1), Box::new(tell)));
        self
    }

    /// Gives the whole load a limit of time, in place of the connection's; none: no limit. The time that the rows themselves
    /// take counts, too.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.request.timeout = Some(timeout.into());
        self
    }
}

impl<'c> IntoFuture for BulkLoad<'c> {
    type Output = Result<BulkResult>;
    type IntoFuture = BoxFuture<'c, Result<BulkResult>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { place, request } = self;
        Box::pin(async move {
            match place {
                Place::Connection(connection) => connection.run_bulk_load(request).await,
                Place::Engine(engine, asked_at) => {
                    let mut connection = engine.connect_from(asked_at).await?;
                    let outcome = async {
                        let mut transaction = connection.begin().await?;
                        let result = transaction.run_bulk_load(request).await?;
                        transaction.commit().await?;
                        Ok(result)
                    };
                    let outcome = outcome.await;
                    let closed = connection.close().await;
                    outcome.and_then(|result| closed.map(|()| result))
                }
            }
        })
    }
}

impl fmt::Debug for BulkLoad<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkLoad")
            .field("table", self.request.table.name())
            .field("columns", &self.request.columns)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Loads many rows into a table or model in the fastest way that the database has: by COPY on PostgreSQL, LOAD DATA on
    /// MySQL and MariaDB, and prepared INSERTs of many rows on SQLite. All of them are loaded, or none.
    ///
    /// The rows are asked for one by one as they are needed, so that there may be any number of them. They are models, or
    /// what [`values_many`](aludel_sql_expression::statement::Insert::values_many) takes: tuples in the order of the
    /// columns, or lists of names with values. Nothing comes back of them; keys that the database makes are not read.
    ///
    /// It is part of the connection's transaction, which is begun where there is none, and has to be committed; with
    /// autocommit it has one of its own. In a transaction it is put into a savepoint, so that a load that failed leaves what
    /// was done before as it was.
    ///
    /// What the other rows of an INSERT would be told by events is told once for the whole load, with the text of an INSERT
    /// of one row. Listeners cannot change it.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for unknown columns and rows of another width,
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for values that a column cannot hold; what the database says. The message
    /// says which row it was, where that is known: the first has number 1.
    ///
    /// # Cancel safety
    /// A dropped future leaves none of the rows; [`rollback`](Self::rollback) is due.
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::schema::Table;
    /// # async fn run(conn: &mut Connection, words: &Table, dictionary: Vec<String>) -> Result<()> {
    /// let rows = dictionary.into_iter().map(|word| (word.len() as i64, word));
    /// let result = conn.bulk_load(words, rows).columns(["length", "word"]).progress(|rows| println!("{rows}")).await?;
    /// conn.commit().await?;
    /// println!("{} rows by {:?}", result.rowcount(), result.way());
    /// # Ok(()) }
    /// ```
    pub fn bulk_load<'c, P, I>(&'c mut self, into: P, rows: I) -> BulkLoad<'c>
    where
        I: IntoIterator<IntoIter: Send + 'c>,
        P: BulkInto<I::Item> + 'c,
    {
        BulkLoad::new(Place::Connection(self), &into, |into| {
            Box::new(TypedRows::new(iterated(rows.into_iter()), into.clone()))
        })
    }

    /// The same with the rows of an asynchronous stream. An error of the stream ends the load, and nothing stays.
    ///
    /// # Errors
    /// As [`Connection::bulk_load`]; that of the stream, which is [`ErrorKind::Custom`](crate::ErrorKind::Custom) where it is
    /// none of ours.
    ///
    /// # Cancel safety
    /// As [`Connection::bulk_load`].
    pub fn bulk_load_stream<'c, P, S, R, E>(&'c mut self, into: P, rows: S) -> BulkLoad<'c>
    where
        S: Stream<Item = std::result::Result<R, E>> + Send + 'c,
        P: BulkInto<R> + 'c,
        R: 'c,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'c,
    {
        BulkLoad::new(Place::Connection(self), &into, |into| {
            Box::new(TypedRows::new(streamed(rows), into.clone()))
        })
    }
}

impl Engine {
    /// Loads many rows into a table or model, in a transaction of its own that is committed at the end: see
    /// [`Connection::bulk_load`].
    ///
    /// # Errors
    /// As [`Engine::connect`], [`Connection::bulk_load`] and [`Connection::commit`].
    ///
    /// # Cancel safety
    /// A dropped future leaves none of the rows, unless COMMIT was sent already.
    #[track_caller]
    pub fn bulk_load<'c, P, I>(&self, into: P, rows: I) -> BulkLoad<'c>
    where
        I: IntoIterator<IntoIter: Send + 'c>,
        P: BulkInto<I::Item> + 'c,
    {
        BulkLoad::new(Place::Engine(self.clone(), Location::caller()), &into, |into| {
            Box::new(TypedRows::new(iterated(rows.into_iter()), into.clone()))
        })
    }

    /// The same with the rows of an asynchronous stream: see [`Connection::bulk_load_stream`].
    ///
    /// # Errors
    /// As [`Engine::bulk_load`], and that of the stream.
    ///
    /// # Cancel safety
    /// As [`Engine::bulk_load`].
    #[track_caller]
    pub fn bulk_load_stream<'c, P, S, R, E>(&self, into: P, rows: S) -> BulkLoad<'c>
    where
        S: Stream<Item = std::result::Result<R, E>> + Send + 'c,
        P: BulkInto<R> + 'c,
        R: 'c,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'c,
    {
        BulkLoad::new(Place::Engine(self.clone(), Location::caller()), &into, |into| {
            Box::new(TypedRows::new(streamed(rows), into.clone()))
        })
    }
}
