//! MySQL and MariaDB.

use std::sync::Arc;

use sea_query::{EscapeBuilder, MysqlQueryBuilder};

use super::{
    Autoincrement, Concatenation, Constructs, DefaultValues, Dialect, DistinctFrom, EnumerationStyle,
    Features, ForeignKeyIfExists, LimitStyle, MultipleTables, PhysicalNaming, RowLocking,
    literal::{self, LiteralStyle},
    mysql_types, reserved,
};
use crate::{Result, Value, types::SqlType};

/// The SQL of MySQL, from version 8 on, or of MariaDB, from version 10.6 on. The two differ in more than their names.
#[derive(Clone, Debug)]
pub struct MySqlDialect {
    mariadb: bool,
    version: (u32, u32, u32),
    naming: PhysicalNaming,
}

impl MySqlDialect {
    /// MySQL of a version.
    pub fn mysql(version: (u32, u32, u32)) -> Self {
        Self { mariadb: false, version, naming: PhysicalNaming::AsWritten }
    }

    /// MariaDB of a version.
    pub fn mariadb(version: (u32, u32, u32)) -> Self {
        Self { mariadb: true, version, naming: PhysicalNaming::AsWritten }
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

/// The control character that Windows takes for the end of a file.
const SUBSTITUTE: char = '\u{1a}';

/// MySQL from 8.0.31 on.
static MYSQL: Features = COMMON;

/// MySQL from 8.0.19 on.
static MYSQL_19: Features = Features { constructs: Constructs::mysql(19), ..COMMON };

/// MySQL 8.0 from 8.0.14 on.
static MYSQL_14: Features = Features { constructs: Constructs::mysql(14), ..COMMON };

/// The first releases of MySQL 8.0.
static MYSQL_0: Features = Features { constructs: Constructs::mysql(0), lateral: false, ..COMMON };

const COMMON: Features = Features {
    default_values: DefaultValues::EmptyRow,
    update_from: Some(MultipleTables::List),
    delete_using: Some(MultipleTables::List),
    with_before_dml: true,
    max_parameters: 65_535,
    max_identifier_length: 64,
    limit: LimitStyle::LimitOffset,
    limit_of_all_rows: Some("18446744073709551615"),
    distinct_from: DistinctFrom::NullSafeEqual,
    concatenation: Concatenation::Function,
    full_join: false,
    aggregate_filter: false,
    groups_frame: false,
    nulls_order: false,
    row_locking: Some(RowLocking { share: "FOR SHARE", of: true }),
    backslash_escapes: true,
    hash_comments: true,
    autoincrement: Autoincrement::Keyword,
    enumerations: EnumerationStyle::Inline,
    drop_index_on_table: true,
    inline_indexes: true,
    inline_comments: true,
    unlimited_text_keys: false,
    constructs: Constructs::mysql(31),
    ..Features::standard()
};

static MARIADB: Features = Features {
    insert_returning: true,
    delete_returning: true,
    with_before_dml: false,
    lateral: false,
    row_locking: Some(RowLocking { share: "LOCK IN SHARE MODE", of: false }),
    index_if_exists: true,
    foreign_key_if_exists: ForeignKeyIfExists::Clause,
    constructs: Constructs::mariadb(),
    ..COMMON
};

impl Dialect for MySqlDialect {
    fn name(&self) -> &'static str {
        if self.mariadb { "mariadb" } else { "mysql" }
    }

    fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    fn features(&self) -> &Features {
        match self.version {
            _ if self.mariadb => &MARIADB,
            version if version >= (8, 0, 31) => &MYSQL,
            version if version >= (8, 0, 19) => &MYSQL_19,
            version if version >= (8, 0, 14) => &MYSQL_14,
            _ => &MYSQL_0,
        }
    }

    fn naming(&self) -> PhysicalNaming {
        self.naming
    }

    fn with_naming(&self, naming: PhysicalNaming) -> Arc<dyn Dialect> {
        Arc::new(Self { naming, ..self.clone() })
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
        // The session's zone is UTC, and an offset in a literal is not known to MariaDB.
        let value =
            if let Value::Instant(microseconds) = value { &Value::DateTime(*microseconds) } else { value };
        if let Value::Text(text) | Value::Json(text) = value
            && text.contains(SUBSTITUTE)
        {
            // sea-query writes this character as `\z`, which the database reads as a letter; it can stand as it is.
            let parts: Vec<String> =
                text.split(SUBSTITUTE).map(|part| MysqlQueryBuilder.escape_string(part)).collect();
            sql.push('\'');
            sql.push_str(&parts.join("\u{1a}"));
            sql.push('\'');
            return Ok(());
        }
        literal::write_literal(
            &MysqlQueryBuilder,
            &LiteralStyle { typed: true, binary_uuid: true },
            value,
            sql,
        )
    }

    fn type_name(&self, sql_type: &SqlType) -> Result<String> {
        mysql_types::type_name(self, sql_type)
    }

    fn cast_type_name(&self, sql_type: &SqlType) -> Result<String> {
        mysql_types::cast_type_name(self, sql_type)
    }
}
