//! Listeners that may await.

use std::fmt;
use std::pin::Pin;

use crate::registry::Registry;
use crate::sync_listeners::SyncListener;
use crate::{Event, ListenOptions, ListenerId};

/// The boxed future that an async listener returns; `Box::pin(async move { .. })` makes one.
///
/// The same type as `futures_util::future::BoxFuture`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

type AsyncListener<E> = Box<
    dyn for<'a, 'b> Fn(&'a mut <E as Event>::Arguments<'b>) -> BoxFuture<'a, Result<(), <E as Event>::Error>>
        + Send
        + Sync,
>;

/// The listeners of one event that may await, and with it do I/O on what they are given.
///
/// Plain functions can be registered too ([`listen_sync`](Self::listen_sync)); they stand in the same line
/// and cost no future. Put the registry into an `Arc` to share it: listeners that are added later are seen
/// by everyone who holds it.
///
/// # Examples
///
/// ```
/// use aludel_events::{AsyncListeners, Event};
///
/// struct Connection;
/// impl Connection {
///     async fn execute(&mut self, _sql: &str) -> Result<(), String> { Ok(()) }
/// }
///
/// struct Connect;
/// impl Event for Connect {
///     type Arguments<'a> = &'a mut Connection;
///     type Error = String;
/// }
///
/// # async fn run(connection: &mut Connection) -> Result<(), String> {
/// let listeners = AsyncListeners::<Connect>::new();
/// listeners.listen(|connection| {
///     Box::pin(async move { connection.execute("SET search_path TO app").await })
/// });
/// listeners.fire(&mut &mut *connection).await?;
/// # Ok(()) }
/// ```
pub struct AsyncListeners<E: Event> {
    registry: Registry<Listener<E>>,
}

enum Listener<E: Event> {
    Sync(SyncListener<E>),
    Async(AsyncListener<E>),
}

impl<E: Event> AsyncListeners<E> {
    /// A registry without listeners.
    pub fn new() -> Self {
        Self { registry: Registry::new() }
    }

    /// Registers an async listener, last in line.
    pub fn listen(
        &self,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> BoxFuture<'a, Result<(), E::Error>>
        + Send
        + Sync
        + 'static,
    ) -> ListenerId {
        self.listen_with(ListenOptions::new(), listener)
    }

    /// Registers an async listener as the options say.
    pub fn listen_with(
        &self,
        options: ListenOptions,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> BoxFuture<'a, Result<(), E::Error>>
        + Send
        + Sync
        + 'static,
    ) -> ListenerId {
        self.registry.insert(options, Listener::Async(Box::new(listener)))
    }

    /// Registers a plain function, last in line.
    pub fn listen_sync(
        &self,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> Result<(), E::Error> + Send + Sync + 'static,
    ) -> ListenerId {
        self.listen_sync_with(ListenOptions::new(), listener)
    }

    /// Registers a plain function as the options say.
    pub fn listen_sync_with(
        &self,
        options: ListenOptions,
        listener: impl for<'a, 'b> Fn(&'a mut E::Arguments<'b>) -> Result<(), E::Error> + Send + Sync + 'static,
    ) -> ListenerId {
        self.registry.insert(options, Listener::Sync(Box::new(listener)))
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

    /// Runs the listeners one after the other; each begins when the one before it has ended.
    ///
    /// The future is `Send` when the arguments are.
    ///
    /// # Errors
    ///
    /// The error of the first listener that fails; those after it do not run.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the listener that is running and skips those after it. What the listener
    /// did to the arguments stays; a once-listener that had begun counts as run.
    pub async fn fire(&self, arguments: &mut E::Arguments<'_>) -> Result<(), E::Error> {
        self.fire_until(arguments, |_| false).await
    }

    /// Runs the listeners one after the other, until `done` finds in the arguments what was wanted.
    ///
    /// `done` is asked after each listener; so the first listener that gives an answer is the last to run.
    ///
    /// # Errors
    ///
    /// The error of the first listener that fails; those after it do not run.
    ///
    /// # Cancel safety
    ///
    /// As [`fire`](Self::fire).
    pub async fn fire_until(
        &self,
        arguments: &mut E::Arguments<'_>,
        mut done: impl FnMut(&E::Arguments<'_>) -> bool,
    ) -> Result<(), E::Error> {
        let Some(round) = self.registry.round() else { return Ok(()) };
        for entry in round.iter() {
            if !self.registry.claim(entry) {
                continue;
            }
            let outcome = match &entry.listener {
                Listener::Sync(listener) => listener(arguments),
                Listener::Async(listener) => listener(arguments).await,
            };
            outcome.inspect_err(|_| entry.note_failure::<E>())?;
            if done(arguments) {
                break;
            }
        }
        Ok(())
    }
}

impl<E: Event> Default for AsyncListeners<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Event> fmt::Debug for AsyncListeners<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.registry.debug::<E>("AsyncListeners", f)
    }
}
