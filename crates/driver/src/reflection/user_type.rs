//! [`ReflectedEnum`] and [`ReflectedDomain`]: types that a user made.

use super::{ReflectedCheckConstraint, ReflectedType};

/// An enumeration type (PostgreSQL).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedEnum {
    /// The schema that it stands in.
    pub schema: String,
    /// The name.
    pub name: String,
    /// The words, in order.
    pub values: Vec<String>,
    /// Whether it is found without its schema.
    pub visible: bool,
    /// The comment.
    pub comment: Option<String>,
}

/// A domain type (PostgreSQL).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedDomain {
    /// The schema that it stands in.
    pub schema: String,
    /// The name.
    pub name: String,
    /// The type that it is made of.
    pub base: ReflectedType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// The default, as SQL.
    pub default: Option<String>,
    /// How its texts are compared, where that is not as in its base.
    pub collation: Option<String>,
    /// The conditions; `VALUE` in them is the value.
    pub checks: Vec<ReflectedCheckConstraint>,
    /// Whether it is found without its schema.
    pub visible: bool,
    /// The comment.
    pub comment: Option<String>,
}
