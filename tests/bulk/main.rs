//! Bulk loads: many rows into a table by the database's own fastest way, on every database from one source.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `loads` | what is loaded, from where, and what is told of it |
//! | `inside` | loads inside of a test's, a session's and a savepoint's transaction |
//! | `odd` | rows of odd types, and code that panics |
//! | `refused` | rows that cannot be loaded, and what is left of the others: nothing |
//! | `cut` | loads that are dropped, killed, or take too long |
//! | `memory` | how much of the rows is in memory at once |
//! | `streams` | how much of a stream is in memory at once |
//! | `measurement` | the model, and its rows |
//!
//! It is a test binary of its own, because it counts the memory of the whole program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

mod cut;
#[path = "../it/database.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod database;
mod inside;
mod loads;
mod measurement;
mod memory;
mod odd;
mod refused;
mod streams;
