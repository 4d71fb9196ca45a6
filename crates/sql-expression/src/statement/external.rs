//! [`ExternalStatement`]: a statement that another library writes.

use std::fmt;

use crate::{Dialect, Result, Value};

/// A statement that another library writes: it is asked for its text whenever it is executed, and no cache knows it.
pub trait ExternalStatement: fmt::Debug + Send + Sync {
    /// Its text in a dialect, with placeholders in that dialect's style, and the values of these.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what cannot be written in this dialect.
    fn write(&self, dialect: &dyn Dialect) -> Result<(String, Vec<Value>)>;

    /// Its text with the values written in, to be read by people.
    ///
    /// # Errors
    /// As [`ExternalStatement::write`].
    fn write_literally(&self, dialect: &dyn Dialect) -> Result<String>;
}
