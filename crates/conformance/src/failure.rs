//! [`Failure`]: what a case saw instead of what it asks for.

use std::fmt;

use aludel_driver::Error;

/// What a case saw instead of what it asks for.
#[derive(Clone)]
pub struct Failure {
    message: String,
}

impl Failure {
    /// A failure in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The same with what was done put before it.
    #[must_use]
    pub(crate) fn context(self, place: impl fmt::Display) -> Self {
        Self::new(format!("{place}: {}", self.message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(format!("an error where none belongs: {error:?}"))
    }
}

impl From<aludel_sql_expression::Error> for Failure {
    fn from(error: aludel_sql_expression::Error) -> Self {
        Error::from(error).into()
    }
}

/// Ends the case when the condition does not hold, with the words that follow.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err($crate::Failure::new(format!($($words)+)));
        }
    };
}

/// Ends the case when the two differ; the second is what was expected.
macro_rules! ensure_equal {
    ($seen:expr, $expected:expr, $($words:tt)+) => {{
        let (seen, expected) = (&$seen, &$expected);
        if *seen != *expected {
            return Err($crate::Failure::new(format!(
                "{}: expected {expected:?}, got {seen:?}",
                format_args!($($words)+),
            )));
        }
    }};
}

pub(crate) use {ensure, ensure_equal};
