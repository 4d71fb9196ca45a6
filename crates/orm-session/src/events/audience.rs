//! [`Audience`]: the listeners of the maker and those of one session, together.

use std::sync::{Arc, OnceLock};

use super::Events;

/// Who is told of what happens in a session: the listeners of its maker, then its own. Nobody, in the graph of a value that
/// is only looked at.
#[derive(Default)]
pub(crate) struct Audience {
    maker: Option<Arc<Events>>,
    own: OnceLock<Arc<Events>>,
}

impl Audience {
    pub(crate) fn new(maker: Arc<Events>) -> Self {
        Self { maker: Some(maker), own: OnceLock::new() }
    }

    /// The listeners of this session alone.
    pub(crate) fn own(&self) -> &Events {
        self.own.get_or_init(Arc::default)
    }

    /// All of them, in the order in which they are told.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Arc<Events>> {
        self.maker.iter().chain(self.own.get())
    }

    /// Whether somebody is interested.
    #[inline]
    pub(crate) fn any(&self, interested: impl Fn(&Events) -> bool) -> bool {
        self.maker.as_deref().is_some_and(&interested)
            || self.own.get().is_some_and(|events| interested(events))
    }

    /// Those that are interested, to be told while the session is borrowed.
    pub(crate) fn interested(&self, interested: impl Fn(&Events) -> bool) -> Vec<Arc<Events>> {
        self.each().filter(|events| interested(events)).cloned().collect()
    }
}
