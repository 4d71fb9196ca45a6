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
    Custom(CustomOperator),
}

/// An operator that is written just so: its text alone, or what [`operator`] makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct CustomOperator {
    pub(crate) text: Name,
    pub(crate) precedence: OperatorPrecedence,
}

/// An operator that is written just so, for `op`. What is not said of its precedence is made up for by parentheses.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, literal, select};
/// use aludel_sql_expression::expression::{OperatorPrecedence, operator};
///
/// let dialect = SqliteDialect::default();
/// let modulo = || operator("%").precedence(OperatorPrecedence::Product);
/// assert_eq!(
///     select(literal(9_i64).op::<i64>("%", 4_i64).eq(1)).to_sql(&dialect)?,
///     "SELECT (9 % 4) = 1"
/// );
/// assert_eq!(
///     select(literal(9_i64).op::<i64>(modulo(), 4_i64).eq(1)).to_sql(&dialect)?,
///     "SELECT 9 % 4 = 1"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn operator(text: impl Into<Name>) -> CustomOperator {
    CustomOperator { text: text.into(), precedence: OperatorPrecedence::Unknown }
}

impl CustomOperator {
    /// The operator, as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says how strongly it binds (default: unknown). Counterpart of the `precedence` and `is_comparison` of SQLAlchemy's
    /// `op`.
    pub fn precedence(mut self, precedence: OperatorPrecedence) -> Self {
        self.precedence = precedence;
        self
    }
}

impl<T: Into<Name>> From<T> for CustomOperator {
    fn from(text: T) -> Self {
        operator(text)
    }
}

/// How strongly an operator of one's own binds, from the weakest up. Between those that are alike parentheses are written,
/// except where all databases read from left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperatorPrecedence {
    /// As none that is known: parentheses stand around it wherever it is a part of something.
    #[default]
    Unknown,
    /// As `=` and LIKE.
    Comparison,
    /// Between comparisons and sums, as `||` and nearly all of PostgreSQL's own.
    Other,
    /// As `+`, from left to right.
    Sum,
    /// As `*`, from left to right.
    Product,
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
    pub(crate) fn code(&self) -> Result<u8, &CustomOperator> {
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
            Self::Custom(operator) => return Err(operator),
        })
    }
}
