//! [`Holder`]: who holds a connection, since when.

use std::{
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
    time::Duration,
};

use tokio::{task, time::Instant};

/// Who holds a connection: the place in the program that took it, and since when.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Holder {
    /// The line that took it.
    pub place: &'static Location<'static>,
    /// When it was taken.
    pub since: Instant,
    id: u64,
    task: Option<task::Id>,
    thread: ThreadId,
}

impl Holder {
    /// For how long it holds the connection.
    pub fn held_for(&self) -> Duration {
        self.since.elapsed()
    }
}

/// All who hold connections of a pool. They are few, so a plain list is the quickest.
#[derive(Debug, Default)]
pub(super) struct Holders {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    holders: Vec<Holder>,
    next: u64,
}

impl Holders {
    pub(super) fn add(&self, place: &'static Location<'static>) -> u64 {
        let (since, task, thread) = (Instant::now(), task::try_id(), thread::current().id());
        let mut list = self.lock();
        list.next += 1;
        let id = list.next;
        list.holders.push(Holder { place, since, id, task, thread });
        id
    }

    pub(super) fn remove(&self, id: u64) {
        let mut list = self.lock();
        // The last to come is often the first to go.
        if let Some(position) = list.holders.iter().rposition(|holder| holder.id == id) {
            list.holders.swap_remove(position);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().holders.len()
    }

    /// The holder that runs in the same task. Outside of tasks (in `block_on`) the thread tells.
    pub(super) fn of_this_task(&self) -> Option<Holder> {
        let (task, thread) = (task::try_id(), thread::current().id());
        let same = |holder: &&Holder| holder.task == task && (task.is_some() || holder.thread == thread);
        self.lock().holders.iter().find(same).copied()
    }

    pub(super) fn all(&self) -> Vec<Holder> {
        let mut holders = self.lock().holders.clone();
        holders.sort_by_key(|holder| holder.since);
        holders
    }

    /// The longest holders in words.
    pub(super) fn describe(&self) -> String {
        const SHOWN: usize = 5;
        let holders = self.all();
        if holders.is_empty() {
            return "no connection is held: they are being opened or closed".to_owned();
        }
        let shown: Vec<String> = holders
            .iter()
            .take(SHOWN)
            .map(|holder| format!("{} for {:.1} s", holder.place, holder.held_for().as_secs_f64()))
            .collect();
        let more = holders.len().saturating_sub(SHOWN);
        let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
        format!("held by {}{rest}", shown.join(", "))
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
