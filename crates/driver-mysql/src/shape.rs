//! [`Shape`]: the columns of a result, and how each is read.

use std::sync::Arc;

use aludel_driver::ColumnInfo;
use mysql_async::{
    Column,
    consts::{ColumnFlags, ColumnType},
};

/// The character set of bytes that are no text.
const BINARY: u16 = 63;

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Signed,
    Unsigned,
    Float,
    Double,
    Decimal,
    Date,
    Time,
    DateTime,
    Instant,
    Json,
    Text,
    Bytes,
}

/// The columns of a result, and how each is read.
pub(crate) struct Shape {
    source: Arc<[Column]>,
    /// The columns as the sink is told of them.
    pub(crate) columns: Arc<[ColumnInfo]>,
    /// How each column is read.
    pub(crate) readings: Box<[Reading]>,
}

impl Shape {
    /// The shape of these columns; the one from the last time where it still fits.
    pub(crate) fn of(source: Arc<[Column]>, last: Option<&Arc<Self>>) -> Arc<Self> {
        if let Some(last) = last
            && (Arc::ptr_eq(&last.source, &source) || last.source == source)
        {
            return last.clone();
        }
        let columns = source
            .iter()
            .map(|column| ColumnInfo { name: column.name_str().into(), type_name: type_name(column).into() })
            .collect();
        let readings = source.iter().map(reading).collect();
        Arc::new(Self { source, columns, readings })
    }
}

fn reading(column: &Column) -> Reading {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => match is_unsigned(column) {
            true => Reading::Unsigned,
            false => Reading::Signed,
        },
        ColumnType::MYSQL_TYPE_FLOAT => Reading::Float,
        ColumnType::MYSQL_TYPE_DOUBLE => Reading::Double,
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => Reading::Decimal,
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => Reading::Date,
        ColumnType::MYSQL_TYPE_TIME | ColumnType::MYSQL_TYPE_TIME2 => Reading::Time,
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => Reading::DateTime,
        // The session's time zone is UTC, so that what comes is the instant itself.
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => Reading::Instant,
        ColumnType::MYSQL_TYPE_JSON => Reading::Json,
        ColumnType::MYSQL_TYPE_BIT | ColumnType::MYSQL_TYPE_GEOMETRY | ColumnType::MYSQL_TYPE_VECTOR => {
            Reading::Bytes
        }
        _ if column.character_set() == BINARY => Reading::Bytes,
        _ => Reading::Text,
    }
}

/// The server's name for the type, as far as the protocol tells: the sizes of texts are not told apart.
fn type_name(column: &Column) -> &'static str {
    let is_binary = column.character_set() == BINARY;
    let flags = column.flags();
    if flags.contains(ColumnFlags::ENUM_FLAG) {
        return "enum";
    }
    if flags.contains(ColumnFlags::SET_FLAG) {
        return "set";
    }
    match (column.column_type(), is_unsigned(column)) {
        (ColumnType::MYSQL_TYPE_TINY, false) => "tinyint",
        (ColumnType::MYSQL_TYPE_TINY, true) => "tinyint unsigned",
        (ColumnType::MYSQL_TYPE_SHORT, false) => "smallint",
        (ColumnType::MYSQL_TYPE_SHORT, true) => "smallint unsigned",
        (ColumnType::MYSQL_TYPE_INT24, false) => "mediumint",
        (ColumnType::MYSQL_TYPE_INT24, true) => "mediumint unsigned",
        (ColumnType::MYSQL_TYPE_LONG, false) => "int",
        (ColumnType::MYSQL_TYPE_LONG, true) => "int unsigned",
        (ColumnType::MYSQL_TYPE_LONGLONG, false) => "bigint",
        (ColumnType::MYSQL_TYPE_LONGLONG, true) => "bigint unsigned",
        (ColumnType::MYSQL_TYPE_YEAR, _) => "year",
        (ColumnType::MYSQL_TYPE_FLOAT, _) => "float",
        (ColumnType::MYSQL_TYPE_DOUBLE, _) => "double",
        (ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL, _) => "decimal",
        (ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE, _) => "date",
        (ColumnType::MYSQL_TYPE_TIME | ColumnType::MYSQL_TYPE_TIME2, _) => "time",
        (ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2, _) => "datetime",
        (ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2, _) => "timestamp",
        (ColumnType::MYSQL_TYPE_JSON, _) => "json",
        (ColumnType::MYSQL_TYPE_BIT, _) => "bit",
        (ColumnType::MYSQL_TYPE_GEOMETRY, _) => "geometry",
        (ColumnType::MYSQL_TYPE_VECTOR, _) => "vector",
        (ColumnType::MYSQL_TYPE_ENUM, _) => "enum",
        (ColumnType::MYSQL_TYPE_SET, _) => "set",
        (ColumnType::MYSQL_TYPE_NULL, _) => "null",
        (ColumnType::MYSQL_TYPE_STRING, _) => {
            if is_binary {
                "binary"
            } else {
                "char"
            }
        }
        (ColumnType::MYSQL_TYPE_VARCHAR | ColumnType::MYSQL_TYPE_VAR_STRING, _) => {
            if is_binary {
                "varbinary"
            } else {
                "varchar"
            }
        }
        (
            ColumnType::MYSQL_TYPE_TINY_BLOB
            | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
            | ColumnType::MYSQL_TYPE_LONG_BLOB
            | ColumnType::MYSQL_TYPE_BLOB,
            _,
        ) => {
            if is_binary {
                "blob"
            } else {
                "text"
            }
        }
        _ => "",
    }
}

fn is_unsigned(column: &Column) -> bool {
    column.flags().contains(ColumnFlags::UNSIGNED_FLAG)
}
