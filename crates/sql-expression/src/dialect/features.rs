//! [`Features`]: what a database can do and how it is said, as plain facts.

use super::{Constructs, DdlFeatures};

/// What a database can do, and how it is said: plain facts that the compiler looks at.
///
/// A dialect from outside begins with [`Features::standard`] and changes what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Features {
    /// INSERT .. RETURNING.
    pub insert_returning: bool,
    /// UPDATE .. RETURNING.
    pub update_returning: bool,
    /// DELETE .. RETURNING.
    pub delete_returning: bool,
    /// How a row of defaults is inserted.
    pub default_values: DefaultValues,
    /// How many rows are inserted quickest.
    pub insert_many: InsertMany,
    /// How an UPDATE names further tables; none: it cannot.
    pub update_from: Option<MultipleTables>,
    /// How a DELETE names further tables; none: it cannot.
    pub delete_using: Option<MultipleTables>,
    /// Whether WITH can stand before UPDATE and DELETE.
    pub with_before_dml: bool,
    /// The most parameters of one statement.
    pub max_parameters: usize,
    /// The longest name, in bytes.
    pub max_identifier_length: usize,
    /// The longest name that a statement makes up, for a label or an alias.
    pub max_alias_length: usize,
    /// How the number of rows is limited.
    pub limit: LimitStyle,
    /// What stands for "all rows" in LIMIT, where OFFSET cannot stand alone.
    pub limit_of_all_rows: Option<&'static str>,
    /// ILIKE; elsewhere both sides are lowered.
    pub ilike: bool,
    /// How two values are compared with NULL as a value like others.
    pub distinct_from: DistinctFrom,
    /// How truth is written.
    pub true_literal: &'static str,
    /// How falsehood is written.
    pub false_literal: &'static str,
    /// How text is put together.
    pub concatenation: Concatenation,
    /// Whether a list in IN can be one parameter: `= ANY($1)`.
    pub array_parameters: bool,
    /// Whether a parameter must be cast where nothing beside it tells its type.
    pub typed_parameters: bool,
    /// What decimals are cast to that are sent, where they are sent as text: what is calculated from text is a double, and it
    /// is compared letter by letter.
    pub decimal_parameter: Option<&'static str>,
    /// RIGHT JOIN.
    pub right_join: bool,
    /// FULL JOIN.
    pub full_join: bool,
    /// DISTINCT ON.
    pub distinct_on: bool,
    /// LATERAL.
    pub lateral: bool,
    /// FILTER (WHERE ..) after an aggregate.
    pub aggregate_filter: bool,
    /// OVER and WINDOW.
    pub windows: bool,
    /// GROUPS in a window's frame.
    pub groups_frame: bool,
    /// WITH.
    pub with: bool,
    /// NULLS FIRST and NULLS LAST; elsewhere a further expression orders them.
    pub nulls_order: bool,
    /// Whether the parts of UNION and its like can stand in parentheses.
    pub parenthesized_set_operations: bool,
    /// How rows are locked; none: locks are left out, because the whole database is locked when it is written.
    pub row_locking: Option<RowLocking>,
    /// Whether a backslash in a text literal takes the meaning from what follows.
    pub backslash_escapes: bool,
    /// Whether text can stand between `$tag$`.
    pub dollar_quotes: bool,
    /// Whether `#` begins a comment.
    pub hash_comments: bool,
    /// Which whole numbers there are columns for.
    pub integer_sizes: IntegerSizes,
    /// Whether decimals can be kept as whole numbers, with a type of ours.
    pub scaled_integers: bool,
    /// Whether there is NaN among the numbers with a point.
    pub not_a_number: bool,
    /// Whether there is infinity among the numbers with a point.
    pub infinity: bool,
    /// How the database numbers a key.
    pub autoincrement: Autoincrement,
    /// How a column is held to a list of words.
    pub enumerations: EnumerationStyle,
    /// Whether foreign keys can be added and dropped later, by ALTER TABLE.
    pub alter_foreign_keys: bool,
    /// How a foreign key is added or dropped only where it is missing or there.
    pub foreign_key_if_exists: ForeignKeyIfExists,
    /// What makes foreign keys wait for the end of the transaction, so that tables that reference each other can be dropped.
    pub defer_foreign_keys: Option<&'static str>,
    /// IF EXISTS and IF NOT EXISTS for indexes.
    pub index_if_exists: bool,
    /// Whether indexes stand in CREATE TABLE.
    pub inline_indexes: bool,
    /// Whether DROP INDEX names the table.
    pub drop_index_on_table: bool,
    /// Whether a comment stands in the column's definition.
    pub inline_comments: bool,
    /// COMMENT ON as statements of their own.
    pub comment_statements: bool,
    /// Whether a text of any length can be a key or have an index.
    pub unlimited_text_keys: bool,
    /// How the database says what all of them say differently.
    pub constructs: Constructs,
    /// How texts are compared in a column that is not told otherwise.
    pub text_comparison: TextComparison,
    /// What DDL the database knows.
    pub ddl: DdlFeatures,
}

/// How texts are compared in a column that is not told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextComparison {
    /// Byte by byte: which are equal, and which comes first.
    Bytes,
    /// Those of the same bytes are equal; which comes first is a matter of the database's language.
    EqualBytes,
    /// By a collation, for which texts of other bytes may be equal: of capital letters, or with spaces at the end.
    Collation,
}

/// How a row of defaults is inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefaultValues {
    /// DEFAULT VALUES.
    Keyword,
    /// `() VALUES ()`.
    EmptyRow,
}

/// How many rows are inserted quickest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertMany {
    /// Many rows in one VALUES.
    Rows,
    /// The prepared one-row statement again and again, because a call costs less than a longer text.
    Loop,
}

/// How the number of rows is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitStyle {
    /// `LIMIT n OFFSET m`.
    LimitOffset,
    /// `OFFSET m ROWS FETCH FIRST n ROWS ONLY`.
    FetchFirst,
}

/// How two values are compared with NULL as a value like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DistinctFrom {
    /// IS DISTINCT FROM.
    Standard,
    /// `IS NOT` and `IS` between any two values.
    Is,
    /// `<=>`.
    NullSafeEqual,
}

/// How text is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Concatenation {
    /// `a || b`.
    Operator,
    /// `concat(a, b)`.
    Function,
}

/// How UPDATE and DELETE name further tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultipleTables {
    /// After a word: `UPDATE a SET .. FROM b`, `DELETE FROM a USING b`.
    After,
    /// In one list: `UPDATE a, b SET ..`, `DELETE FROM a USING a, b`.
    List,
}

/// How rows are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLocking {
    /// The words of a lock that others may share.
    pub share: &'static str,
    /// Whether the lock can name tables: OF.
    pub of: bool,
    /// NOWAIT.
    pub nowait: bool,
    /// SKIP LOCKED.
    pub skip_locked: bool,
    /// Whether the parts of a set operation can have one.
    pub of_parts: bool,
}

/// Which whole numbers there are columns for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegerSizes {
    /// All of 64 bits, whatever a column is declared as.
    One,
    /// Of 16, 32 and 64 bits, with a sign.
    Signed,
    /// Also of 8 bits, and all of them without a sign too.
    All,
}

/// How the database numbers a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Autoincrement {
    /// A column that is declared INTEGER PRIMARY KEY is the row's own number.
    RowId,
    /// GENERATED BY DEFAULT AS IDENTITY.
    Identity,
    /// AUTO_INCREMENT.
    Keyword,
}

/// How a column is held to a list of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnumerationStyle {
    /// By a type of its own, that must be created first.
    NamedType,
    /// By a type that lists the words at the column.
    Inline,
    /// By a CHECK.
    Check,
}

/// How a foreign key is added or dropped only where it is missing or there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignKeyIfExists {
    /// Not at all.
    Missing,
    /// ALTER TABLE IF EXISTS .. DROP CONSTRAINT IF EXISTS; adding swallows the error in a DO block.
    Block,
    /// ADD FOREIGN KEY IF NOT EXISTS, DROP FOREIGN KEY IF EXISTS.
    Clause,
}

impl Features {
    /// What the SQL standard has: a beginning for a dialect from outside.
    pub const fn standard() -> Self {
        Self {
            insert_returning: false,
            update_returning: false,
            delete_returning: false,
            default_values: DefaultValues::Keyword,
            insert_many: InsertMany::Rows,
            update_from: None,
            delete_using: None,
            with_before_dml: false,
            max_parameters: 999,
            max_identifier_length: 63,
            max_alias_length: 63,
            limit: LimitStyle::FetchFirst,
            limit_of_all_rows: None,
            ilike: false,
            distinct_from: DistinctFrom::Standard,
            true_literal: "TRUE",
            false_literal: "FALSE",
            concatenation: Concatenation::Operator,
            array_parameters: false,
            typed_parameters: false,
            decimal_parameter: None,
            right_join: true,
            full_join: true,
            distinct_on: false,
            lateral: true,
            aggregate_filter: true,
            windows: true,
            groups_frame: true,
            with: true,
            nulls_order: true,
            parenthesized_set_operations: true,
            row_locking: None,
            backslash_escapes: false,
            dollar_quotes: false,
            hash_comments: false,
            integer_sizes: IntegerSizes::Signed,
            scaled_integers: false,
            not_a_number: true,
            infinity: true,
            autoincrement: Autoincrement::Identity,
            enumerations: EnumerationStyle::Check,
            alter_foreign_keys: true,
            foreign_key_if_exists: ForeignKeyIfExists::Missing,
            defer_foreign_keys: None,
            index_if_exists: false,
            inline_indexes: false,
            drop_index_on_table: false,
            inline_comments: false,
            comment_statements: false,
            unlimited_text_keys: true,
            text_comparison: TextComparison::Collation,
            constructs: Constructs::standard(),
            ddl: DdlFeatures::standard(),
        }
    }
}
