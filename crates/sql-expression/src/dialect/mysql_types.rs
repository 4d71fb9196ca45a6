//! The types of MySQL and MariaDB.

use super::{
    Dialect, MySqlDialect, no_type,
    sqlite::{LONGEST_ADDRESS, MAC_ADDRESS, numeric},
};
use crate::{Result, types::SqlType};

/// The type of a column.
pub(super) fn type_name(dialect: &MySqlDialect, sql_type: &SqlType) -> Result<String> {
    Ok(match sql_type {
        SqlType::TinyInteger => "TINYINT".into(),
        SqlType::UnsignedTinyInteger => "TINYINT UNSIGNED".into(),
        SqlType::SmallInteger => "SMALLINT".into(),
        SqlType::UnsignedSmallInteger => "SMALLINT UNSIGNED".into(),
        SqlType::Integer => "INTEGER".into(),
        SqlType::UnsignedInteger => "INTEGER UNSIGNED".into(),
        SqlType::BigInteger | SqlType::Interval => "BIGINT".into(),
        SqlType::UnsignedBigInteger => "BIGINT UNSIGNED".into(),
        SqlType::Float => "FLOAT".into(),
        SqlType::Double => "DOUBLE".into(),
        // Without digits the database would keep whole numbers only.
        SqlType::Numeric { precision: None, .. } => "DECIMAL(38, 10)".into(),
        SqlType::Numeric { precision, scale } => numeric("DECIMAL", *precision, *scale),
        SqlType::Boolean => "BOOLEAN".into(),
        SqlType::Char(length) => format!("CHAR({length})"),
        SqlType::Varchar(length) => format!("VARCHAR({length})"),
        SqlType::Inet | SqlType::Cidr => format!("VARCHAR({LONGEST_ADDRESS})"),
        SqlType::MacAddress => format!("CHAR({MAC_ADDRESS})"),
        // TEXT ends at 65,535 bytes.
        SqlType::Text => "LONGTEXT".into(),
        SqlType::LargeBinary => "LONGBLOB".into(),
        SqlType::Date => "DATE".into(),
        SqlType::Time => "TIME(6)".into(),
        // TIMESTAMP ends in the year 2038; sessions are in UTC, so that DATETIME serves for instants too.
        SqlType::DateTime | SqlType::Timestamp => "DATETIME(6)".into(),
        SqlType::Uuid => "BINARY(16)".into(),
        SqlType::Json => "JSON".into(),
        SqlType::Enum { values, .. } => {
            let mut sql = String::from("ENUM(");
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    sql.push_str(", ");
                }
                dialect.write_constant_text(value, &mut sql)?;
            }
            sql.push(')');
            sql
        }
        SqlType::Custom(name) => name.to_string(),
        SqlType::Decorated(_) => type_name(dialect, sql_type.plain(dialect.name()))?,
        SqlType::DecimalText
        | SqlType::ScaledInteger(_)
        | SqlType::Array(_)
        | SqlType::Range(_)
        | SqlType::Multirange(_)
        | SqlType::Unknown => return Err(no_type(sql_type, dialect.name())),
    })
}

/// The type in a CAST, which knows fewer names.
pub(super) fn cast_type_name(dialect: &MySqlDialect, sql_type: &SqlType) -> Result<String> {
    Ok(match sql_type.plain(dialect.name()) {
        SqlType::TinyInteger
        | SqlType::SmallInteger
        | SqlType::Integer
        | SqlType::BigInteger
        | SqlType::Interval
        | SqlType::Boolean => "SIGNED".into(),
        SqlType::UnsignedTinyInteger
        | SqlType::UnsignedSmallInteger
        | SqlType::UnsignedInteger
        | SqlType::UnsignedBigInteger => "UNSIGNED".into(),
        SqlType::Char(length) | SqlType::Varchar(length) => format!("CHAR({length})"),
        SqlType::Inet | SqlType::Cidr | SqlType::MacAddress => "CHAR".into(),
        SqlType::Text | SqlType::Enum { .. } => "CHAR".into(),
        SqlType::Json if dialect.is_mariadb() => "CHAR".into(),
        SqlType::LargeBinary => "BINARY".into(),
        sql_type => type_name(dialect, sql_type)?,
    })
}
