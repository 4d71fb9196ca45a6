//! What a flush makes of the objects.

use std::collections::{BTreeMap, BTreeSet};

use aludel::orm::State;

use super::{Expired, Oracle};
use crate::{
    rows::{Columns, Key, Rows},
    schema::{Kind, Link},
};

/// What must come of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Works,
    Fails,
    /// Objects wait for each other in a circle: it may work, and may not.
    Either,
}

impl Oracle {
    /// What must come of a flush now.
    pub fn verdict(&self) -> Verdict {
        let mut after = self.clone();
        after.write(&|number| Key::Number(-1 - i64::try_from(number).unwrap_or_default()))
    }

    /// Writes everything that changed. The keys that the database makes are asked for.
    pub fn write(&mut self, made: &dyn Fn(usize) -> Key) -> Verdict {
        let before = self.current.clone();
        let dying = self.dying();
        let mut verdict = Verdict::Works;
        if self.nodes_in_a_circle() {
            verdict = Verdict::Either;
        }
        // Who wrote a row meanwhile is found by its version.
        for number in 0..self.objects.len() {
            let object = &self.objects[number];
            let is_written = dying.contains(&number) || object.is_modified();
            if self.is_attached(number)
                && object.state == State::Persistent
                && object.kind.counts_versions()
                && is_written
            {
                let row =
                    object.stored_key.as_ref().and_then(|key| before.tables.get(&(object.kind, key.clone())));
                if object.stale {
                    // It may have a version that was never committed, or that which another one wrote.
                    verdict = Verdict::Either;
                } else if row.is_none_or(|row| row.version != object.stored.version) {
                    return Verdict::Fails;
                }
            }
        }
        self.bury(&dying);
        let mut written = Vec::new();
        for number in 0..self.objects.len() {
            if !self.is_attached(number) {
                continue;
            }
            match self.objects[number].state {
                State::Pending => {
                    let object = &mut self.objects[number];
                    object.born = Some((object.key.clone(), object.now.clone()));
                    if object.computed.is_some() {
                        object.now.note = object.computed.clone();
                    }
                    if object.key.is_none() {
                        object.key = Some(made(number));
                    }
                    if object.kind.counts_versions() {
                        object.now.version = 1;
                    }
                    object.inserted_at = self.clock;
                    written.push(number);
                }
                _ if self.objects[number].is_modified() || self.objects[number].relinked => {
                    let object = &mut self.objects[number];
                    if object.computed.is_some() {
                        object.now.note = object.computed.clone();
                    }
                    written.push(number)
                }
                _ => {}
            }
        }
        self.clock += 1;
        // The keys of parents are known now.
        for number in &written {
            let Some(link) = self.objects[*number].kind.upwards() else { continue };
            let parent = self.parents.get(number).and_then(|parent| self.objects[*parent].key.clone());
            let object = &mut self.objects[*number];
            if object.relinked || object.state == State::Pending {
                match parent {
                    Some(Key::Number(key)) => object.now.parent = Some(key),
                    _ if object.state == State::Pending => {}
                    _ => object.now.parent = None,
                }
            }
            if link.is_required() && object.now.parent.is_none() {
                return Verdict::Fails;
            }
        }
        if self.hands_a_key_on(&dying) {
            verdict = Verdict::Either;
        }
        let before = self.follow_keys(before);
        let mut rows = before.clone();
        // Old places are left before new ones are taken.
        for number in &dying {
            let object = &self.objects[*number];
            if let Some(key) = &object.stored_key {
                rows.tables.remove(&(object.kind, key.clone()));
            }
        }
        for number in &written {
            let object = &self.objects[*number];
            if let Some(key) = object.stored_key.as_ref().filter(|key| Some(*key) != object.key.as_ref()) {
                rows.tables.remove(&(object.kind, key.clone()));
            }
        }
        for number in &written {
            let row = self.row_of(*number, &before.tables);
            let object = &mut self.objects[*number];
            let Some(key) = object.key.clone() else { continue };
            let moved = object.stored_key.as_ref() != Some(&key);
            if moved && rows.tables.contains_key(&(object.kind, key.clone())) {
                return Verdict::Fails;
            }
            rows.tables.insert((object.kind, key), row);
        }
        rows.webs = self
            .webs
            .iter()
            .filter_map(|(web, left, right)| {
                let number = |it: usize| match &self.objects[it].key {
                    Some(Key::Number(number)) => Some(*number),
                    _ => None,
                };
                Some((*web, number(*left)?, number(*right)?))
            })
            .collect();
        if !uniques_hold(&rows.tables) {
            return Verdict::Fails;
        }
        if verdict == Verdict::Works && self.passes_in_a_circle(&before.tables, &dying, &written) {
            verdict = Verdict::Either;
        }
        self.current = rows;
        for number in 0..self.objects.len() {
            if self.is_attached(number) {
                let object = &mut self.objects[number];
                object.state = State::Persistent;
                (object.stored, object.stored_key) = (object.now.clone(), object.key.clone());
                (object.doomed, object.relinked, object.by_hand, object.unseen) =
                    (false, false, false, false);
                object.computed = None;
            }
        }
        self.follow_rows();
        verdict
    }

    /// The database changes what refers to a key along with it: the rows, and what the objects have of them.
    fn follow_keys(&mut self, mut rows: Rows) -> Rows {
        let moved = self.objects.iter().enumerate().filter(|(number, object)| {
            self.is_attached(*number)
                && object.state == State::Persistent
                && object.kind.downwards().any(Link::follows_key)
                && object.key != object.stored_key
        });
        let moved: BTreeMap<i64, i64> = moved
            .filter_map(|(_, object)| match (&object.stored_key, &object.key) {
                (Some(Key::Number(old)), Some(Key::Number(new))) => Some((*old, *new)),
                _ => None,
            })
            .collect();
        let follows = |kind: Kind| kind.upwards().is_some_and(Link::follows_key);
        let new = |parent: Option<i64>| parent.and_then(|parent| moved.get(&parent).copied());
        for ((kind, _), columns) in &mut rows.tables {
            columns.parent = new(columns.parent).filter(|_| follows(*kind)).or(columns.parent);
        }
        for number in 0..self.objects.len() {
            if self.is_attached(number)
                && self.objects[number].state == State::Persistent
                && follows(self.objects[number].kind)
            {
                let object = &mut self.objects[number];
                // What is put somewhere stays there, under whatever key.
                if object.now.parent == object.stored.parent && !object.relinked {
                    object.now.parent = new(object.stored.parent).or(object.now.parent);
                }
                object.stored.parent = new(object.stored.parent).or(object.stored.parent);
            }
        }
        rows
    }

    /// The row that a written object makes: only what differs is written, and its version counts.
    fn row_of(&mut self, number: usize, before: &BTreeMap<(Kind, Key), Columns>) -> Columns {
        let object = &mut self.objects[number];
        let old = object.stored_key.as_ref().and_then(|key| before.get(&(object.kind, key.clone())));
        let Some(old) = old.filter(|_| object.state == State::Persistent) else { return object.now.clone() };
        let is_written =
            object.now != object.stored || object.key != object.stored_key || object.computed.is_some();
        if object.kind.counts_versions() && is_written {
            object.now.version = object.stored.version + 1;
        }
        let mut row = old.clone();
        if object.now.text != object.stored.text {
            row.text.clone_from(&object.now.text);
        }
        if object.now.note != object.stored.note {
            row.note.clone_from(&object.now.note);
        }
        if object.now.parent != object.stored.parent {
            row.parent = object.now.parent;
        }
        if object.now.version != object.stored.version {
            row.version = object.now.version;
        }
        row
    }

    /// What is deleted: what was asked for, orphans, and what hangs on them.
    pub fn dying(&self) -> BTreeSet<usize> {
        let mut dying = BTreeSet::new();
        for number in (0..self.objects.len()).filter(|number| self.is_attached(*number)) {
            let object = &self.objects[number];
            if object.state != State::Persistent {
                continue;
            }
            let had_parent = object.stored.parent.is_some();
            let is_orphan = object.kind.upwards().is_some_and(Link::deletes_orphans)
                && object.relinked
                && had_parent
                && !self.parents.contains_key(&number);
            if object.doomed || is_orphan {
                dying.insert(number);
            }
        }
        loop {
            let more: Vec<usize> = self
                .parents
                .iter()
                .filter(|(child, parent)| {
                    dying.contains(parent)
                        && !dying.contains(child)
                        && self.objects[**child].state == State::Persistent
                        && self.objects[**child].kind.upwards().is_some_and(Link::deletes)
                })
                .map(|(child, _)| *child)
                .collect();
            if more.is_empty() {
                return dying;
            }
            dying.extend(more);
        }
    }

    /// Takes what dies out of all links. New children of it are never written.
    pub(super) fn bury(&mut self, dying: &BTreeSet<usize>) {
        let children: Vec<(usize, usize)> =
            self.parents.iter().map(|(child, parent)| (*child, *parent)).collect();
        for (child, parent) in children {
            if !dying.contains(&parent) {
                continue;
            }
            if dying.contains(&child) {
                continue;
            }
            let object = &self.objects[child];
            if object.state == State::Pending && object.kind.upwards().is_some_and(Link::deletes) {
                self.let_go(child);
            } else {
                self.parents.remove(&child);
                // What is expired may be loaded when it is looked for.
                let object = &mut self.objects[child];
                object.stale |= object.expired != Expired::No;
                object.relinked = true;
            }
        }
        for number in dying {
            let parent = self.parents.remove(number);
            // After a rollback they may find each other again.
            if let Some(parent) = parent {
                self.objects[*number].latent_parent = Some(parent);
                self.objects[parent].latent_children.push(*number);
            }
            let is_told = parent.is_none_or(|parent| self.objects[parent].knows_sheets);
            let object = &mut self.objects[*number];
            if object.kind.upwards().is_some_and(Link::is_passive)
                && object.expired != Expired::No
                && !object.doomed
                && !is_told
            {
                // The database deletes it along, and it may refer elsewhere by now, as far as the session knows.
                object.is_lost = true;
            }
            // What is expired may be loaded before it is deleted.
            self.objects[*number].stale |= self.objects[*number].expired != Expired::No;
            self.objects[*number].state = State::Deleted;
            (self.objects[*number].doomed, self.objects[*number].relinked) = (false, false);
        }
        let webs: Vec<_> = self
            .webs
            .iter()
            .filter(|(_, left, right)| dying.contains(left) || dying.contains(right))
            .copied()
            .collect();
        for web in webs {
            self.objects[web.1].latent_webs.push(web);
            self.objects[web.2].latent_webs.push(web);
        }
        self.webs.retain(|(_, left, right)| !dying.contains(left) && !dying.contains(right));
    }

    /// Whether new nodes stand above themselves.
    fn nodes_in_a_circle(&self) -> bool {
        // `post_update` breaks other circles.
        let nodes = self.parents.keys().filter(|child| self.objects[**child].kind == Kind::Node);
        nodes.clone().any(|start| {
            let mut present = *start;
            for _ in 0..=self.parents.len() {
                match self.parents.get(&present) {
                    Some(parent) if parent == start => return true,
                    Some(parent) => present = *parent,
                    None => return false,
                }
            }
            false
        }) && self.parents.iter().any(|(child, parent)| {
            let is_new = |it: &usize| self.objects[*it].state == State::Pending;
            self.objects[*child].kind == Kind::Node && (is_new(child) || is_new(parent))
        })
    }

    /// Whether the key of a row that is deleted goes to another row, and what referred to the one refers to a row whose key
    /// changes: somebody would perhaps have to refer to nothing in between.
    fn hands_a_key_on(&self, dying: &BTreeSet<usize>) -> bool {
        let moved = self.objects.iter().enumerate().filter(|(number, object)| {
            self.is_attached(*number) && object.state == State::Persistent && object.key != object.stored_key
        });
        let moved: Vec<(Kind, &Option<Key>)> = moved.map(|(_, object)| (object.kind, &object.key)).collect();
        let freed = dying.iter().map(|number| &self.objects[*number]);
        let freed: Vec<(Kind, &Option<Key>)> =
            freed.map(|object| (object.kind, &object.stored_key)).filter(|key| moved.contains(key)).collect();
        let refers = |object: &super::Object, parent: Option<i64>, keys: &[(Kind, &Option<Key>)]| {
            let key = parent.map(Key::Number);
            let kind = object.kind.upwards().map(Link::parent);
            key.is_some() && keys.iter().any(|(other, taken)| Some(*other) == kind && **taken == key)
        };
        self.objects.iter().enumerate().any(|(number, object)| {
            self.is_attached(number)
                && object.state == State::Persistent
                && refers(object, object.stored.parent, &freed)
                && refers(object, object.now.parent, &moved)
        })
    }

    /// Whether unique values are handed on in a circle, so that nobody can be the first.
    fn passes_in_a_circle(
        &self,
        before: &BTreeMap<(Kind, Key), Columns>,
        dying: &BTreeSet<usize>,
        written: &[usize],
    ) -> bool {
        let held: BTreeMap<Unique, usize> = dying
            .iter()
            .chain(written)
            .filter_map(|number| {
                let object = &self.objects[*number];
                let key = object.stored_key.clone()?;
                let row = before.get(&(object.kind, key.clone()))?;
                Some((*number, object.kind, key, row))
            })
            .flat_map(|(number, kind, key, row)| {
                uniques(kind, &key, row).into_iter().map(move |unique| (unique, number))
            })
            .collect();
        let mut waits: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in written {
            let object = &self.objects[*number];
            let Some(key) = &object.key else { continue };
            for unique in uniques(object.kind, key, &object.now) {
                if let Some(holder) = held.get(&unique).filter(|holder| *holder != number) {
                    waits.entry(*number).or_default().push(*holder);
                }
            }
        }
        waits.keys().any(|start| {
            let mut open = waits[start].clone();
            let mut seen = BTreeSet::new();
            while let Some(next) = open.pop() {
                if next == *start {
                    return true;
                }
                if seen.insert(next) {
                    open.extend(waits.get(&next).into_iter().flatten());
                }
            }
            false
        })
    }
}

type Unique = (Kind, String);

/// The values of a row that no other row may have.
fn uniques(kind: Kind, key: &Key, columns: &Columns) -> Vec<Unique> {
    let mut uniques = vec![(kind, format!("{key:?}"))];
    if kind.has_unique_text() {
        uniques.push((kind, columns.text.clone()));
    }
    if kind.upwards().is_some_and(Link::is_single) {
        uniques.extend(columns.parent.map(|parent| (kind, format!("under {parent}"))));
    }
    uniques
}

fn uniques_hold(tables: &BTreeMap<(Kind, Key), Columns>) -> bool {
    let mut seen = BTreeSet::new();
    tables
        .iter()
        .flat_map(|((kind, key), columns)| uniques(*kind, key, columns))
        .all(|unique| seen.insert(unique))
}
