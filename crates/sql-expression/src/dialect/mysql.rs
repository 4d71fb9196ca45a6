//! MySQL and MariaDB.

use std::{fmt, sync::Arc};

use sea_query::MysqlQueryBuilder;

use super::{
    Autoincrement, Concatenation, Constructs, DdlFeatures, DefaultValues, Dialect, DistinctFrom,
    EnumerationStyle, Features, ForeignKeyIfExists, IntegerSizes, LimitStyle, MultipleTables, PhysicalNaming,
    RowLocking, SchemaTranslateMap, UpsertStyle, ValuesStyle, catalogue,
    literal::{self, LiteralStyle},
    mysql_types, reserved,
    text_style::TextStyle,
};
use crate::{Result, Value, schema::Wanted, types::SqlType};

/// The SQL of MySQL or of MariaDB. The two differ in more than their names. What a version lacks is an error that names it.
#[derive(Clone)]
pub struct MySqlDialect {
    mariadb: bool,
    version: (u32, u32, u32),
    naming: PhysicalNaming,
    schemas: Option<SchemaTranslateMap>,
    features: Features,
}

impl fmt::Debug for MySqlDialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mariadb, version, naming, schemas, .. } = self;
        formatter
            .debug_struct("MySqlDialect")
            .field("mariadb", mariadb)
            .field("version", version)
            .field("naming", naming)
            .field("schemas", schemas)
            .finish_non_exhaustive()
    }
}

impl MySqlDialect {
    /// MySQL of a version.
    pub fn mysql(version: (u32, u32, u32)) -> Self {
        Self {
            mariadb: false,
            version,
            naming: PhysicalNaming::AsWritten,
            schemas: None,
            features: mysql(version),
        }
    }

    /// MariaDB of a version.
    pub fn mariadb(version: (u32, u32, u32)) -> Self {
        Self {
            mariadb: true,
            version,
            naming: PhysicalNaming::AsWritten,
            schemas: None,
            features: mariadb(version),
        }
    }

    /// The same with another naming of tables and columns.
    #[must_use]
    pub fn with_naming(mut self, naming: PhysicalNaming) -> Self {
        self.naming = naming;
        self
    }

    /// Whether this is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.mariadb
    }
}

impl Default for MySqlDialect {
    /// MySQL 8.4.
    fn default() -> Self {
        Self::mysql((8, 4, 0))
    }
}

/// MySQL, from version 8.0.31 on.
const MYSQL: Features = Features {
    default_values: DefaultValues::EmptyRow,
    update_from: Some(MultipleTables::List),
    delete_using: Some(MultipleTables::List),
    with_before_dml: true,
    max_parameters: 65_535,
    decimal_parameter: Some("DECIMAL(65, 30)"),
    max_identifier_length: 64,
    max_alias_length: 256,
    limit: LimitStyle::LimitOffset,
    limit_of_all_rows: Some("18446744073709551615"),
    distinct_from: DistinctFrom::NullSafeEqual,
    concatenation: Concatenation::Function,
    right_join: true,
    full_join: false,
    aggregate_filter: false,
    groups_frame: false,
    nulls_order: false,
    row_locking: Some(RowLocking {
        share: "FOR SHARE",
        of: true,
        nowait: true,
        skip_locked: true,
        of_parts: true,
    }),
    backslash_escapes: true,
    hash_comments: true,
    integer_sizes: IntegerSizes::All,
    not_a_number: false,
    infinity: false,
    autoincrement: Autoincrement::Keyword,
    enumerations: EnumerationStyle::Inline,
    drop_index_on_table: true,
    inline_indexes: true,
    inline_comments: true,
    unlimited_text_keys: false,
    constructs: Constructs::mysql(),
    ddl: DdlFeatures::mysql(),
    ..Features::standard()
};

/// MariaDB, from version 10.6 on.
const MARIADB: Features = Features {
    insert_returning: true,
    delete_returning: true,
    with_before_dml: false,
    lateral: false,
    row_locking: Some(RowLocking {
        share: "LOCK IN SHARE MODE",
        of: false,
        nowait: true,
        skip_locked: true,
        of_parts: true,
    }),
    index_if_exists: true,
    foreign_key_if_exists: ForeignKeyIfExists::Clause,
    constructs: Constructs::mariadb(),
    ddl: DdlFeatures::mariadb(),
    ..MYSQL
};

/// What a version of MySQL has.
fn mysql(version: (u32, u32, u32)) -> Features {
    let mut features = MYSQL;
    let constructs = &mut features.constructs;
    let release = |release: u32| version >= (8, 0, release);
    constructs.intersect_except &= release(31);
    constructs.intersect_all &= release(31);
    if !release(19) {
        constructs.upsert = Some(UpsertStyle::DuplicateKeyValues);
        constructs.values = ValuesStyle::Select;
    }
    constructs.json_table &= release(4);
    features.lateral &= release(14);
    if !release(0) {
        constructs.regexp = None;
        before_windows(&mut features);
    }
    features
}

/// What a version of MariaDB has.
fn mariadb(version: (u32, u32, u32)) -> Features {
    let mut features = MARIADB;
    let constructs = &mut features.constructs;
    constructs.with_ties &= version >= (10, 6, 0);
    constructs.json_table &= version >= (10, 6, 0);
    constructs.intersect_all &= version >= (10, 5, 0);
    constructs.intersect_except &= version >= (10, 3, 0);
    features.insert_returning &= version >= (10, 5, 0);
    if let Some(locking) = &mut features.row_locking {
        locking.skip_locked &= version >= (10, 6, 0);
        locking.nowait &= version >= (10, 3, 0);
    }
    if version < (10, 2, 0) {
        before_windows(&mut features);
    }
    features
}

/// Takes away what MySQL got with version 8, and MariaDB with 10.2.
fn before_windows(features: &mut Features) {
    features.windows = false;
    features.with = false;
    features.with_before_dml = false;
    features.row_locking = Some(RowLocking {
        share: "LOCK IN SHARE MODE",
        of: false,
        nowait: false,
        skip_locked: false,
        of_parts: true,
    });
}

impl Dialect for MySqlDialect {
    fn name(&self) -> &'static str {
        if self.mariadb { "mariadb" } else { "mysql" }
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
        catalogue::of_mysql(wanted, self).map(Some)
    }

    fn write_placeholder(&self, number: usize, sql: &mut String) {
        literal::write_placeholder(&MysqlQueryBuilder, number, sql);
    }

    fn write_quoted(&self, name: &str, sql: &mut String) {
        literal::write_quoted(&MysqlQueryBuilder, name, sql);
    }

    fn is_reserved(&self, word: &str) -> bool {
        reserved::is_in(reserved::MYSQL, word)
    }

    fn write_literal(&self, value: &Value, sql: &mut String) -> Result<()> {
        // Most of what is written out in great numbers is text.
        if let Value::Text(text) = value {
            return TextStyle::MySql.write(text, sql);
        }
        // The session's zone is UTC, and an offset in a literal is not known to MariaDB.
        let value =
            if let Value::Instant(microseconds) = value { &Value::DateTime(*microseconds) } else { value };
        literal::write_literal(
            &MysqlQueryBuilder,
            &LiteralStyle { intervals: false, typed: true, binary_uuid: true, text: TextStyle::MySql },
            value,
            sql,
        )
    }

    fn write_constant_text(&self, text: &str, sql: &mut String) -> Result<()> {
        TextStyle::write_between_quotes(text, sql);
        Ok(())
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        mysql_types::type_name(self, sql_type)
    }

    fn cast_type_name(&self, sql_type: &SqlType) -> Result<String> {
        mysql_types::cast_type_name(self, sql_type)
    }
}
