//! Transactions: guards that end them, and the state that a connection keeps for them.

mod guard;
mod state;
mod twophase;

pub use guard::{Savepoint, Transaction};
pub(crate) use state::{Failure, Flight, Phase, PrefixStep, TransactionStatus, savepoint_name};
pub use twophase::TwophaseTransaction;
pub(crate) use twophase::unique_name;
