//! Tests of the expression language: texts per dialect, keys, decoding.

mod cache;
mod case;
mod ddl;
mod expression;
mod fixture;
mod insert;
mod interop;
mod model;
mod name;
mod parentheses;
mod select;
mod text;
mod with;
