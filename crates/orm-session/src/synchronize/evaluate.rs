//! Calculates terms for an object, with SQL's logic of NULL.

use std::cmp::Ordering;

use aludel_sql_expression::{Value, dialect::TextComparison, expression::BinaryOperator};

use super::{
    comparison::{Relation, compare, double, whole},
    term::Term,
};
use crate::graph::AnySlot;

/// An object as its row stands in the database.
#[derive(Clone, Copy)]
pub(super) struct StoredRow<'s> {
    pub(super) slot: &'s dyn AnySlot,
    /// Its values may be old, all but those of its key.
    pub(super) is_expired: bool,
    pub(super) texts: TextComparison,
}

impl StoredRow<'_> {
    /// Whether a condition holds for the row; none: memory cannot tell. For NULL it does not hold.
    pub(super) fn holds(self, condition: &Term) -> Option<bool> {
        self.truth(condition).map(|truth| truth == Some(true))
    }

    /// The value of a term; none: memory cannot tell.
    pub(super) fn value(self, term: &Term) -> Option<Value> {
        Some(match term {
            Term::Column(column) => {
                if self.is_expired && !self.slot.mapper().key().contains(column) {
                    return None;
                }
                self.slot.stored(*column)
            }
            Term::Value(value) => value.clone(),
            Term::IsNull(..)
            | Term::Not(_)
            | Term::And(..)
            | Term::Or(..)
            | Term::Compare(..)
            | Term::In { .. } => self.truth(term)?.map_or(Value::Null, Value::Bool),
            Term::Negate(term) => match self.value(term)? {
                Value::Null => Value::Null,
                Value::I64(number) => Value::I64(number.checked_neg()?),
                Value::F64(number) => Value::F64(-number),
                _ => return None,
            },
            Term::Calculate(operator, left, right) => {
                calculate(operator, &self.value(left)?, &self.value(right)?)?
            }
            Term::Concatenate(left, right) => match (self.value(left)?, self.value(right)?) {
                (Value::Text(left), Value::Text(right)) => Value::Text(format!("{left}{right}").into()),
                (Value::Null, _) | (_, Value::Null) => Value::Null,
                _ => return None,
            },
            Term::Coalesce(terms) => {
                for term in terms {
                    let value = self.value(term)?;
                    if !value.is_null() {
                        return Some(value);
                    }
                }
                Value::Null
            }
            Term::Case(branches, otherwise) => {
                for (condition, value) in branches {
                    if self.holds(condition)? {
                        return self.value(value);
                    }
                }
                return otherwise.as_ref().map_or(Some(Value::Null), |term| self.value(term));
            }
        })
    }

    /// True, false, or NULL inside; none: memory cannot tell.
    fn truth(self, term: &Term) -> Option<Option<bool>> {
        match term {
            Term::Not(term) => Some(self.truth(term)?.map(|truth| !truth)),
            // One side alone may settle it.
            Term::And(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(Some(false)), _) | (_, Some(Some(false))) => Some(Some(false)),
                (Some(Some(true)), other) | (other, Some(Some(true))) => other,
                (Some(None), Some(None)) => Some(None),
                _ => None,
            },
            Term::Or(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(Some(true)), _) | (_, Some(Some(true))) => Some(Some(true)),
                (Some(Some(false)), other) | (other, Some(Some(false))) => other,
                (Some(None), Some(None)) => Some(None),
                _ => None,
            },
            Term::IsNull(term, is_null) => Some(Some(self.value(term)?.is_null() == *is_null)),
            Term::Compare(operator, left, right) => {
                self.comparison(operator, &self.value(left)?, &self.value(right)?)
            }
            Term::In { left, values, negated } => {
                let found = self.is_in(left, values)?;
                Some(if *negated { found.map(|found| !found) } else { found })
            }
            term => match self.value(term)? {
                Value::Bool(truth) => Some(Some(truth)),
                Value::Null => Some(None),
                _ => None,
            },
        }
    }

    fn comparison(self, operator: &BinaryOperator, left: &Value, right: &Value) -> Option<Option<bool>> {
        if left.is_null() || right.is_null() {
            let both = left.is_null() && right.is_null();
            return Some(match operator {
                BinaryOperator::IsDistinctFrom => Some(!both),
                BinaryOperator::IsNotDistinctFrom => Some(both),
                _ => None,
            });
        }
        let relation = compare(left, right, self.texts);
        let is_equal = match relation {
            Relation::Ordered(ordering) => Some(ordering.is_eq()),
            Relation::Different => Some(false),
            Relation::Unknown => None,
        };
        let is_ordered = |holds: fn(Ordering) -> bool| match relation {
            Relation::Ordered(ordering) => Some(holds(ordering)),
            _ => None,
        };
        let truth = match operator {
            BinaryOperator::Equal | BinaryOperator::IsNotDistinctFrom => is_equal,
            BinaryOperator::NotEqual | BinaryOperator::IsDistinctFrom => is_equal.map(|equal| !equal),
            BinaryOperator::Less => is_ordered(Ordering::is_lt),
            BinaryOperator::LessOrEqual => is_ordered(Ordering::is_le),
            BinaryOperator::Greater => is_ordered(Ordering::is_gt),
            BinaryOperator::GreaterOrEqual => is_ordered(Ordering::is_ge),
            _ => None,
        };
        truth.map(Some)
    }

    fn is_in(self, left: &[Term], values: &[Vec<Term>]) -> Option<Option<bool>> {
        let left: Vec<Option<Value>> = left.iter().map(|term| self.value(term)).collect();
        // `false OR a = b OR ..`: what is found settles it, whatever memory does not know of the others.
        let (mut is_known, mut found) = (true, Some(false));
        for value in values {
            let mut equal = Some(Some(true));
            for (left, right) in left.iter().zip(value) {
                let part = match (left, self.value(right)) {
                    (Some(left), Some(right)) => self.comparison(&BinaryOperator::Equal, left, &right),
                    _ => None,
                };
                equal = match (equal, part) {
                    (Some(Some(false)), _) | (_, Some(Some(false))) => Some(Some(false)),
                    (Some(Some(true)), other) => other,
                    (other, Some(Some(true))) => other,
                    (Some(None), Some(None)) => Some(None),
                    _ => None,
                };
            }
            match equal {
                Some(Some(true)) => return Some(Some(true)),
                Some(Some(false)) => {}
                Some(None) => found = None,
                None => is_known = false,
            }
        }
        is_known.then_some(found)
    }
}

/// `+`, `-`, `*` and `%`; none where the databases do not agree.
fn calculate(operator: &BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    if left.is_null() || right.is_null() {
        return Some(Value::Null);
    }
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        let result = match operator {
            BinaryOperator::Add => left.checked_add(right),
            BinaryOperator::Subtract => left.checked_sub(right),
            BinaryOperator::Multiply => left.checked_mul(right),
            BinaryOperator::Modulo => left.checked_rem(right),
            _ => None,
        };
        // What does not fit is an error here, and a fraction there.
        return i64::try_from(result?).ok().map(Value::I64);
    }
    let (left, right) = (double(left)?, double(right)?);
    let result = match operator {
        BinaryOperator::Add => left + right,
        BinaryOperator::Subtract => left - right,
        BinaryOperator::Multiply => left * right,
        _ => return None,
    };
    result.is_finite().then_some(Value::F64(result))
}
