//! [`Relation`]: one link of an object, and what was done to it.

mod changes;

use hashbrown::HashSet;

use changes::{Changes, Past, Sending};

/// One link of an object. What was done to it is kept apart: most links are only read.
#[derive(Clone, Default)]
pub(crate) struct Relation {
    /// What it leads to; none: not loaded.
    pub(crate) items: Option<Vec<u32>>,
    changes: Option<Box<Changes>>,
    /// Loading it is forbidden.
    pub(crate) raise: bool,
    /// The items may be old: they can be read, and the next load brings new ones.
    stale: bool,
    /// It was loaded after the transaction wrote, so the items may hold what a rollback takes back.
    uncertain: bool,
}

/// What a rollback of an outer transaction goes back to.
pub(super) struct Before {
    past: Option<Past>,
    uncertain: bool,
}

/// What a link is known to hold, and to hold no more.
pub(super) struct Holding {
    present: Vec<u32>,
    absent: Vec<u32>,
}

impl Holding {
    /// What is there and not in another, or not known to be missing any more.
    pub(super) fn missing_in(&self, other: &Self) -> Vec<u32> {
        let mut missing = without(&self.present, &other.present);
        missing.extend(without(&other.absent, &self.absent));
        missing
    }
}

pub(super) static UNKNOWN: Relation =
    Relation { items: None, changes: None, raise: false, stale: false, uncertain: false };

impl Relation {
    /// A link that is known to lead nowhere.
    pub(super) fn empty() -> Self {
        Self { items: Some(Vec::new()), ..Self::default() }
    }

    /// Adds everything that it leads to, led to, or is about to lead to.
    pub(crate) fn leads_to(&self, numbers: &mut impl Extend<u32>) {
        numbers.extend(self.items.iter().flatten().copied());
        let Some(changes) = &self.changes else { return };
        let unseen = changes.added.iter().chain(&changes.removed).chain(&changes.withdrawn);
        numbers.extend(unseen.copied());
        for past in [&changes.stored, &changes.before].into_iter().flatten() {
            if let Past::Known(items) = past {
                numbers.extend(items.iter().copied());
            }
        }
        match &changes.sending {
            Some(Sending::All(items)) => numbers.extend(items.iter().copied()),
            Some(Sending::Parts { added, removed, withdrawn }) => {
                numbers.extend(added.iter().chain(removed).chain(withdrawn).copied())
            }
            None => {}
        }
    }

    /// Whether a load has nothing to do.
    pub(crate) fn is_loaded(&self) -> bool {
        self.items.is_some() && !self.stale
    }

    /// Whether it leads nowhere, as far as is known.
    pub(super) fn leads_nowhere(&self) -> bool {
        self.items.as_ref().is_none_or(Vec::is_empty) && self.added_unseen().is_empty()
    }

    /// Whether it is known to lead to an object.
    pub(super) fn holds(&self, item: u32) -> bool {
        self.items.as_deref().unwrap_or(self.added_unseen()).contains(&item)
    }

    /// Whether it was replaced without being loaded, so that nobody knows yet what it replaced.
    pub(crate) fn is_replaced_unseen(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| changes.stored == Some(Past::Unknown))
    }

    /// What was put in and taken out since the last flush.
    pub(crate) fn difference(&self) -> (Vec<u32>, Vec<u32>) {
        let Some(changes) = &self.changes else { return (Vec::new(), Vec::new()) };
        match (&self.items, &changes.stored) {
            (Some(items), Some(Past::Known(stored))) => (without(items, stored), without(stored, items)),
            (Some(items), Some(Past::Unknown)) => (items.clone(), Vec::new()),
            _ => (changes.added.clone(), changes.removed.clone()),
        }
    }

    /// Whether something was put in or taken out since the last flush.
    pub(crate) fn is_changed(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| changes.are_any())
    }

    /// Whether a flush is writing it.
    pub(crate) fn is_sending(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| changes.sending.is_some())
    }

    /// What it is known to hold, and to hold no more, for those who look what a change does.
    pub(super) fn held(&self) -> Holding {
        let removed = self.changes.as_ref().map_or(&[][..], |changes| &changes.removed);
        match &self.items {
            Some(items) => Holding { present: items.clone(), absent: Vec::new() },
            None => Holding { present: self.added_unseen().to_vec(), absent: removed.to_vec() },
        }
    }

    /// What was put in while it was not loaded.
    pub(crate) fn added_unseen(&self) -> &[u32] {
        self.changes.as_ref().map_or(&[], |changes| &changes.added)
    }

    /// What was put in and taken out again while it was not loaded.
    pub(crate) fn withdrawn(&self) -> &[u32] {
        self.changes.as_ref().map_or(&[], |changes| &changes.withdrawn)
    }

    fn changes(&mut self) -> &mut Changes {
        self.changes.get_or_insert_default()
    }

    /// Remembers what stands in the database, before the items change.
    fn keep(&mut self) {
        if self.changes.as_ref().is_none_or(|changes| changes.stored.is_none()) {
            let items = self.items.clone().map_or(Past::Unknown, Past::Known);
            self.changes().stored = Some(items);
        }
    }

    /// Puts something in, unless it is there.
    pub(crate) fn put(&mut self, item: u32) {
        let present = match &self.items {
            Some(items) => items,
            None => self.added_unseen(),
        };
        if !present.contains(&item) {
            self.add(item);
        } else if self.items.is_some() {
            self.keep();
        }
    }

    /// Puts something in that is not there.
    pub(crate) fn add(&mut self, item: u32) {
        if self.items.is_some() {
            self.keep();
            self.items.get_or_insert_default().push(item);
        } else {
            let changes = self.changes();
            changes.removed.retain(|other| *other != item);
            changes.withdrawn.retain(|other| *other != item);
            changes.added.push(item);
        }
    }

    /// What was put in unseen turns out to be there already.
    pub(super) fn is_there(&mut self, item: u32) {
        self.changes().added.retain(|other| *other != item);
    }

    /// Takes an object out, and says whether it may have been there.
    pub(crate) fn take(&mut self, item: u32) -> bool {
        match &self.items {
            Some(items) => {
                let Some(place) = items.iter().position(|other| *other == item) else { return false };
                self.keep();
                self.items.get_or_insert_default().remove(place);
                true
            }
            None => {
                let changes = self.changes();
                let added = changes.added.contains(&item);
                changes.added.retain(|other| *other != item);
                if added {
                    changes.withdrawn.push(item);
                    return true;
                }
                let first = !changes.removed.contains(&item);
                if first {
                    changes.removed.push(item);
                }
                first
            }
        }
    }

    /// Makes these the only items. What stood there before is replaced also when it was never loaded.
    pub(crate) fn replace(&mut self, items: Vec<u32>) {
        if self.items.as_ref() == Some(&items) {
            return;
        }
        self.keep();
        let changes = self.changes();
        changes.clear_unseen();
        self.items = Some(items);
    }

    /// Follows what the database has without being asked: nothing of it is left to be written.
    pub(crate) fn follow(&mut self, change: impl Fn(&mut Vec<u32>)) {
        let Some(items) = &mut self.items else { return };
        let changes = self.changes.get_or_insert_default();
        if changes.before.is_none() {
            changes.before = Some(if self.uncertain { Past::Unknown } else { Past::Known(items.clone()) });
        }
        change(items);
        if let Some(Past::Known(stored)) = &mut changes.stored {
            change(stored);
        }
    }

    /// What it leads to is about to be known, until a rollback.
    pub(crate) fn know(&mut self) {
        if self.items.is_none() && !self.is_changed() {
            self.changes().before.get_or_insert(Past::Unknown);
            self.items = Some(Vec::new());
        }
    }

    /// Forgets what it leads to, until it is loaded again; a rollback knows it again.
    pub(crate) fn forget(&mut self) {
        let uncertain = self.uncertain;
        let Some(items) = self.items.take() else { return };
        let changes = self.changes();
        if changes.before.is_none() {
            changes.before = Some(if uncertain { Past::Unknown } else { Past::Known(items) });
        }
    }

    /// Takes over what a query found, under what was changed since; gives what was replaced unseen, and is known now.
    pub(crate) fn fill(&mut self, found: Vec<u32>, uncertain: bool) -> Vec<u32> {
        let replaced = self.is_replaced_unseen();
        if self.items.is_some() && !replaced && (self.is_changed() || !self.stale) {
            // What is known already stays.
            self.stale = false;
            return Vec::new();
        }
        self.stale = false;
        self.begin_uncertain(uncertain);
        let Some(changes) = self.changes.as_mut().filter(|changes| changes.are_any()) else {
            self.items = Some(found);
            return Vec::new();
        };
        let mut gone = Vec::new();
        match &self.items {
            Some(items) => gone = without(&found, items),
            None => {
                let mut items = without(&without(&found, &changes.removed), &changes.withdrawn);
                items.extend(without(&changes.added, &found));
                self.items = Some(items);
            }
        }
        changes.stored = Some(Past::Known(found));
        changes.clear_unseen();
        gone
    }

    /// What is loaded next may hold what a rollback takes back, which goes back to what was known before.
    fn begin_uncertain(&mut self, uncertain: bool) {
        if !uncertain || self.uncertain {
            return;
        }
        self.uncertain = true;
        if let Some(items) = self.items.clone().filter(|_| !self.is_changed()) {
            self.changes().before.get_or_insert(Past::Known(items));
        }
    }

    /// Marks the items as old.
    pub(crate) fn expire(&mut self) {
        self.stale = self.items.is_some();
    }

    /// The object is new, or new again: everything in the link is still to be written.
    pub(crate) fn begin_again(&mut self) {
        if let Some(items) = &self.items {
            let stored = (!items.is_empty()).then(|| Past::Known(Vec::new()));
            self.changes = Some(Box::new(Changes { stored, ..Changes::default() }));
        } else {
            self.changes = None;
        }
        (self.stale, self.uncertain) = (false, false);
    }

    /// A flush begins to write what was changed.
    pub(crate) fn begin_flush(&mut self) {
        if !self.is_changed() {
            return;
        }
        let items = self.items.clone();
        let changes = self.changes();
        changes.sending = Some(match items {
            Some(items) => Sending::All(items),
            None => Sending::Parts {
                added: changes.added.clone(),
                removed: changes.removed.clone(),
                withdrawn: changes.withdrawn.clone(),
            },
        });
    }

    /// The flush is done: what it wrote is what the database has. Later changes stay changes.
    pub(crate) fn flushed(&mut self) {
        let uncertain = self.uncertain;
        let Some(changes) = &mut self.changes else { return };
        match changes.sending.take() {
            None => (),
            Some(Sending::All(sent)) => {
                let stored = changes.stored.take();
                if changes.before.is_none() {
                    changes.before = if uncertain { Some(Past::Unknown) } else { stored };
                }
                if self.items.as_ref() != Some(&sent) {
                    changes.stored = Some(Past::Known(sent));
                }
            }
            Some(Sending::Parts { added, removed, withdrawn }) => {
                changes.before.get_or_insert(Past::Unknown);
                for item in added {
                    // What was put in, written, and taken out meanwhile is still to be taken out.
                    if changes.added.contains(&item) {
                        changes.added.retain(|other| *other != item);
                    } else if self.items.is_none() {
                        changes.removed.push(item);
                    }
                }
                changes.removed.retain(|item| !removed.contains(item));
                changes.withdrawn.retain(|item| !withdrawn.contains(item));
            }
        }
    }

    /// The transaction is committed.
    pub(crate) fn committed(&mut self) {
        self.uncertain = false;
        if let Some(changes) = &mut self.changes {
            changes.before = None;
            if !changes.are_any() {
                self.changes = None;
            }
        }
    }

    /// A transaction begins inside the present one.
    pub(super) fn take_before(&mut self) -> Before {
        let past = self.changes.as_mut().and_then(|changes| changes.before.take());
        Before { past, uncertain: std::mem::take(&mut self.uncertain) }
    }

    /// That transaction is over.
    pub(super) fn put_before(&mut self, before: Before) {
        self.uncertain |= before.uncertain;
        // What was loaded in the outer transaction is nothing that its rollback goes back to.
        let past = before.past.or_else(|| before.uncertain.then_some(Past::Unknown));
        if past.is_some() {
            self.changes().before = past;
        }
    }

    /// The transaction is rolled back.
    pub(crate) fn rollback(&mut self) {
        let past = match self.changes.take() {
            Some(changes) => match changes.before {
                Some(before) => Some(before),
                None if self.uncertain => Some(Past::Unknown),
                None => changes.stored,
            },
            None => self.uncertain.then_some(Past::Unknown),
        };
        match past {
            Some(Past::Known(items)) => self.items = Some(items),
            Some(Past::Unknown) => self.items = None,
            None => {}
        }
        // It was loaded anew, as it was old.
        self.stale |= std::mem::take(&mut self.uncertain);
        self.stale &= self.items.is_some();
    }
}

/// The items that are not among the others. Long lists are looked up by hash.
fn without(items: &[u32], others: &[u32]) -> Vec<u32> {
    if items.len().min(others.len()) < 32 {
        return items.iter().copied().filter(|item| !others.contains(item)).collect();
    }
    let others: HashSet<u32> = others.iter().copied().collect();
    items.iter().copied().filter(|item| !others.contains(item)).collect()
}
