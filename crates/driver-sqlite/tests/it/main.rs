//! The SQLite driver on real databases.

// Clippy knows tests by their attribute, but not what they call.
#![allow(clippy::unwrap_used)]

mod at_once;
mod cursors;
mod errors;
mod kept;
mod locking;
mod long;
mod many;
mod opening;
mod rows;
mod support;
mod transactions;
mod values;
