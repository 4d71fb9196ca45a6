//! Transactions: [`Transaction`] and [`Savepoint`] guards, and the state that a connection keeps for them.

mod guard;
mod state;

pub use guard::{Savepoint, Transaction};
pub(crate) use state::{Failure, Flight, Phase, PrefixStep, TransactionStatus, savepoint_name};
