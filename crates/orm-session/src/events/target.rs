//! [`EventTarget`]: which objects a listener is told of.

use std::{any::TypeId, fmt, sync::Arc};

use aludel_sql_expression::{Entity, Value};

use crate::{
    Instance, State,
    graph::{AnySlot, Graph, identity_key},
    mapping::Mapped,
};

/// Which objects a listener is told of: those of a model (`Author`), or those of every model ([`AnyModel`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` says of no objects that a listener could be told of",
    note = "name a mapped model, as in `before_insert(Author, ..)`, or `AnyModel` for the objects of every model"
)]
pub trait EventTarget: Copy {
    /// What a listener is given: an [`Instance`] of the model, or an [`AnyInstance`].
    type Object: Send + 'static;

    #[doc(hidden)]
    fn model() -> Option<TypeId>;

    #[doc(hidden)]
    fn object(object: &AnyInstance) -> Option<Self::Object>;
}

impl<M: Mapped> EventTarget for Entity<M> {
    type Object = Instance<M>;

    fn model() -> Option<TypeId> {
        Some(TypeId::of::<M>())
    }

    fn object(object: &AnyInstance) -> Option<Instance<M>> {
        object.downcast(Self::new())
    }
}

/// The objects of every model, where a listener asks for those of one: `before_insert(AnyModel, ..)`.
#[derive(Clone, Copy, Debug)]
pub struct AnyModel;

impl EventTarget for AnyModel {
    type Object = AnyInstance;

    fn model() -> Option<TypeId> {
        None
    }

    fn object(object: &AnyInstance) -> Option<AnyInstance> {
        Some(object.clone())
    }
}

/// A handle to an object of whatever model, as listeners for [`AnyModel`] are given it.
#[derive(Clone)]
pub struct AnyInstance {
    slot: Arc<dyn AnySlot>,
    graph: Arc<Graph>,
}

impl AnyInstance {
    pub(crate) fn new(slot: Arc<dyn AnySlot>, graph: Arc<Graph>) -> Self {
        Self { slot, graph }
    }

    /// The type of its model.
    pub(super) fn model(&self) -> TypeId {
        (self.slot.mapper().functions().type_id)()
    }

    /// The name of its model.
    pub fn model_name(&self) -> &'static str {
        self.slot.mapper().name()
    }

    /// Where it stands between memory and database.
    pub fn state(&self) -> State {
        self.slot.state()
    }

    /// Its primary key, as it stands in the database; of a new object what was given so far.
    pub fn key(&self) -> Vec<Value> {
        identity_key(&*self.slot, self.slot.mapper())
    }

    /// The object as one of a model, if it is one: `object.downcast(Author)`.
    pub fn downcast<M: Mapped>(&self, _: Entity<M>) -> Option<Instance<M>> {
        let slot = self.slot.clone().into_any().downcast().ok()?;
        Some(Instance::new(slot, self.graph.clone()))
    }
}

impl PartialEq for AnyInstance {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }
}

impl Eq for AnyInstance {}

impl fmt::Debug for AnyInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{:?}", self.model_name(), self.key())
    }
}
