//! Compares values as the database does, or says that memory cannot tell.

use std::cmp::Ordering;

use aludel_sql_expression::{Value, dialect::TextComparison, value::Decimal};

/// How two values that are not NULL stand to each other, as the database sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The first is less, equal or greater.
    Ordered(Ordering),
    /// They are not equal; which one comes first is a matter of the database's language.
    Different,
    /// Only the database knows.
    Unknown,
}

/// Whole numbers up to here are the same as floating-point numbers.
const EXACT: i128 = 1 << 53;

pub(super) fn compare(left: &Value, right: &Value, texts: TextComparison) -> Relation {
    let ordered = Relation::Ordered;
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return ordered(left.cmp(&right));
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => ordered(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => ordered(left.cmp(right)),
        (Value::Time(left), Value::Time(right))
        | (Value::DateTime(left), Value::DateTime(right))
        | (Value::Instant(left), Value::Instant(right)) => ordered(left.cmp(right)),
        (Value::Decimal(left), Value::Decimal(right)) => ordered(left.cmp(right)),
        (Value::Decimal(left), Value::I64(right)) => ordered(left.cmp(&Decimal::from(*right))),
        (Value::I64(left), Value::Decimal(right)) => ordered(Decimal::from(*left).cmp(right)),
        (Value::Text(left), Value::Text(right)) => compare_texts(left, right, texts),
        (Value::Uuid(left), Value::Uuid(right)) => equal(left == right),
        (Value::Bytes(left), Value::Bytes(right)) => equal(left == right),
        _ => match (double(left), double(right)) {
            // Databases do not agree on what is less or greater than NaN.
            (Some(left), Some(right)) => left.partial_cmp(&right).map_or(Relation::Unknown, ordered),
            _ => Relation::Unknown,
        },
    }
}

fn equal(is_equal: bool) -> Relation {
    if is_equal { Relation::Ordered(Ordering::Equal) } else { Relation::Different }
}

fn compare_texts(left: &str, right: &str, texts: TextComparison) -> Relation {
    match texts {
        TextComparison::Bytes => Relation::Ordered(left.cmp(right)),
        _ if left == right => Relation::Ordered(Ordering::Equal),
        TextComparison::EqualBytes => Relation::Different,
        _ if are_surely_different(left, right) => Relation::Different,
        _ => Relation::Unknown,
    }
}

/// Whether no usual collation takes the texts as equal: plain letters, digits and signs that differ in more than case and
/// spaces at the end.
fn are_surely_different(left: &str, right: &str) -> bool {
    let is_plain = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_plain(left)
        && is_plain(right)
        && !left.trim_end_matches(' ').eq_ignore_ascii_case(right.trim_end_matches(' '))
}

/// A whole number of either kind.
pub(super) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::I64(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        _ => None,
    }
}

/// A number as a floating-point number, where that is exactly it.
pub(super) fn double(value: &Value) -> Option<f64> {
    match value {
        Value::F64(number) => Some(*number),
        value => whole(value).filter(|number| number.abs() <= EXACT).map(|number| number as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn numbers_of_different_kinds() {
        let compare = |left, right| compare(&left, &right, TextComparison::Bytes);
        let less = Relation::Ordered(Ordering::Less);
        assert_eq!(compare(Value::I64(-1), Value::U64(u64::MAX)), less);
        assert_eq!(compare(Value::I64(1), Value::F64(1.5)), less);
        assert_eq!(compare(Value::I64(i64::MAX), Value::F64(1.5)), Relation::Unknown);
        assert_eq!(compare(Value::F64(f64::NAN), Value::F64(f64::NAN)), Relation::Unknown);
        assert_eq!(compare(Value::I64(1), Value::Decimal("1.01".parse().unwrap())), less);
        assert_eq!(compare(Value::I64(1), text("1")), Relation::Unknown);
        assert_eq!(compare(Value::DateTime(1), Value::Instant(1)), Relation::Unknown);
    }

    #[test]
    fn texts_are_compared_as_the_database_does() {
        let less = Relation::Ordered(Ordering::Less);
        let equal = Relation::Ordered(Ordering::Equal);
        for (left, right, bytes, equal_bytes, collation) in [
            ("a", "a", equal, equal, equal),
            ("a", "b", less, Relation::Different, Relation::Different),
            ("A", "a", less, Relation::Different, Relation::Unknown),
            ("a", "a ", less, Relation::Different, Relation::Unknown),
            ("a", "á", less, Relation::Different, Relation::Unknown),
            ("", " ", less, Relation::Different, Relation::Unknown),
            ("a\tb", "ab", less, Relation::Different, Relation::Unknown),
        ] {
            let compare = |texts| compare(&text(left), &text(right), texts);
            assert_eq!(compare(TextComparison::Bytes), bytes, "{left:?} {right:?}");
            assert_eq!(compare(TextComparison::EqualBytes), equal_bytes, "{left:?} {right:?}");
            assert_eq!(compare(TextComparison::Collation), collation, "{left:?} {right:?}");
        }
    }
}
