//! Property: random expressions give on every database what they mean, bound and written out, whatever stands in which
//! parentheses.

use aludel::{
    prelude::*,
    sql::{Executable, Expression, case, coalesce, literal, not, trusted, typed::abs},
};

use crate::database::{Database, on_every_database};

/// An expression, and what it must give; none is NULL.
type Known<T> = (Expression<T>, Option<T>);

/// Makes expressions at random.
struct Maker(fastrand::Rng);

impl Maker {
    fn number(&mut self, depth: u8) -> Known<i64> {
        if depth == 0 || self.0.u8(..6) == 0 {
            let number = if self.0.u8(..8) == 0 { None } else { Some(self.0.i64(-4..5)) };
            return (literal(number).type_coerce(), number);
        }
        let both = |a: Option<i64>, b: Option<i64>, of: fn(i64, i64) -> i64| Some(of(a?, b?));
        match self.0.u8(..11) {
            0 => {
                let (a, known) = self.number(depth - 1);
                (-a, known.map(|a| -a))
            }
            1 => {
                let (a, known) = self.number(depth - 1);
                (a.bitwise_not(), known.map(|a| !a))
            }
            2 => {
                let (a, known) = self.number(depth - 1);
                (abs(a), known.map(i64::abs))
            }
            3 => {
                let ((a, left), (b, right)) = self.two_numbers(depth);
                (coalesce(a, b), left.or(right))
            }
            4 => {
                let (condition, holds) = self.truth(depth - 1);
                let ((a, left), (b, right)) = self.two_numbers(depth);
                let expression = case::<i64>().when(condition, a).otherwise(b);
                (expression, if holds == Some(true) { left } else { right })
            }
            operator => {
                let ((a, left), (b, right)) = self.two_numbers(depth);
                match operator {
                    5 => (a + b, both(left, right, |a, b| a + b)),
                    6 => (a - b, both(left, right, |a, b| a - b)),
                    7 => (a * b, both(left, right, |a, b| a * b)),
                    8 => (a.bitwise_and(b), both(left, right, |a, b| a & b)),
                    9 => (a.bitwise_or(b), both(left, right, |a, b| a | b)),
                    _ => (a.bitwise_xor(b), both(left, right, |a, b| a ^ b)),
                }
            }
        }
    }

    fn two_numbers(&mut self, depth: u8) -> (Known<i64>, Known<i64>) {
        (self.number(depth - 1), self.number(depth - 1))
    }

    fn truth(&mut self, depth: u8) -> Known<bool> {
        let below = depth.saturating_sub(1);
        let compared = |a: Option<i64>, b: Option<i64>, of: fn(&i64, &i64) -> bool| Some(of(&a?, &b?));
        match self.0.u8(..if depth == 0 { 8 } else { 12 }) {
            operator @ 0..=5 => {
                let ((a, left), (b, right)) = (self.number(below), self.number(below));
                match operator {
                    0 => (a.eq(b), compared(left, right, i64::eq)),
                    1 => (a.ne(b), compared(left, right, i64::ne)),
                    2 => (a.lt(b), compared(left, right, i64::lt)),
                    3 => (a.ge(b), compared(left, right, i64::ge)),
                    4 => (a.is_distinct_from(b), Some(left != right)),
                    _ => (a.is_not_distinct_from(b), Some(left == right)),
                }
            }
            6 => {
                let (a, known) = self.number(below);
                (a.is_null(), Some(known.is_none()))
            }
            7 => {
                let (a, known) = self.number(below);
                let list: Vec<i64> = (0..self.0.usize(..4)).map(|_| self.0.i64(-4..5)).collect();
                let holds = known.map(|known| list.contains(&known));
                // Nothing is in an empty list, not even NULL.
                let holds = if list.is_empty() { Some(false) } else { holds };
                (a.in_(list), holds)
            }
            8 => {
                let ((a, left), (b, right)) = (self.truth(below), self.truth(below));
                let holds = match (left, right) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (left, right) => left.and(right),
                };
                (a.and(b), holds)
            }
            9 => {
                let ((a, left), (b, right)) = (self.truth(below), self.truth(below));
                let holds = match (left, right) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (left, right) => left.and(right),
                };
                (a.or(b), holds)
            }
            10 => {
                let (a, known) = self.truth(below);
                (not(a), known.map(|known| !known))
            }
            _ => {
                let (a, known) = self.number(below);
                let (low, high) = (self.0.i64(-4..5), self.0.i64(-4..5));
                (a.between(low, high), known.map(|known| (low..=high).contains(&known)))
            }
        }
    }
}

async fn random_expressions_give_what_they_mean(database: &Database) {
    let mut conn = database.connect().await;
    let dialect = conn.dialect();
    let mut maker = Maker(fastrand::Rng::with_seed(4));
    for _ in 0..400 {
        let ((number, known), (condition, holds)) = (maker.number(5), maker.truth(4));
        // To MariaDB a parameter that is NULL has no type, and what is reckoned with it is a floating-point number.
        let known = known.map(|known| known as f64);
        let statement =
            select((number.type_coerce::<Option<f64>>(), condition.type_coerce::<Option<bool>>()));
        let written = statement.to_sql(&*dialect).unwrap();
        let bound = conn.execute(statement.clone()).all().await;
        let found = bound.unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(found, [(known, holds)], "{written}");
        let literal = text(trusted(written.clone())).returns::<(Option<f64>, Option<bool>)>();
        let found = conn.execute(literal).all().await.unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(found, [(known, holds)], "written out: {written}");
    }
}
on_every_database!(random_expressions_give_what_they_mean);
