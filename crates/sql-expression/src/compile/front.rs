//! [`Front`]: what a thread found in a cache before.

use std::{
    cell::Cell,
    hash::BuildHasher as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hashbrown::DefaultHashBuilder;

use super::{compiled::Compiled, key::Walk};
use crate::{Dialect, Value, schema::Table};

/// What a thread found in a cache before: looked at first, as nobody else does, so that it needs no lock and nothing is
/// counted. A few statements of caches that are gone may stay until others take their places.
#[derive(Debug)]
pub(super) struct Front {
    /// The buffer that keys are built in.
    pub(super) key: Vec<u8>,
    hasher: DefaultHashBuilder,
    /// The dialect that was used last, and what is written of it into keys.
    dialect: Option<Arc<dyn Dialect>>,
    written: Vec<u8>,
    places: Vec<Option<Kept>>,
    reused: Vec<Option<KeptReused>>,
}

#[derive(Debug)]
struct Kept {
    edition: u64,
    hash: u64,
    key: Box<[u8]>,
    compiled: Arc<Compiled>,
}

/// A reusable statement. What is kept depends on the dialect and the tables, and on nothing else.
#[derive(Debug)]
struct KeptReused {
    id: u64,
    dialect: Arc<dyn Dialect>,
    /// The tables, each with its number as it stood.
    tables: Box<[(Table, u64)]>,
    text: ReusedText,
}

/// The text of a reusable statement, and where its values come from.
#[derive(Debug)]
pub(super) struct ReusedText {
    pub(super) sql: Arc<str>,
    pub(super) key: u64,
    pub(super) origins: Box<[Origin]>,
    /// Whether the values are just those that are given, in their order.
    pub(super) is_in_order: bool,
}

/// Where a value of a reusable statement comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Place(u8),
    Constant(Value),
}

/// How many statements a thread keeps.
const PLACES: usize = 64;

/// How many reusable statements a thread keeps.
const REUSED: usize = 32;

thread_local! {
    static FRONT: Cell<Option<Box<Front>>> = const { Cell::new(None) };
}

static NEXT_EDITION: AtomicU64 = AtomicU64::new(1);

/// A number for what a cache holds, that no other cache of this process has, nor this one after it was cleared.
pub(super) fn next_edition() -> u64 {
    NEXT_EDITION.fetch_add(1, Ordering::Relaxed)
}

impl Front {
    /// This thread's, to be put back. It is empty where it was not put back.
    pub(super) fn take() -> Box<Self> {
        FRONT.take().unwrap_or_else(|| {
            let places = (0..PLACES).map(|_| None).collect();
            Box::new(Self {
                key: Vec::new(),
                hasher: DefaultHashBuilder::default(),
                dialect: None,
                written: Vec::new(),
                places,
                reused: (0..REUSED).map(|_| None).collect(),
            })
        })
    }

    /// Keeps it for the next statement.
    pub(super) fn put_back(self: Box<Self>) {
        FRONT.set(Some(self));
    }

    /// Begins a key: writes what of the dialect changes the text. Nearly always it is the dialect of the statement before.
    #[inline]
    pub(super) fn dialect(&mut self, dialect: &Arc<dyn Dialect>, walk: &mut Walk<'_>) {
        if self.dialect.as_ref().is_some_and(|last| Arc::ptr_eq(last, dialect)) {
            walk.again(&self.written);
        } else {
            walk.dialect(&**dialect);
            self.written.clear();
            self.written.extend_from_slice(walk.key());
            self.dialect = Some(dialect.clone());
        }
    }

    /// A hash of the key, for [`Front::find`] and [`Front::keep`].
    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// What was kept under the key.
    #[inline]
    pub(super) fn find(&self, edition: u64, hash: u64, key: &[u8]) -> Option<&Compiled> {
        self.places[place(hash)]
            .as_ref()
            .filter(|kept| kept.hash == hash && kept.edition == edition && *kept.key == *key)
            .map(|kept| &*kept.compiled)
    }

    /// What was kept of a reusable statement.
    #[inline]
    pub(super) fn find_reused(&self, id: u64, dialect: &Arc<dyn Dialect>) -> Option<&ReusedText> {
        self.reused[id as usize % REUSED]
            .as_ref()
            .filter(|kept| {
                kept.id == id
                    && Arc::ptr_eq(&kept.dialect, dialect)
                    && kept.tables.iter().all(|(table, stamp)| table.stamp() == *stamp)
            })
            .map(|kept| &kept.text)
    }

    /// Keeps it, in place of whatever is there.
    pub(super) fn keep_reused(
        &mut self,
        id: u64,
        dialect: &Arc<dyn Dialect>,
        tables: Box<[(Table, u64)]>,
        text: ReusedText,
    ) {
        self.reused[id as usize % REUSED] = Some(KeptReused { id, dialect: dialect.clone(), tables, text });
    }

    /// Keeps it under the key, in place of whatever is there.
    pub(super) fn keep(&mut self, edition: u64, hash: u64, key: &[u8], compiled: Arc<Compiled>) {
        self.places[place(hash)] = Some(Kept { edition, hash, key: key.into(), compiled });
    }
}

fn place(hash: u64) -> usize {
    // No more than `PLACES`.
    hash as usize % PLACES
}
