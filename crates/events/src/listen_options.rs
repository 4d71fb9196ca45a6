//! How a listener is registered.

use std::borrow::Cow;

/// How a listener is registered: its place in the line, how often it runs, and its name.
///
/// The default is last in line, every time, without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenOptions {
    pub(crate) insert_first: bool,
    pub(crate) once: bool,
    pub(crate) name: Option<Cow<'static, str>>,
}

impl ListenOptions {
    /// The default options: last in line, every time, without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the listener before all that are registered now, rather than after them.
    pub fn insert_first(mut self) -> Self {
        self.insert_first = true;
        self
    }

    /// Runs the listener for one event only, also when several threads fire at the same time.
    ///
    /// It is removed before it runs: a run that fails, panics or is cancelled counts.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Names the listener in `Debug` output and in the log line that tells which listener failed.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}
