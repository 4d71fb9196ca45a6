//! [`Member`]: what a link of a transient object holds.

use std::{any::Any, sync::Arc};

use crate::{
    Instance,
    graph::{AnySlot, Attachments, Graph},
    mapping::Mapped,
};

/// What a link of a transient object holds: a new value, or a handle to an object of a session.
#[derive(Clone)]
pub struct Member(pub(crate) MemberKind);

#[derive(Clone)]
pub(crate) enum MemberKind {
    New(Box<dyn NewValue>),
    Handle(Arc<dyn AnySlot>, Arc<Graph>),
}

/// A new value of any model.
pub(crate) trait NewValue: Any + Send + Sync {
    fn clone_box(&self) -> Box<dyn NewValue>;
    fn as_any(&self) -> &dyn Any;
    /// Moves the value into the graph as a new object; its own nested values go onto the list.
    fn attach(self: Box<Self>, graph: &Arc<Graph>, attachments: &mut Attachments) -> u32;
}

impl<M: Mapped> NewValue for M {
    fn clone_box(&self) -> Box<dyn NewValue> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attach(self: Box<Self>, graph: &Arc<Graph>, attachments: &mut Attachments) -> u32 {
        graph.insert(*self, attachments).index()
    }
}

impl Clone for Box<dyn NewValue> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self.0 {
            MemberKind::New(_) => "a new value",
            MemberKind::Handle(..) => "a handle",
        })
    }
}

/// What can be put into a link to `T`: a value, or a handle.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be put into a link to `{T}`",
    note = "put in a `{T}`, an `Instance<{T}>` or a reference to one"
)]
pub trait IntoMember<T> {
    /// The member.
    fn into_member(self) -> Member;
}

impl<T: Mapped> IntoMember<T> for T {
    fn into_member(self) -> Member {
        Member(MemberKind::New(Box::new(self)))
    }
}

impl<T: Mapped> IntoMember<T> for &Instance<T> {
    fn into_member(self) -> Member {
        Member(MemberKind::Handle(self.erased(), self.graph().clone()))
    }
}

impl<T: Mapped> IntoMember<T> for Instance<T> {
    fn into_member(self) -> Member {
        (&self).into_member()
    }
}
