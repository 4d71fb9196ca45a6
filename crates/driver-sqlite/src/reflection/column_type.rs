//! The declared type of a column as one of ours.

use aludel_driver::reflection::ReflectedType;
use aludel_sql_expression::SqlType;

use super::create_table::AFTER_TYPE;

/// A declared type, such as `VARCHAR(50)` and `UNSIGNED BIG INT`: SQLite takes any.
pub(super) fn reflect(name: &str) -> ReflectedType {
    let mut reflected = ReflectedType::raw(name);
    let upper = name.to_ascii_uppercase();
    let (word, arguments) = match upper.split_once('(') {
        Some((word, rest)) => (word.trim(), rest.trim_end().trim_end_matches(')')),
        None => (upper.trim(), ""),
    };
    if !is_plain(name) {
        // It is one name between quotes.
        reflected.sql_type = SqlType::Custom(super::quoted(name).into());
        return reflected;
    }
    let mut numbers = arguments.split(',').map(|text| text.trim().parse::<u32>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    match word {
        "NUMERIC" | "DECIMAL" | "FLOAT" | "DOUBLE" => {
            (reflected.precision, reflected.scale) = (first, second)
        }
        _ => reflected.length = first,
    }
    reflected.unsigned = word.contains("UNSIGNED");
    let own = match (word, arguments) {
        ("TINYINT", "") => SqlType::TinyInteger,
        ("SMALLINT", "") => SqlType::SmallInteger,
        ("INTEGER", "") => SqlType::Integer,
        ("BIGINT", "") => SqlType::BigInteger,
        ("FLOAT", "") => SqlType::Float,
        ("DOUBLE", "") => SqlType::Double,
        ("NUMERIC", _) if are_digits(arguments) => {
            let narrow = |digits: Option<u32>| digits.and_then(|digits| u16::try_from(digits).ok());
            SqlType::Numeric { precision: narrow(first), scale: narrow(second) }
        }
        ("BOOLEAN", "") => SqlType::Boolean,
        ("VARCHAR" | "CHAR", _) if first.is_some_and(|length| arguments == length.to_string()) => match first
        {
            Some(length) if word == "CHAR" => SqlType::Char(length),
            Some(length) => SqlType::Varchar(length),
            None => return reflected,
        },
        ("TEXT", "") => SqlType::Text,
        ("BLOB", "") => SqlType::LargeBinary,
        ("DATE", "") => SqlType::Date,
        ("TIME", "") => SqlType::Time,
        ("DATETIME", "") => SqlType::DateTime,
        ("TIMESTAMP", "") => SqlType::Timestamp,
        _ => return reflected,
    };
    // Capital and small letters are the same to it: the word is told as ours is written.
    reflected.name = match (&own, first, second) {
        (SqlType::Numeric { .. }, Some(first), Some(second)) => format!("NUMERIC({first}, {second})"),
        _ => upper,
    };
    reflected.sql_type = own;
    reflected
}

/// Whether what stands between the parentheses are numbers without a sign.
fn are_digits(arguments: &str) -> bool {
    let is_number = |text: &str| {
        let text = text.trim();
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    arguments.is_empty() || arguments.split(',').all(is_number)
}

/// Whether a type can be written without quotes: it takes words, and one or two numbers in parentheses.
fn is_plain(name: &str) -> bool {
    let mut words = name.split(|character: char| !(character.is_alphanumeric() || character == '_'));
    let signs =
        |character: char| character.is_alphanumeric() || character == '_' || " (),+-.".contains(character);
    name.chars().all(signs) && !words.any(|word| AFTER_TYPE.iter().any(|end| word.eq_ignore_ascii_case(end)))
}
