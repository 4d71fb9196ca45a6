//! [`ConnectionInfo`]: what a program notes about an open connection.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
};

/// What a program notes about an open connection: one value of each type.
///
/// It lives as long as the connection is open, through all checkouts, and is empty again when another takes its place.
/// Listeners of `connect` and `checkout` see it, so that what was learned once (a schema that was set, a backend's
/// process number) need not be asked for again.
///
/// Values are told apart by their types: wrap a plain number or text in a type of your own.
///
/// # Examples
/// ```
/// # use aludel_engine_pool::ConnectionInfo;
/// struct Tenant(u32);
///
/// let mut info = ConnectionInfo::default();
/// assert!(info.insert(Tenant(7)).is_none());
/// assert_eq!(info.get::<Tenant>().map(|tenant| tenant.0), Some(7));
/// ```
#[derive(Default)]
pub struct ConnectionInfo {
    values: HashMap<TypeId, Box<dyn Any + Send>>,
}

impl ConnectionInfo {
    /// Notes a value, and gives back what stood in its place.
    pub fn insert<T: Send + 'static>(&mut self, value: T) -> Option<T> {
        let old = self.values.insert(TypeId::of::<T>(), Box::new(value))?;
        old.downcast().ok().map(|old| *old)
    }

    /// The value of this type.
    pub fn get<T: Send + 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// The value of this type, to be changed.
    pub fn get_mut<T: Send + 'static>(&mut self) -> Option<&mut T> {
        self.values.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Send + 'static>(&mut self) -> Option<T> {
        let old = self.values.remove(&TypeId::of::<T>())?;
        old.downcast().ok().map(|old| *old)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.values.clear();
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the values are is the program's secret.
        formatter.debug_struct("ConnectionInfo").field("values", &self.values.len()).finish()
    }
}
