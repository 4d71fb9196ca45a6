//! [`TableOptions`]: how a database keeps a table.

use crate::name::Name;

/// How a database keeps a table. A word that begins with a database's name is said to that database alone; others are said to
/// all.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_table, dialect::*, schema::*, types::Integer};
///
/// let options = TableOptions::new().sqlite_strict().mysql_engine("InnoDB").postgresql_unlogged();
/// let t = Table::unregistered("t").column(Column::new("n", Integer)).options(options);
/// assert_eq!(create_table(&t).to_sql(&SqliteDialect::default())?, "CREATE TABLE t (\n    n INTEGER\n) STRICT");
/// assert_eq!(create_table(&t).to_sql(&MySqlDialect::default())?, "CREATE TABLE t (\n    n INTEGER\n) ENGINE=InnoDB");
/// assert_eq!(create_table(&t).to_sql(&PostgresDialect::default())?, "CREATE UNLOGGED TABLE t (\n    n INTEGER\n)");
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableOptions {
    /// A comment kept in the database where it can.
    pub comment: Option<Name>,
    /// Whether it lives as long as the connection: TEMPORARY.
    pub temporary: bool,
    /// What is said to SQLite alone.
    pub sqlite: SqliteTableOptions,
    /// What is said to PostgreSQL alone.
    pub postgresql: PostgresqlTableOptions,
    /// What is said to MySQL and MariaDB alone.
    pub mysql: MysqlTableOptions,
}

/// What is said of a table to SQLite alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteTableOptions {
    /// Whether values must have their column's type: STRICT.
    pub strict: bool,
    /// Whether rows are kept by their key: WITHOUT ROWID.
    pub without_rowid: bool,
    /// Whether the number of a deleted row is never given again: AUTOINCREMENT.
    pub autoincrement: bool,
    /// The module of a virtual table with its arguments, as SQL: `fts5(title, body)`.
    pub virtual_table: Option<Name>,
}

/// What is said of a table to PostgreSQL alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresqlTableOptions {
    /// Whether its rows go past the log, and are lost in a crash: UNLOGGED.
    pub unlogged: bool,
    /// Tables that it inherits from, as SQL.
    pub inherits: Vec<Name>,
    /// How it is cut into parts, as SQL: `RANGE (born)`.
    pub partition_by: Option<Name>,
    /// The table that it is a part of.
    pub partition_of: Option<PartitionOf>,
    /// The table access method.
    pub using: Option<Name>,
    /// Storage parameters, as SQL: `fillfactor = 70`.
    pub with: Option<Name>,
    /// What happens to a temporary table at COMMIT, as SQL: `DROP`.
    pub on_commit: Option<Name>,
    /// Where it is stored.
    pub tablespace: Option<Name>,
}

/// Which part of which table a table of PostgreSQL is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionOf {
    /// The table that it is a part of, as SQL: with its schema and quotes, where it needs them.
    pub table: Name,
    /// Which part, as SQL: `FOR VALUES FROM (1) TO (10)`, `DEFAULT`.
    pub bound: Name,
}

/// What is said of a table to MySQL and MariaDB alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MysqlTableOptions {
    /// The storage engine.
    pub engine: Option<Name>,
    /// The character set.
    pub charset: Option<Name>,
    /// How texts are compared.
    pub collate: Option<Name>,
    /// Further options, as SQL: `ROW_FORMAT=COMPRESSED`.
    pub further: Option<Name>,
    /// How it is cut into parts, as SQL: `HASH (id) PARTITIONS 4`.
    pub partition_by: Option<Name>,
}

impl TableOptions {
    /// Nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a comment in the database where it can.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Lets it live as long as the connection.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.temporary = true;
        self
    }

    /// Has SQLite refuse values that have not their column's type.
    #[must_use]
    pub fn sqlite_strict(mut self) -> Self {
        self.sqlite.strict = true;
        self
    }

    /// Has SQLite keep rows by their key. The key is then not numbered.
    #[must_use]
    pub fn sqlite_without_rowid(mut self) -> Self {
        self.sqlite.without_rowid = true;
        self
    }

    /// Has SQLite never give the number of a deleted row again.
    #[must_use]
    pub fn sqlite_autoincrement(mut self) -> Self {
        self.sqlite.autoincrement = true;
        self
    }

    /// Makes it a virtual table on SQLite, by a module with its arguments, as SQL. What columns it has the module says; those of
    /// the table here are for statements.
    ///
    /// # Examples
    /// ```
    /// use aludel_sql_expression::{Executable, create_table, dialect::SqliteDialect, schema::*, types::Text};
    ///
    /// let options = TableOptions::new().sqlite_virtual("fts5(title, tokenize = 'porter')");
    /// let words = Table::unregistered("words").column(Column::new("title", Text)).options(options);
    /// assert_eq!(
    ///     create_table(&words).to_sql(&SqliteDialect::default())?,
    ///     "CREATE VIRTUAL TABLE words USING fts5(title, tokenize = 'porter')"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn sqlite_virtual(mut self, module: impl Into<Name>) -> Self {
        self.sqlite.virtual_table = Some(module.into());
        self
    }

    /// Lets PostgreSQL keep its rows out of the log: they are written quicker, and lost in a crash.
    #[must_use]
    pub fn postgresql_unlogged(mut self) -> Self {
        self.postgresql.unlogged = true;
        self
    }

    /// Says which tables it inherits from on PostgreSQL, as SQL.
    #[must_use]
    pub fn postgresql_inherits<N: Into<Name>>(mut self, tables: impl IntoIterator<Item = N>) -> Self {
        self.postgresql.inherits.extend(tables.into_iter().map(Into::into));
        self
    }

    /// Says how PostgreSQL cuts it into parts, as SQL: `RANGE (born)`.
    #[must_use]
    pub fn postgresql_partition_by(mut self, clause: impl Into<Name>) -> Self {
        self.postgresql.partition_by = Some(clause.into());
        self
    }

    /// Makes it a part of another table of PostgreSQL: `("measurement", "FOR VALUES FROM (1) TO (10)")`, both as SQL.
    ///
    /// A table with columns of its own is created by itself and attached then (ATTACH PARTITION), so that its columns, keys and
    /// indexes are just what is said; they must fit those of the whole. One without columns has all from the whole.
    ///
    /// # Examples
    /// ```
    /// use aludel_sql_expression::{Executable, create_table, dialect::PostgresDialect, schema::*};
    ///
    /// let options = TableOptions::new().postgresql_partition_of("measurement", "FOR VALUES FROM (1) TO (10)");
    /// let first = Table::unregistered("measurement_1").options(options);
    /// assert_eq!(
    ///     create_table(&first).to_sql(&PostgresDialect::default())?,
    ///     "CREATE TABLE measurement_1 PARTITION OF measurement FOR VALUES FROM (1) TO (10)"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn postgresql_partition_of(mut self, table: impl Into<Name>, bound: impl Into<Name>) -> Self {
        self.postgresql.partition_of = Some(PartitionOf { table: table.into(), bound: bound.into() });
        self
    }

    /// Says which table access method PostgreSQL takes.
    #[must_use]
    pub fn postgresql_using(mut self, method: impl Into<Name>) -> Self {
        self.postgresql.using = Some(method.into());
        self
    }

    /// Says PostgreSQL's storage parameters, as SQL: `fillfactor = 70`.
    #[must_use]
    pub fn postgresql_with(mut self, parameters: impl Into<Name>) -> Self {
        self.postgresql.with = Some(parameters.into());
        self
    }

    /// Says what happens to a temporary table of PostgreSQL at COMMIT, as SQL: `DROP`, `DELETE ROWS`.
    #[must_use]
    pub fn postgresql_on_commit(mut self, action: impl Into<Name>) -> Self {
        self.postgresql.on_commit = Some(action.into());
        self
    }

    /// Says where PostgreSQL stores it.
    #[must_use]
    pub fn postgresql_tablespace(mut self, tablespace: impl Into<Name>) -> Self {
        self.postgresql.tablespace = Some(tablespace.into());
        self
    }

    /// Says which storage engine MySQL and MariaDB take.
    #[must_use]
    pub fn mysql_engine(mut self, engine: impl Into<Name>) -> Self {
        self.mysql.engine = Some(engine.into());
        self
    }

    /// Says which character set MySQL and MariaDB take.
    #[must_use]
    pub fn mysql_charset(mut self, charset: impl Into<Name>) -> Self {
        self.mysql.charset = Some(charset.into());
        self
    }

    /// Says how MySQL and MariaDB compare texts.
    #[must_use]
    pub fn mysql_collate(mut self, collation: impl Into<Name>) -> Self {
        self.mysql.collate = Some(collation.into());
        self
    }

    /// Says further options of MySQL and MariaDB, as SQL: `ROW_FORMAT=COMPRESSED`.
    #[must_use]
    pub fn mysql_further(mut self, options: impl Into<Name>) -> Self {
        self.mysql.further = Some(options.into());
        self
    }

    /// Says how MySQL and MariaDB cut it into parts, as SQL: `HASH (id) PARTITIONS 4`.
    #[must_use]
    pub fn mysql_partition_by(mut self, clause: impl Into<Name>) -> Self {
        self.mysql.partition_by = Some(clause.into());
        self
    }
}
