//! [`Many`] and [`One`]: the links in a model's relationship fields.

mod cell;
mod many;
mod member;
mod one;
#[cfg(feature = "serde-1")]
mod serialize;

pub use cell::LinkCell;
pub use many::Many;
pub(crate) use member::MemberKind;
pub use member::{IntoMember, Member};
pub use one::One;

/// A relationship field's type: [`Many`] or [`One`].
pub trait Link: Default + Send + Sync + 'static {
    /// The model it leads to.
    type Target;
    /// What `session.load` gives: a list, or perhaps one.
    type Loaded: Send;

    /// The link itself, to be changed.
    #[doc(hidden)]
    fn cell_mut(&mut self) -> &mut LinkCell;
}

/// A link whose targets can be handed out.
pub trait LoadedLink: Link {
    /// Hands out what is loaded.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) when it is not.
    fn loaded(&self) -> crate::Result<Self::Loaded>;
}

macro_rules! link_types {
    ($($(#[$doc:meta])* $name:ident, $shown:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name<T> {
            pub(super) cell: LinkCell,
            // A function pointer names `T` without asking anything of it, so that models may lead to each other in a
            // circle of any length.
            target: std::marker::PhantomData<fn() -> T>,
        }

        impl<T> $name<T> {
            #[doc(hidden)]
            pub fn cell_mut(&mut self) -> &mut LinkCell {
                &mut self.cell
            }

            fn of(cell: LinkCell) -> Self {
                Self { cell, target: std::marker::PhantomData }
            }
        }

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self::of(LinkCell::default())
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self::of(self.cell.clone())
            }
        }

        impl<T> PartialEq for $name<T> {
            /// Whether both are the same link. What they lead to is not looked at: it may lead back.
            fn eq(&self, other: &Self) -> bool {
                self.cell == other.cell
            }
        }

        impl<T> Eq for $name<T> {}

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let name = std::any::type_name::<T>();
                let name = name.rsplit("::").next().unwrap_or(name);
                write!(formatter, concat!($shown, "<{}>({})"), name, self.cell.describe())
            }
        }
    )*};
}

pub(crate) use link_types;
