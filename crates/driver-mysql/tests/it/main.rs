//! Tests of the MySQL and MariaDB backend. All but those of `driver` need a server, named by `ALUDEL_TEST_MYSQL_URL`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "modules of one test binary")]

mod bulk;
mod cursors;
mod driver;
mod dropped;
mod errors;
#[cfg(feature = "explain")]
mod explain;
mod fake;
mod faults;
mod links;
mod rows;
mod server;
mod stalled;
mod statements;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_proxy;
mod transactions;
mod two_phase;
mod values;
