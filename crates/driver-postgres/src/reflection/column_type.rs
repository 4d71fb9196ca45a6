//! The server's words for a type as one of ours.

use std::sync::Arc;

use aludel_driver::reflection::ReflectedType;
use aludel_sql_expression::SqlType;

/// An enumeration that a user made.
pub(super) struct UserType {
    /// Its schema, where it is not found without.
    pub(super) schema: Option<String>,
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// The words of `format_type`, such as `timestamp(3) with time zone` and `numeric(10,2)[]`.
pub(super) fn reflect(name: &str, is_array: bool, user_type: Option<&UserType>) -> ReflectedType {
    let mut reflected = ReflectedType::raw(name);
    let element = name.strip_suffix("[]").unwrap_or(name);
    reflected.array = is_array;
    if let Some(user_type) = user_type {
        reflected.values = user_type.values.clone();
        let own = SqlType::Enum {
            schema: user_type.schema.as_deref().map(Arc::from),
            name: Arc::from(user_type.name.as_str()),
            values: user_type.values.iter().map(|value| Arc::from(value.as_str())).collect(),
        };
        reflected.sql_type = arranged(own, is_array);
        return reflected;
    }
    let (word, arguments) = split(element);
    let number = |position: usize| arguments.get(position).and_then(|text| text.parse::<u32>().ok());
    if arguments.iter().any(|text| text.parse::<u32>().is_err()) {
        // A scale below zero has no place in ours.
        reflected.precision = number(0);
        return reflected;
    }
    match word.as_str() {
        "character varying" | "character" | "bit" | "bit varying" => reflected.length = number(0),
        "numeric" => (reflected.precision, reflected.scale) = (number(0), number(1)),
        word if word.starts_with("time") || word.starts_with("interval") => reflected.precision = number(0),
        _ => {}
    }
    reflected.timezone = word.ends_with("with time zone");
    if let Some(own) = own(&word, &reflected) {
        reflected.sql_type = arranged(own, is_array);
    }
    reflected
}

fn arranged(own: SqlType, is_array: bool) -> SqlType {
    if is_array { SqlType::Array(Arc::new(own)) } else { own }
}

/// One of ours, where the dialect spells it just so.
fn own(word: &str, reflected: &ReflectedType) -> Option<SqlType> {
    let plain = reflected.precision.is_none() && reflected.length.is_none();
    Some(match word {
        "smallint" => SqlType::SmallInteger,
        "integer" => SqlType::Integer,
        "bigint" => SqlType::BigInteger,
        "real" => SqlType::Float,
        "double precision" => SqlType::Double,
        "numeric" => SqlType::Numeric {
            precision: reflected.precision.map(u16::try_from).transpose().ok()?,
            scale: reflected.scale.map(u16::try_from).transpose().ok()?,
        },
        "boolean" => SqlType::Boolean,
        "character varying" => SqlType::Varchar(reflected.length?),
        "character" => SqlType::Char(reflected.length?),
        "text" => SqlType::Text,
        "bytea" => SqlType::LargeBinary,
        "date" => SqlType::Date,
        "time without time zone" if plain => SqlType::Time,
        "timestamp without time zone" if plain => SqlType::DateTime,
        "timestamp with time zone" if plain => SqlType::Timestamp,
        "uuid" => SqlType::Uuid,
        "jsonb" => SqlType::Json,
        "interval" if plain => SqlType::Interval,
        "inet" => SqlType::Inet,
        "cidr" => SqlType::Cidr,
        "macaddr" => SqlType::MacAddress,
        word if word.ends_with("multirange") => {
            SqlType::Multirange(Arc::new(bound(word.strip_suffix("multirange")?)?))
        }
        word if word.ends_with("range") => SqlType::Range(Arc::new(bound(word.strip_suffix("range")?)?)),
        _ => return None,
    })
}

/// What a range is of, by the beginning of its name.
fn bound(word: &str) -> Option<SqlType> {
    Some(match word {
        "int4" => SqlType::Integer,
        "int8" => SqlType::BigInteger,
        "num" => SqlType::Numeric { precision: None, scale: None },
        "date" => SqlType::Date,
        "ts" => SqlType::DateTime,
        "tstz" => SqlType::Timestamp,
        _ => return None,
    })
}

/// The words without what stands in parentheses, and that by itself: `timestamp(3) with time zone` is `timestamp with time
/// zone` and `3`.
fn split(name: &str) -> (String, Vec<&str>) {
    let parts = name.split_once('(').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once(')')?;
        Some((before, inside, after))
    });
    match parts {
        Some((before, inside, after)) if !name.starts_with('"') => {
            (format!("{before}{after}"), inside.split(',').map(str::trim).collect())
        }
        _ => (name.to_owned(), Vec::new()),
    }
}
