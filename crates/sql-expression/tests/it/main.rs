//! Tests of the expression language: texts per dialect, keys, decoding.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cache;
mod cartesian;
mod case;
mod ddl;
mod expression;
mod fixture;
mod fuzz;
mod insert;
mod interop;
mod lacking;
mod model;
mod name;
mod parentheses;
mod random;
mod reusable;
#[cfg(feature = "sea-query-1")]
mod sea_query;
mod seldom;
mod select;
mod text;
mod with;
