//! The unit of work: from what changed in the graph to statements, and back.
//!
//! | file | what it does |
//! | --- | --- |
//! | `cascade` | finds what else is deleted, and who lost its last parent |
//! | `work` | sorts the touched objects into inserts, updates, deletes and link rows |
//! | `needs` | what the models ask for: most of it is left out for most flushes |
//! | `assignment` | foreign keys that follow from relationships |
//! | `row_switch` | lets a new object take over the row of a deleted one with its key |
//! | `key_change` | lets rows follow a changed key that they refer to |
//! | `rounds` | lets rows that need a unique value wait for the row that gives it up |
//! | `order` | puts them into levels, so that every row comes after the rows it refers to |
//! | `defaults` | what the session makes for rows: client-side defaults, and versions |
//! | `insert`, `update`, `delete`, `secondary` | put rows of one shape together |
//! | `columns` | the columns of a shape |
//! | `operation` | one batch of rows of one shape, and what its statements have to have done |
//! | `prepared` | which statements a batch is written by, and their parameters |
//! | `returned` | the rows that came back, and whose they are |
//! | `made` | brings back what the database makes: expressions, computed columns, ON UPDATE |
//! | `statements` | the SQL text of each shape, written once |
//! | `by_key` | changes rows that no object stands for |
//! | `flight` | sends batches in few round trips, and takes the answers in |
//! | `read_back` | asks for what the database made of new rows, where there is no RETURNING |
//! | `plan` | writes down what would be sent instead |
//! | `follow` | moves links after foreign keys that were set by hand |
//! | `told` | what listeners are told of a flush |
//! | `validation` | reports what was refused, and asks the validators |
//! | `flush` | does it all, one after the other |

mod assignment;
mod by_key;
mod cascade;
mod columns;
mod defaults;
mod delete;
mod flight;
mod flush;
mod follow;
mod insert;
mod key_change;
mod made;
mod needs;
mod operation;
mod order;
mod plan;
mod prepared;
mod read_back;
mod returned;
mod rounds;
mod row_switch;
mod secondary;
mod statements;
mod told;
mod update;
mod validation;
mod work;

pub(crate) use assignment::is_unset;
pub(crate) use by_key::{KeyedRow, update_by_key};
pub(crate) use defaults::next_version;
pub(crate) use flush::{Flush, flush};
pub(crate) use plan::Draft;
pub use plan::{Plan, PlannedStatement};
pub(crate) use statements::StatementCache;
