//! The server's words for a type as one of ours.

use std::sync::Arc;

use aludel_driver::reflection::ReflectedType;
use aludel_sql_expression::SqlType;

/// The words of `column_type`, such as `int(10) unsigned` and `enum('a','b')`.
pub(super) fn reflect(name: &str) -> ReflectedType {
    let mut reflected = ReflectedType::raw(name);
    let (word, arguments, after) = split(name);
    reflected.unsigned = after.split(' ').any(|word| word == "unsigned");
    let mut numbers = arguments.split(',').map(|text| text.trim().parse::<u32>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    match word {
        "enum" | "set" => reflected.values = values(arguments),
        "decimal" | "float" | "double" => (reflected.precision, reflected.scale) = (first, second),
        "datetime" | "timestamp" | "time" => reflected.precision = first,
        // The width at which a number is shown says nothing of the number.
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => {}
        _ => reflected.length = first,
    }
    // MySQL keeps instants in TIMESTAMP alone.
    reflected.timezone = word == "timestamp";
    if let Some(own) = own(word, arguments, after, &reflected) {
        reflected.sql_type = own;
    }
    reflected
}

/// One of ours, where the dialect spells it just so.
fn own(word: &str, arguments: &str, after: &str, reflected: &ReflectedType) -> Option<SqlType> {
    let is_usual = arguments.is_empty() || usual_width(word, after) == Some(arguments);
    if matches!(word, "smallint" | "int" | "bigint") && !is_usual {
        return None;
    }
    Some(match (word, after) {
        ("tinyint", "unsigned") if is_usual => SqlType::UnsignedTinyInteger,
        ("smallint", "") => SqlType::SmallInteger,
        ("smallint", "unsigned") => SqlType::UnsignedSmallInteger,
        ("int", "") => SqlType::Integer,
        ("int", "unsigned") => SqlType::UnsignedInteger,
        ("bigint", "") => SqlType::BigInteger,
        ("bigint", "unsigned") => SqlType::UnsignedBigInteger,
        ("tinyint", "") if arguments == "1" => SqlType::Boolean,
        ("tinyint", "") if is_usual => SqlType::TinyInteger,
        ("float", "") if arguments.is_empty() => SqlType::Float,
        ("double", "") if arguments.is_empty() => SqlType::Double,
        ("decimal", "") => SqlType::Numeric {
            precision: reflected.precision.map(u16::try_from).transpose().ok()?,
            scale: reflected.scale.map(u16::try_from).transpose().ok()?,
        },
        ("varchar", "") => SqlType::Varchar(reflected.length?),
        ("char", "") => SqlType::Char(reflected.length?),
        ("longtext", "") => SqlType::Text,
        ("longblob", "") => SqlType::LargeBinary,
        ("date", "") => SqlType::Date,
        ("time", "") if reflected.precision == Some(6) => SqlType::Time,
        ("datetime", "") if reflected.precision == Some(6) => SqlType::DateTime,
        ("binary", "") if reflected.length == Some(16) => SqlType::Uuid,
        ("json", "") => SqlType::Json,
        ("enum", "") => {
            let values: Arc<[Arc<str>]> =
                reflected.values.iter().map(|value| Arc::from(value.as_str())).collect();
            SqlType::Enum { schema: None, name: Arc::from(""), values }
        }
        _ => return None,
    })
}

/// The width at which MariaDB shows numbers, where none was asked for.
fn usual_width(word: &str, after: &str) -> Option<&'static str> {
    Some(match (word, after) {
        ("tinyint", "") => "4",
        ("tinyint", "unsigned") => "3",
        ("smallint", "") => "6",
        ("smallint", "unsigned") => "5",
        ("int", "") => "11",
        ("int", "unsigned") => "10",
        ("bigint", _) => "20",
        _ => return None,
    })
}

/// `int(10) unsigned` is `int`, `10` and `unsigned`.
fn split(name: &str) -> (&str, &str, &str) {
    match (name.find('('), name.rfind(')')) {
        (Some(start), Some(end)) if start < end => {
            (name[..start].trim(), &name[start + 1..end], name[end + 1..].trim())
        }
        _ => match name.split_once(' ') {
            Some((word, after)) => (word, "", after),
            None => (name, "", ""),
        },
    }
}

/// The character that is meant by one behind a backslash.
fn unescaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        other => other,
    }
}

/// The words of `'a','it''s'`.
fn values(arguments: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut characters = arguments.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\'' {
            continue;
        }
        let mut value = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\'' if characters.next_if_eq(&'\'').is_none() => break,
                '\\' => value.extend(characters.next().map(unescaped)),
                character => value.push(character),
            }
        }
        values.push(value);
    }
    values
}
