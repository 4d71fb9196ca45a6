//! SQLite.

use std::{fmt, sync::Arc};

use sea_query::SqliteQueryBuilder;

use super::{
    Autoincrement, Constructs, DdlFeatures, Dialect, DistinctFrom, Features, InsertMany, IntegerSizes,
    LimitStyle, MultipleTables, PhysicalNaming, SchemaTranslateMap, TextComparison, catalogue,
    literal::{self, LiteralStyle},
    no_type, reserved,
    text_style::TextStyle,
};
use crate::{Result, Value, schema::Wanted, types::SqlType, value::Decimal};

/// The SQL of SQLite.
///
/// Row locks (FOR UPDATE) are left out, as in SQLAlchemy: a transaction that writes locks the whole database.
#[derive(Clone)]
pub struct SqliteDialect {
    naming: PhysicalNaming,
    version: (u32, u32, u32),
    schemas: Option<SchemaTranslateMap>,
    features: Features,
}

impl Default for SqliteDialect {
    /// A library of version 3.44 or later.
    fn default() -> Self {
        Self { naming: PhysicalNaming::AsWritten, version: (0, 0, 0), schemas: None, features: FEATURES }
    }
}

impl fmt::Debug for SqliteDialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { naming, version, schemas, .. } = self;
        formatter
            .debug_struct("SqliteDialect")
            .field("version", version)
            .field("naming", naming)
            .field("schemas", schemas)
            .finish_non_exhaustive()
    }
}

impl SqliteDialect {
    /// A library of this version: what it lacks is an error that names the version.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, delete, dialect::SqliteDialect, schema::{Column, Table}, types::Integer};
    /// # let word = Table::unregistered("word").column(Column::new("id", Integer).primary_key());
    /// let statement = delete(&word).returning(word.c("id"));
    /// let error = statement.to_sql(&SqliteDialect::of_version((3, 34, 1))).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "DELETE .. RETURNING is not supported by the sqlite dialect (version 3.34.1)"
    /// );
    /// ```
    #[must_use]
    pub fn of_version(version: (u32, u32, u32)) -> Self {
        let mut features = FEATURES;
        let constructs = &mut features.constructs;
        let since = |minor: u32| version >= (3, minor, 0);
        constructs.date_floor &= since(46);
        constructs.aggregate_order &= since(44);
        constructs.materialized &= since(35);
        constructs.json = constructs.json.filter(|_| since(38));
        constructs.frame_exclusion &= since(28);
        constructs.upsert = constructs.upsert.filter(|_| since(24));
        features.right_join &= since(39);
        features.full_join &= since(39);
        for returning in
            [&mut features.insert_returning, &mut features.update_returning, &mut features.delete_returning]
        {
            *returning &= since(35);
        }
        features.update_from = features.update_from.filter(|_| since(33));
        features.nulls_order &= since(30);
        features.aggregate_filter &= since(30);
        features.groups_frame &= since(28);
        features.windows &= since(25);
        Self { version, features, ..Self::default() }
    }

    /// The same with another naming of tables and columns.
    #[must_use]
    pub fn with_naming(mut self, naming: PhysicalNaming) -> Self {
        self.naming = naming;
        self
    }
}

const FEATURES: Features = Features {
    insert_returning: true,
    update_returning: true,
    delete_returning: true,
    insert_many: InsertMany::Loop,
    update_from: Some(MultipleTables::After),
    with_before_dml: true,
    max_parameters: 32_766,
    max_identifier_length: 1_000,
    max_alias_length: 1_000,
    limit: LimitStyle::LimitOffset,
    limit_of_all_rows: Some("-1"),
    distinct_from: DistinctFrom::Is,
    lateral: false,
    parenthesized_set_operations: false,
    integer_sizes: IntegerSizes::One,
    scaled_integers: true,
    not_a_number: false,
    autoincrement: Autoincrement::RowId,
    alter_foreign_keys: false,
    defer_foreign_keys: Some("PRAGMA defer_foreign_keys = ON"),
    index_if_exists: true,
    text_comparison: TextComparison::Bytes,
    constructs: Constructs::sqlite(),
    ddl: DdlFeatures::sqlite(),
    ..Features::standard()
};

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    fn features(&self) -> &Features {
        &self.features
    }

    fn naming(&self) -> PhysicalNaming {
        self.naming
    }

    fn with_naming(&self, naming: PhysicalNaming) -> Arc<dyn Dialect> {
        Arc::new(Self { naming, ..self.clone() })
    }

    fn schemas(&self) -> Option<&SchemaTranslateMap> {
        self.schemas.as_ref()
    }

    fn with_schemas(&self, schemas: SchemaTranslateMap) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(Self { schemas: (!schemas.is_empty()).then_some(schemas), ..self.clone() }))
    }

    fn catalogue_query(&self, wanted: &Wanted) -> Result<Option<String>> {
        catalogue::of_sqlite(wanted, self).map(Some)
    }

    fn write_placeholder(&self, number: usize, sql: &mut String) {
        literal::write_placeholder(&SqliteQueryBuilder, number, sql);
    }

    /// A placeholder has a name where the driver must keep a decimal as text, or send it as one: `:decimal_text_3`.
    fn write_typed_placeholder(&self, number: usize, sql_type: &SqlType, sql: &mut String) {
        match sql_type {
            SqlType::DecimalText => {
                sql.push_str(":decimal_text_");
                sql.push_str(&number.to_string());
            }
            SqlType::ScaledInteger(scale) => {
                sql.push_str(&format!("aludel_scaled(:scaled_integer_{scale}_{number}, {scale})"));
            }
            _ => self.write_placeholder(number, sql),
        }
    }

    fn write_quoted(&self, name: &str, sql: &mut String) {
        literal::write_quoted(&SqliteQueryBuilder, name, sql);
    }

    fn is_reserved(&self, word: &str) -> bool {
        reserved::is_in(reserved::SQLITE, word)
    }

    fn write_literal(&self, value: &Value, sql: &mut String) -> Result<()> {
        // Most of what is written out in great numbers is text.
        if let Value::Text(text) = value {
            return TextStyle::Sqlite.write(text, sql);
        }
        // It reads a number that is too large as infinity.
        if let Value::F64(f64::INFINITY) | Value::F32(f32::INFINITY) = value {
            sql.push_str("9e999");
            return Ok(());
        }
        if let Value::F64(f64::NEG_INFINITY) | Value::F32(f32::NEG_INFINITY) = value {
            sql.push_str("-9e999");
            return Ok(());
        }
        literal::write_literal(
            &SqliteQueryBuilder,
            &LiteralStyle { intervals: false, typed: false, binary_uuid: false, text: TextStyle::Sqlite },
            value,
            sql,
        )
    }

    fn write_typed_literal(&self, value: &Value, sql_type: &SqlType, sql: &mut String) -> Result<()> {
        match (value, sql_type) {
            (Value::Decimal(number), SqlType::DecimalText) => {
                self.write_literal(&Value::Text(number.to_string().into()), sql)
            }
            (Value::Null, SqlType::ScaledInteger(_)) => self.write_literal(value, sql),
            // A whole number, which every program reads.
            (Value::Decimal(number), SqlType::ScaledInteger(scale)) => {
                sql.push_str(&number.scaled(*scale)?.to_string());
                Ok(())
            }
            (Value::I64(number), SqlType::ScaledInteger(scale)) => {
                sql.push_str(&Decimal::from(*number).scaled(*scale)?.to_string());
                Ok(())
            }
            (value, SqlType::ScaledInteger(scale)) => {
                sql.push_str("aludel_scaled(");
                self.write_literal(value, sql)?;
                sql.push_str(&format!(", {scale})"));
                Ok(())
            }
            _ => self.write_literal(value, sql),
        }
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type {
            SqlType::TinyInteger => "TINYINT".into(),
            SqlType::UnsignedTinyInteger | SqlType::SmallInteger => "SMALLINT".into(),
            SqlType::UnsignedSmallInteger | SqlType::Integer => "INTEGER".into(),
            SqlType::UnsignedInteger
            | SqlType::BigInteger
            | SqlType::UnsignedBigInteger
            | SqlType::Interval => "BIGINT".into(),
            SqlType::Float => "FLOAT".into(),
            SqlType::Double => "DOUBLE".into(),
            SqlType::Numeric { precision, scale } => numeric("NUMERIC", *precision, *scale),
            SqlType::Boolean => "BOOLEAN".into(),
            SqlType::DecimalText => "TEXT COLLATE aludel_decimal".into(),
            SqlType::ScaledInteger(_) => "BIGINT".into(),
            SqlType::Char(length) => format!("CHAR({length})"),
            SqlType::Varchar(length) => format!("VARCHAR({length})"),
            SqlType::Inet | SqlType::Cidr => format!("VARCHAR({LONGEST_ADDRESS})"),
            SqlType::MacAddress => format!("CHAR({MAC_ADDRESS})"),
            // JSON as a declared type would turn a document that is a number into that number.
            SqlType::Text | SqlType::Uuid | SqlType::Json => "TEXT".into(),
            SqlType::LargeBinary => "BLOB".into(),
            SqlType::Date => "DATE".into(),
            SqlType::Time => "TIME".into(),
            SqlType::DateTime => "DATETIME".into(),
            SqlType::Timestamp => "TIMESTAMP".into(),
            SqlType::Enum { values, .. } => format!("VARCHAR({})", longest(values)),
            SqlType::Custom(name) => name.to_string(),
            SqlType::Decorated(_) => self.type_name(sql_type.plain(self.name()))?,
            SqlType::Array(_) | SqlType::Range(_) | SqlType::Multirange(_) | SqlType::Unknown => {
                return Err(no_type(sql_type, self.name()));
            }
        })
    }

    fn cast_type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type.plain(self.name()) {
            // These are kept as text, which a cast to their declared type would turn into a number.
            SqlType::Date
            | SqlType::Time
            | SqlType::DateTime
            | SqlType::Timestamp
            | SqlType::Enum { .. }
            | SqlType::DecimalText => "TEXT".into(),
            SqlType::Boolean => "INTEGER".into(),
            sql_type => self.type_name(sql_type)?,
        })
    }
}

/// How long the text of an address of the internet is at most: of the sixth version, with the length of its network.
pub(super) const LONGEST_ADDRESS: u32 = 43;

/// How long the text of the address of a network card is.
pub(super) const MAC_ADDRESS: u32 = 17;

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
