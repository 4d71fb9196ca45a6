//! The types of columns: what goes in comes out, on every database from one source.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `custom` | case 28: types of one's own, with SQL around their values |
//! | `round_trips` | a random value of every type comes back, as a parameter and as a literal |
//! | `decimals` | order, comparison and sums of decimals |
//! | `lists` | arrays, ranges and multiranges |
//! | `refused` | what a database cannot hold, and what cannot be read |
//! | `variants` | types that one database has, and the others have a stand-in for |
//! | `stage` | tables, and what is asked of them |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

mod custom;
#[path = "../it/database.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod database;
mod decimals;
mod lists;
mod refused;
mod round_trips;
mod stage;
mod variants;
