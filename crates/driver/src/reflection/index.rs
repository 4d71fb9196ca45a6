//! [`ReflectedIndex`].

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedIndex {
    /// The name.
    pub name: String,
    /// What it is over, in order.
    pub elements: Vec<ReflectedIndexElement>,
    /// Whether its entries are unique.
    pub unique: bool,
    /// Columns that its entries carry beside their keys (PostgreSQL).
    pub include: Vec<String>,
    /// The rows that it is about, as SQL; none: all.
    pub filter: Option<String>,
    /// The kind of index: `btree`, `gin`; of MySQL `BTREE`, `FULLTEXT`, `SPATIAL`. None where there is but one.
    pub using: Option<String>,
    /// Whether NULL is a value like others (PostgreSQL).
    pub nulls_not_distinct: bool,
    /// Storage parameters, as SQL (PostgreSQL).
    pub with: Option<String>,
    /// Where it is stored, where that is not the usual place (PostgreSQL).
    pub tablespace: Option<String>,
    /// The constraint that it serves. SQLAlchemy's `duplicates_constraint`.
    pub constraint: Option<String>,
    /// Whether queries take no notice of it (MySQL: INVISIBLE; MariaDB: IGNORED; PostgreSQL: not valid).
    pub invisible: bool,
    /// The comment.
    pub comment: Option<String>,
}

/// What an index is over: a column or an expression, with its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedIndexElement {
    /// The column, where it is one.
    pub column: Option<String>,
    /// The expression, where it is no column, as SQL.
    pub expression: Option<String>,
    /// Whether it goes down.
    pub descending: bool,
    /// Whether NULLs come first, where that is not as the direction has it by itself (PostgreSQL).
    pub nulls_first: Option<bool>,
    /// How texts are compared, where that is not as in the column.
    pub collation: Option<String>,
    /// The operator class, where it is not the usual one (PostgreSQL).
    pub operator_class: Option<String>,
    /// How many characters or bytes of the value are taken; none: all (MySQL and MariaDB).
    pub length: Option<u32>,
}

impl ReflectedIndex {
    /// Whether it is one of MySQL and MariaDB, which write their kinds in capitals.
    pub(super) fn is_of_mysql(&self) -> bool {
        self.using.as_deref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()))
    }

    /// Whether it is by hash, as MariaDB has unique ones over texts of any length.
    pub(super) fn is_by_hash(&self) -> bool {
        self.using.as_deref() == Some("HASH")
    }

    /// The columns; none in the place of an expression. SQLAlchemy's `column_names`.
    pub fn column_names(&self) -> Vec<Option<&str>> {
        self.elements.iter().map(|element| element.column.as_deref()).collect()
    }
}
