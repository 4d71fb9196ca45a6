//! [`Version`]: one version of an object.

use std::sync::Arc;

/// One version of an object: [`Slot::at`](super::Slot::at) shows its values.
pub(crate) enum Version<M> {
    /// The one that lies in the object's slot.
    Inline,
    /// One that was made beside it.
    Made(Arc<M>),
}

impl<M> Version<M> {
    pub(crate) fn made(model: M) -> Self {
        Self::Made(Arc::new(model))
    }

    /// Whether both are the same version, not only equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inline, Self::Inline) => true,
            (Self::Made(one), Self::Made(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl<M> Clone for Version<M> {
    fn clone(&self) -> Self {
        match self {
            Self::Inline => Self::Inline,
            Self::Made(model) => Self::Made(model.clone()),
        }
    }
}
