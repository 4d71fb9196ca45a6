//! [`AttributeEvents`]: events of single columns and relationships.

use std::{
    any::{Any, TypeId},
    fmt,
};

use aludel_driver::{Error, ErrorKind, Result};
use aludel_events::{Event, ListenerId, SyncListeners};
use aludel_sql_expression::{Attribute, ColumnType, Entity};

use super::{
    AnyInstance, Audience,
    by_model::{ByModel, Topic},
};
use crate::{Instance, link::Link, mapping::Mapped, relationship::Relationship};

/// Events of single columns and relationships: `sessions.events().attributes.set(Author::email, ..)`.
///
/// # Examples
/// ```ignore
/// sessions.events().attributes.set(Author::email, |_author, email, _old| {
///     *email = email.trim().to_lowercase();
///     Ok(())
/// });
/// ```
#[derive(Default)]
pub struct AttributeEvents {
    columns: ByModel<ColumnTopic, SyncListeners<SetEvent>>,
    links: ByModel<LinkTopic, SyncListeners<LinkEvent>>,
}

/// A column, by its position.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ColumnTopic(u16);

impl Topic for ColumnTopic {
    fn bit(self) -> u32 {
        0
    }
}

/// A relationship, by its number, and whether an object is taken out of it or put in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LinkTopic {
    removed: bool,
    relationship: u16,
}

impl Topic for LinkTopic {
    fn bit(self) -> u32 {
        u32::from(self.removed)
    }
}

enum SetEvent {}

struct SetArguments<'a> {
    object: &'a AnyInstance,
    new: &'a mut dyn Any,
    old: &'a dyn Any,
}

impl Event for SetEvent {
    type Arguments<'a> = SetArguments<'a>;
    type Error = Error;
}

enum LinkEvent {}

struct LinkArguments<'a> {
    owner: &'a AnyInstance,
    target: &'a AnyInstance,
}

impl Event for LinkEvent {
    type Arguments<'a> = LinkArguments<'a>;
    type Error = Error;
}

impl AttributeEvents {
    /// Told when `set` or `edit` changes a column: of the object, the new value, which may be changed further, and the old
    /// one. An error refuses the whole change: `try_set` and `try_edit` give it at once, `set` and `edit` leave the object
    /// as it was, and the next flush reports it. For a rule that always holds, write `#[column(validate = ..)]`.
    pub fn set<M: Mapped, T: ColumnType>(
        &self,
        attribute: Attribute<M, T>,
        listener: impl Fn(&Instance<M>, &mut T, &T) -> Result<()> + Send + Sync + 'static,
    ) -> ListenerId {
        let registry = self.columns.registry(Some(TypeId::of::<M>()), ColumnTopic(attribute.index()));
        registry.listen(move |arguments| {
            let object = arguments.object.downcast(Entity::<M>::new());
            let (new, old) = (arguments.new.downcast_mut::<M>(), arguments.old.downcast_ref::<M>());
            let (Some(object), Some(new), Some(old)) = (object, new, old) else { return Ok(()) };
            listener(&object, attribute.get_mut(new), attribute.get(old))
        })
    }

    /// Told after an object was put into a relationship, on either side of it: of the owner, and the object.
    pub fn append<M: Mapped, L: Link>(
        &self,
        relationship: Relationship<M, L>,
        listener: impl Fn(&Instance<M>, &Instance<L::Target>) + Send + Sync + 'static,
    ) -> ListenerId
    where
        L::Target: Mapped,
    {
        self.listen_to_link(false, relationship, listener)
    }

    /// Told after an object was taken out of a relationship, on either side of it: of the owner, and the object.
    pub fn remove<M: Mapped, L: Link>(
        &self,
        relationship: Relationship<M, L>,
        listener: impl Fn(&Instance<M>, &Instance<L::Target>) + Send + Sync + 'static,
    ) -> ListenerId
    where
        L::Target: Mapped,
    {
        self.listen_to_link(true, relationship, listener)
    }

    fn listen_to_link<M: Mapped, L: Link>(
        &self,
        removed: bool,
        relationship: Relationship<M, L>,
        listener: impl Fn(&Instance<M>, &Instance<L::Target>) + Send + Sync + 'static,
    ) -> ListenerId
    where
        L::Target: Mapped,
    {
        let topic = LinkTopic { removed, relationship: relationship.index() };
        self.links.registry(Some(TypeId::of::<M>()), topic).listen(move |arguments| {
            let owner = arguments.owner.downcast(Entity::<M>::new());
            let target = arguments.target.downcast(Entity::<L::Target>::new());
            if let (Some(owner), Some(target)) = (owner, target) {
                listener(&owner, &target);
            }
            Ok(())
        })
    }

    pub(super) fn take_away(&self, listener: ListenerId) -> bool {
        self.columns.remove(listener) || self.links.remove(listener)
    }

    pub(super) fn listens_to_links(&self) -> bool {
        self.links.listens_at_all()
    }

    pub(super) fn tell_link(
        &self,
        removed: bool,
        owner: &AnyInstance,
        relationship: u16,
        target: &AnyInstance,
    ) {
        for listeners in self.links.find(owner.model(), LinkTopic { removed, relationship }) {
            // What has happened cannot be refused.
            let _ = listeners.fire(&mut LinkArguments { owner, target });
        }
    }
}

impl fmt::Debug for AttributeEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AttributeEvents")
    }
}

impl Audience {
    #[inline]
    fn listens_to_columns(&self) -> bool {
        self.any(|events| events.attributes.columns.listens_at_all())
    }

    /// Shows the listeners, and the validators, what is to become of an object: they may change it further, and refuse.
    pub(crate) fn check_change<M: Mapped>(&self, object: &Instance<M>, old: &M, new: &mut M) -> Result<()> {
        if self.listens_to_columns() {
            let any = AnyInstance::new(object.erased(), object.graph().clone());
            for column in 0..u16::try_from(M::COLUMNS).unwrap_or(u16::MAX) {
                if new.column_eq(old, column) {
                    continue;
                }
                for events in self.each() {
                    for listeners in events.attributes.columns.find(TypeId::of::<M>(), ColumnTopic(column)) {
                        let outcome = listeners.fire(&mut SetArguments { object: &any, new: &mut *new, old });
                        outcome.map_err(|error| {
                            error.context(format_args!("{} was not set", M::mapper().field(column)))
                        })?;
                    }
                }
            }
        }
        for column in M::VALIDATED {
            if !new.column_eq(old, *column) {
                validate(new, *column)?;
            }
        }
        Ok(())
    }
}

/// Asks the validator of a column.
pub(crate) fn validate<M: Mapped>(model: &M, column: u16) -> Result<()> {
    model.validate_column(column).map_err(|message| {
        let field = M::mapper().field(column);
        Error::new(
            ErrorKind::Validation,
            format!("{field} was given a value that its validator refuses: {message}"),
        )
    })
}
