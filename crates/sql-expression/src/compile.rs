//! From a tree to text: the compiler, and the cache of what it made.
//!
//! # Where sea-query ends
//!
//! Our own tree renders every statement: FROM, joins, correlation, parentheses and what differs between databases are
//! decided here, because the tree is also the cache key and what layers above rewrite. sea-query serves below that, in
//! [`crate::dialect`]: quoting of names, truth values, and placeholders.
//! None of its statement builders is used, so nothing can be dropped or panic in there.
//!
//! # The way of a statement
//!
//! 1. `key` walks the tree once. It writes the structure into a buffer of bytes and notes where the values are.
//! 2. `cache` looks the bytes up, first in the thread's own `front`. A hit has the text already; only values are copied.
//! 3. On a miss the `Compiler` renders the tree. It visits values in the same order as the walk, so
//!    that each knows its number. What cannot be known before the values (the length of an IN list, the number of rows) stays
//!    open in the text and is filled in for each execution.

mod bulk_target;
mod cache;
mod cast;
mod chain;
mod check;
mod compiled;
mod compiler;
mod construct;
mod ddl;
mod delete;
mod derived;
mod expression;
mod external;
mod fit;
mod from_clause;
mod front;
mod function;
mod hint;
mod inference;
mod insert;
mod item;
mod join;
mod key;
mod names;
mod operator;
mod parameter_name;
mod parameters;
#[cfg(feature = "sea-query-1")]
pub(crate) mod parts;
mod precedence;
mod rendered;
mod row_order;
mod scaled;
mod select;
mod set_operation;
mod text;
mod update;
mod upsert;
mod with;
mod wrap;
mod writer;

pub use bulk_target::{BulkColumn, BulkTarget};
pub use cache::{CacheStatistics, CompiledCache};
#[doc(hidden)]
pub use cache::{Ready, Shown, Single};
#[doc(hidden)]
pub use parameter_name::parameter_column;
pub use parameters::Parameters;
pub use rendered::{Rendered, RenderedPart};
pub use row_order::{RowKeys, RowOrder, unlimited};
#[doc(hidden)]
pub use wrap::{around_column, around_value, write_bound};

pub(crate) use cache::{display, inline, to_sql};
