//! How strongly each expression binds, as far as all databases agree; where they do not, parentheses are written.

use super::construct;
use crate::{
    dialect::{Concatenation, DistinctFrom, Features},
    expression::{BinaryOperator, Node, OperatorPrecedence, UnaryOperator},
};

/// How strongly an expression binds, from the weakest up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    /// SQL that was written by hand: anything.
    Any,
    /// OR.
    Or,
    /// AND.
    And,
    /// NOT.
    Not,
    /// Comparisons, IS, IN, LIKE, BETWEEN.
    Comparison,
    /// Operators whose place differs from database to database.
    Other,
    /// `+` and `-`.
    Sum,
    /// `*`, `/` and `%`.
    Product,
    /// `-` before an expression.
    Sign,
    /// What needs no parentheses anywhere.
    Atom,
}

/// How strongly a node binds, once it is written.
pub(super) fn of(node: &Node, features: &Features) -> Precedence {
    match node {
        Node::Fragment(_) | Node::Text(_) => Precedence::Any,
        Node::Construct(node) => construct::precedence(&node.construct, features),
        Node::Binary(binary) => of_operator(&binary.operator, features),
        Node::Unary(unary) => match unary.operator {
            UnaryOperator::Not => Precedence::Not,
            UnaryOperator::IsNull | UnaryOperator::IsNotNull => Precedence::Comparison,
            UnaryOperator::Negate => Precedence::Sign,
        },
        Node::In(_) | Node::Between(_) => Precedence::Comparison,
        Node::Label(label) => of(&label.node, features),
        Node::Integer(number) if *number < 0 => Precedence::Sign,
        _ => Precedence::Atom,
    }
}

/// How strongly an operator binds, once it is written.
pub(super) fn of_operator(operator: &BinaryOperator, features: &Features) -> Precedence {
    match operator {
        BinaryOperator::Or => Precedence::Or,
        BinaryOperator::And => Precedence::And,
        BinaryOperator::IsDistinctFrom if features.distinct_from == DistinctFrom::NullSafeEqual => {
            Precedence::Not
        }
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::IsDistinctFrom
        | BinaryOperator::IsNotDistinctFrom
        | BinaryOperator::Like
        | BinaryOperator::NotLike
        | BinaryOperator::ILike
        | BinaryOperator::NotILike
        | BinaryOperator::In
        | BinaryOperator::NotIn => Precedence::Comparison,
        BinaryOperator::Concatenate if features.concatenation == Concatenation::Function => Precedence::Atom,
        BinaryOperator::Concatenate => Precedence::Other,
        BinaryOperator::Add | BinaryOperator::Subtract => Precedence::Sum,
        BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => Precedence::Product,
        BinaryOperator::Custom(operator) => match operator.precedence {
            OperatorPrecedence::Unknown => Precedence::Any,
            OperatorPrecedence::Comparison => Precedence::Comparison,
            OperatorPrecedence::Other => Precedence::Other,
            OperatorPrecedence::Sum => Precedence::Sum,
            OperatorPrecedence::Product => Precedence::Product,
        },
    }
}
