//! What is done in memory alone: values, and links on both sides.

use aludel::orm::State;

use super::{Expired, Oracle};
use crate::{
    operation::New,
    rows::{Columns, Key},
    schema::{Kind, Link, Web},
};

impl Oracle {
    /// Adds a new object and what is nested in it; gives their numbers, itself first, then its parent, its children, and what
    /// it is linked with.
    pub(super) fn add(&mut self, new: &New) -> Vec<usize> {
        let (key, columns) = values_of(new);
        let number = self.push(new.kind, State::Pending, key, columns);
        self.objects[number].stored_key = None;
        self.objects[number].is_held = true;
        let mut numbers = vec![number];
        for (_, parent) in &new.parent {
            let added = self.add(parent);
            self.put(number, added[0]);
            numbers.extend(added);
        }
        for (_, child) in &new.children {
            let added = self.add(child);
            self.put(added[0], number);
            numbers.extend(added);
        }
        for (web, other) in &new.web {
            let added = self.add(other);
            self.webs.insert((*web, number, added[0]));
            numbers.extend(added);
        }
        numbers
    }

    /// Adds an object again.
    pub(super) fn add_again(&mut self, number: usize) {
        match self.objects[number].state {
            State::Persistent => self.objects[number].doomed = false,
            State::Detached => {
                let (kind, key) = (self.objects[number].kind, self.objects[number].stored_key.clone());
                // The object that stood for its row was never known.
                if let Some(other) = key.and_then(|key| self.object_of(kind, &key)) {
                    self.objects[other].state = State::Detached;
                }
                self.objects[number].state = State::Persistent;
            }
            _ => {
                for member in self.circle_of(number).unwrap_or_default() {
                    let object = &mut self.objects[member];
                    object.state = State::Pending;
                    object.born = None;
                    let (parent, webs) =
                        (object.latent_parent.take(), std::mem::take(&mut object.latent_webs));
                    let children = std::mem::take(&mut object.latent_children);
                    if let Some(parent) = parent {
                        self.put(member, parent);
                    }
                    children.into_iter().for_each(|child| self.put(child, member));
                    self.webs.extend(webs);
                }
            }
        }
    }

    /// Puts a child under a parent; who sat there lets go.
    pub(super) fn put(&mut self, child: usize, parent: usize) {
        if self.parents.get(&child) == Some(&parent) {
            return;
        }
        let kind = self.objects[child].kind;
        if kind.upwards().is_some_and(Link::is_single) {
            let others: Vec<usize> =
                self.children_of(parent).filter(|other| self.objects[*other].kind == kind).collect();
            others.into_iter().for_each(|other| self.take(other));
            self.forget_latent(parent, kind);
        }
        self.parents.insert(child, parent);
        (self.objects[child].relinked, self.objects[child].latent_parent) = (true, None);
    }

    /// Takes a child away from its parent. One that is pending and cannot be without is let go at once.
    pub(super) fn take(&mut self, child: usize) {
        if self.parents.remove(&child).is_none() {
            return;
        }
        self.objects[child].relinked = true;
        let orphan = self.objects[child].kind.upwards().is_some_and(Link::deletes_orphans);
        if orphan && self.objects[child].state == State::Pending {
            self.let_go(child);
        }
    }

    /// Gives a parent other children.
    pub(super) fn replace(&mut self, link: Link, parent: usize, children: &[usize]) {
        let old: Vec<usize> =
            self.children_of(parent).filter(|child| self.objects[*child].kind == link.child()).collect();
        for child in old.into_iter().filter(|child| !children.contains(child)) {
            self.take(child);
            self.objects[child].unseen = true;
        }
        self.forget_latent(parent, link.child());
        for child in children {
            self.objects[*child].doomed = false;
            self.put(*child, parent);
        }
    }

    /// Others took the place of the children that an object goes back to when it is added again.
    fn forget_latent(&mut self, parent: usize, kind: Kind) {
        let mut latent = std::mem::take(&mut self.objects[parent].latent_children);
        for child in &latent {
            // What was deleted stands in the collection until the transaction ends, unless that is loaded anew.
            let child = &mut self.objects[*child];
            child.is_muddled |= child.kind == kind && child.state == State::Deleted;
        }
        latent.retain(|child| self.objects[*child].kind != kind);
        self.objects[parent].latent_children = latent;
    }

    /// A pending object leaves the session: it is transient, and remembers its links.
    pub(super) fn let_go(&mut self, number: usize) {
        let latent_parent = self.parents.remove(&number);
        let webs: Vec<_> =
            self.webs.iter().filter(|(_, left, right)| [*left, *right].contains(&number)).copied().collect();
        for web in &webs {
            self.webs.remove(web);
        }
        let object = &mut self.objects[number];
        object.state = State::Transient;
        object.doomed = false;
        (object.latent_parent, object.latent_webs) = (latent_parent, webs);
        let children: Vec<usize> = self.children_of(number).collect();
        for child in &children {
            self.parents.remove(child);
        }
        self.objects[number].latent_children = children;
    }

    /// Marks an object as expired, and what follows it.
    pub(super) fn expire(&mut self, number: usize) {
        self.objects[number].expired = Expired::Yes;
        self.expire_along(number);
    }

    /// What hangs on an object by `all` cascades is expired as far as it is loaded.
    pub(super) fn expire_along(&mut self, number: usize) {
        let children: Vec<usize> = self.children_of(number).collect();
        for child in children {
            if self.objects[child].kind.upwards().is_some_and(Link::deletes)
                && self.objects[child].state == State::Persistent
                && self.objects[child].expired == Expired::No
            {
                self.objects[child].expired = Expired::Perhaps;
            }
        }
    }

    pub(super) fn join(&mut self, web: Web, left: usize, right: usize) {
        self.webs.insert((web, left, right));
    }
}

/// The columns of a new value.
pub fn values_of(new: &New) -> (Option<Key>, Columns) {
    let columns = Columns {
        text: super::action::text(new.text),
        note: new.note.map(super::action::text),
        ..Columns::default()
    };
    (new.kind.has_given_key().then(|| super::action::given_key(new.kind, new.key)), columns)
}
