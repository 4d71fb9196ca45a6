//! The examples of Aludel: `cargo run --example quickstart`.
