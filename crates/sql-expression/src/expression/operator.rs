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

impl BinaryOperator {
    /// A number for each operator, from 1 up; the text of one that is written just so.
    pub(crate) fn code(&self) -> Result<u8, &Name> {
        Ok(match self {
            Self::And => 1,
            Self::Or => 2,
            Self::Equal => 3,
            Self::NotEqual => 4,
            Self::Less => 5,
            Self::LessOrEqual => 6,
            Self::Greater => 7,
            Self::GreaterOrEqual => 8,
            Self::IsDistinctFrom => 9,
            Self::IsNotDistinctFrom => 10,
            Self::Like => 11,
            Self::NotLike => 12,
            Self::ILike => 13,
            Self::NotILike => 14,
            Self::In => 15,
            Self::NotIn => 16,
            Self::Add => 17,
            Self::Subtract => 18,
            Self::Multiply => 19,
            Self::Divide => 20,
            Self::Modulo => 21,
            Self::Concatenate => 22,
            Self::Custom(text) => return Err(text),
        })
    }
}
