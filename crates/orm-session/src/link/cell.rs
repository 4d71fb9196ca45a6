//! [`LinkCell`]: a link without the type of its target.

use std::{
    cell::RefCell,
    sync::{Arc, Weak},
};

use super::member::{Member, MemberKind};
use crate::{
    Error, ErrorKind, Result,
    graph::{AnySlot, Graph, Slots},
};

/// A link without the type of its target: nested values as long as its object is transient, then a pointer into the
/// session's graph.
#[derive(Clone, Default)]
pub struct LinkCell(pub(crate) Place);

#[derive(Clone, Default)]
pub(crate) enum Place {
    /// Nothing was put in.
    #[default]
    Unset,
    /// What was put in before the object was added to a session.
    New(NewMembers),
    /// The graph knows.
    Linked { graph: Weak<Graph>, slot: u32, relationship: u16 },
}

/// What was put into a link before its object was added to a session.
#[derive(Clone)]
#[expect(clippy::box_collection, reason = "a link stays at two words in every object that is loaded")]
pub(crate) struct NewMembers(pub(super) Box<Vec<Member>>);

impl LinkCell {
    pub(crate) fn of_members(members: Vec<Member>) -> Self {
        Self(Place::New(NewMembers(Box::new(members))))
    }

    /// Points the link into a graph, and gives what was put in before.
    ///
    /// A link that points elsewhere came with a copied value: it becomes empty, so that the copy takes nothing away from
    /// the object it was copied from.
    pub(crate) fn attach(
        &mut self,
        graph: &Weak<Graph>,
        slot: u32,
        relationship: u16,
    ) -> Option<Vec<Member>> {
        let linked = Place::Linked { graph: graph.clone(), slot, relationship };
        match std::mem::replace(&mut self.0, linked) {
            Place::New(mut members) => Some(std::mem::take(&mut *members.0)),
            _ => None,
        }
    }

    /// The same for the link of an object that comes from a row, into which nobody put anything.
    #[inline]
    pub(crate) fn attach_loaded(&mut self, graph: &Weak<Graph>, slot: u32, relationship: u16) {
        self.0 = Place::Linked { graph: graph.clone(), slot, relationship };
    }

    /// Whether the link already points at this relationship of an object in this graph.
    pub(crate) fn is_at(&self, of: &Arc<Graph>, index: u32, number: u16) -> bool {
        let Place::Linked { graph, slot, relationship } = &self.0 else { return false };
        (*slot, *relationship) == (index, number) && graph.as_ptr() == Arc::as_ptr(of)
    }

    /// What the link leads to.
    pub(crate) fn targets(&self) -> Result<(Slots, Arc<Graph>)> {
        match &self.0 {
            Place::Linked { graph, slot, relationship } => {
                let graph = graph.upgrade().ok_or_else(gone)?;
                let targets = graph.targets(*slot, *relationship)?;
                Ok((targets, graph))
            }
            Place::Unset | Place::New(_) => Err(Error::new(
                ErrorKind::InvalidRequest,
                "the object is in no session, so its links hand out no handles; read what was put in with `new_values`, or \
                 add the object first",
            )),
        }
    }

    pub(crate) fn members(&self) -> &[Member] {
        match &self.0 {
            Place::New(members) => &members.0,
            _ => &[],
        }
    }

    pub(crate) fn push(&mut self, member: Member) {
        match &mut self.0 {
            Place::Linked { graph, slot, relationship } => {
                if let Some(graph) = graph.upgrade() {
                    graph.connect(*slot, *relationship, vec![member], false);
                }
            }
            Place::New(members) => members.0.push(member),
            Place::Unset => *self = Self::of_members(vec![member]),
        }
    }

    pub(crate) fn replace(&mut self, members: Vec<Member>) {
        match &mut self.0 {
            Place::Linked { graph, slot, relationship } => {
                if let Some(graph) = graph.upgrade() {
                    graph.connect(*slot, *relationship, members, true);
                }
            }
            _ => *self = Self::of_members(members),
        }
    }

    pub(crate) fn remove(&mut self, target: &Arc<dyn AnySlot>) -> bool {
        match &mut self.0 {
            Place::Linked { graph, slot, relationship } => {
                graph.upgrade().is_some_and(|graph| graph.disconnect(*slot, *relationship, target))
            }
            Place::New(members) => {
                let members = &mut members.0;
                let before = members.len();
                members.retain(
                    |member| !matches!(&member.0, MemberKind::Handle(slot, _) if Arc::ptr_eq(slot, target)),
                );
                members.len() < before
            }
            Place::Unset => false,
        }
    }

    pub(crate) fn describe(&self) -> String {
        match &self.0 {
            Place::Unset => "empty".to_owned(),
            Place::New(members) => format!("{} new", members.0.len()),
            Place::Linked { graph, slot, relationship } => match graph.upgrade() {
                Some(graph) => match graph.targets(*slot, *relationship) {
                    Ok(targets) => format!("{} loaded", targets.len()),
                    Err(_) => "not loaded".to_owned(),
                },
                None => "detached".to_owned(),
            },
        }
    }
}

fn gone() -> Error {
    Error::new(
        ErrorKind::Detached,
        "the object's session and every handle to its objects are gone, so its links lead nowhere; keep a handle",
    )
}

impl PartialEq for LinkCell {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Place::Unset, Place::Unset) => true,
            (
                Place::Linked { graph, slot, relationship },
                Place::Linked { graph: other_graph, slot: other_slot, relationship: other_relationship },
            ) => graph.ptr_eq(other_graph) && slot == other_slot && relationship == other_relationship,
            _ => false,
        }
    }
}

impl std::fmt::Debug for LinkCell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.describe())
    }
}

thread_local! {
    static WAITING: RefCell<Option<Vec<Member>>> = const { RefCell::new(None) };
}

impl Drop for NewMembers {
    /// Nested values are dropped from a list, not by recursion: a chain of them may be longer than the stack.
    fn drop(&mut self) {
        if self.0.is_empty() {
            return;
        }
        let members = std::mem::take(&mut *self.0);
        let outermost = WAITING.try_with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            let outermost = waiting.is_none();
            waiting.get_or_insert_default().extend(members);
            outermost
        });
        if outermost == Ok(true) {
            while let Ok(Some(member)) =
                WAITING.try_with(|waiting| waiting.borrow_mut().as_mut().and_then(Vec::pop))
            {
                drop(member);
            }
            let _ = WAITING.try_with(|waiting| *waiting.borrow_mut() = None);
        }
    }
}
