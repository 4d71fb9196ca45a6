//! [`Changes`]: what was done to a link.

/// What a link led to at some time.
#[derive(Clone, PartialEq)]
pub(super) enum Past {
    /// It was not loaded then.
    Unknown,
    Known(Vec<u32>),
}

/// What was done to a link.
#[derive(Clone, Default)]
pub(super) struct Changes {
    /// What it leads to in the database, while that differs from the items.
    pub(super) stored: Option<Past>,
    /// What was put in while it was not loaded.
    pub(super) added: Vec<u32>,
    /// What was taken out while it was not loaded.
    pub(super) removed: Vec<u32>,
    /// What was put in and taken out again while it was not loaded: perhaps it had been there before.
    pub(super) withdrawn: Vec<u32>,
    /// What a flush is writing.
    pub(super) sending: Option<Sending>,
    /// What it led to before the transaction, once a flush wrote something else, or it was loaded anew.
    pub(super) before: Option<Past>,
}

impl Changes {
    /// Whether something is to be written.
    pub(super) fn are_any(&self) -> bool {
        let unseen = [&self.added, &self.removed, &self.withdrawn];
        self.stored.is_some() || unseen.iter().any(|items| !items.is_empty())
    }

    /// What was done unseen is known now.
    pub(super) fn clear_unseen(&mut self) {
        [&mut self.added, &mut self.removed, &mut self.withdrawn].into_iter().for_each(Vec::clear);
    }
}

/// What a flush writes of it.
#[derive(Clone)]
pub(super) enum Sending {
    All(Vec<u32>),
    Parts { added: Vec<u32>, removed: Vec<u32>, withdrawn: Vec<u32> },
}
