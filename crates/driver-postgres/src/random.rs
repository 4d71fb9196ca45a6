//! [`random`]: numbers that are not foreseen, for waiting and for choosing among servers.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A number that is not foreseen. Not for secrets.
pub(crate) fn random() -> u64 {
    // The keys of each state are made from those that the system gave the thread.
    RandomState::new().build_hasher().finish()
}
