//! What the inspector says of live databases: of tables that are written in the words of each database, and of those that the
//! expression language makes.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `cases` | the numbered cases of reflection |
//! | `chinook` | the schema of a digital media store |
//! | `derived` | what the derive says of a table |
//! | `everywhere` | what holds on every database alike |
//! | `metadata` | `MetaData` filled with the tables of a database |
//! | `round_trip`, `by_hand`, `generate` | what is created again reflects the same: tables in each database's words, random ones |
//! | `schemas` | what stands in another schema, and what goes with the connection |
//! | `postgres`, `sqlite`, `mysql` | what only one of them has |
//!
//! It is a test binary of its own, so that it is built again only when it or the library changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

mod by_hand;
mod cases;
mod chinook;
#[path = "../it/database.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod database;
mod derived;
mod everywhere;
mod generate;
mod metadata;
mod mysql;
mod postgres;
mod round_trip;
mod schemas;
mod sqlite;
mod statements;
