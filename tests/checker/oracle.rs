//! [`Oracle`]: what a session must show, and what the database must hold, worked out on plain records.
//!
//! Rows are maps. Links are one set of pairs, seen from either end. A flush makes rows of objects, a rollback makes objects
//! of rows, and there is nothing clever in between.

mod action;
mod changes;
mod flush;
mod memory;
mod restore;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use aludel::orm::State;

pub use self::{
    action::{Action, Which},
    flush::Verdict,
    memory::values_of,
};
use super::{
    rows::{Columns, Key, Rows},
    schema::{Kind, Web},
};

/// What a session must show, and what the database must hold.
#[derive(Clone, Debug)]
pub struct Oracle {
    /// What everybody sees.
    pub committed: Rows,
    /// What the transaction sees, once everything is flushed.
    pub current: Rows,
    /// All objects that there ever were. For each row without an object there is one that the session may not know yet.
    pub objects: Vec<Object>,
    /// The parent of each child, as the objects have it.
    pub parents: BTreeMap<usize, usize>,
    /// What is linked over secondary tables.
    pub webs: BTreeSet<(Web, usize, usize)>,
    /// What the transaction goes back to, and those inside it.
    levels: Vec<Level>,
    /// A flush failed: everything waits for a rollback.
    pub failed: bool,
    /// A commit expires all objects.
    pub expires_on_commit: bool,
    /// No statement was sent since the transaction before ended.
    pub idle: bool,
    /// Counts what happens.
    clock: usize,
    /// How often all objects left the session at once.
    era: usize,
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    pub kind: Kind,
    pub state: State,
    /// None: the database has not made it yet.
    pub key: Option<Key>,
    pub now: Columns,
    /// What the session believes to be in the database.
    pub stored: Columns,
    pub stored_key: Option<Key>,
    /// The key of the row that it was loaded from.
    first_key: Option<Key>,
    /// Nobody can say any more what it is: its row was another's, and never came to be.
    pub is_lost: bool,
    /// What it was when it was first written.
    born: Option<(Option<Key>, Columns)>,
    /// What the database is going to compute for its note.
    pub computed: Option<String>,
    /// To be deleted by the next flush.
    pub doomed: bool,
    pub expired: Expired,
    /// Its values come from a transaction that was rolled back.
    pub stale: bool,
    /// The test holds a handle to it.
    pub is_held: bool,
    /// Its row was changed by somebody else before the test held it.
    pub is_uncertain: bool,
    /// Its foreign key was set by hand since the last flush.
    pub by_hand: bool,
    /// Its parent was changed since the last flush.
    pub relinked: bool,
    /// It was replaced in a collection that perhaps was not loaded, so that its own link may not know yet.
    pub unseen: bool,
    /// The collection whose children the database deletes is known.
    pub knows_sheets: bool,
    /// Its links were moved by a foreign key, so that nobody says what is left of them after a rollback.
    is_muddled: bool,
    /// What it goes back to when it is added again.
    latent_parent: Option<usize>,
    latent_children: Vec<usize>,
    latent_webs: Vec<(Web, usize, usize)>,
    inserted_at: usize,
    loaded_at: usize,
    era: usize,
}

/// Whether an object is marked as expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    No,
    Yes,
    /// It depends on what the session had loaded.
    Perhaps,
}

/// What a transaction goes back to.
#[derive(Clone, Debug)]
struct Level {
    rows: Rows,
    objects: Vec<Object>,
    clock: usize,
}

impl Oracle {
    /// Of a session over empty tables.
    pub fn new() -> Self {
        let mut oracle = Self {
            committed: Rows::default(),
            current: Rows::default(),
            objects: Vec::new(),
            parents: BTreeMap::new(),
            webs: BTreeSet::new(),
            levels: Vec::new(),
            failed: false,
            expires_on_commit: false,
            idle: true,
            clock: 0,
            era: 0,
        };
        oracle.push_level();
        oracle
    }

    /// How many transactions are nested in the outermost one.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    fn push_level(&mut self) {
        self.clock += 1;
        self.levels.push(Level {
            rows: self.current.clone(),
            objects: self.objects.clone(),
            clock: self.clock,
        });
        self.clock += 1;
    }

    /// The objects of the session, with those for rows that it does not know.
    pub fn is_attached(&self, number: usize) -> bool {
        let object = &self.objects[number];
        object.era == self.era && matches!(object.state, State::Pending | State::Persistent)
    }

    /// Whether an object belongs to the present life of the session.
    pub fn is_of_now(&self, number: usize) -> bool {
        self.objects[number].era == self.era
    }

    /// The object that stands for a row.
    pub fn object_of(&self, kind: Kind, key: &Key) -> Option<usize> {
        (0..self.objects.len()).find(|number| {
            let object = &self.objects[*number];
            self.is_attached(*number)
                && object.state == State::Persistent
                && object.kind == kind
                && object.stored_key.as_ref() == Some(key)
        })
    }

    pub fn children_of(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        self.parents.iter().filter(move |(_, other)| **other == parent).map(|(child, _)| *child)
    }

    fn push(&mut self, kind: Kind, state: State, key: Option<Key>, columns: Columns) -> usize {
        self.clock += 1;
        self.objects.push(Object {
            kind,
            state,
            stored_key: key.clone(),
            first_key: key.clone(),
            is_lost: false,
            key,
            stored: columns.clone(),
            now: columns,
            born: None,
            computed: None,
            doomed: false,
            expired: Expired::No,
            stale: false,
            is_held: false,
            is_uncertain: false,
            by_hand: false,
            relinked: false,
            unseen: false,
            knows_sheets: false,
            is_muddled: false,
            latent_parent: None,
            latent_children: Vec::new(),
            latent_webs: Vec::new(),
            inserted_at: 0,
            loaded_at: self.clock,
            era: self.era,
        });
        self.objects.len() - 1
    }

    /// Makes objects for rows that have none, and the links that the rows say.
    fn follow_rows(&mut self) {
        let rows: Vec<_> = self.current.tables.clone().into_iter().collect();
        for ((kind, key), columns) in &rows {
            if self.object_of(*kind, key).is_none() {
                self.push(*kind, State::Persistent, Some(key.clone()), columns.clone());
            }
        }
        self.parents.clear();
        for ((kind, key), columns) in &rows {
            let (Some(link), Some(parent)) = (kind.upwards(), columns.parent) else { continue };
            let child = self.object_of(*kind, key);
            let parent = self.object_of(link.parent(), &Key::Number(parent));
            if let (Some(child), Some(parent)) = (child, parent) {
                self.parents.insert(child, parent);
            }
        }
        let webs = self.current.webs.iter().filter_map(|(web, left, right)| {
            let left = self.object_of(web.left(), &Key::Number(*left))?;
            let right = self.object_of(web.right(), &Key::Number(*right))?;
            Some((*web, left, right))
        });
        self.webs = webs.collect();
    }
}

impl Object {
    /// Whether a column differs from the database.
    pub fn is_modified(&self) -> bool {
        self.now != self.stored || self.key != self.stored_key || self.computed.is_some()
    }

    /// It was loaded from this row.
    fn load(&mut self, columns: &Columns, clock: usize) {
        (self.now, self.stored) = (columns.clone(), columns.clone());
        (self.expired, self.stale, self.loaded_at) = (Expired::No, false, clock);
    }
}
