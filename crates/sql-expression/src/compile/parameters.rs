//! [`Parameters`]: the values that go with a text.

use std::{fmt, ops::Deref, ops::Range, sync::Arc};

use crate::{Few, Value};

/// The values that go with a text: its own, or a part of an INSERT's rows, which are not copied.
#[derive(Clone)]
pub struct Parameters(Place);

#[derive(Clone)]
enum Place {
    Own(Few<Value, 2>),
    Rows(Arc<Vec<Value>>, Range<usize>),
}

impl Parameters {
    /// A part of the values of rows.
    pub(super) fn of_rows(values: &Arc<Vec<Value>>, range: Range<usize>) -> Self {
        Self(Place::Rows(values.clone(), range))
    }

    /// The values as a list of their own.
    pub fn into_vec(self) -> Vec<Value> {
        match self.0 {
            Place::Own(values) => values.into_vec(),
            Place::Rows(values, range) => values[range].to_vec(),
        }
    }
}

impl Deref for Parameters {
    type Target = [Value];

    #[inline]
    fn deref(&self) -> &[Value] {
        match &self.0 {
            Place::Own(values) => values,
            Place::Rows(values, range) => &values[range.clone()],
        }
    }
}

impl From<Few<Value, 2>> for Parameters {
    #[inline]
    fn from(values: Few<Value, 2>) -> Self {
        Self(Place::Own(values))
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Few::new().into()
    }
}

impl<Other: AsRef<[Value]>> PartialEq<Other> for Parameters {
    fn eq(&self, other: &Other) -> bool {
        **self == *other.as_ref()
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
