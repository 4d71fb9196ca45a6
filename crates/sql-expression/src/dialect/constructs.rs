//! [`Constructs`]: how a database says what all of them say differently.

/// How a database says what all of them say differently; none: it cannot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Constructs {
    /// How an INSERT changes rows that are there already.
    pub upsert: Option<UpsertStyle>,
    /// How rows are written out in FROM.
    pub values: ValuesStyle,
    /// Whether a function can stand in FROM.
    pub table_functions: bool,
    /// Whether the columns of a function in FROM can be given names.
    pub table_function_columns: bool,
    /// Whether `JSON_TABLE` can stand in FROM, even where no other function can.
    pub json_table: bool,
    /// MATERIALIZED in WITH.
    pub materialized: bool,
    /// INSERT, UPDATE and DELETE in WITH.
    pub changes_in_with: bool,
    /// WITH before INSERT.
    pub with_before_insert: bool,
    /// Whether RETURNING can give columns of the further tables of an UPDATE or DELETE.
    pub returning_of_further_tables: bool,
    /// INTERSECT and EXCEPT.
    pub intersect_except: bool,
    /// INTERSECT ALL and EXCEPT ALL.
    pub intersect_all: bool,
    /// FETCH FIRST .. WITH TIES.
    pub with_ties: bool,
    /// FOR NO KEY UPDATE and FOR KEY SHARE.
    pub key_locks: bool,
    /// How GROUP BY groups in more than one way.
    pub grouping: Option<GroupingStyle>,
    /// ORDER BY among the arguments of an aggregate.
    pub aggregate_order: bool,
    /// WITHIN GROUP.
    pub within_group: bool,
    /// EXCLUDE in the frame of a window.
    pub frame_exclusion: bool,
    /// Whether the frame of a window can go by time.
    pub frame_intervals: bool,
    /// ANY and ALL after a comparison.
    pub quantified: bool,
    /// A CAST that gives NULL for what cannot be converted.
    pub try_cast: Option<TryCastStyle>,
    /// Regular expressions.
    pub regexp: Option<RegexpStyle>,
    /// Operators on bits.
    pub bitwise: BitwiseStyle,
    /// The inside of JSON documents.
    pub json: Option<JsonStyle>,
    /// Dates and times.
    pub dates: Option<DateStyle>,
    /// With [`DateStyle::Strftime`]: whether months can be added so that a day which is not in the month that comes out becomes
    /// its last one, as everywhere else.
    pub date_floor: bool,
    /// Full-text search.
    pub full_text: Option<FullTextStyle>,
    /// Arrays.
    pub arrays: bool,
    /// Functions that have another name than most databases give them: (the usual one, its own).
    pub function_names: &'static [(&'static str, &'static str)],
    /// How the texts of a group are put together.
    pub aggregate_strings: StringsStyle,
}

/// How an INSERT changes rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpsertStyle {
    /// ON CONFLICT.
    OnConflict {
        /// Whether a constraint can be named.
        constraints: bool,
    },
    /// ON DUPLICATE KEY UPDATE, with `VALUES(column)` for what was to be inserted.
    DuplicateKeyValues,
    /// ON DUPLICATE KEY UPDATE, with a name for the new row: `VALUES (..) AS new`.
    DuplicateKeyAlias,
}

/// How rows are written out in FROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValuesStyle {
    /// `(VALUES (..), (..)) AS name (columns)`.
    Standard,
    /// `(VALUES ROW(..), ROW(..)) AS name (columns)`.
    Row,
    /// VALUES without names for its columns, which SQLite calls column1, column2.
    NumberedColumns,
    /// `SELECT .. AS .. UNION ALL SELECT ..`: understood everywhere.
    Select,
}

/// How GROUP BY groups in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupingStyle {
    /// ROLLUP (..), CUBE (..), GROUPING SETS (..).
    Standard,
    /// WITH ROLLUP, after everything, and nothing else.
    WithRollup,
}

/// How a CAST is said that gives NULL for what cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryCastStyle {
    /// `TRY_CAST(expression AS type)`.
    Function,
    /// `CASE WHEN pg_input_is_valid(text, 'type') THEN CAST(expression AS type) END`: the expression stands there twice.
    InputIsValid,
}

/// How regular expressions are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegexpStyle {
    /// `~` and `~*`.
    Tilde,
    /// `REGEXP_LIKE(text, pattern, flags)`.
    Function,
    /// `text REGEXP pattern`, with flags in the pattern.
    Operator,
}

/// How operators on bits are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BitwiseStyle {
    /// `^` for bits that only one has; the results have no sign, and are cast to one.
    Unsigned,
    /// `#` for bits that only one has.
    Hash,
    /// There is no operator for bits that only one has; it is said with the others.
    WithoutXor,
}

/// How the inside of JSON documents is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonStyle {
    /// `->` and `->>`, one for each step.
    Arrows,
    /// `json_extract` gives SQL values, and `->` JSON.
    Extract,
    /// `JSON_EXTRACT` gives JSON, and `JSON_UNQUOTE` makes it text.
    Unquote,
}

/// How dates and times are reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateStyle {
    /// PostgreSQL: EXTRACT and `make_interval`.
    Intervals,
    /// SQLite: `strftime` with modifiers, over text.
    Strftime,
    /// MySQL: EXTRACT, DATE_ADD, TIMESTAMPDIFF.
    DateAdd,
}

/// How full-text search is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FullTextStyle {
    /// `to_tsvector(..) @@ plainto_tsquery(..)`.
    Vectors,
    /// `MATCH (..) AGAINST (..)`.
    Against,
    /// `table MATCH query`, on a virtual table of FTS5.
    Match,
}

/// How the texts of a group are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StringsStyle {
    /// `string_agg(text, separator ORDER BY ..)`.
    StringAgg,
    /// `group_concat(text, separator)`.
    GroupConcat,
    /// `GROUP_CONCAT(text ORDER BY .. SEPARATOR '..')`.
    Separator,
}

impl Constructs {
    /// What the SQL standard has: a beginning for a dialect from outside.
    pub const fn standard() -> Self {
        Self {
            upsert: None,
            values: ValuesStyle::Standard,
            table_functions: true,
            table_function_columns: true,
            json_table: true,
            materialized: false,
            changes_in_with: false,
            with_before_insert: true,
            returning_of_further_tables: false,
            intersect_except: true,
            intersect_all: true,
            with_ties: true,
            key_locks: false,
            grouping: Some(GroupingStyle::Standard),
            aggregate_order: true,
            within_group: true,
            frame_exclusion: true,
            frame_intervals: true,
            quantified: true,
            try_cast: None,
            regexp: None,
            bitwise: BitwiseStyle::WithoutXor,
            json: None,
            dates: None,
            date_floor: true,
            full_text: None,
            arrays: false,
            function_names: &[],
            aggregate_strings: StringsStyle::StringAgg,
        }
    }

    /// PostgreSQL 14.
    pub(super) const fn postgres() -> Self {
        Self {
            upsert: Some(UpsertStyle::OnConflict { constraints: true }),
            materialized: true,
            changes_in_with: true,
            returning_of_further_tables: true,
            key_locks: true,
            regexp: Some(RegexpStyle::Tilde),
            bitwise: BitwiseStyle::Hash,
            json: Some(JsonStyle::Arrows),
            dates: Some(DateStyle::Intervals),
            full_text: Some(FullTextStyle::Vectors),
            arrays: true,
            ..Self::standard()
        }
    }

    /// SQLite, from version 3.44 on.
    pub(super) const fn sqlite() -> Self {
        Self {
            upsert: Some(UpsertStyle::OnConflict { constraints: false }),
            values: ValuesStyle::NumberedColumns,
            table_function_columns: false,
            json_table: false,
            materialized: true,
            intersect_all: false,
            with_ties: false,
            grouping: None,
            within_group: false,
            frame_intervals: false,
            quantified: false,
            // The function behind it is one that the program brings.
            regexp: Some(RegexpStyle::Operator),
            json: Some(JsonStyle::Extract),
            dates: Some(DateStyle::Strftime),
            full_text: Some(FullTextStyle::Match),
            function_names: &[
                ("char_length", "length"),
                ("greatest", "max"),
                ("least", "min"),
                ("now", "current_timestamp"),
            ],
            aggregate_strings: StringsStyle::GroupConcat,
            ..Self::standard()
        }
    }

    /// MariaDB, from version 10.6 on.
    pub(super) const fn mariadb() -> Self {
        Self {
            upsert: Some(UpsertStyle::DuplicateKeyValues),
            values: ValuesStyle::Select,
            with_before_insert: false,
            table_functions: false,
            table_function_columns: false,
            grouping: Some(GroupingStyle::WithRollup),
            aggregate_order: false,
            within_group: false,
            frame_exclusion: false,
            frame_intervals: false,
            regexp: Some(RegexpStyle::Operator),
            bitwise: BitwiseStyle::Unsigned,
            json: Some(JsonStyle::Unquote),
            dates: Some(DateStyle::DateAdd),
            full_text: Some(FullTextStyle::Against),
            function_names: &[("random", "rand")],
            aggregate_strings: StringsStyle::Separator,
            ..Self::standard()
        }
    }

    /// MySQL, from version 8.0.31 on.
    pub(super) const fn mysql() -> Self {
        Self {
            upsert: Some(UpsertStyle::DuplicateKeyAlias),
            values: ValuesStyle::Row,
            with_ties: false,
            frame_intervals: true,
            regexp: Some(RegexpStyle::Function),
            ..Self::mariadb()
        }
    }
}
