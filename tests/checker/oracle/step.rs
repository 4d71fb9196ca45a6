//! What an operation does to the records, once it is known how the session fared.

use aludel::orm::State;

use super::{Action, Expired, Oracle};
use crate::{
    operation::Side,
    rows::Key,
    schema::{Kind, Link},
};

impl Oracle {
    /// Takes an operation over that happens in memory alone.
    pub fn remember(&mut self, action: &Action) {
        match action {
            Action::AddAgain(number) => self.add_again(*number),
            Action::Text(number, text) => self.objects[*number].now.text.clone_from(text),
            Action::Note(number, note) => {
                let object = &mut self.objects[*number];
                object.now.note.clone_from(note);
                object.computed = None;
            }
            Action::Compute(number, text) => {
                let object = &mut self.objects[*number];
                object.computed = Some(text.clone());
                object.is_muddled |= object.state != State::Persistent;
            }
            Action::Key(number, key) => self.objects[*number].key = Some(key.clone()),
            Action::Relate(_, parent, child, side) => {
                // Who is put somewhere is to stay.
                self.objects[if *side == Side::Parent { *child } else { *parent }].doomed = false;
                self.put(*child, *parent);
                // Said once more, it is said all the same.
                self.objects[*child].relinked = true;
            }
            Action::Unrelate(_, _, child, _) => self.take(*child),
            Action::Replace(link, parent, children) => self.replace(*link, *parent, children),
            Action::ForeignKey(child, parent) => {
                let object = &mut self.objects[*child];
                object.now.parent = *parent;
                object.by_hand = object.now.parent != object.stored.parent;
                object.is_muddled = true;
                let link = object.kind.upwards();
                let old = self.parents.get(child).copied();
                let new = link
                    .zip(*parent)
                    .and_then(|(link, key)| self.object_of(link.parent(), &Key::Number(key)));
                for number in old.into_iter().chain(new) {
                    self.objects[number].is_muddled = true;
                }
            }
            Action::Join(web, left, right, side) => {
                self.objects[if *side == Side::Parent { *right } else { *left }].doomed = false;
                self.join(*web, *left, *right);
            }
            Action::Part(web, left, right, _) => {
                self.webs.remove(&(*web, *left, *right));
            }
            Action::Delete(number) => self.objects[*number].doomed = true,
            Action::Expire(number) => self.expire(*number),
            Action::ExpireAll => self.expire_all(),
            Action::Expunge(number) => {
                let object = &mut self.objects[*number];
                (object.state, object.doomed) = (State::Detached, false);
                self.follow_rows_anew();
            }
            Action::ExpungeAll => self.detach(),
            action => unreachable!("{action:?} is not done in memory alone"),
        }
    }

    /// A new object, and what is nested in it; one may be put under a parent that is there.
    pub fn add_new(&mut self, new: &crate::operation::New, under: Option<usize>) -> Vec<usize> {
        let numbers = self.add(new);
        if let Some(parent) = under {
            // The link of the new object leads there, so that it is to stay.
            self.objects[parent].doomed = false;
            self.put(numbers[0], parent);
        }
        numbers
    }

    /// A new object under a parent that is there.
    pub fn nest_new(&mut self, new: &crate::operation::New, parent: usize) -> usize {
        let number = self.add(new)[0];
        self.put(number, parent);
        number
    }

    pub fn committed(&mut self) {
        self.commit();
        if self.expires_on_commit {
            self.expire_all();
        }
    }

    fn expire_all(&mut self) {
        for number in 0..self.objects.len() {
            if self.is_attached(number) && self.objects[number].state == State::Persistent {
                let object = &mut self.objects[number];
                object.expired = if object.is_held { Expired::Yes } else { Expired::Perhaps };
            }
        }
    }

    /// A flush failed, which may have loaded what was expired before, and let go of new children of what it was to delete.
    pub fn fail(&mut self) {
        self.failed = true;
        for parent in self.dying() {
            let is_new = |child: &usize| self.objects[*child].state == State::Pending;
            let children: Vec<usize> = self.children_of(parent).filter(is_new).collect();
            for child in children {
                (self.objects[child].is_muddled, self.objects[parent].is_muddled) = (true, true);
            }
        }
        for object in &mut self.objects {
            object.stale |= object.expired != Expired::No && object.state == State::Persistent;
        }
    }

    pub fn rolled_back(&mut self) {
        self.rollback();
    }

    pub fn begun_nested(&mut self) {
        self.push_level();
        self.idle = false;
    }

    pub fn released(&mut self) {
        self.levels.pop();
    }

    pub fn rolled_back_nested(&mut self) {
        self.rollback_level();
    }

    /// All objects leave the session, and the transaction with them.
    pub fn closed(&mut self) {
        self.rollback();
        self.detach();
        self.levels.clear();
        self.push_level();
    }

    fn detach(&mut self) {
        for number in 0..self.objects.len() {
            if !self.is_of_now(number) {
                continue;
            }
            let object = &mut self.objects[number];
            object.state = match object.state {
                State::Pending | State::Transient => State::Transient,
                _ => State::Detached,
            };
        }
        self.era += 1;
        self.follow_rows();
    }

    /// An object left, and its row stays: another will stand for it.
    fn follow_rows_anew(&mut self) {
        let rows: Vec<_> = self.current.tables.clone().into_iter().collect();
        for ((kind, key), columns) in rows {
            if self.object_of(kind, &key).is_none() {
                self.push(kind, State::Persistent, Some(key), columns);
            }
        }
    }

    /// Another connection changed the text of a row, and committed.
    pub fn changed_outside(&mut self, kind: Kind, key: &Key, text: &str) {
        let row = (kind, key.clone());
        let rows = self.levels.iter_mut().map(|level| &mut level.rows);
        for rows in rows.chain([&mut self.committed, &mut self.current]) {
            if let Some(columns) = rows.tables.get_mut(&row) {
                text.clone_into(&mut columns.text);
                columns.version += i64::from(kind.counts_versions());
            }
        }
        if let Some(number) = self.object_of(kind, key) {
            self.objects[number].is_uncertain |= !self.objects[number].is_held;
        }
    }

    /// The session gave the object of a row. When it was marked as expired, it has the row's values now.
    pub fn given(&mut self, number: usize, was_expired: bool) {
        let object = &self.objects[number];
        let row =
            object.stored_key.clone().and_then(|key| self.current.tables.get(&(object.kind, key)).cloned());
        self.clock += 1;
        let clock = self.clock;
        if let Some(row) = row.filter(|_| was_expired) {
            self.objects[number].load(&row, clock);
        }
    }

    /// The test holds a handle to the object of a row for the first time.
    pub fn held(&mut self, number: usize) {
        self.clock += 1;
        let object = &mut self.objects[number];
        (object.is_held, object.loaded_at) = (true, self.clock);
        object.stale |= object.expired == Expired::Perhaps;
    }

    /// Values that only the session can know: an object that it had before the row was changed by somebody else.
    pub fn trust(&mut self, number: usize, columns: crate::rows::Columns, expired: bool) {
        let object = &mut self.objects[number];
        (object.now, object.stored, object.is_uncertain) = (columns.clone(), columns, false);
        object.expired = if expired { Expired::Yes } else { Expired::No };
    }

    /// The row of an object was asked for: its unflushed columns are lost, and it has the row's values.
    pub fn forget_changes(&mut self, number: usize) {
        self.expire_along(number);
        let object = &mut self.objects[number];
        (object.now, object.key) = (object.stored.clone(), object.stored_key.clone());
        object.computed = None;
    }

    /// A value was merged: what differs is taken over.
    pub fn merged(&mut self, number: usize, text: &str, note: Option<String>) {
        let object = &mut self.objects[number];
        text.clone_into(&mut object.now.text);
        object.now.note = note;
    }

    /// A new item was merged along with its owner.
    pub fn merged_item(&mut self, text: &str) -> usize {
        let columns = crate::rows::Columns { text: text.to_owned(), ..Default::default() };
        let number = self.push(Kind::Item, State::Pending, None, columns);
        self.objects[number].stored_key = None;
        self.objects[number].is_held = true;
        number
    }

    /// An owner was merged with these items, which take the place of those that it had.
    pub fn merge_items(&mut self, owner: usize, items: &[usize]) {
        let mut old: Vec<usize> =
            self.children_of(owner).filter(|child| self.objects[*child].kind == Kind::Item).collect();
        let mut new = items.to_vec();
        old.sort_unstable();
        new.sort_unstable();
        // Of a value nobody can tell an empty collection from one that was never touched.
        if old != new && !items.is_empty() {
            self.replace(Link::Items, owner, items);
        }
    }

    /// A value was merged that has no row.
    pub fn merged_new(&mut self, kind: Kind, key: Key, text: &str, note: Option<String>) -> usize {
        let columns = crate::rows::Columns { text: text.to_owned(), note, ..Default::default() };
        let number = self.push(kind, State::Pending, Some(key), columns);
        self.objects[number].stored_key = None;
        self.objects[number].is_held = true;
        number
    }
}
