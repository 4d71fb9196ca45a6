//! Listeners that do no I/O.

use std::fmt;

use crate::registry::Registry;
use crate::{Event, ListenOptions, ListenerId};

pub(crate) type SyncListener<E> = Box<
    dyn for<'a, 'b> Fn(&'a mut <E as Event>::Arguments<'b>) -> Result<(), <E as Event>::Error> + Send + Sync,
>;

/// The listeners of one event that are plain functions.
///
/// They may be fired anywhere, also inside `Drop`. Put the registry into an `Arc` to share it: listeners
/// that are added later are seen by everyone who holds it.
pub struct SyncListeners<E: Event> {
    registry: Registry<SyncListener<E>>,
}

impl<E: Event> SyncListeners<E> {
    /// A registry without listeners.
    pub fn new() -> Self {
        Self { registry: Registry::new() }
    }

    /// Registers a listener, last in line.
    pub fn listen(
        &self,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> Result<(), E::Error> + Send + Sync + 'static,
    ) -> ListenerId {
        self.listen_with(ListenOptions::new(), listener)
    }

    /// Registers a listener as the options say.
    pub fn listen_with(
        &self,
        options: ListenOptions,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> Result<(), E::Error> + Send + Sync + 'static,
    ) -> ListenerId {
        self.registry.insert(options, Box::new(listener))
    }

    /// Removes a listener; false when it is not registered here (any more).
    ///
    /// A round that is running still calls it.
    pub fn remove(&self, id: ListenerId) -> bool {
        self.registry.remove(id)
    }

    /// Whether this listener is registered here.
    pub fn contains(&self, id: ListenerId) -> bool {
        self.registry.contains(id)
    }

    /// Whether nobody listens: one atomic load, to skip the making of arguments.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many listeners are registered.
    #[inline]
    pub fn len(&self) -> usize {
        self.registry.len()
    }

    /// Runs the listeners one after the other.
    ///
    /// # Errors
    ///
    /// The error of the first listener that fails; those after it do not run.
    #[inline]
    pub fn fire(&self, arguments: &mut E::Arguments<'_>) -> Result<(), E::Error> {
        self.fire_until(arguments, |_| false)
    }

    /// Runs the listeners one after the other, until `done` finds in the arguments what was wanted.
    ///
    /// `done` is asked after each listener; so the first listener that gives an answer is the last to run.
    ///
    /// # Errors
    ///
    /// The error of the first listener that fails; those after it do not run.
    #[inline]
    pub fn fire_until(
        &self,
        arguments: &mut E::Arguments<'_>,
        mut done: impl FnMut(&E::Arguments<'_>) -> bool,
    ) -> Result<(), E::Error> {
        let Some(round) = self.registry.round() else { return Ok(()) };
        for entry in round.iter() {
            if !self.registry.claim(entry) {
                continue;
            }
            (entry.listener)(arguments).inspect_err(|_| entry.note_failure::<E>())?;
            if done(arguments) {
                break;
            }
        }
        Ok(())
    }
}

impl<E: Event> Default for SyncListeners<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Event> fmt::Debug for SyncListeners<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.registry.debug::<E>("SyncListeners", f)
    }
}
