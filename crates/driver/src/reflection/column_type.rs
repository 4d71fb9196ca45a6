//! [`ReflectedType`].

use std::sync::Arc;

use aludel_sql_expression::SqlType;

/// The type of a column as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedType {
    /// The type as one of ours, where ours is spelled just so and would be created the same; else
    /// [`SqlType::Custom`] with the server's own words.
    pub sql_type: SqlType,
    /// The server's own words: `timestamp(3) with time zone`, `int(10) unsigned`.
    pub name: String,
    /// The most characters, bytes or bits.
    pub length: Option<u32>,
    /// Digits in all; of times and intervals: digits of the seconds.
    pub precision: Option<u32>,
    /// Digits after the point.
    pub scale: Option<u32>,
    /// Whether a time has a zone.
    pub timezone: bool,
    /// Whether a number has no sign.
    pub unsigned: bool,
    /// Whether it is an array; of how many dimensions the server does not hold one to.
    pub array: bool,
    /// The words of an enumeration or a set, in order.
    pub values: Vec<String>,
}

impl Default for ReflectedType {
    /// A column without a type, as SQLite may have it.
    fn default() -> Self {
        Self::raw("")
    }
}

impl ReflectedType {
    /// A type of which nothing is known but its name.
    pub fn raw(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            sql_type: if name.is_empty() {
                SqlType::Unknown
            } else {
                SqlType::Custom(Arc::from(name.as_str()))
            },
            name,
            length: None,
            precision: None,
            scale: None,
            timezone: false,
            unsigned: false,
            array: false,
            values: Vec::new(),
        }
    }
}
