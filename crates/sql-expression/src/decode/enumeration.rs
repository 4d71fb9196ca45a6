//! What `#[derive(Enum)]` and `#[derive(ColumnType)]` call.

use std::sync::Arc;

use super::mismatch;
use crate::{Cell, Error, Result, types::SqlType};

/// The word in a cell that holds a value of an enumeration.
#[doc(hidden)]
pub fn enumeration_word<'row>(cell: Cell<'row>, enumeration: &str) -> Result<&'row str> {
    match cell {
        Cell::Text(word) => Ok(word),
        // PostgreSQL's own enumerations have types that only the database knows; their wire form is the word.
        Cell::Other { bytes, .. } => std::str::from_utf8(bytes).map_err(|_error| mismatch(cell, enumeration)),
        cell => Err(mismatch(cell, enumeration)),
    }
}

/// The error of a word that is none of the enumeration's.
#[cold]
#[doc(hidden)]
pub fn unknown_word(word: &str, enumeration: &str, words: &[&str]) -> Error {
    Error::data(format!("`{word}` is not a value of `{enumeration}`; its values are {}", words.join(", ")))
}

/// The SQL type of an enumeration.
#[doc(hidden)]
pub fn enumeration_type(schema: Option<&str>, name: &str, words: &[&str]) -> SqlType {
    SqlType::Enum {
        schema: schema.map(Arc::from),
        name: Arc::from(name),
        values: words.iter().map(|word| Arc::from(*word)).collect(),
    }
}

/// The error of a stored value that is none of a type's.
#[cold]
#[doc(hidden)]
pub fn refused_value(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::data(format!("the value cannot be read into `{name}`: {error}"))
}
