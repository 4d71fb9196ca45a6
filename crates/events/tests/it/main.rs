//! Tests of the listener registries.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod async_listeners;
mod sync_listeners;
