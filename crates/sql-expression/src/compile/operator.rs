//! Operators between two expressions.

use super::{
    compiler::Compiler,
    inference,
    precedence::{self, Precedence},
};
use crate::{
    Error, Result, Value,
    dialect::{Concatenation, DistinctFrom},
    expression::{BinaryNode, BinaryOperator, Node},
    types::SqlType,
};

impl<'n> Compiler<'n> {
    pub(super) fn binary(&mut self, binary: &'n BinaryNode) -> Result<()> {
        let (left, right) = (&binary.left, &binary.right);
        match &binary.operator {
            BinaryOperator::ILike | BinaryOperator::NotILike if !self.features.ilike => {
                self.push("lower(");
                self.node(left)?;
                self.push(if binary.operator == BinaryOperator::ILike {
                    ") LIKE lower("
                } else {
                    ") NOT LIKE lower("
                });
                self.node(right)?;
                self.push(")");
            }
            BinaryOperator::IsDistinctFrom if self.features.distinct_from == DistinctFrom::NullSafeEqual => {
                self.push("NOT (");
                self.sides(left, " <=> ", right, Precedence::Other, Precedence::Other)?;
                self.push(")");
            }
            BinaryOperator::Concatenate if self.features.concatenation == Concatenation::Function => {
                self.push("concat(");
                self.concatenated(binary)?;
                self.push(")");
            }
            BinaryOperator::Divide if divides_integers(left, right) => {
                self.operand_beside(left, &Node::Null, Precedence::Product)?;
                let double = self.dialect.cast_type_name(&SqlType::Double)?;
                self.push(" / CAST(");
                self.node(right)?;
                self.push(" AS ");
                self.push(&double);
                self.push(")");
            }
            operator => {
                let own = precedence::of_operator(operator, self.features);
                // Only what all databases read from left to right goes without parentheses on its left side, and only
                // AND and OR on both.
                let (least_left, least_right) = match own {
                    Precedence::And | Precedence::Or => (own, own),
                    Precedence::Sum => (own, Precedence::Product),
                    Precedence::Product => (own, Precedence::Sign),
                    Precedence::Comparison => (Precedence::Other, Precedence::Other),
                    Precedence::Other if is_concatenation(operator, left) => (own, Precedence::Atom),
                    _ => (Precedence::Atom, Precedence::Atom),
                };
                if let BinaryOperator::Custom(custom) = operator {
                    check_custom(&custom.text)?;
                }
                let text = self.operator_text(operator);
                if self.calculates(operator, left, right) {
                    self.operand(left, least_left)?;
                    self.push(&text);
                    return self.operand(right, least_right);
                }
                self.sides(left, &text, right, least_left, least_right)?;
            }
        }
        if let Some(escape) = binary.escape {
            self.push(" ESCAPE ");
            self.dialect.write_literal(&Value::Text(escape.to_string().into()), self.writer.text())?;
        }
        Ok(())
    }

    fn sides(
        &mut self,
        left: &'n Node,
        operator: &str,
        right: &'n Node,
        least_left: Precedence,
        least_right: Precedence,
    ) -> Result<()> {
        if let (Node::Subquery(select), " IN " | " NOT IN ") = (right, operator) {
            self.check_sought(left, select)?;
            match left {
                Node::Tuple(_) => self.compared(left)?,
                left => self.operand_beside(left, right, least_left)?,
            }
            self.push(operator);
            return self.subquery(select);
        }
        self.operand_beside(left, right, least_left)?;
        self.push(operator);
        self.operand_beside(right, left, least_right)
    }

    /// Writes the parts of a chain of concatenations, so that they stand in one call.
    fn concatenated(&mut self, binary: &'n BinaryNode) -> Result<()> {
        for (position, side) in [&binary.left, &binary.right].into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            match side {
                Node::Binary(inner) if inner.operator == BinaryOperator::Concatenate => {
                    self.concatenated(inner)?
                }
                side => self.node(side)?,
            }
        }
        Ok(())
    }

    fn operator_text(&self, operator: &BinaryOperator) -> String {
        let text = match operator {
            BinaryOperator::And => " AND ",
            BinaryOperator::Or => " OR ",
            BinaryOperator::Equal => " = ",
            BinaryOperator::NotEqual => " <> ",
            BinaryOperator::Less => " < ",
            BinaryOperator::LessOrEqual => " <= ",
            BinaryOperator::Greater => " > ",
            BinaryOperator::GreaterOrEqual => " >= ",
            BinaryOperator::IsDistinctFrom => match self.features.distinct_from {
                DistinctFrom::Is => " IS NOT ",
                _ => " IS DISTINCT FROM ",
            },
            BinaryOperator::IsNotDistinctFrom => match self.features.distinct_from {
                DistinctFrom::Is => " IS ",
                DistinctFrom::NullSafeEqual => " <=> ",
                DistinctFrom::Standard => " IS NOT DISTINCT FROM ",
            },
            BinaryOperator::Like => " LIKE ",
            BinaryOperator::NotLike => " NOT LIKE ",
            BinaryOperator::ILike => " ILIKE ",
            BinaryOperator::NotILike => " NOT ILIKE ",
            BinaryOperator::In => " IN ",
            BinaryOperator::NotIn => " NOT IN ",
            BinaryOperator::Add => " + ",
            BinaryOperator::Subtract => " - ",
            BinaryOperator::Multiply => " * ",
            BinaryOperator::Divide => " / ",
            BinaryOperator::Modulo => " % ",
            BinaryOperator::Concatenate => " || ",
            BinaryOperator::Custom(custom) => return format!(" {} ", custom.text),
        };
        text.to_owned()
    }
}

fn is_concatenation(operator: &BinaryOperator, left: &Node) -> bool {
    *operator == BinaryOperator::Concatenate
        && matches!(left, Node::Binary(left) if left.operator == BinaryOperator::Concatenate)
}

/// Whether both sides may be whole numbers, and one of them is: their quotient would be cut off in some databases.
fn divides_integers(left: &Node, right: &Node) -> bool {
    let integer = |node: &Node| inference::type_of(node).map(|sql_type| inference::is_integer(&sql_type));
    matches!((integer(left), integer(right)), (Some(true), Some(true) | None) | (None, Some(true)))
}

/// An operator is written just so; what could end the expression or begin a text is refused.
fn check_custom(text: &str) -> Result<()> {
    let is_operator =
        |character: char| character.is_ascii_alphanumeric() || " _+-*/<>=~!@#%^&|?:.".contains(character);
    if text.is_empty() || !text.chars().all(is_operator) || text.contains("--") || text.contains("/*") {
        return Err(Error::argument(format!("`{text}` is not an operator")));
    }
    Ok(())
}
