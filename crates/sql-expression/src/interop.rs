//! Types of other crates as column types, each behind the feature that names the crate and its major version.

#[cfg(feature = "bigdecimal-0_4")]
mod bigdecimal;
#[cfg(feature = "chrono-0_4")]
mod chrono;
#[cfg(feature = "ipnetwork-0_21")]
mod ipnetwork;
#[cfg(feature = "jiff-0_2")]
mod jiff;
#[cfg(feature = "rust_decimal-1")]
mod rust_decimal;
#[cfg(feature = "sea-query-1")]
pub mod sea_query;
#[cfg(feature = "serde_json-1")]
mod serde_json;
#[cfg(feature = "time-0_3")]
mod time;
#[cfg(feature = "uuid-1")]
mod uuid;
