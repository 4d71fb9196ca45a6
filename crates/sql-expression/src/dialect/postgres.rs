//! PostgreSQL.

use std::{fmt, sync::Arc};

use sea_query::PostgresQueryBuilder;

use super::{
    Constructs, DdlFeatures, Dialect, EnumerationStyle, Features, ForeignKeyIfExists, LimitStyle,
    MultipleTables, PhysicalNaming, RowLocking, SchemaTranslateMap, TextComparison, TryCastStyle, catalogue,
    literal::{self, LiteralStyle},
    no_type, reserved,
    sqlite::numeric,
    text_style::TextStyle,
};
use crate::{Result, Value, name::Name, schema::Wanted, types::SqlType};

/// The SQL of PostgreSQL.
#[derive(Clone)]
pub struct PostgresDialect {
    naming: PhysicalNaming,
    version: (u32, u32, u32),
    schemas: Option<SchemaTranslateMap>,
    features: Features,
}

impl Default for PostgresDialect {
    /// What PostgreSQL has from version 14 on.
    fn default() -> Self {
        Self { naming: PhysicalNaming::AsWritten, version: (0, 0, 0), schemas: None, features: FEATURES }
    }
}

impl fmt::Debug for PostgresDialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { naming, version, schemas, .. } = self;
        formatter
            .debug_struct("PostgresDialect")
            .field("version", version)
            .field("naming", naming)
            .field("schemas", schemas)
            .finish_non_exhaustive()
    }
}

impl PostgresDialect {
    /// A server of this version: what it lacks is an error that names the version, what it brought can be said.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::PostgresDialect, literal, select};
    /// let statement = select(literal("12".to_owned()).try_cast::<i64>());
    /// assert_eq!(
    ///     statement.to_sql(&PostgresDialect::of_version((16, 4, 0)))?,
    ///     "SELECT CASE WHEN pg_input_is_valid(CAST('12' AS TEXT), 'BIGINT') THEN CAST('12' AS BIGINT) END"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn of_version(version: (u32, u32, u32)) -> Self {
        let mut features = FEATURES;
        let constructs = &mut features.constructs;
        if version >= (16, 0, 0) {
            constructs.try_cast = Some(TryCastStyle::InputIsValid);
        }
        constructs.json_table &= version >= (17, 0, 0);
        constructs.with_ties &= version >= (13, 0, 0);
        constructs.materialized &= version >= (12, 0, 0);
        constructs.frame_exclusion &= version >= (11, 0, 0);
        constructs.frame_intervals &= version >= (11, 0, 0);
        features.groups_frame &= version >= (11, 0, 0);
        features.ddl.nulls_not_distinct &= version >= (15, 0, 0);
        features.ddl.virtual_columns &= version >= (18, 0, 0);
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
    update_from: Some(MultipleTables::After),
    delete_using: Some(MultipleTables::After),
    with_before_dml: true,
    max_parameters: 65_535,
    max_identifier_length: 63,
    max_alias_length: 63,
    limit: LimitStyle::LimitOffset,
    ilike: true,
    array_parameters: true,
    typed_parameters: true,
    distinct_on: true,
    row_locking: Some(RowLocking {
        share: "FOR SHARE",
        of: true,
        nowait: true,
        skip_locked: true,
        of_parts: false,
    }),
    dollar_quotes: true,
    enumerations: EnumerationStyle::NamedType,
    index_if_exists: true,
    comment_statements: true,
    foreign_key_if_exists: ForeignKeyIfExists::Block,
    text_comparison: TextComparison::EqualBytes,
    constructs: Constructs::postgres(),
    ddl: DdlFeatures::postgres(),
    ..Features::standard()
};

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        "postgresql"
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

    fn insert_in_with_query(&self, table: &crate::schema::Table) -> Option<String> {
        // A rule may turn an INSERT into several statements, which WITH does not take.
        let name = self.table_name(table).replace('\'', "''");
        Some(format!(
            "SELECT relkind IN ('r', 'p') AND NOT relhasrules FROM pg_catalog.pg_class \
             WHERE oid = pg_catalog.to_regclass('{name}')"
        ))
    }

    fn schemas(&self) -> Option<&SchemaTranslateMap> {
        self.schemas.as_ref()
    }

    fn with_schemas(&self, schemas: SchemaTranslateMap) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(Self { schemas: (!schemas.is_empty()).then_some(schemas), ..self.clone() }))
    }

    fn catalogue_query(&self, wanted: &Wanted) -> Result<Option<String>> {
        catalogue::of_postgres(wanted, self).map(Some)
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
        // Most of what is written out in great numbers is text.
        if let Value::Text(text) = value {
            return TextStyle::Postgres.write(text, sql);
        }
        if let Value::Array(array) = value
            && array.element != SqlType::Unknown
        {
            // Without it an empty list has no type, and words would be text, and not of their enumeration.
            sql.push_str("CAST(ARRAY[");
            for (position, value) in array.values.iter().enumerate() {
                if position > 0 {
                    sql.push_str(", ");
                }
                self.write_literal(value, sql)?;
            }
            sql.push_str(&format!("] AS {}[])", self.type_name(&array.element)?));
            return Ok(());
        }
        let number = match value {
            Value::F32(number) => Some(f64::from(*number)),
            Value::F64(number) => Some(*number),
            _ => None,
        };
        if let Some(number) = number.filter(|number| !number.is_finite()) {
            let word = if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            sql.push_str(&format!("CAST('{word}' AS DOUBLE PRECISION)"));
            return Ok(());
        }
        literal::write_literal(
            &PostgresQueryBuilder,
            &LiteralStyle { intervals: true, typed: true, binary_uuid: false, text: TextStyle::Postgres },
            value,
            sql,
        )
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        Ok(match sql_type {
            SqlType::TinyInteger | SqlType::UnsignedTinyInteger | SqlType::SmallInteger => "SMALLINT".into(),
            SqlType::UnsignedSmallInteger | SqlType::Integer => "INTEGER".into(),
            SqlType::UnsignedInteger | SqlType::BigInteger | SqlType::UnsignedBigInteger => "BIGINT".into(),
            SqlType::Float => "REAL".into(),
            SqlType::Double => "DOUBLE PRECISION".into(),
            SqlType::Numeric { precision, scale } => numeric("NUMERIC", *precision, *scale),
            SqlType::Boolean => "BOOLEAN".into(),
            SqlType::Char(length) => format!("CHAR({length})"),
            SqlType::Varchar(length) => format!("VARCHAR({length})"),
            SqlType::Text => "TEXT".into(),
            SqlType::LargeBinary => "BYTEA".into(),
            SqlType::Date => "DATE".into(),
            SqlType::Time => "TIME".into(),
            SqlType::DateTime => "TIMESTAMP".into(),
            SqlType::Timestamp => "TIMESTAMP WITH TIME ZONE".into(),
            SqlType::Interval => "INTERVAL".into(),
            SqlType::Uuid => "UUID".into(),
            SqlType::Inet => "INET".into(),
            SqlType::Cidr => "CIDR".into(),
            SqlType::MacAddress => "MACADDR".into(),
            SqlType::Range(of) => range_name(of, self)?.into(),
            SqlType::Multirange(of) => range_name(of, self)?.replace("RANGE", "MULTIRANGE"),
            SqlType::Decorated(_) => self.type_name(sql_type.plain(self.name()))?,
            SqlType::Json => "JSONB".into(),
            SqlType::Enum { schema: None, name, .. } => self.identifier(name),
            SqlType::Enum { schema, name, .. } => {
                self.qualified(schema.clone().map(Name::Shared).as_ref(), name)
            }
            SqlType::Array(element) => format!("{}[]", self.type_name(element)?),
            SqlType::Custom(name) => name.to_string(),
            SqlType::DecimalText | SqlType::ScaledInteger(_) | SqlType::Unknown => {
                return Err(no_type(sql_type, self.name()));
            }
        })
    }
}

/// The range of a type. Multiranges are called like ranges.
fn range_name(of: &SqlType, dialect: &PostgresDialect) -> Result<&'static str> {
    Ok(match of.plain(dialect.name()) {
        SqlType::Integer => "INT4RANGE",
        SqlType::BigInteger => "INT8RANGE",
        SqlType::Numeric { .. } => "NUMRANGE",
        SqlType::Date => "DATERANGE",
        SqlType::DateTime => "TSRANGE",
        SqlType::Timestamp => "TSTZRANGE",
        other => return Err(no_type(&SqlType::Range(Arc::new(other.clone())), dialect.name())),
    })
}
