//! [`ReflectedTableOptions`].

/// How a database keeps a table: what no other place says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedTableOptions {
    /// The storage engine (MySQL and MariaDB).
    pub engine: Option<String>,
    /// The character set (MySQL and MariaDB).
    pub charset: Option<String>,
    /// How texts are compared (MySQL and MariaDB).
    pub collation: Option<String>,
    /// Options that were said when it was made, in the server's words: `row_format=COMPRESSED`; of a view `SQL SECURITY INVOKER`
    /// (MySQL and MariaDB).
    pub further: Option<String>,
    /// Whether rows that are written through a view must be seen by it: `LOCAL`, `CASCADED` (MySQL and MariaDB; PostgreSQL tells it
    /// among the storage parameters).
    pub check_option: Option<String>,
    /// Whether values must have their column's type: STRICT (SQLite).
    pub strict: bool,
    /// Whether rows are kept by their key: WITHOUT ROWID (SQLite).
    pub without_rowid: bool,
    /// Whether the number of a deleted row is never given again: AUTOINCREMENT (SQLite).
    pub autoincrement: bool,
    /// The module and arguments of a virtual table, as SQL (SQLite).
    pub virtual_table: Option<String>,
    /// Whether its rows go past the log: UNLOGGED (PostgreSQL).
    pub unlogged: bool,
    /// Where it is stored, where that is not the usual place (PostgreSQL).
    pub tablespace: Option<String>,
    /// The access method (PostgreSQL).
    pub using: Option<String>,
    /// Storage parameters, as SQL: `fillfactor=70` (PostgreSQL).
    pub with: Option<String>,
    /// How it is cut into parts, as SQL: `RANGE (born)`, `HASH (id) PARTITIONS 4`.
    pub partition_by: Option<String>,
    /// Which part of its parent it is, as SQL: `FOR VALUES FROM (1) TO (10)` (PostgreSQL).
    pub partition_bound: Option<String>,
    /// The tables that it inherits from or is a part of, quoted where need be (PostgreSQL).
    pub inherits: Vec<String>,
}
