//! [`Peers`]: which objects came from the same query.

use std::num::NonZeroU32;

/// A group of [`Peers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupId(NonZeroU32);

impl GroupId {
    fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Which objects came from the same query: what `session.load` loads for one of them it loads for all.
///
/// An object is in the group of the query that first brought it; the group's members are all that the query gave.
#[derive(Default)]
pub(crate) struct Peers {
    groups: Vec<Group>,
    free: Vec<GroupId>,
}

#[derive(Default)]
struct Group {
    members: Box<[u32]>,
    /// How many objects are in this group.
    used: u32,
}

impl Peers {
    /// A new group, for a query that is about to give objects.
    pub(crate) fn begin(&mut self) -> GroupId {
        if let Some(group) = self.free.pop() {
            return group;
        }
        self.groups.push(Group::default());
        let number = u32::try_from(self.groups.len()).ok().and_then(NonZeroU32::new);
        GroupId(number.expect("invariant: groups that no object is in are used again"))
    }

    /// An object is in the group.
    pub(crate) fn enter(&mut self, group: GroupId) {
        self.groups[group.place()].used += 1;
    }

    /// An object of the group is released.
    pub(crate) fn leave(&mut self, group: GroupId) {
        let used = &mut self.groups[group.place()].used;
        *used -= 1;
        if *used == 0 {
            self.free(group);
        }
    }

    /// The query is done, and gave these. A group that no object is in is not kept.
    pub(crate) fn end(&mut self, group: GroupId, members: Vec<u32>) {
        let place = &mut self.groups[group.place()];
        if place.used == 0 {
            self.free(group);
        } else {
            place.members = members.into_boxed_slice();
        }
    }

    /// What the group's query gave.
    pub(crate) fn members(&self, group: GroupId) -> &[u32] {
        &self.groups[group.place()].members
    }

    fn free(&mut self, group: GroupId) {
        self.groups[group.place()].members = Box::default();
        self.free.push(group);
    }
}
