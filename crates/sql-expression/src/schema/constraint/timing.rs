//! [`Timing`]: when a constraint is checked.

/// When a constraint is checked: at each statement, or at the end of the transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timing {
    /// DEFERRABLE, or NOT DEFERRABLE; none: nothing is said.
    pub deferrable: Option<bool>,
    /// When a transaction that says nothing checks it; none: nothing is said.
    pub initially: Option<Initially>,
}

/// When a transaction that says nothing checks a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initially {
    /// At each statement.
    Immediate,
    /// At its end.
    Deferred,
}

impl Timing {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As SQL, with a space before each word.
    pub(crate) fn as_sql(&self) -> String {
        let mut sql = String::new();
        match self.deferrable {
            Some(true) => sql.push_str(" DEFERRABLE"),
            Some(false) => sql.push_str(" NOT DEFERRABLE"),
            None => {}
        }
        match self.initially {
            Some(Initially::Deferred) => sql.push_str(" INITIALLY DEFERRED"),
            Some(Initially::Immediate) => sql.push_str(" INITIALLY IMMEDIATE"),
            None => {}
        }
        sql
    }
}

/// The methods that say when it is checked, for whoever has a field `timing`.
macro_rules! timed {
    ($($place:ident).+) => {
        /// Says whether its check can be put off to the end of a transaction.
        #[must_use]
        pub fn deferrable(mut self, deferrable: bool) -> Self {
            self.$($place).+.deferrable = Some(deferrable);
            self
        }

        /// Says when a transaction that says nothing checks it. `Initially::Deferred` makes it deferrable.
        #[must_use]
        pub fn initially(mut self, initially: $crate::schema::Initially) -> Self {
            self.$($place).+.initially = Some(initially);
            if initially == $crate::schema::Initially::Deferred {
                self.$($place).+.deferrable = Some(true);
            }
            self
        }
    };
}

pub(super) use timed;
