//! The MySQL and MariaDB backend of Aludel, on mysql_async.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `driver` | [`MySqlDriver`]: opens connections |
//! | `settings` | connect arguments and the options of the URL, read and checked |
//! | `tls` | the options of TLS, and connecting by them |
//! | `introduction` | what a new connection is told and asked, in one round trip |
//! | `server` | which server answered, and what it can do |
//! | `connection` | [`MySqlConnection`]: the driver's `Connection` |
//! | `exchange` | sending a statement, and reading or discarding its result |
//! | `wire` | the connection of mysql_async, and whether it may still be used |
//! | `prepared` | the prepared statements that a connection keeps |
//! | `parameter` | our values as parameters |
//! | `shape` | the columns of a result, and how each is read |
//! | `row` | a row's cells, borrowed from mysql_async |
//! | `bulk` | bulk loads: LOAD DATA, or INSERTs of many rows |
//! | `bulk_execute` | one statement for many sets of parameters, in few packets |
//! | `infile` | the bytes of LOAD DATA LOCAL, as the server asks for them |
//! | `infile_watch` | whether the server still takes them |
//! | `load_data` | [`LoadData`]: LOAD DATA LOCAL with the bytes of a reader or a stream |
//! | `load_text` | values as the text that LOAD DATA reads |
//! | `cursor` | rows in batches |
//! | `control` | the statements that begin and end transactions |
//! | `two_phase` | two-phase transactions, which are XA |
//! | `xid` | the names of two-phase transactions |
//! | `deadline` | calls that take too long |
//! | `kill` | cancelling a statement from a second connection, and asking there after the first |
//! | `reflection` | what a database is made of, out of `information_schema`: one file for each kind of object |
//! | `explain` | plans of statements (feature `explain`) |
//! | `error` | error numbers to error kinds |
//! | `complaint` | the names in the server's messages |
//! | `lexer` | literals and comments in SQL text |
//!
//! # What a call gives
//! - Statements with parameters and cacheable ones are prepared, and their rows come in the binary protocol. A statement
//!   that comes once and has no parameters is sent as text.
//! - A `CALL` gives the rows of the first result; what further results the procedure makes is read and thrown away.
//! - `MySQL` has no RETURNING; `MariaDB` has it for INSERT and DELETE.

mod bulk;
mod bulk_execute;
mod complaint;
mod connection;
mod control;
mod cursor;
mod deadline;
mod driver;
mod error;
mod exchange;
#[cfg(feature = "explain")]
mod explain;
mod infile;
mod infile_watch;
mod introduction;
mod kill;
mod lexer;
mod load_data;
mod load_text;
mod parameter;
mod prepared;
mod reflection;
mod row;
mod server;
mod settings;
mod shape;
mod tls;
mod two_phase;
mod wire;
mod xid;

#[cfg(feature = "explain")]
pub use self::explain::read_plan;
pub use self::{
    connection::MySqlConnection,
    driver::MySqlDriver,
    load_data::{LoadData, LoadedData},
};
