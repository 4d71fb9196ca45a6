//! Each operation, done to the session and to the records.

use aludel::prelude::*;

use super::{Complaint, World};
use crate::{
    handle::{Handle, Value, change_outside, changes, get, query, stream},
    operation::{New, Side},
    oracle::{Action, values_of},
    rows::Key,
    schema::Kind,
};

impl World {
    /// Does an operation that begins and ends no nested transaction.
    pub async fn step(&mut self, session: &mut Session, action: &Action) -> Result<(), Complaint> {
        if self.oracle.failed {
            return self.step_failed(session, action).await;
        }
        match action {
            Action::Flush => {
                let result = session.flush().await;
                if self.flushed(result.as_ref().map(drop))? {
                    self.compare_own(session).await?;
                }
            }
            Action::Commit => {
                let result = session.commit().await;
                if self.flushed(result.as_ref().map(drop))? {
                    self.oracle.committed();
                }
            }
            Action::Rollback => {
                session.rollback().await.map_err(|error| format!("{error:?}"))?;
                self.oracle.rolled_back();
            }
            Action::Close => {
                session.close().await.map_err(|error| format!("{error:?}"))?;
                self.oracle.closed();
            }
            Action::Get(kind, key) => self.get(session, *kind, key).await?,
            Action::Query(..) | Action::Stream(..) | Action::QueryLinked(..) | Action::QueryWeb(..) => {
                self.query(session, action).await?
            }
            Action::SetNotes(kind, which, note, fetch) => {
                self.set_notes(session, *kind, which, note.clone(), *fetch).await?
            }
            Action::DeleteRows(kind, which, fetch) => self.delete_rows(session, *kind, which, *fetch).await?,
            Action::Plan => self.plan(session).await?,
            Action::Prune => {
                session.prune();
            }
            Action::MergeWithItems(owner, text, items, new) => {
                self.merge_with_items(session, owner, text, items, new.as_deref()).await?
            }
            Action::Load(..) | Action::LoadWeb(..) => self.load(session, action).await?,
            Action::Refresh(number) => self.refresh(session, *number).await?,
            Action::Merge(kind, key, text, note) => {
                self.merge(session, *kind, key, text, note.clone()).await?
            }
            Action::Outside(kind, key, text) => {
                let changed = change_outside(&mut self.witness, *kind, key, text).await;
                if !matches!(changed, Ok(1)) {
                    return Err(format!("another connection could not change a row: {changed:?}"));
                }
                self.oracle.changed_outside(*kind, key, text);
            }
            Action::Add(new, under) => self.add(session, new, *under)?,
            Action::Nest(link, parent, new) => {
                let (key, columns) = values_of(new);
                let before = changes(session)[0].clone();
                link.nest(&self.handle(*parent), Value::new(new.kind, key.as_ref(), columns));
                let mut added = changes(session)[0].clone();
                added.retain(|handle| !before.contains(handle));
                let [added] = added.as_slice() else {
                    return Err(format!("one object was nested, and {added:?} are pending"));
                };
                let number = self.oracle.nest_new(new, *parent);
                self.hold(number, added.clone());
            }
            action => {
                self.touch(session, action)?;
                self.oracle.remember(action);
            }
        }
        Ok(())
    }

    /// Until it is rolled back, nothing is sent.
    async fn step_failed(&mut self, session: &mut Session, action: &Action) -> Result<(), Complaint> {
        let refused = match action {
            Action::Rollback | Action::Close => {
                match action {
                    Action::Close => session.close().await,
                    _ => session.rollback().await,
                }
                .map_err(|error| format!("{error:?}"))?;
                match action {
                    Action::Close => self.oracle.closed(),
                    _ => self.oracle.rolled_back(),
                }
                return Ok(());
            }
            Action::Flush => session.flush().await.err(),
            Action::Commit => session.commit().await.err(),
            Action::Query(kind) => query(session, *kind).await.err(),
            action => return Err(format!("{action:?} is not for a session that failed")),
        };
        match refused {
            Some(error) if error.kind() == ErrorKind::PendingRollback => Ok(()),
            other => Err(format!("a session that failed should ask for a rollback: {other:?}")),
        }
    }

    /// What happens in memory alone.
    fn touch(&mut self, session: &mut Session, action: &Action) -> Result<(), Complaint> {
        match action {
            Action::AddAgain(number) => self.handle(*number).add_again(session),
            Action::Text(number, text) => self.handle(*number).set_text(text.clone()),
            Action::Note(number, note) => self.handle(*number).set_note(note.clone()),
            Action::Compute(number, text) => self.handle(*number).compute_note(text),
            Action::Key(number, key) => self.handle(*number).set_key(key),
            Action::Relate(link, parent, child, side) => {
                let (parent, child) = (self.handle(*parent), self.handle(*child));
                match side {
                    Side::Parent => link.put_down(&parent, &child),
                    Side::Child => link.put_up(&child, &parent),
                }
            }
            Action::Unrelate(link, parent, child, side) => {
                let (parent, child) = (self.handle(*parent), self.handle(*child));
                match side {
                    Side::Parent if !link.take_down(&parent, &child) => {
                        return Err("a child was not to be taken away from its parent".to_owned());
                    }
                    Side::Parent => {}
                    Side::Child => link.take_up(&child),
                }
            }
            Action::Replace(link, parent, children) => {
                let children: Vec<Handle> = children.iter().map(|child| self.handle(*child)).collect();
                link.replace(&self.handle(*parent), &children);
            }
            Action::ForeignKey(child, parent) => self.handle(*child).set_parent(*parent),
            Action::Join(web, left, right, side) => {
                let (left, right) = (self.handle(*left), self.handle(*right));
                match side {
                    Side::Parent => web.join_left(&left, &right),
                    Side::Child => web.join_right(&left, &right),
                }
            }
            Action::Part(web, left, right, side) => {
                let (left, right) = (self.handle(*left), self.handle(*right));
                let was_there = match side {
                    Side::Parent => web.part_left(&left, &right),
                    Side::Child => web.part_right(&left, &right),
                };
                if !was_there {
                    return Err("a link was not to be taken away".to_owned());
                }
            }
            Action::Delete(number) => {
                self.handle(*number).delete(session).map_err(|error| format!("{error:?}"))?;
            }
            Action::Expire(number) => {
                self.handle(*number).expire(session).map_err(|error| format!("{error:?}"))?;
            }
            Action::ExpireAll => session.expire_all(),
            Action::Expunge(number) => {
                self.handle(*number).expunge(session).map_err(|error| format!("{error:?}"))?;
            }
            Action::ExpungeAll => session.expunge_all(),
            action => return Err(format!("{action:?} is not done in memory alone")),
        }
        Ok(())
    }

    fn add(&mut self, session: &mut Session, new: &New, under: Option<usize>) -> Result<(), Complaint> {
        let mut value = nested(new);
        if let (Some((link, _)), Some(parent)) = (new.under, under) {
            link.hold(&mut value, &self.handle(parent));
        }
        let mut handles = Vec::new();
        handles_of(new, value.add(session), &mut handles)?;
        let numbers = self.oracle.add_new(new, under);
        for (number, handle) in numbers.into_iter().zip(handles) {
            self.hold(number, handle);
        }
        Ok(())
    }

    /// Whether a call flushed before it asked. An error then is that of the flush.
    pub(super) fn flushed_before<T>(
        &mut self,
        session: &Session,
        was_modified: bool,
        result: Result<T>,
    ) -> Result<Option<T>, Complaint> {
        self.oracle.idle = false;
        match result {
            Ok(value) => {
                if was_modified && !session.is_modified() {
                    self.flushed(Ok(()))?;
                }
                Ok(Some(value))
            }
            Err(error) if was_modified => {
                self.flushed(Err(&error))?;
                Ok(None)
            }
            Err(error) => Err(format!("nothing was to be flushed: {error:?}")),
        }
    }

    async fn get(&mut self, session: &mut Session, kind: Kind, key: &Key) -> Result<(), Complaint> {
        let known = self.oracle.object_of(kind, key).filter(|number| self.oracle.objects[*number].is_held);
        let was_expired = known.is_some_and(|number| self.handle(number).is_expired());
        let was_modified = session.is_modified();
        let result = get(session, kind, key).await;
        if let (Some(number), false) = (known, was_expired) {
            // It is there, so nothing is asked for, and nothing flushed.
            if session.is_modified() != was_modified {
                return Err("the object was there, and getting it flushed".to_owned());
            }
            return match result {
                Ok(Some(handle)) if handle == self.handle(number) => Ok(()),
                other => Err(format!("object {number} was there, and getting it gave {other:?}")),
            };
        }
        let Some(found) = self.flushed_before(session, was_modified, result)? else { return Ok(()) };
        let expected = self.oracle.object_of(kind, key);
        match (found, expected) {
            (None, None) => Ok(()),
            (Some(handle), Some(expected)) => {
                let number = self.number_of(&handle)?;
                if number != expected {
                    return Err(format!("{kind:?} {key:?} gave object {number}, and is {expected}"));
                }
                self.oracle.given(number, was_expired);
                Ok(())
            }
            (found, expected) => Err(format!("{kind:?} {key:?} gave {found:?}, and is {expected:?}")),
        }
    }

    async fn query(&mut self, session: &mut Session, action: &Action) -> Result<(), Complaint> {
        let expired: Vec<bool> =
            self.handles.iter().map(|handle| handle.as_ref().is_some_and(Handle::is_expired)).collect();
        let was_modified = session.is_modified();
        let (kind, result) = match action {
            Action::Query(kind) => (*kind, query(session, *kind).await),
            Action::Stream(kind) => (*kind, stream(session, *kind).await),
            Action::QueryLinked(link, Side::Parent, how) => {
                (link.parent(), link.query_down(session, *how).await)
            }
            Action::QueryLinked(link, Side::Child, how) => (link.child(), link.query_up(session, *how).await),
            Action::QueryWeb(web, how) => (web.left(), web.query_left(session, *how).await),
            _ => return Err(format!("{action:?} is no query")),
        };
        if was_modified && session.is_modified() && result.is_ok() {
            return Err("a query did not flush".to_owned());
        }
        let Some(found) = self.flushed_before(session, was_modified, result)? else { return Ok(()) };
        let numbers = self.numbers_of(&found)?;
        let rows = self.oracle.current.tables.keys().filter(|(other, _)| *other == kind);
        let mut expected: Vec<Option<usize>> =
            rows.map(|(kind, key)| self.oracle.object_of(*kind, key)).collect();
        expected.sort_unstable();
        let numbers: Vec<Option<usize>> = numbers.into_iter().map(Some).collect();
        if numbers != expected {
            return Err(format!("a query gave {numbers:?}, and should give {expected:?}"));
        }
        for number in numbers.into_iter().flatten() {
            self.oracle.given(number, expired.get(number).copied().unwrap_or_default());
        }
        self.has_read = true;
        // What was loaded along is there; whether it is right is looked at as that of any object.
        for handle in &found {
            let is_loaded = match action {
                Action::QueryLinked(link, Side::Parent, _) => link.children(handle).is_some(),
                Action::QueryLinked(link, Side::Child, _) => link.parents(handle).is_some(),
                Action::QueryWeb(web, _) => web.rights(handle).is_some(),
                _ => true,
            };
            if !is_loaded {
                return Err(format!("{action:?} did not load the link of {handle:?}"));
            }
        }
        Ok(())
    }

    async fn load(&mut self, session: &mut Session, action: &Action) -> Result<(), Complaint> {
        let (Action::Load(_, number, _) | Action::LoadWeb(_, number, _)) = action else {
            return Err(format!("{action:?} loads nothing"));
        };
        let (was_modified, owner) = (session.is_modified(), self.handle(*number));
        let result = match action {
            Action::Load(link, _, Side::Parent) => link.load_down(session, &owner).await,
            Action::Load(link, _, Side::Child) => link.load_up(session, &owner).await,
            Action::LoadWeb(web, _, Side::Parent) => web.load_rights(session, &owner).await,
            Action::LoadWeb(web, _, Side::Child) => web.load_lefts(session, &owner).await,
            _ => return Err(format!("{action:?} loads nothing")),
        };
        if let Err(error) = &result
            && self.oracle.dying().contains(number)
            && error.kind() == ErrorKind::InvalidRequest
        {
            // The flush before it deleted it, and it was expired, so that its row was asked for.
            self.flushed(Ok(()))?;
            return Ok(());
        }
        let Some(found) = self.flushed_before(session, was_modified, result)? else { return Ok(()) };
        if !self.oracle.is_attached(*number) || self.oracle.objects[*number].unseen {
            // The flush before it deleted it.
            return Ok(());
        }
        let found = self.numbers_of(&found)?;
        let expected: Vec<usize> = match action {
            Action::Load(link, _, Side::Parent) => self
                .oracle
                .children_of(*number)
                .filter(|child| self.oracle.objects[*child].kind == link.child())
                .collect(),
            Action::Load(..) => self.oracle.parents.get(number).copied().into_iter().collect(),
            Action::LoadWeb(web, _, side) => self.web_of(|(other, left, right)| {
                let (own, theirs) = if *side == Side::Parent { (left, right) } else { (right, left) };
                (other == web && own == number).then_some(*theirs)
            }),
            _ => Vec::new(),
        };
        if found != expected {
            return Err(format!("loading gave {found:?}, and should give {expected:?}"));
        }
        self.has_read = true;
        Ok(())
    }

    async fn refresh(&mut self, session: &mut Session, number: usize) -> Result<(), Complaint> {
        self.oracle.idle = false;
        self.oracle.forget_changes(number);
        let handle = self.handle(number);
        let result = handle.refresh(session).await;
        let dies = self.oracle.dying().contains(&number);
        match &result {
            Ok(()) => {
                self.flushed(Ok(()))?;
            }
            // Its row may be gone by the flush.
            Err(error) if dies && error.kind() == ErrorKind::InvalidRequest => {
                self.flushed(Ok(()))?;
                return Ok(());
            }
            Err(error) => {
                self.flushed(Err(error))?;
                return Ok(());
            }
        }
        if !self.oracle.is_attached(number) {
            return Err("it was refreshed, and is gone".to_owned());
        }
        self.oracle.given(number, true);
        Ok(())
    }

    /// The end of a nested transaction that is to be kept.
    pub fn end_nested(&mut self, result: Result<(), &Error>) -> Result<(), Complaint> {
        if self.flushed(result)? {
            self.oracle.released();
        } else {
            // It is rolled back in the stead of its user.
            self.oracle.rolled_back_nested();
        }
        Ok(())
    }

    /// Whether a savepoint was begun.
    pub fn begin_nested(&mut self, result: Result<(), &Error>) -> Result<bool, Complaint> {
        let worked = self.flushed(result)?;
        if worked {
            self.notice_loads();
            self.oracle.begun_nested();
        }
        Ok(worked)
    }
}

/// A value with everything that is nested in it.
fn nested(new: &New) -> Value {
    let (key, columns) = values_of(new);
    let mut value = Value::new(new.kind, key.as_ref(), columns);
    for (link, parent) in &new.parent {
        link.nest_up(&mut value, nested(parent));
    }
    for (link, child) in &new.children {
        link.nest_down(&mut value, nested(child));
    }
    for (web, other) in &new.web {
        web.nest(&mut value, nested(other));
    }
    value
}

/// The handles of everything that was nested, in the order of the oracle.
fn handles_of(new: &New, handle: Handle, handles: &mut Vec<Handle>) -> Result<(), Complaint> {
    handles.push(handle.clone());
    let gone = || "what was nested is not there".to_owned();
    for (link, parent) in &new.parent {
        let found = link.parents(&handle).and_then(|mut found| found.pop()).ok_or_else(gone)?;
        handles_of(parent, found, handles)?;
    }
    for (position, (link, child)) in new.children.iter().enumerate() {
        let before = new.children[..position].iter().filter(|(other, _)| other == link).count();
        let found = link.children(&handle).and_then(|found| found.get(before).cloned()).ok_or_else(gone)?;
        handles_of(child, found, handles)?;
    }
    for (position, (web, other)) in new.web.iter().enumerate() {
        let found = web.rights(&handle).and_then(|found| found.get(position).cloned()).ok_or_else(gone)?;
        handles_of(other, found, handles)?;
    }
    Ok(())
}
