//! Loading strategies: what comes with a query, and what `session.load` brings.

mod by_key;
mod executor;
mod joined;
mod options;
mod plan;
mod select_in;

pub(crate) use by_key::load_by_keys;
pub(crate) use executor::Executor;
pub(crate) use joined::{JoinedLinks, JoinedLoad, join_eagerly};
pub use options::{Holds, Load, LoadOptions, joinedload, raiseload, selectinload};
pub(crate) use plan::{LoadNode, Strategy};
pub(crate) use select_in::{forbid_tree, load_relationship, load_tree};
