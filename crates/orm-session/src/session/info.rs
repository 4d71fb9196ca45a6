//! [`SessionInfo`]: what a program notes about a session.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
};

use super::Session;

/// What a program notes about a session: one value of each type, such as the user for whom it works. Listeners that are given
/// the session find it there.
///
/// Values are told apart by their types: wrap a plain number or text in a type of your own.
///
/// Counterpart of SQLAlchemy's `Session.info`.
#[derive(Default)]
pub struct SessionInfo(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl SessionInfo {
    /// Notes a value, and gives back what stood in its place.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        let old = self.0.insert(TypeId::of::<T>(), Box::new(value))?;
        old.downcast().ok().map(|old| *old)
    }

    /// The value of this type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// The value of this type, to be changed.
    pub fn get_mut<T: Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        self.0.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Send + Sync + 'static>(&mut self) -> Option<T> {
        let old = self.0.remove(&TypeId::of::<T>())?;
        old.downcast().ok().map(|old| *old)
    }
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionInfo of {} values", self.0.len())
    }
}

impl Session {
    /// What the program noted about this session. It stays through commits, rollbacks and `close`.
    pub fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// The same, to note something.
    pub fn info_mut(&mut self) -> &mut SessionInfo {
        &mut self.info
    }
}
