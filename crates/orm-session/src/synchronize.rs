//! What an UPDATE or DELETE of many rows means for the objects that are loaded.
//!
//! | file | what it does |
//! | --- | --- |
//! | `statement` | which statements there are, and how a user says how they are followed |
//! | `strategy` | chooses how the objects are found, before the statement is sent, and tells them after |
//! | `keys` | asks the database which rows are matched |
//! | `term` | conditions and values as far as memory can calculate them exactly |
//! | `evaluate` | calculates them for an object |
//! | `comparison` | compares values as the database does |

mod comparison;
mod evaluate;
mod keys;
mod statement;
mod strategy;
mod term;

pub use statement::{SetStatement, SynchronizeSession};
pub(crate) use strategy::Synchronization;
