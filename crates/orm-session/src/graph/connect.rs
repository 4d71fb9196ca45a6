//! Linking and unlinking objects, on both sides of a relationship at once.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{AnySlot, Attachments, Entry, Graph, Inner, State};
use crate::{
    events::Occasion,
    link::{Member, MemberKind},
    mapping::{Direction, Mapper},
};

impl Graph {
    /// Puts members into a relationship; with `replace` they take the place of what is there.
    pub(crate) fn connect(
        self: &Arc<Self>,
        index: u32,
        relationship: u16,
        members: Vec<Member>,
        replace: bool,
    ) {
        self.attach_all([(index, relationship, members)].into(), Vec::new(), replace);
    }

    /// Attaches nested values, and those nested in them, and so on: by a list, since nesting may be deeper than the stack.
    /// The new objects become pending, with all their links at once.
    pub(crate) fn attach_all(
        self: &Arc<Self>,
        mut attachments: Attachments,
        mut new: Vec<u32>,
        mut replace: bool,
    ) {
        let mut links = Vec::with_capacity(attachments.len());
        while let Some((index, relationship, members)) = attachments.pop_front() {
            let targets: Vec<Target> = members
                .into_iter()
                .map(|member| match member.0 {
                    MemberKind::New(value) => {
                        let target = value.attach(self, &mut attachments);
                        new.push(target);
                        Target::New(target)
                    }
                    MemberKind::Handle(slot, graph) if Arc::ptr_eq(&graph, self) => Target::Own(slot),
                    MemberKind::Handle(slot, _) => Target::Foreign(slot),
                })
                .collect();
            links.push((index, relationship, targets));
        }
        if self.audience().listens_to(Occasion::BeforeAttach) {
            self.tell_before_attach(&new, &links);
        }
        let mut inner = self.lock();
        if !inner.closed {
            new.into_iter().for_each(|index| inner.begin(index));
        }
        for (index, relationship, targets) in links {
            let mut found = Vec::with_capacity(targets.len());
            for target in &targets {
                match target {
                    Target::New(target) => found.push(*target),
                    Target::Own(slot) => {
                        inner.readmit(&**slot);
                        found.push(slot.index());
                    }
                    Target::Foreign(slot) => inner.report_foreign(index, relationship, &**slot),
                }
            }
            if replace {
                inner.replace(index, relationship, found);
            } else {
                found.into_iter().for_each(|target| inner.connect(index, relationship, target));
            }
            // Only the first is a replacement: what follows are the links of new objects.
            replace = false;
        }
        drop(inner);
        self.tell();
    }

    fn tell_before_attach(self: &Arc<Self>, new: &[u32], links: &[(u32, u16, Vec<Target>)]) {
        let inner = self.lock();
        let mut coming: Vec<Arc<dyn AnySlot>> = Vec::new();
        if !inner.closed {
            coming.extend(new.iter().filter_map(|index| inner.entry(*index)).map(|entry| entry.slot.clone()));
            for target in links.iter().flat_map(|(.., targets)| targets) {
                if let Target::Own(slot) = target {
                    coming.extend(inner.to_be_admitted(slot.index()));
                }
            }
        }
        drop(inner);
        self.before_attach(&coming);
    }

    /// Takes an object out of a relationship, on both sides.
    pub(crate) fn disconnect(
        self: &Arc<Self>,
        index: u32,
        relationship: u16,
        target: &Arc<dyn AnySlot>,
    ) -> bool {
        let mut inner = self.lock();
        let target_index = target.index();
        let is_ours = inner.entry(target_index).is_some_and(|entry| Arc::ptr_eq(&entry.slot, target));
        let taken = is_ours && inner.disconnect(index, relationship, target_index);
        if taken {
            inner.let_go(index, relationship, target_index);
        }
        drop(inner);
        self.tell();
        taken
    }
}

/// What is put into a relationship.
enum Target {
    New(u32),
    Own(Arc<dyn AnySlot>),
    Foreign(Arc<dyn AnySlot>),
}

impl Inner {
    fn begin(&mut self, index: u32) {
        self.attach(index, State::Pending);
        self.touch(index);
    }

    fn report_foreign(&mut self, index: u32, relationship: u16, target: &dyn AnySlot) {
        let Some(entry) = self.entry(index) else { return };
        let (model, name) =
            (entry.mapper().name(), entry.mapper().relationships()[usize::from(relationship)].name);
        let message = format!(
            "{model}.{name} was given a {} of another session; an object belongs to one session: take it over with `merge`, \
             or load it in this one",
            target.mapper().name()
        );
        self.foreign.push(message);
        self.touch(index);
    }

    /// Links two objects, on both sides; whoever has to let go lets go.
    pub(crate) fn connect(&mut self, index: u32, relationship: u16, target: u32) {
        let Some(entry) = self.entry(index) else { return };
        let mapper = entry.mapper();
        let back = mapper.back(relationship);
        let many = mapper.relationships()[usize::from(relationship)].many;
        let is_nowhere = back.is_some_and(|back| self.is_nowhere(target, back));
        let is_there = match (entry.items(relationship), back) {
            // Nobody looks through a long collection for it.
            _ if is_nowhere => false,
            (Some(items), _) => items.contains(&target),
            // A collection that is not loaded: perhaps the other side knows.
            (None, Some(back)) => self
                .entry(target)
                .and_then(|entry| entry.items(back))
                .is_some_and(|items| items.contains(&index)),
            (None, None) => false,
        };
        if many && is_there {
            return;
        }
        if let Some(back) = back.filter(|_| !is_nowhere) {
            self.release_target(index, target, back);
        }
        if many {
            self.change(index, relationship, |relation| {
                if is_nowhere { relation.add(target) } else { relation.put(target) }
            });
        } else {
            self.release_owner(index, relationship, target);
            self.change(index, relationship, |relation| relation.replace(vec![target]));
        }
        if let Some(back) = back {
            self.point_back(target, back, index);
        }
    }

    /// Whether an object is new and was put nowhere yet, so that nobody leads to it by the other side of this relationship, nor
    /// does its foreign key.
    fn is_nowhere(&self, index: u32, back: u16) -> bool {
        let is_new =
            |entry: &Entry| entry.slot.state() == State::Pending && entry.relation(back).leads_nowhere();
        self.entry(index).is_some_and(is_new) && self.parent_by_key(index, back).is_none()
    }

    /// The target of a link that only one object may hold is let go by the one that holds it.
    fn release_target(&mut self, index: u32, target: u32, back: u16) {
        let Some(entry) = self.entry(target) else { return };
        if entry.mapper().relationships()[usize::from(back)].many {
            return;
        }
        let holders: Vec<u32> = match entry.items(back) {
            Some(items) => items.to_vec(),
            None => self.parent_by_key(target, back).into_iter().collect(),
        };
        let mapper = entry.mapper();
        for holder in holders.into_iter().filter(|holder| *holder != index) {
            self.lose(mapper, back, target, holder);
        }
    }

    /// An object that leaves its old target is let go by it.
    fn release_owner(&mut self, index: u32, relationship: u16, target: u32) {
        let Some(entry) = self.entry(index) else { return };
        let mapper = entry.mapper();
        let old: Vec<u32> = match entry.items(relationship) {
            Some(items) => items.to_vec(),
            None => self.parent_by_key(index, relationship).into_iter().collect(),
        };
        for other in old.into_iter().filter(|other| *other != target) {
            self.lose(mapper, relationship, index, other);
        }
    }

    pub(super) fn point_back(&mut self, target: u32, back: u16, index: u32) {
        let many =
            self.entry(target).is_some_and(|entry| entry.mapper().relationships()[usize::from(back)].many);
        self.change(
            target,
            back,
            |relation| if many { relation.put(index) } else { relation.replace(vec![index]) },
        );
    }

    /// The object that a foreign key leads to, when it is in the session: as it stands in the database, since a collection follows
    /// that, and not what was set to the key since.
    fn parent_by_key(&self, child: u32, relationship: u16) -> Option<u32> {
        let entry = self.entry(child)?;
        let configuration = &entry.mapper().configuration().ok()?.relationships[usize::from(relationship)];
        if configuration.direction != Direction::ManyToOne {
            return None;
        }
        let target = (entry.mapper().relationships()[usize::from(relationship)].target)();
        let key = super::referenced_key(target, configuration, |column| entry.slot.stored(column))?;
        self.identity.find(&self.entries, target, &key)
    }

    fn replace(&mut self, index: u32, relationship: u16, targets: Vec<u32>) {
        let Some(entry) = self.entry(index) else { return };
        let many = entry.mapper().relationships()[usize::from(relationship)].many;
        let mut old: Vec<u32> = match entry.items(relationship) {
            Some(items) => items.to_vec(),
            None if entry.slot.state() == State::Pending => Vec::new(),
            None => self.parent_by_key(index, relationship).into_iter().collect(),
        };
        old.extend(entry.relation(relationship).added_unseen());
        let unseen = entry.items(relationship).is_none();
        let kept: HashSet<u32> = targets.iter().copied().collect();
        for gone in old.into_iter().filter(|old| !kept.contains(old)) {
            let taken = self.disconnect(index, relationship, gone);
            if taken && targets.is_empty() {
                self.let_go(index, relationship, gone);
            }
        }
        // What was never loaded is replaced all the same: the flush looks what was there.
        if targets.is_empty() || (many && unseen) {
            self.change(index, relationship, |relation| {
                if relation.items.as_ref().is_none_or(|items| !items.is_empty()) {
                    relation.replace(Vec::new());
                }
            });
        }
        targets.into_iter().for_each(|target| self.connect(index, relationship, target));
    }

    fn disconnect(&mut self, index: u32, relationship: u16, target: u32) -> bool {
        let Some(entry) = self.entry(index) else { return false };
        let mapper = entry.mapper();
        let many = mapper.relationships()[usize::from(relationship)].many;
        if entry.items(relationship).is_none()
            && many
            && self.is_elsewhere(index, mapper, relationship, target)
        {
            return false;
        }
        let mut taken = false;
        self.change(index, relationship, |relation| {
            taken = if many {
                relation.take(target)
            } else {
                relation.replace(Vec::new());
                true
            };
        });
        if taken {
            self.lose(mapper, relationship, index, target);
        }
        taken
    }

    /// Seen from the child: it let go of its parent, and was given no other.
    fn let_go(&mut self, index: u32, relationship: u16, target: u32) {
        if let Some(back) = self.entry(index).and_then(|entry| entry.mapper().back(relationship))
            && let Some(entry) = self.entry(target)
        {
            self.expunge_pending_orphan(entry.mapper(), back, index);
        }
    }

    /// A pending child without its parent was never meant to be written.
    fn expunge_pending_orphan(&mut self, mapper: &'static Mapper, relationship: u16, child: u32) {
        if mapper.relationships()[usize::from(relationship)].cascade.delete_orphan
            && self.entry(child).is_some_and(|entry| entry.slot.state() == State::Pending)
            && !self.has_parent(mapper, relationship, child)
        {
            self.expunge(child);
        }
    }

    /// Whether an object is known to be in no collection of this owner that is not loaded: its side says so.
    fn is_elsewhere(&self, owner: u32, mapper: &'static Mapper, relationship: u16, target: u32) -> bool {
        let (Some(back), Some(entry)) = (mapper.back(relationship), self.entry(target)) else { return false };
        match entry.items(back) {
            Some(items) => !items.contains(&owner),
            None if entry.mapper().relationships()[usize::from(back)].many => false,
            // Its foreign key tells, also when what it leads to is not in the session.
            None => {
                let pairs =
                    entry.mapper().configuration().map(|it| &it.relationships[usize::from(back)].pairs);
                let (Ok(pairs), Some(owner)) = (pairs, self.entry(owner)) else { return false };
                let is_its =
                    |(child, parent): &(u16, u16)| entry.slot.stored(*child) == owner.slot.stored(*parent);
                entry.slot.state() == State::Persistent && !pairs.iter().all(is_its)
            }
        }
    }

    /// An object was taken out of a relationship of its owner, and lets go of it, too.
    pub(super) fn lose(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, target: u32) {
        self.leave(mapper, relationship, owner, target);
        if let Some(back) = mapper.back(relationship)
            && let Some(entry) = self.entry(target)
        {
            let back_many = entry.mapper().relationships()[usize::from(back)].many;
            let holds = entry.items(back).is_none_or(|items| items.contains(&owner));
            self.change(target, back, |relation| {
                if back_many {
                    relation.take(owner);
                } else if holds {
                    relation.replace(Vec::new());
                }
            });
        }
        self.expunge_pending_orphan(mapper, relationship, target);
    }
}
