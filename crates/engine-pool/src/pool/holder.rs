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
    /// Noted only where somebody asks for it.
    runner: Option<Runner>,
    /// Whether it was told that it holds the connection for long.
    is_told: bool,
}

/// What a holder runs in. Outside of tasks (in `block_on`) the thread tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    Task(task::Id),
    Thread(ThreadId),
}

impl Runner {
    fn current() -> Self {
        task::try_id().map_or_else(|| Self::Thread(thread::current().id()), Self::Task)
    }
}

impl Holder {
    /// For how long it holds the connection.
    pub fn held_for(&self) -> Duration {
        self.since.elapsed()
    }

    /// Says, once, that it holds the connection for long.
    pub(super) fn tell_long(&self, is_back: bool) {
        let seconds = self.held_for().as_secs_f64();
        if self.is_told {
            return;
        }
        let message = if is_back {
            "a connection was out of its pool for long"
        } else {
            "a connection is out of its pool for long"
        };
        tracing::warn!(target: "aludel::pool", place = %self.place, seconds, "{message}");
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
    /// How many got their connection.
    checkouts: u64,
}

impl List {
    fn add(&mut self, place: &'static Location<'static>, since: Instant, runner: Option<Runner>) -> u64 {
        self.next += 1;
        self.holders.push(Holder { place, since, id: self.next, runner, is_told: false });
        self.next
    }
}

/// The right to the only connection of a pool. Dropping it gives the right up.
pub(super) struct Claim<'a> {
    holders: &'a Holders,
    id: Option<u64>,
}

impl Claim<'_> {
    /// The connection was got: from here on its holder answers for it.
    pub(super) fn confirm(mut self) -> u64 {
        self.holders.lock().checkouts += 1;
        self.id.take().expect("invariant: a claim is confirmed once")
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.holders.remove(id);
        }
    }
}

impl Holders {
    /// A connection was taken; `with_task` says whether [`Holders::of_this_task`] is to know.
    pub(super) fn add(&self, place: &'static Location<'static>, since: Instant, with_task: bool) -> u64 {
        let runner = with_task.then(Runner::current);
        let mut list = self.lock();
        list.checkouts += 1;
        list.add(place, since, runner)
    }

    /// Takes the only connection before it is there.
    ///
    /// # Errors
    /// Who has it.
    pub(super) fn claim(&self, place: &'static Location<'static>) -> Result<Claim<'_>, Holder> {
        let since = Instant::now();
        let mut list = self.lock();
        match list.holders.first() {
            Some(holder) => Err(*holder),
            None => Ok(Claim { id: Some(list.add(place, since, None)), holders: self }),
        }
    }

    pub(super) fn remove(&self, id: u64) -> Option<Holder> {
        let mut list = self.lock();
        // The last to come is often the first to go.
        let position = list.holders.iter().rposition(|holder| holder.id == id)?;
        Some(list.holders.swap_remove(position))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().holders.len()
    }

    /// How many checkouts there were, how many are out, and for how long the longest.
    pub(super) fn count(&self) -> (u64, usize, Option<Duration>) {
        let list = self.lock();
        let longest = list.holders.iter().map(|holder| holder.since).min();
        (list.checkouts, list.holders.len(), longest.map(|since| since.elapsed()))
    }

    /// The holder that runs in the same task.
    pub(super) fn of_this_task(&self) -> Option<Holder> {
        let runner = Some(Runner::current());
        self.lock().holders.iter().find(|holder| holder.runner == runner).copied()
    }

    pub(super) fn all(&self) -> Vec<Holder> {
        let mut holders = self.lock().holders.clone();
        holders.sort_by_key(|holder| (holder.since, holder.id));
        holders
    }

    /// Tells of each holder that is over the limit, once. Gives the moment when the next one will be.
    pub(super) fn tell_long(&self, limit: Duration) -> Option<Instant> {
        let now = Instant::now();
        let (mut long, mut next) = (Vec::new(), None::<Instant>);
        for holder in &mut self.lock().holders {
            let due = holder.since + limit;
            if holder.is_told {
                continue;
            }
            if due <= now {
                long.push(*holder);
                holder.is_told = true;
            } else {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        // A subscriber is not ours; no lock is held while it runs.
        long.iter().for_each(|holder| holder.tell_long(false));
        next
    }

    /// Who holds the connections, in words: all of them unless they are many.
    pub(super) fn describe(&self, resetting: usize) -> String {
        const SHOWN: usize = 20;
        let holders = self.all();
        let mut parts = Vec::new();
        if !holders.is_empty() {
            let shown: Vec<String> = holders
                .iter()
                .take(SHOWN)
                .map(|holder| format!("{} for {:.1} s", holder.place, holder.held_for().as_secs_f64()))
                .collect();
            let more = holders.len().saturating_sub(SHOWN);
            let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
            parts.push(format!("held by {}{rest}", shown.join(", ")));
        }
        if resetting > 0 {
            parts.push(format!(
                "{resetting} came back and {} being rolled back",
                if resetting == 1 { "is" } else { "are" }
            ));
        }
        if parts.is_empty() {
            return "no connection is held: they are being opened or closed".to_owned();
        }
        parts.join("; ")
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
