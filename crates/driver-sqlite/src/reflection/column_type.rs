//! The declared type of a column as one of ours.

use aludel_driver::reflection::ReflectedType;
use aludel_sql_expression::SqlType;

/// A declared type, such as `VARCHAR(50)` and `UNSIGNED BIG INT`: SQLite takes any.
pub(super) fn reflect(name: &str) -> ReflectedType {
    let mut reflected = ReflectedType::raw(name);
    let upper = name.to_ascii_uppercase();
    let (word, arguments) = match upper.split_once('(') {
        Some((word, rest)) => (word.trim(), rest.trim_end().trim_end_matches(')')),
        None => (upper.trim(), ""),
    };
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
        ("NUMERIC", _) => {
            let narrow = |digits: Option<u32>| digits.and_then(|digits| u16::try_from(digits).ok());
            SqlType::Numeric { precision: narrow(first), scale: narrow(second) }
        }
        ("BOOLEAN", "") => SqlType::Boolean,
        ("VARCHAR" | "CHAR", _) => match first {
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
    reflected.sql_type = own;
    reflected
}
