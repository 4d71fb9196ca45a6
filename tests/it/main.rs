//! Tests of the whole stack, and of the promises that the repository makes about itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

mod cases;
mod compile_fail;
mod contract;
mod core_bad_input;
mod core_changes;
mod core_conformance;
mod core_conformance_faults;
mod core_engine;
mod core_errors;
mod core_full_text;
mod core_insert_many;
mod core_literals;
mod core_operators;
mod core_options;
mod core_retry;
mod core_reusable;
mod core_schema;
mod core_sea_query;
mod core_select;
mod core_tables;
mod core_twophase;
mod core_typing;
mod core_values;
mod database;
mod ddl;
mod faults;
mod mapped;
mod orm;
mod pgbouncer;
mod proxy;
mod random_expressions;
mod random_statements;
mod stack;
mod statements;
