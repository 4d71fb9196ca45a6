//! Typed listener registry of Aludel: sync and async listeners, in order, free when nobody listens.
//!
//! This crate knows no SQL. A crate above it declares what can happen as marker types that implement
//! [`Event`], keeps one registry for each of them (in an `Arc`, when it is shared), and fires it at the
//! right place. Registries belong to an engine or a session maker; none is global.
//!
//! # Map
//!
//! - [`Event`]: what the listeners of one event are given, and how they fail.
//! - [`SyncListeners`]: listeners that do no I/O; may be fired anywhere, also inside `Drop`.
//! - [`AsyncListeners`]: listeners that may await; plain functions can be put between them.
//! - [`ListenOptions`]: first in line, once, by name.
//! - [`ListenerId`]: the receipt for a registration, to remove it again.
//!
//! # Laws
//!
//! - Listeners run one after the other, in the order of registration; the first error ends the round.
//! - A round runs over the list as it was when the round began. Listeners may add and remove listeners,
//!   themselves included: no lock is held while a listener runs.
//! - A registry without listeners costs one relaxed atomic load.
//!
//! # Examples
//!
//! ```
//! use aludel_events::{Event, ListenOptions, SyncListeners};
//!
//! struct BeforeExecute;
//!
//! struct Statement<'a> {
//!     sql: &'a mut String,
//! }
//!
//! impl Event for BeforeExecute {
//!     type Arguments<'a> = Statement<'a>;
//!     type Error = String;
//! }
//!
//! let listeners = SyncListeners::<BeforeExecute>::new();
//! listeners.listen(|statement| {
//!     statement.sql.push_str(" -- audited");
//!     Ok(())
//! });
//! let guard = listeners.listen_with(ListenOptions::new().insert_first().named("guard"), |statement| {
//!     if statement.sql.starts_with("DROP") { Err("no DROP here".to_owned()) } else { Ok(()) }
//! });
//!
//! let mut sql = "SELECT 1".to_owned();
//! listeners.fire(&mut Statement { sql: &mut sql })?;
//! assert_eq!(sql, "SELECT 1 -- audited");
//!
//! let mut sql = "DROP TABLE author".to_owned();
//! assert!(listeners.fire(&mut Statement { sql: &mut sql }).is_err());
//! assert!(listeners.remove(guard));
//! # Ok::<(), String>(())
//! ```

mod async_listeners;
mod event;
mod listen_options;
mod listener_id;
mod registry;
mod sync_listeners;

pub use async_listeners::{AsyncListeners, BoxFuture};
pub use event::Event;
pub use listen_options::ListenOptions;
pub use listener_id::ListenerId;
pub use sync_listeners::SyncListeners;
