//! The PostgreSQL backend of Aludel, on tokio-postgres.
//!
//! [`PostgresDriver`] opens connections; [`PostgresConnection`] is one. Statements are prepared once and kept in a
//! bounded cache on their connection; rows go to the sink straight out of the socket's buffer; the steps of a
//! transaction travel together.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `driver` | [`PostgresDriver`]: schemes, capabilities, connecting |
//! | `settings` | connect arguments, read and checked |
//! | `hosts` | the servers that a connection may go to, and which of them will do |
//! | `environment` | the variables and the user that stand in for what a URL leaves out |
//! | `passfile` | passwords kept in a file |
//! | `opening` | from settings to a connection: which address, encrypted or not, with which password |
//! | `encryption` | whether the connection is to be encrypted, and whom to trust |
//! | `tls`, `handshake` | TLS by rustls (feature `tls`), and what to do when it fails |
//! | `certificates`, `verifier` | certificates, keys and authorities out of files; what `sslmode` leaves unlooked at |
//! | `channel_binding` | what ties a login to the TLS connection that it is made over |
//! | `connection` | [`PostgresConnection`]: the guard around every call |
//! | `flight` | what a dropped call leaves behind, and deadlines |
//! | `cancel` | cancel requests |
//! | `background` | the task that moves the bytes |
//! | `advisory_lock` | [`AdvisoryLock`]: locks that mean what the program says |
//! | `large_object` | [`LargeObject`]: long values, read and written in pieces |
//! | `notice` | [`Notice`]: what the server says beside its answers |
//! | `listener` | [`PostgresListener`]: LISTEN, over connections that are made anew when they are lost; NOTIFY |
//! | `wire` | the client with what is known of its state: prepare, send, repair |
//! | `answer` | reading an answer's rows into a sink, and throwing the rest away |
//! | `pipeline` | many steps in one round trip |
//! | `cursor` | rows in batches |
//! | `copy` | [`CopyStatement`]: COPY in and out, as bytes and as rows |
//! | `ledger` | whether a transaction is open or failed, and whether the connection is lost |
//! | `script` | what can be told from a statement's first words |
//! | `prepared` | prepared statements, and their cache |
//! | `parameter`, `target`, `array` | values on their way to the server, encoded by the type that it asks for |
//! | `types` | the database's own types behind a pooler |
//! | `column` | what our own queries ask for |
//! | `row` | the server's bytes as cells |
//! | `nested` | what stands in arrays, ranges and multiranges |
//! | `numeric` | exact decimals on the wire |
//! | `reflection` | what a database is made of, out of its catalogue: one file for each kind of object |
//! | `random` | numbers that are not foreseen |
//! | `explain` | plans of statements (feature `explain`) |
//! | `error` | SQLSTATE to error kinds |

mod advisory_lock;
mod answer;
mod array;
mod background;
mod cancel;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod channel_binding;
mod column;
mod connection;
mod copy;
mod cursor;
mod driver;
mod encryption;
mod environment;
mod error;
#[cfg(feature = "explain")]
mod explain;
mod flight;
#[cfg(feature = "tls")]
mod handshake;
mod hosts;
mod large_object;
mod ledger;
mod listener;
mod nested;
mod notice;
mod numeric;
mod opening;
mod parameter;
mod passfile;
mod pipeline;
mod prepared;
mod random;
mod reflection;
mod row;
mod script;
mod settings;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod types;
#[cfg(feature = "tls")]
mod verifier;
mod wire;

#[cfg(feature = "explain")]
pub use self::explain::read_plan;
pub use self::{
    advisory_lock::{AdvisoryKey, AdvisoryLock},
    connection::PostgresConnection,
    copy::{CopyFormat, CopyIn, CopyOut, CopyRowsIn, CopyRowsOut, CopyStatement},
    driver::PostgresDriver,
    large_object::{LargeObject, LargeObjectMode},
    listener::{ListenerEvent, Notification, PostgresListener},
    notice::{Notice, NoticeSeverity},
};
