//! [`Faults`]: errors of the caller's own code, on their way past SQLite, which takes no more than a text.

use std::{
    any::Any,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use aludel_driver::{Error, ErrorKind, Result};

const NONE: u8 = 0;
const KEPT: u8 = 1;
const DECISIVE: u8 = 2;

/// The first error of the functions, collations and listeners that a statement called.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    // Asked after every statement, so the common case is one load.
    state: AtomicU8,
    error: Mutex<Option<Error>>,
}

impl Faults {
    /// Keeps an error that SQLite is told of, too: it will end the statement.
    pub(crate) fn keep(&self, error: Error) {
        self.put(error, KEPT);
    }

    /// Keeps an error of code that has no way to tell SQLite: the statement must not count as done.
    pub(crate) fn insist(&self, error: Error) {
        self.put(error, DECISIVE);
    }

    /// Whether the statement must not count as done, whatever SQLite says.
    #[inline]
    pub(crate) fn is_decisive(&self) -> bool {
        self.state.load(Relaxed) == DECISIVE
    }

    /// Says more about the error. False: there is none.
    pub(crate) fn amend(&self, edit: impl FnOnce(Error) -> Error) -> bool {
        if self.state.load(Relaxed) == NONE {
            return false;
        }
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        *error = error.take().map(edit);
        error.is_some()
    }

    /// Takes the error out.
    pub(crate) fn take(&self) -> Option<Error> {
        if self.state.load(Relaxed) == NONE {
            return None;
        }
        self.state.store(NONE, Relaxed);
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forgets what an earlier statement left.
    #[inline]
    pub(crate) fn forget(&self) {
        if self.state.load(Relaxed) != NONE {
            drop(self.take());
        }
    }

    #[cold]
    fn put(&self, error: Error, state: u8) {
        // The first one is the cause of the others.
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.state.fetch_max(state, Relaxed);
    }
}

/// Calls the caller's own code: a panic becomes an error, since it must not unwind into SQLite.
///
/// # Errors
/// What the code returns; `Custom` with the words of the panic.
pub(crate) fn guarded<T>(what: &dyn Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(|error| error.context(format_args!("{what} failed"))),
        Err(panic) => Err(Error::new(ErrorKind::Custom, format!("{what} panicked: {}", words(&*panic)))),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it said nothing")
}
