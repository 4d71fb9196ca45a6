//! Operators, and how strongly they bind.

use crate::name::Name;

/// An operator between two expressions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BinaryOperator {
    /// AND.
    And,
    /// OR.
    Or,
    /// `=`.
    Equal,
    /// `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// IS DISTINCT FROM: NULL is a value like others.
    IsDistinctFrom,
    /// IS NOT DISTINCT FROM.
    IsNotDistinctFrom,
    /// LIKE.
    Like,
    /// NOT LIKE.
    NotLike,
    /// LIKE without regard to upper and lower case.
    ILike,
    /// NOT ILIKE.
    NotILike,
    /// IN, with a subquery on the right.
    In,
    /// NOT IN, with a subquery on the right.
    NotIn,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`: true division, also of integers.
    Divide,
    /// `%`.
    Modulo,
    /// Text put together.
    Concatenate,
    /// An operator that is written just so.
    Custom(Name),
}

/// An operator before or after one expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnaryOperator {
    /// NOT.
    Not,
    /// IS NULL.
    IsNull,
    /// IS NOT NULL.
    IsNotNull,
    /// `-`.
    Negate,
}
