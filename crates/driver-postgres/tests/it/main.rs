//! Tests of the PostgreSQL backend, against the server that `ALUDEL_TEST_POSTGRES_URL` names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod advisory_locks;
mod arrays;
#[cfg(feature = "tls")]
mod authority;
mod behind_pooler;
mod connecting;
mod copy;
mod cursors;
mod deadlines;
mod dropped;
mod environment;
mod errors;
#[cfg(feature = "explain")]
mod explain;
mod folder;
mod large_objects;
mod listener;
mod notices;
mod notifications;
mod pipeline;
mod pooler_mode;
mod proxy;
mod server;
mod statements;
mod switch;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_proxy;
mod transactions;
mod two_phase;
mod values;
