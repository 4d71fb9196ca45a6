//! PostgreSQL.

use std::sync::Arc;

use sea_query::PostgresQueryBuilder;

use super::{
    Constructs, Dialect, EnumerationStyle, Features, ForeignKeyIfExists, LimitStyle, MultipleTables,
    PhysicalNaming, RowLocking, TextComparison,
    literal::{self, LiteralStyle},
    no_type, reserved,
    sqlite::numeric,
};
use crate::{Result, Value, types::SqlType};

/// The SQL of PostgreSQL, from version 14 on.
#[derive(Clone, Debug, Default)]
pub struct PostgresDialect {
    naming: PhysicalNaming,
}

impl PostgresDialect {
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
    update_from: Some(MultipleTables::After),
    delete_using: Some(MultipleTables::After),
    with_before_dml: true,
    max_parameters: 65_535,
    max_identifier_length: 63,
    limit: LimitStyle::LimitOffset,
    ilike: true,
    array_parameters: true,
    typed_parameters: true,
    distinct_on: true,
    row_locking: Some(RowLocking { share: "FOR SHARE", of: true }),
    dollar_quotes: true,
    enumerations: EnumerationStyle::NamedType,
    index_if_exists: true,
    comment_statements: true,
    foreign_key_if_exists: ForeignKeyIfExists::Block,
    text_comparison: TextComparison::EqualBytes,
    constructs: Constructs::postgres(),
    ..Features::standard()
};

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        "postgresql"
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
        literal::write_placeholder(&PostgresQueryBuilder, number, sql);
    }

    fn write_quoted(&self, name: &str, sql: &mut String) {
        literal::write_quoted(&PostgresQueryBuilder, name, sql);
    }

    fn is_reserved(&self, word: &str) -> bool {
        reserved::is_in(reserved::POSTGRES, word)
    }

    fn write_literal(&self, value: &Value, sql: &mut String) -> Result<()> {
        literal::write_literal(
            &PostgresQueryBuilder,
            &LiteralStyle { typed: true, binary_uuid: false },
            value,
            sql,
        )
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type {
            SqlType::SmallInteger => "SMALLINT".into(),
            SqlType::Integer => "INTEGER".into(),
            SqlType::BigInteger | SqlType::UnsignedBigInteger => "BIGINT".into(),
            SqlType::Float => "REAL".into(),
            SqlType::Double => "DOUBLE PRECISION".into(),
            SqlType::Numeric { precision, scale } => numeric("NUMERIC", *precision, *scale),
            SqlType::Boolean => "BOOLEAN".into(),
            SqlType::Varchar(length) => format!("VARCHAR({length})"),
            SqlType::Text => "TEXT".into(),
            SqlType::LargeBinary => "BYTEA".into(),
            SqlType::Date => "DATE".into(),
            SqlType::Time => "TIME".into(),
            SqlType::DateTime => "TIMESTAMP".into(),
            SqlType::Timestamp => "TIMESTAMP WITH TIME ZONE".into(),
            SqlType::Uuid => "UUID".into(),
            SqlType::Json => "JSONB".into(),
            SqlType::Enum { name, .. } => self.identifier(name),
            SqlType::Array(element) => format!("{}[]", self.type_name(element)?),
            SqlType::Custom(name) => name.to_string(),
            SqlType::Unknown => return Err(no_type(sql_type, self.name())),
        })
    }
}
