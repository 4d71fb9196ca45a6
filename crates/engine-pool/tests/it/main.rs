//! Tests of engine, pools, transactions and results over a driver that can fail, hang and count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "modules of one test binary")]

mod cancel;
mod engine;
mod engine_events;
mod mock;
mod pool;
mod pool_events;
mod pool_maintenance;
mod pool_reset;
mod reconnect;
mod results;
mod transactions;
mod warnings;
