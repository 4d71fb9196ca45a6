//! [`selectinload`], [`joinedload`], [`raiseload`]: how a query loads relationships.

use std::{marker::PhantomData, sync::Arc};

use aludel_sql_expression::{
    Entity, Selectable,
    statement::Select,
    typed::{Aliased, Nullable},
};

use super::plan::{LoadPath, Step, Strategy};
use crate::{link::Link, mapping::Mapped, relationship::Relationship};

/// Loads the relationship by a second statement for all objects at once: `SELECT .. WHERE author_id IN (..)`.
///
/// # Examples
/// `select(Author).options(selectinload(Author::books).joinedload(Book::tags))`
pub fn selectinload<M: Mapped, L: Link>(relationship: Relationship<M, L>) -> Load<M, L::Target> {
    Load::<M, M>::begin(Strategy::Selectin, relationship)
}

/// Loads the relationship in the same statement, by an outer join.
///
/// Where that would change which rows the statement gives (a collection under LIMIT), a second statement is sent instead.
pub fn joinedload<M: Mapped, L: Link>(relationship: Relationship<M, L>) -> Load<M, L::Target> {
    Load::<M, M>::begin(Strategy::Joined, relationship)
}

/// Forbids loading the relationship later, too: reading or loading it is an error that names it.
pub fn raiseload<M: Mapped, L: Link>(relationship: Relationship<M, L>) -> Load<M, L::Target> {
    Load::<M, M>::begin(Strategy::Raise, relationship)
}

/// A path of relationships from `M` to `T`, and how each is loaded.
#[must_use]
pub struct Load<M, T> {
    path: LoadPath,
    ends: PhantomData<fn() -> (M, T)>,
}

impl<M: Mapped, T> Load<M, T> {
    fn begin<L: Link>(strategy: Strategy, relationship: Relationship<M, L>) -> Load<M, L::Target> {
        let step = Step { strategy, relationship: relationship.index() };
        Load { path: LoadPath { root: M::mapper(), steps: vec![step] }, ends: PhantomData }
    }
}

impl<M, T: Mapped> Load<M, T> {
    /// And from there, by a second statement.
    pub fn selectinload<L: Link>(self, relationship: Relationship<T, L>) -> Load<M, L::Target> {
        self.step(Strategy::Selectin, relationship)
    }

    /// And from there, by an outer join.
    pub fn joinedload<L: Link>(self, relationship: Relationship<T, L>) -> Load<M, L::Target> {
        self.step(Strategy::Joined, relationship)
    }

    /// And forbid it from there.
    pub fn raiseload<L: Link>(self, relationship: Relationship<T, L>) -> Load<M, L::Target> {
        self.step(Strategy::Raise, relationship)
    }

    fn step<L: Link>(mut self, strategy: Strategy, relationship: Relationship<T, L>) -> Load<M, L::Target> {
        self.path.steps.push(Step { strategy, relationship: relationship.index() });
        Load { path: self.path, ends: PhantomData }
    }
}

impl<M, T> std::fmt::Debug for Load<M, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(formatter)
    }
}

/// `options` on a select.
pub trait LoadOptions<S>: Sized {
    /// Says how a relationship of a selected model is loaded, along a path.
    #[must_use]
    fn options<M: Mapped, T>(self, load: Load<M, T>) -> Self
    where
        S: Holds<M>;
}

impl<S: Selectable> LoadOptions<S> for Select<S> {
    fn options<M: Mapped, T>(self, load: Load<M, T>) -> Self
    where
        S: Holds<M>,
    {
        self.extension(Arc::new(load.path))
    }
}

/// A selection that holds a model, so that a loader option can begin there.
#[diagnostic::on_unimplemented(
    message = "this loader option begins at `{M}`, which the statement does not select",
    label = "an option for `{M}`"
)]
pub trait Holds<M> {}

impl<M> Holds<M> for Entity<M> {}
impl<M> Holds<M> for Aliased<M> {}
impl<M, S: Holds<M>> Holds<M> for Nullable<S> {}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        // Which of a tuple's parts holds the model is looked up when the statement runs.
        impl<M, $($name),*> Holds<M> for ($($name,)*) {}
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
