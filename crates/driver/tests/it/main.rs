//! Tests of what drivers and the engine share.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod fuzz;
mod url;
