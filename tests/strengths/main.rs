//! What only one of the databases has, reached through the engine.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `elsewhere` | what another database has is an error that says so |
//! | `explain` | plans of statements |
//! | `mysql` | LOAD DATA, the bulk protocol, compression |
//! | `postgres` | COPY, bulk loads, locks, large objects |
//! | `hosts` | several hosts in one URL, with servers of the test's own (`cluster`) |
//! | `sqlite` | functions, collations, attached databases, changes, blobs, backups |
//!
//! It is a test binary of its own, so that it is built again only when it or the library changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

mod cluster;
#[path = "../it/database.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod database;
mod elsewhere;
mod explain;
mod hosts;
mod mysql;
mod postgres;
mod sqlite;
