//! The unit of work: from what changed in the graph to statements, and back.
//!
//! | file | what it does |
//! | --- | --- |
//! | `cascade` | finds what else is deleted, and who lost its last parent |
//! | `work` | sorts the touched objects into inserts, updates, deletes and link rows |
//! | `order` | puts them into levels, so that every row comes after the rows it refers to |
//! | `operation` | one batch of rows of one shape, and the statements for it |
//! | `statements` | the SQL text of each shape, written once |
//! | `flush` | sends the batches in few round trips, and takes the answers in |

mod cascade;
mod flush;
mod operation;
mod order;
mod statements;
mod work;

pub(crate) use flush::{Flush, flush};
pub(crate) use statements::StatementCache;
