//! The SQLite backend of Aludel, on rusqlite.
//!
//! [`SqliteDriver`] opens connections from `sqlite:///file.db` (a path beside the program), `sqlite:////srv/file.db`
//! (an absolute path) and `sqlite://` (in memory). It needs a tokio runtime with its timer enabled.
//!
//! # What runs where
//! SQLite is a library, not a server: a statement runs on the thread that calls it. That is many times quicker than a
//! hand-over, as long as the statement is short. So:
//!
//! - A statement runs **on the caller's thread**, and lets other tasks run when it is done.
//! - A query that runs for the first time is collected before its rows are given out. When it has not ended after 20
//!   milliseconds, it is stopped and started again on **a worker thread** (tokio's blocking pool), and its rows come
//!   over in batches. The connection remembers which statements were long, and sends them to the worker at once until
//!   they are short again. A short query is from then on decoded straight from SQLite's own buffer.
//! - Schema statements, scripts ([`batch`](aludel_driver::Connection::batch)), cursors, opening, closing and the
//!   checkpoints of the write-ahead log run on a worker.
//! - A commit runs on the caller's thread: in write-ahead mode it is an append to the log that waits for no disk.
//! - A statement that changes rows runs on the caller's thread to its end, as stopping it could undo a transaction;
//!   a long one goes to the worker from the second time on. Many sets of parameters run in slices of a few milliseconds; in a
//!   transaction an INSERT of one row takes up to 64 of them at once, where that does the same.
//! - A locked database is waited for with a timer, never with a blocked thread, up to `busy_timeout`.
//!
//! A future that is dropped while a worker has the connection stops the worker, and waits for it a moment (usually some
//! microseconds, at most 100 milliseconds; 10 seconds for a database in memory, which would be lost). When the worker does
//! not answer in time, the connection is broken and will be closed. When SQLite undid the transaction because of it, every call fails until the transaction is rolled back.
//!
//! # How values are stored
//! | value | in SQLite |
//! | --- | --- |
//! | truth value | INTEGER 0 or 1 |
//! | integer | INTEGER; unsigned beyond `i64::MAX` is an error |
//! | floating point | REAL; NaN is an error (SQLite would make it NULL) |
//! | decimal | INTEGER when whole, else REAL up to 15 significant digits; more is an error |
//! | text, JSON | TEXT |
//! | bytes | BLOB |
//! | UUID | TEXT of 36 characters, in lower case |
//! | date, time, date and time | TEXT of fixed width, so that it sorts: `2024-02-29 13:45:00.000000` |
//! | instant | the same in UTC, with `+00:00` behind it |
//!
//! # Options of the URL
//! See [`SqliteDriver`].
//!
//! # Map
//! | file | what it holds |
//! | --- | --- |
//! | `driver` | [`SqliteDriver`]: the entry point |
//! | `settings` | what the URL asks for |
//! | `open` | opens a file, and says why it cannot be opened |
//! | `connection` | [`SqliteConnection`]: where the asynchronous side meets the synchronous one |
//! | `session` | a connection with all that belongs to it, on whatever thread it is called |
//! | `database` | the connection of rusqlite, and the statements that are kept prepared on it |
//! | `step` | binds and steps statements |
//! | `sets` | many sets of parameters for one statement |
//! | `many_rows` | an INSERT of one row, written for many |
//! | `script` | runs several statements in one text |
//! | `bulk` | loads rows as they come, by prepared INSERTs of many rows |
//! | `insert` | one INSERT of some rows, which both of these send |
//! | `outlet` | where the rows of a statement go |
//! | `control` | begins and ends transactions |
//! | `effect` | what a statement does to rows |
//! | `learned` | what a connection remembers of a statement: its columns and its pace |
//! | `watch` | looks at the clock while SQLite works |
//! | `patience` | waits for locks |
//! | `errand` | lends the connection to a worker thread |
//! | `transfer` | rows that come from a worker |
//! | `cursor` | a result that is read in batches |
//! | `declared` | cursors that leave the connection free: DECLARE, FETCH and CLOSE |
//! | `row`, `row_batch` | rows as SQLite holds them, and rows that were copied |
//! | `decimal` | exact decimals that are kept as text: our collation and our sum |
//! | `parameter` | values on their way in |
//! | `verb` | what kind of statement a text is |
//! | `reflection` | what a database is made of: pragmas, and the texts of CREATE, read word by word |
//! | `explain` | plans of statements: EXPLAIN QUERY PLAN |
//! | `error` | what SQLite's error codes mean |
//! | `equipment` | what a driver gives to each connection that it opens |
//! | `attach` | other databases as schemas |
//! | `checkpoint` | [`Checkpoint`], [`JournalMode`]: the write-ahead log |
//! | `backup` | [`Backup`]: a copy of a live database |
//! | `blob` | [`Blob`]: one value, piece by piece |
//! | `function`, `aggregate`, `collation` | [`ScalarFunction`], [`AggregateFunction`], [`Collation`]: SQL that is written in Rust |
//! | `fault` | errors and panics of the caller's own code, on their way past SQLite |
//! | `change`, `change_feed` | [`Change`], [`ChangeFeed`]: the rows that were changed |
//! | `extension` | `Extension`: native code, with the feature `load_extension` |
//!
//! # What only SQLite has
//! A connection of an engine gives its driver's connection by `conn.driver_mut::<SqliteConnection>()`. What is to hold for all
//! connections of an engine is given to its driver: `create_engine(url).driver(SqliteDriver::new().function(..))`.

mod aggregate;
mod attach;
mod backup;
mod blob;
mod bulk;
mod change;
mod change_feed;
mod checkpoint;
mod collation;
mod connection;
mod control;
mod cursor;
mod database;
mod decimal;
mod declared;
mod driver;
mod effect;
mod equipment;
mod errand;
mod error;
mod explain;
#[cfg(feature = "load_extension")]
mod extension;
mod fault;
mod function;
mod insert;
mod learned;
mod many_rows;
mod open;
mod outlet;
mod parameter;
mod patience;
mod reflection;
mod row;
mod row_batch;
mod script;
mod session;
mod sets;
mod settings;
mod step;
mod transfer;
mod verb;
mod watch;

#[cfg(feature = "load_extension")]
pub use self::extension::Extension;
pub use self::{
    aggregate::{Accumulator, AggregateFunction, WindowAccumulator},
    backup::{Backup, BackupProgress},
    blob::{Blob, BlobAddress},
    change::{Change, ChangeKind},
    change_feed::{ChangeEvent, ChangeFeed, Changes},
    checkpoint::{Checkpoint, CheckpointMode, JournalMode},
    collation::Collation,
    connection::SqliteConnection,
    driver::SqliteDriver,
    function::{FunctionArguments, ScalarFunction},
};
