//! SQLite.

use std::sync::Arc;

use sea_query::SqliteQueryBuilder;

use super::{
    Autoincrement, Constructs, Dialect, DistinctFrom, Features, InsertMany, LimitStyle, MultipleTables,
    PhysicalNaming, TextComparison,
    literal::{self, LiteralStyle},
    no_type, reserved,
};
use crate::{Result, Value, types::SqlType};

/// The SQL of SQLite, from version 3.35 on.
///
/// Row locks (FOR UPDATE) are left out, as in SQLAlchemy: a transaction that writes locks the whole database.
#[derive(Clone, Debug, Default)]
pub struct SqliteDialect {
    naming: PhysicalNaming,
}

impl SqliteDialect {
    /// The same with another naming of tables and columns.
    #[must_use]
    pub fn with_naming(mut self, naming: PhysicalNaming) -> Self {
        self.naming = naming;
        self
    }
}

static FEATURES: Features = Features {
    insert_returning: true,
    update_returning: true,
    delete_returning: true,
    insert_many: InsertMany::Loop,
    update_from: Some(MultipleTables::After),
    with_before_dml: true,
    max_parameters: 32_766,
    max_identifier_length: 1_000,
    limit: LimitStyle::LimitOffset,
    limit_of_all_rows: Some("-1"),
    distinct_from: DistinctFrom::Is,
    lateral: false,
    parenthesized_set_operations: false,
    autoincrement: Autoincrement::RowId,
    alter_foreign_keys: false,
    defer_foreign_keys: Some("PRAGMA defer_foreign_keys = ON"),
    index_if_exists: true,
    text_comparison: TextComparison::Bytes,
    constructs: Constructs::sqlite(),
    ..Features::standard()
};

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn features(&self) -> &Features {
        &FEATURES
    }

    fn naming(&self) -> PhysicalNaming {
        self.naming
    }

    fn with_naming(&self, naming: PhysicalNaming) -> Arc<dyn Dialect> {
        Arc::new(Self { naming })
    }

    fn write_placeholder(&self, number: usize, sql: &mut String) {
        literal::write_placeholder(&SqliteQueryBuilder, number, sql);
    }

    fn write_quoted(&self, name: &str, sql: &mut String) {
        literal::write_quoted(&SqliteQueryBuilder, name, sql);
    }

    fn is_reserved(&self, word: &str) -> bool {
        reserved::is_in(reserved::SQLITE, word)
    }

    fn write_literal(&self, value: &Value, sql: &mut String) -> Result<()> {
        literal::write_literal(
            &SqliteQueryBuilder,
            &LiteralStyle { typed: false, binary_uuid: false },
            value,
            sql,
        )
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type {
            SqlType::SmallInteger => "SMALLINT".into(),
            SqlType::Integer => "INTEGER".into(),
            SqlType::BigInteger | SqlType::UnsignedBigInteger => "BIGINT".into(),
            SqlType::Float => "FLOAT".into(),
            SqlType::Double => "DOUBLE".into(),
            SqlType::Numeric { precision, scale } => numeric("NUMERIC", *precision, *scale),
            SqlType::Boolean => "BOOLEAN".into(),
            SqlType::Varchar(length) => format!("VARCHAR({length})"),
            // JSON as a declared type would turn a document that is a number into that number.
            SqlType::Text | SqlType::Uuid | SqlType::Json => "TEXT".into(),
            SqlType::LargeBinary => "BLOB".into(),
            SqlType::Date => "DATE".into(),
            SqlType::Time => "TIME".into(),
            SqlType::DateTime => "DATETIME".into(),
            SqlType::Timestamp => "TIMESTAMP".into(),
            SqlType::Enum { values, .. } => format!("VARCHAR({})", longest(values)),
            SqlType::Custom(name) => name.to_string(),
            SqlType::Array(_) | SqlType::Unknown => return Err(no_type(sql_type, self.name())),
        })
    }

    fn cast_type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type {
            // These are kept as text, which a cast to their declared type would turn into a number.
            SqlType::Date | SqlType::Time | SqlType::DateTime | SqlType::Timestamp | SqlType::Enum { .. } => {
                "TEXT".into()
            }
            SqlType::Boolean => "INTEGER".into(),
            sql_type => self.type_name(sql_type)?,
        })
    }
}

/// `NUMERIC(10, 2)`.
pub(super) fn numeric(name: &str, precision: Option<u16>, scale: Option<u16>) -> String {
    match (precision, scale) {
        (Some(precision), Some(scale)) => format!("{name}({precision}, {scale})"),
        (Some(precision), None) => format!("{name}({precision})"),
        (None, _) => name.to_owned(),
    }
}

/// The length of the longest word.
pub(super) fn longest(values: &[Arc<str>]) -> usize {
    values.iter().map(|value| value.chars().count()).max().unwrap_or(1).max(1)
}
