//! [`Case`]: one thing that a backend must do.

use std::{fmt, sync::LazyLock};

use aludel_driver::{BoxFuture, Capabilities};

use crate::{Failure, Subject};

/// One thing that a backend must do, or must refuse by name where it says that it cannot.
#[derive(Clone, Copy)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) requires: fn(&Capabilities) -> bool,
    pub(crate) run: fn(Subject) -> BoxFuture<'static, Result<(), Failure>>,
}

impl Case {
    /// The name, which says what must hold: `columns_come_also_without_rows`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it can be asked of a backend with these capabilities.
    pub fn applies_to(&self, capabilities: &Capabilities) -> bool {
        (self.requires)(capabilities)
    }

    /// Asks it, without regard to capabilities and without a limit on time. Its tables have names of their own, so that
    /// cases can run side by side.
    ///
    /// # Errors
    /// What was seen instead.
    ///
    /// # Cancel safety
    /// A dropped future may leave tables behind; the next run drops them first.
    pub async fn run(&self, subject: &Subject) -> Result<(), Failure> {
        (self.run)(subject.clone()).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Case").field(&self.name).finish()
    }
}

/// All cases, by topic.
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(crate::cases::all);
    &CASES
}

/// A case of a function, for backends for which a condition on their capabilities holds.
macro_rules! case {
    ($function:ident) => {
        case!($function if |_| true)
    };
    ($function:ident if $requires:expr) => {
        $crate::Case {
            name: stringify!($function),
            requires: $requires,
            run: |subject| Box::pin($function(subject)),
        }
    };
}

pub(crate) use case;
