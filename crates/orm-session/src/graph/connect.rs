//! Linking and unlinking objects, on both sides of a relationship at once.

use std::sync::Arc;

use super::{AnySlot, Attachments, Graph, Inner, State};
use crate::{
    link::{Member, MemberKind},
    mapping::Direction,
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
        self.attach_all(vec![(index, relationship, members)], replace);
    }

    /// Attaches nested values, and those nested in them, and so on: by a list, since nesting may be deeper than the stack.
    pub(crate) fn attach_all(self: &Arc<Self>, mut attachments: Attachments, mut replace: bool) {
        while let Some((index, relationship, members)) = attachments.pop() {
            let mut targets = Vec::with_capacity(members.len());
            for member in members {
                match member.0 {
                    MemberKind::New(value) => targets.push(value.attach(self, &mut attachments)),
                    MemberKind::Handle(slot, graph) if Arc::ptr_eq(&graph, self) => {
                        self.lock().readmit(&*slot);
                        targets.push(slot.index());
                    }
                    MemberKind::Handle(slot, _) => self.lock().report_foreign(index, relationship, &*slot),
                }
            }
            let mut inner = self.lock();
            if replace {
                inner.replace(index, relationship, targets);
            } else {
                targets.into_iter().for_each(|target| inner.connect(index, relationship, target));
            }
            // Only the first is a replacement: what follows are the links of new objects.
            replace = false;
        }
    }

    /// Takes an object out of a relationship, on both sides.
    pub(crate) fn disconnect(&self, index: u32, relationship: u16, target: &Arc<dyn AnySlot>) -> bool {
        let mut inner = self.lock();
        let target_index = target.index();
        let is_ours = inner.entry(target_index).is_some_and(|entry| Arc::ptr_eq(&entry.slot, target));
        is_ours && inner.disconnect(index, relationship, target_index)
    }
}

impl Inner {
    fn report_foreign(&mut self, index: u32, relationship: u16, target: &dyn AnySlot) {
        let Some(entry) = self.entry(index) else { return };
        let (model, name) =
            (entry.mapper.name(), entry.mapper.relationships()[usize::from(relationship)].name);
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
        let mapper = entry.mapper;
        let back = mapper.back(relationship);
        let many = mapper.relationships()[usize::from(relationship)].many;
        if many && entry.items(relationship).is_some_and(|items| items.contains(&target)) {
            return;
        }
        if let Some(back) = back {
            self.release_target(index, relationship, target, back);
        }
        if many {
            self.change(index, relationship, |relation| relation.put(target));
        } else {
            self.release_owner(index, relationship, target, back);
            self.change(index, relationship, |relation| relation.replace(vec![target]));
        }
        if let Some(back) = back {
            self.point_back(target, back, index);
        }
    }

    /// The target of a link that only one object may hold is let go by the one that holds it.
    fn release_target(&mut self, index: u32, relationship: u16, target: u32, back: u16) {
        let Some(entry) = self.entry(target) else { return };
        if entry.mapper.relationships()[usize::from(back)].many {
            return;
        }
        let holders: Vec<u32> = match entry.items(back) {
            Some(items) => items.to_vec(),
            None => self.parent_by_key(target, back).into_iter().collect(),
        };
        for holder in holders.into_iter().filter(|holder| *holder != index) {
            let loaded = self.entry(holder).is_some_and(|entry| entry.items(relationship).is_some());
            if loaded {
                self.change(holder, relationship, |relation| {
                    relation.take(target);
                });
            }
        }
    }

    /// An object that leaves its old target is let go by it.
    fn release_owner(&mut self, index: u32, relationship: u16, target: u32, back: Option<u16>) {
        let Some(back) = back else { return };
        let old: Vec<u32> = match self.entry(index).and_then(|entry| entry.items(relationship)) {
            Some(items) => items.to_vec(),
            None => self.parent_by_key(index, relationship).into_iter().collect(),
        };
        for other in old.into_iter().filter(|other| *other != target) {
            let loaded = self.entry(other).is_some_and(|entry| entry.items(back).is_some());
            if loaded {
                self.change(other, back, |relation| {
                    relation.take(index);
                });
            }
        }
    }

    fn point_back(&mut self, target: u32, back: u16, index: u32) {
        let many =
            self.entry(target).is_some_and(|entry| entry.mapper.relationships()[usize::from(back)].many);
        self.change(
            target,
            back,
            |relation| if many { relation.put(index) } else { relation.replace(vec![index]) },
        );
    }

    /// The object that a foreign key leads to, when it is in the session.
    fn parent_by_key(&self, child: u32, relationship: u16) -> Option<u32> {
        let entry = self.entry(child)?;
        let configuration = &entry.mapper.configuration().ok()?.relationships[usize::from(relationship)];
        if configuration.direction != Direction::ManyToOne {
            return None;
        }
        let target = (entry.mapper.relationships()[usize::from(relationship)].target)();
        let key = super::load::referenced_key(&*entry.slot, target, configuration)?;
        self.identity.find(&self.entries, target, &key)
    }

    fn replace(&mut self, index: u32, relationship: u16, targets: Vec<u32>) {
        let Some(entry) = self.entry(index) else { return };
        let old: Vec<u32> = match entry.items(relationship) {
            Some(items) => items.to_vec(),
            None if entry.slot.state() == State::Pending => Vec::new(),
            None => self.parent_by_key(index, relationship).into_iter().collect(),
        };
        for gone in old.into_iter().filter(|old| !targets.contains(old)) {
            self.disconnect(index, relationship, gone);
        }
        if targets.is_empty() {
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
        let mapper = entry.mapper;
        let many = mapper.relationships()[usize::from(relationship)].many;
        let mut taken = false;
        self.change(index, relationship, |relation| {
            taken = if many {
                relation.take(target)
            } else {
                relation.replace(Vec::new());
                true
            };
        });
        if let (true, Some(back)) = (taken, mapper.back(relationship)) {
            let back_many =
                self.entry(target).is_some_and(|entry| entry.mapper.relationships()[usize::from(back)].many);
            self.change(target, back, |relation| {
                if back_many {
                    relation.take(index);
                } else {
                    relation.replace(Vec::new());
                }
            });
        }
        let orphan = taken && mapper.relationships()[usize::from(relationship)].cascade.delete_orphan;
        // A pending child without its parent was never meant to be written.
        if orphan
            && self.entry(target).is_some_and(|entry| entry.slot.state() == State::Pending)
            && !self.has_parent(mapper, relationship, target)
        {
            self.expunge(target);
        }
        taken
    }

    fn change(&mut self, index: u32, relationship: u16, change: impl FnOnce(&mut super::Relation)) {
        if let Some(entry) = self.entry_mut(index) {
            change(entry.relation_mut(relationship));
            self.touch(index);
        }
    }
}
