//! Tests of the PostgreSQL backend, against the server that `ALUDEL_TEST_POSTGRES_URL` names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod arrays;
mod connecting;
mod cursors;
mod deadlines;
mod dropped;
mod errors;
mod pipeline;
mod pooler_mode;
mod proxy;
mod server;
mod statements;
mod transactions;
mod values;
