//! [`Driver`]: opens connections to one kind of database.

use std::{fmt, sync::Arc};

use aludel_sql_expression::Dialect;

use crate::{BoxFuture, Capabilities, ConnectArguments, Connection, Result};

/// Opens connections to one kind of database. Implemented once by each backend; knows of no pool.
pub trait Driver: fmt::Debug + Send + Sync + 'static {
    /// The backend's name in messages: `PostgreSQL`.
    fn name(&self) -> &'static str;

    /// The schemes of URLs that it answers to, without `+driver`: `postgresql`, `postgres`.
    fn schemes(&self) -> &'static [&'static str];

    /// The dialect for compiling before any connection is open. A connection may bring a more exact one.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// What the backend can do before any connection is open.
    fn capabilities(&self) -> &Capabilities;

    /// Looks the arguments through without connecting: unknown options are refused by name.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument), with the names that are known.
    fn check(&self, arguments: &ConnectArguments) -> Result<()>;

    /// Whether every connection to this target sees a database of its own (SQLite in memory), so that only a single
    /// connection may be opened.
    fn is_private(&self, _arguments: &ConnectArguments) -> bool {
        false
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`ErrorKind::Operational`](crate::ErrorKind::Operational) when the server cannot be reached or refuses, with the
    /// target in the message and never the password; `Timeout` when it takes longer than `arguments.timeout`.
    ///
    /// # Cancel safety
    /// A dropped future closes whatever was half open.
    fn connect<'a>(&'a self, arguments: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>>>;
}
