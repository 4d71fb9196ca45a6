//! [`World`]: a session, the records beside it, and each operation done to both.

mod changes;
mod merge;
mod step;

use std::collections::BTreeSet;

use aludel::{orm::State, prelude::*};

use super::{
    handle::{Handle, changes, rows_of, rows_through},
    oracle::{Expired, Oracle, Verdict},
    schema::{Kind, WEBS},
};

/// What went wrong, in words.
pub type Complaint = String;

/// The records beside a session, and the handles that belong to them.
pub struct World {
    pub oracle: Oracle,
    /// By the number of the object.
    handles: Vec<Option<Handle>>,
    /// Sees what is committed.
    witness: Connection,
    /// The last operation may have read rows of which only the session knows.
    has_read: bool,
}

impl World {
    pub fn new(witness: Connection) -> Self {
        Self { oracle: Oracle::new(), handles: Vec::new(), witness, has_read: false }
    }

    pub fn into_witness(self) -> Connection {
        self.witness
    }

    fn handle(&self, number: usize) -> Handle {
        self.handles[number].clone().unwrap_or_else(|| panic!("object {number} has no handle"))
    }

    fn hold(&mut self, number: usize, handle: Handle) {
        if self.handles.len() <= number {
            self.handles.resize(number + 1, None);
        }
        self.handles[number] = Some(handle);
    }

    /// The object that a handle stands for; one that is new to the test is the one of its row.
    fn number_of(&mut self, handle: &Handle) -> Result<usize, Complaint> {
        if let Some(number) = self.handles.iter().position(|other| other.as_ref() == Some(handle)) {
            return Ok(number);
        }
        let (kind, key) = (handle.kind(), handle.key());
        let number = self
            .oracle
            .object_of(kind, &key)
            .ok_or_else(|| format!("a handle to {kind:?} {key:?}, which has no row, came up: {handle:?}"))?;
        if let Some(other) = self.handles.get(number).and_then(Option::as_ref) {
            return Err(format!("{kind:?} {key:?} has two objects: {other:?} and {handle:?}"));
        }
        self.hold(number, handle.clone());
        self.oracle.held(number);
        if self.oracle.objects[number].is_uncertain {
            self.oracle.trust(number, handle.columns(), handle.is_expired());
        }
        Ok(number)
    }

    fn numbers_of(&mut self, handles: &[Handle]) -> Result<Vec<usize>, Complaint> {
        let numbers: Result<Vec<usize>, _> = handles.iter().map(|handle| self.number_of(handle)).collect();
        let mut numbers = numbers?;
        numbers.sort_unstable();
        if numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("an object is there twice: {handles:?}"));
        }
        Ok(numbers)
    }

    /// A flush was done, or failed: the records are written, or wait for a rollback. Tells whether it worked.
    fn flushed(&mut self, result: Result<(), &Error>) -> Result<bool, Complaint> {
        self.oracle.idle = false;
        self.has_read = true;
        match (self.oracle.verdict(), result) {
            (Verdict::Fails, Ok(())) => Err("the flush should have failed".to_owned()),
            (Verdict::Works, Err(error)) => Err(format!("the flush should have worked: {error:?}")),
            (_, Err(error)) if error.kind() == ErrorKind::PendingRollback => {
                Err(format!("nothing failed before: {error:?}"))
            }
            (_, Err(_)) => {
                self.oracle.fail();
                Ok(false)
            }
            (_, Ok(())) => {
                let handles = &self.handles;
                self.oracle.write(&|number| {
                    handles[number]
                        .as_ref()
                        .map(Handle::key)
                        .unwrap_or_else(|| panic!("{number} has no handle"))
                });
                Ok(true)
            }
        }
    }

    /// What was expired, and was loaded by a flush, is what a transaction that begins now goes back to.
    fn notice_loads(&mut self) {
        for (number, handle) in self.handles.iter().enumerate() {
            let object = &self.oracle.objects[number];
            let is_loaded = handle.as_ref().is_some_and(|handle| !handle.is_expired());
            let is_here = object.state == State::Persistent && self.oracle.is_of_now(number);
            if object.expired == Expired::Yes && is_loaded && is_here {
                self.oracle.given(number, true);
            }
        }
    }

    /// Compares everything that can be seen with the records.
    pub async fn compare(&mut self, session: &mut Session, ends: bool) -> Result<(), Complaint> {
        if !self.oracle.failed {
            let mut number = 0;
            while number < self.handles.len() {
                if let Some(handle) = self.handles[number].clone() {
                    self.compare_object(session, number, &handle)
                        .map_err(|complaint| format!("object {number}, {handle:?}: {complaint}"))?;
                }
                number += 1;
            }
            self.compare_lists(session)?;
        }
        self.has_read = false;
        if ends {
            let kinds = self.kinds();
            let seen = rows_of(&mut self.witness, &kinds).await.map_err(|error| format!("{error:?}"))?;
            if seen != self.oracle.committed {
                return Err(format!(
                    "another connection sees something else than what was committed:\n  {}",
                    self.oracle.committed.difference(&seen)
                ));
            }
        }
        Ok(())
    }

    /// The models of which there ever was an object: the other tables are empty.
    fn kinds(&self) -> BTreeSet<Kind> {
        self.oracle.objects.iter().map(|object| object.kind).collect()
    }

    /// Compares what the own transaction sees.
    async fn compare_own(&mut self, session: &mut Session) -> Result<(), Complaint> {
        let seen = rows_through(session, &self.kinds()).await.map_err(|error| format!("{error:?}"))?;
        if seen != self.oracle.current {
            return Err(format!(
                "the transaction sees something else than what was flushed:\n  {}",
                self.oracle.current.difference(&seen)
            ));
        }
        Ok(())
    }

    fn compare_object(&mut self, session: &Session, number: usize, handle: &Handle) -> Result<(), Complaint> {
        let is_of_now = self.oracle.is_of_now(number);
        let object = self.oracle.objects[number].clone();
        if object.is_lost {
            return Ok(());
        }
        if handle.state() != object.state {
            return Err(format!("it is {:?}, and should be {:?}", handle.state(), object.state));
        }
        let is_in = is_of_now && matches!(object.state, State::Pending | State::Persistent);
        if handle.is_in(session) != is_in {
            return Err(format!("the session says {} when asked whether it has it", !is_in));
        }
        if !is_of_now || matches!(object.state, State::Deleted | State::Detached) {
            return Ok(());
        }
        let expired = match object.expired {
            Expired::Perhaps => {
                let is_expired = handle.is_expired();
                let object = &mut self.oracle.objects[number];
                object.expired = if is_expired { Expired::Yes } else { Expired::No };
                object.stale &= is_expired;
                is_expired
            }
            Expired::Yes if self.has_read && !handle.is_expired() && object.state == State::Persistent => {
                self.oracle.given(number, true);
                false
            }
            expired => expired == Expired::Yes,
        };
        let object = self.oracle.objects[number].clone();
        if object.state == State::Persistent && handle.is_expired() != expired {
            return Err(format!("it says {} when asked whether it is expired", !expired));
        }
        if self.oracle.objects[number].stale {
            return Ok(());
        }
        if handle.columns() != object.now {
            return Err(format!("it shows {:?}, and should show {:?}", handle.columns(), object.now));
        }
        if object.key.as_ref().is_some_and(|key| handle.key() != *key)
            || (object.key.is_none() && handle.key() != crate::rows::Key::Number(0))
        {
            return Err(format!("its key is {:?}, and should be {:?}", handle.key(), object.key));
        }
        if object.state == State::Persistent && handle.is_modified() != object.is_modified() {
            return Err(format!("it says {} when asked whether it is modified", handle.is_modified()));
        }
        if object.state != State::Transient {
            self.compare_links(number, handle)?;
        }
        Ok(())
    }

    /// What is loaded must be what the records have; what is not loaded is nothing.
    fn compare_links(&mut self, number: usize, handle: &Handle) -> Result<(), Complaint> {
        let kind = handle.kind();
        for link in kind.downwards() {
            let found = link.children(handle);
            if link.is_passive() {
                self.oracle.objects[number].knows_sheets = found.is_some();
            }
            if let Some(found) = found {
                let found = self.numbers_of(&found)?;
                let expected: Vec<usize> = self
                    .oracle
                    .children_of(number)
                    .filter(|child| self.oracle.objects[*child].kind == link.child())
                    .collect();
                if found != expected {
                    return Err(format!("its {link:?} are {found:?}, and should be {expected:?}"));
                }
            }
        }
        if let Some(link) = kind.upwards()
            && let Some(found) = link.parents(handle)
            && !self.oracle.objects[number].unseen
        {
            let found = self.numbers_of(&found)?;
            let expected: Vec<usize> = self.oracle.parents.get(&number).copied().into_iter().collect();
            if found != expected {
                return Err(format!("its parent is {found:?}, and should be {expected:?}"));
            }
        }
        for web in WEBS {
            if web.left() == kind
                && let Some(found) = web.rights(handle)
            {
                let found = self.numbers_of(&found)?;
                let expected =
                    self.web_of(|(other, left, right)| (*other == web && *left == number).then_some(*right));
                if found != expected {
                    return Err(format!("its {web:?} are {found:?}, and should be {expected:?}"));
                }
            }
            if web.right() == kind
                && let Some(found) = web.lefts(handle)
            {
                let found = self.numbers_of(&found)?;
                let expected =
                    self.web_of(|(other, left, right)| (*other == web && *right == number).then_some(*left));
                if found != expected {
                    return Err(format!(
                        "it is among the {web:?} of {found:?}, and should be of {expected:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn web_of(&self, wanted: impl Fn(&(crate::schema::Web, usize, usize)) -> Option<usize>) -> Vec<usize> {
        let mut found: Vec<usize> = self.oracle.webs.iter().filter_map(wanted).collect();
        found.sort_unstable();
        found
    }

    /// What the session says that it is about to write.
    fn compare_lists(&mut self, session: &Session) -> Result<(), Complaint> {
        let [pending, deleted, dirty] = changes(session);
        let (pending, deleted, dirty) =
            (self.numbers_of(&pending)?, self.numbers_of(&deleted)?, self.numbers_of(&dirty)?);
        let such = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..self.oracle.objects.len())
                .filter(|number| {
                    self.oracle.is_attached(*number)
                        && self.oracle.objects[*number].is_held
                        && wanted(*number)
                })
                .collect()
        };
        let objects = &self.oracle.objects;
        let expected = such(&|number| objects[number].state == State::Pending);
        if pending != expected {
            return Err(format!("the session says that {pending:?} are pending, and {expected:?} are"));
        }
        let expected = such(&|number| objects[number].doomed);
        if deleted != expected {
            return Err(format!("the session says that it will delete {deleted:?}, and should {expected:?}"));
        }
        let modified = such(&|number| {
            let object = &objects[number];
            object.state == State::Persistent && !object.doomed && !object.stale && object.is_modified()
        });
        if let Some(missing) = modified.iter().find(|number| !dirty.contains(number)) {
            return Err(format!("object {missing} is modified, and not among the dirty ones"));
        }
        Ok(())
    }
}
