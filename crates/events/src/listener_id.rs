//! The receipt for a registration.

use std::sync::atomic::{AtomicU64, Ordering};

/// The receipt for one registered listener, to look it up or to remove it.
///
/// Unique in the process, so that an id given to the wrong registry finds nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(u64);

impl ListenerId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
