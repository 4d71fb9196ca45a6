//! [`Construct`]: what each database says in words of its own, or not at all.

use super::Node;
use crate::{name::Name, schema::Sequence, types::SqlType};

/// Something that each database says in words of its own, over some expressions.
#[derive(Clone, Debug)]
pub struct ConstructNode {
    /// What it is.
    pub construct: Construct,
    /// What it is said of.
    pub operands: Vec<Node>,
}

/// What each database says in words of its own. The operands are named in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Construct {
    /// COLLATE \[text\].
    Collate(Name),
    /// CAST that gives NULL for what cannot be converted \[expression\].
    TryCast(SqlType),
    /// Whether a regular expression is found in a text \[text, pattern\].
    Regexp {
        /// Whether it must not be found.
        negated: bool,
        /// Whether upper and lower case are the same.
        ignore_case: bool,
    },
    /// An operator on bits \[left, right\], or \[bits\] for NOT.
    Bitwise(BitwiseOperator),
    /// ANY or ALL, on the right side of a comparison \[subquery or array\].
    Quantified {
        /// ALL.
        all: bool,
    },
    /// A value inside of a JSON document \[document\].
    Json {
        /// The way to it.
        path: Vec<JsonStep>,
        /// What it is read as.
        read: JsonRead,
    },
    /// A part of a date or time, as a whole number \[date or time\].
    Extract(DateField),
    /// A date or time so much later \[date or time, months, days, microseconds\].
    Later(SqlType),
    /// The whole units between two dates or times \[later, earlier\].
    Between(DateUnit),
    /// The present date or time \[\].
    Now(SqlType),
    /// A full-text search \[columns.., query\].
    FullText {
        /// How the query is read.
        mode: FullTextMode,
        /// The text search configuration (PostgreSQL).
        configuration: Option<Name>,
        /// Whether the rank is asked for, and not whether it matches.
        rank: bool,
    },
    /// ROLLUP, CUBE or GROUPING SETS, in GROUP BY \[expressions, or a tuple for each set\].
    Grouping(Grouping),
    /// `ARRAY[..]` \[elements\].
    Array(Option<SqlType>),
    /// `array[position]` \[array, position\].
    Element,
    /// `array[first:last]` \[array, first, last\].
    Slice,
    /// A text that is written out, where the database takes no parameter \[\].
    Text(Name),
    /// The value that an INSERT would have put into a column, in its upsert \[\].
    Excluded(Name),
    /// The next number of a sequence \[\].
    NextValue(Sequence),
}

/// An operator on bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BitwiseOperator {
    /// Bits that both have.
    And,
    /// Bits that one of them has.
    Or,
    /// Bits that only one of them has.
    Xor,
    /// The bits that it has not.
    Not,
    /// Bits moved up.
    ShiftLeft,
    /// Bits moved down.
    ShiftRight,
}

/// One step on the way through a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JsonStep {
    /// The value of a key.
    Member(Name),
    /// The value at a position, from 0 up.
    Position(u32),
}

/// What a JSON value is read as. JSON's null, and what is not there, is NULL, except as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonRead {
    /// As it is, in JSON.
    Json,
    /// Text; without quotes.
    Text,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// A truth value.
    Boolean,
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateField {
    /// The year.
    Year,
    /// The quarter, from 1 up.
    Quarter,
    /// The month, from 1 up.
    Month,
    /// The week of ISO 8601, from 1 up.
    Week,
    /// The day of the month, from 1 up.
    Day,
    /// The day of the week, from 0 for Sunday.
    DayOfWeek,
    /// The day of the year, from 1 up.
    DayOfYear,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second, without its fraction.
    Second,
    /// Whole seconds since 1970.
    Epoch,
}

/// What the time between two moments is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateUnit {
    /// Days of the calendar.
    Days,
    /// Whole seconds.
    Seconds,
}

/// How the query of a full-text search is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FullTextMode {
    /// Words that are looked for.
    #[default]
    Words,
    /// The language of the database's own queries: `to_tsquery`, IN BOOLEAN MODE, FTS5.
    Query,
}

/// How GROUP BY groups in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// By all, by all but the last, and so on down to none.
    Rollup,
    /// By every part of them.
    Cube,
    /// By each of the sets.
    Sets,
}

impl ConstructNode {
    /// A construct over some expressions.
    pub fn new(construct: Construct, operands: Vec<Node>) -> Self {
        Self { construct, operands }
    }
}
