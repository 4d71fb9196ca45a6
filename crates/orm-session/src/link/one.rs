//! [`One`]: a link to one object, or none.

use super::{IntoMember, Link, LinkCell, LoadedLink, link_types, member::MemberKind};
use crate::{Instance, Result, mapping::Mapped};

link_types! {
    /// A link to one object, or none: `author: One<Author>`.
    One, "One";
}

impl<T: Mapped> Link for One<T> {
    type Target = T;
    type Loaded = Option<Instance<T>>;

    fn cell_mut(&mut self) -> &mut LinkCell {
        &mut self.cell
    }
}

impl<T: Mapped> LoadedLink for One<T> {
    fn loaded(&self) -> Result<Option<Instance<T>>> {
        self.get()
    }
}

impl<T: Mapped> One<T> {
    /// The object it leads to, as a handle.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) when it is not loaded: reading never sends a statement.
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) on a value that is in no session.
    pub fn get(&self) -> Result<Option<Instance<T>>> {
        let (targets, graph) = self.cell.targets()?;
        Ok(Instance::list(targets, &graph).pop())
    }

    /// Whether what it leads to is known.
    pub fn is_loaded(&self) -> bool {
        self.cell.targets().is_ok()
    }

    /// Leads it to another object. On an object of a session it acts at once, on both sides of the relationship.
    pub fn set(&mut self, member: impl IntoMember<T>) {
        self.cell.replace(vec![member.into_member()]);
    }

    /// Leads it nowhere. Where the relationship on the other side has the `delete-orphan` cascade, the next flush deletes the object
    /// that lets go, also when the other one is not loaded.
    pub fn clear(&mut self) {
        self.cell.replace(Vec::new());
    }

    /// The nested value of an object that is in no session.
    pub fn new_value(&self) -> Option<&T> {
        self.cell.members().iter().find_map(|member| match &member.0 {
            MemberKind::New(value) => (**value).as_any().downcast_ref(),
            MemberKind::Handle(..) => None,
        })
    }

    /// A link that leads nowhere, said outright: setting it takes the object away that was there.
    pub fn none() -> Self {
        Self::of(LinkCell::of_members(Vec::new()))
    }
}

impl<T: Mapped> From<T> for One<T> {
    fn from(value: T) -> Self {
        Self::of(LinkCell::of_members(vec![value.into_member()]))
    }
}

impl<T: Mapped> From<&Instance<T>> for One<T> {
    fn from(handle: &Instance<T>) -> Self {
        Self::of(LinkCell::of_members(vec![handle.into_member()]))
    }
}

impl<T: Mapped> From<Instance<T>> for One<T> {
    fn from(handle: Instance<T>) -> Self {
        Self::from(&handle)
    }
}
