//! [`ReflectedColumn`].

use super::{ReflectedSequence, ReflectedType};

/// A column as the server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub column_type: ReflectedType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// What the database puts in when an INSERT leaves it out, as SQL. Not said of computed and of identity columns.
    pub default: Option<String>,
    /// What the database puts in at each UPDATE of the row, as SQL (MySQL and MariaDB).
    pub on_update: Option<String>,
    /// What the database computes it from.
    pub computed: Option<ReflectedComputed>,
    /// How the database numbers it, by SQL's own words (PostgreSQL).
    pub identity: Option<ReflectedIdentity>,
    /// The sequence that goes with it and that its default draws from (PostgreSQL: SERIAL).
    pub sequence: Option<ReflectedSequence>,
    /// Whether the database numbers it, in whatever way: identity, SERIAL, AUTO_INCREMENT, the row's own number of SQLite.
    pub autoincrement: bool,
    /// How its texts are compared, where that is not as in the rest of the table or database.
    pub collation: Option<String>,
    /// The comment.
    pub comment: Option<String>,
    /// What is done with a row without a value where it must have one, where that is not refused as ever (SQLite: NOT NULL ON
    /// CONFLICT).
    pub on_conflict_not_null: Option<String>,
    /// Whether `SELECT *` leaves it out (MySQL and MariaDB: INVISIBLE; SQLite: hidden columns of virtual tables).
    pub invisible: bool,
}

/// What the database computes a column from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedComputed {
    /// The expression, as SQL.
    pub sqltext: String,
    /// Whether the value is kept in the row (STORED), rather than computed when it is read (VIRTUAL).
    pub persisted: bool,
}

/// How the database numbers a column, by SQL's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedIdentity {
    /// Whether an INSERT may not give a number itself.
    pub always: bool,
    /// The first number.
    pub start: i64,
    /// How far it is to the next.
    pub increment: i64,
    /// The lowest number.
    pub minvalue: i64,
    /// The highest number.
    pub maxvalue: i64,
    /// Whether it begins again at its end.
    pub cycle: bool,
    /// How many numbers a connection takes at once.
    pub cache: i64,
}

impl ReflectedColumn {
    /// A column that may hold NULL.
    pub fn new(name: impl Into<String>, column_type: ReflectedType) -> Self {
        Self { name: name.into(), column_type, nullable: true, ..Self::default() }
    }
}

impl ReflectedComputed {
    /// What is computed, and whether it is kept.
    pub fn new(sqltext: impl Into<String>, persisted: bool) -> Self {
        Self { sqltext: sqltext.into(), persisted }
    }
}
