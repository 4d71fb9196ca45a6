//! The SQLite driver on real databases.

// Clippy knows tests by their attribute, but not what they call.
#![allow(clippy::unwrap_used)]

mod at_once;
mod attaching;
mod backups;
mod blobs;
mod changes;
mod checkpoints;
mod cursors;
mod declared;
mod errors;
#[cfg(feature = "load_extension")]
mod extensions;
mod functions;
mod kept;
mod locking;
mod long;
mod many;
mod opening;
mod rows;
mod support;
mod transactions;
mod values;
